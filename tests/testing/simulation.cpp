// The simulation itself: the server's own code over a made-up kernel, exact time, equal runs for equal seeds.
#include "eventcore/testing/simulation.hpp"

#include <cstdlib>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/testing/for_each_seed.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::testing::simulation;

namespace {

auto routes() {
    return ec::router(ec::get<"/hello">([] { return "Hello, World!"; }),
                      ec::get<"/later">([]() -> ec::task<std::string> {
                          static_cast<void>(co_await ec::sleep_for(5s));
                          co_return "later";
                      }),
                      ec::get<"/large">([] { return std::string(100'000, 'x'); }),
                      ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }));
}

}  // namespace

TEST_CASE("a request is answered over the simulated network") {
    simulation sim(1);
    sim.serve(routes());
    auto c = sim.connect();
    const auto hello = c.get("/hello");
    CHECK(hello.status == 200);
    CHECK(hello.content == "Hello, World!");
    CHECK(c.get("/missing").status == 404);
    CHECK(c.post("/echo", "abc").content == "abc");
    CHECK(sim.drain());
    CHECK(sim.open_descriptors() == 0);
}

TEST_CASE("whatever the seed, the answers are the same") {
    ec::testing::for_each_seed(300, [](simulation& sim) {
        sim.serve(routes());
        auto c = sim.connect();
        c.begin("GET", "/hello");
        c.begin("POST", "/echo", std::string(3000, 'e'));
        c.begin("GET", "/large");
        c.begin("HEAD", "/large");
        c.begin("GET", "/later");
        sim.expect(sim.settle(), "settles");
        sim.expect(c.answers().size() == 5, "five answers");
        sim.expect(c.answers()[0].content == "Hello, World!", "hello");
        sim.expect(c.answers()[1].content == std::string(3000, 'e'), "echo");
        sim.expect(c.answers()[2].content == std::string(100'000, 'x'), "large");
        sim.expect(c.answers()[3].content.empty(), "head");
        sim.expect(c.answers()[4].content == "later", "later");
        sim.expect(sim.drain(), "drains");
        sim.expect(sim.open_descriptors() == 0, "closes everything");
    });
}

// ---- determinism ----

namespace {

struct run_result {
    std::uint64_t hash = 0;
    std::string trace;
};
run_result run_once(std::uint64_t seed) {
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::hostile();
    simulation sim(seed, options);
    sim.serve(routes());
    {
        auto a = sim.connect(), b = sim.connect();
        a.begin("GET", "/later");
        b.begin("GET", "/large");
        b.begin("POST", "/echo", std::string(1000, 'e'));
        sim.settle();
    }
    sim.drain();
    return {sim.trace_hash(), sim.trace()};
}

}  // namespace

TEST_CASE("equal seeds, equal runs; other seeds, other runs") {
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const run_result first = run_once(seed), second = run_once(seed);
        REQUIRE(first.trace == second.trace);
        REQUIRE(first.hash == second.hash);
        for (std::uint64_t other : hashes) REQUIRE(other != first.hash);
        hashes.push_back(first.hash);
    }
}

// ---- time ----

TEST_CASE("time-outs fire at their virtual time, whatever the network does") {
    ec::testing::for_each_seed(100, [](simulation& sim) {
        sim.serve(routes());
        auto c = sim.connect();
        sim.expect(sim.run_until([&] { return sim.counters().connections_accepted.read() == 1; }), "accepts");
        const ec::time_point accepted = sim.now();
        // The header time-out of a connection on which nothing comes: 10 s after it was accepted, and closed.
        sim.expect(sim.run_until([&] { return sim.counters().connections_closed.read() == 1; }), "closes");
        const ec::duration lived = sim.now() - accepted;
        sim.expect(lived >= 10s && lived < 10s + 3ms, "closes after ten seconds");
    });
}

TEST_CASE("virtual time costs none") {
    simulation sim(1);
    sim.serve(routes());
    const ec::time_point before = sim.now();
    const ec::wall_time_point date = sim.wall_now();
    sim.advance(24h * 365);
    CHECK(sim.now() - before == 24h * 365);
    CHECK(sim.wall_now() - date == 24h * 365);
    CHECK(sim.connect().get("/hello").status == 200);
}

TEST_CASE("a jump of the wall clock moves dates and no timer") {
    simulation sim(3);
    sim.serve(routes());
    auto c = sim.connect();
    CHECK(c.get("/hello").field("date") == "Thu, 01 Jan 2026 00:00:00 GMT");
    c.begin("GET", "/later");
    const ec::time_point asked = sim.now();
    sim.jump_wall_clock(-48h);
    REQUIRE(sim.settle());
    CHECK(sim.now() - asked < 6s);
    CHECK(c.answers().back().field("date").substr(0, 16) == "Tue, 30 Dec 2025");
}

// ---- coroutines of the test ----

namespace {

ec::task<int> twice(int n) {
    static_cast<void>(co_await ec::sleep_for(1h));
    co_return 2 * n;
}

}  // namespace

TEST_CASE("a coroutine of the test runs beside the server") {
    simulation sim(1);
    CHECK(sim.run(twice(21), 2h) == 42);
    CHECK_THROWS_AS(sim.run(twice(21), 1s), std::runtime_error);
}

TEST_CASE("no option and no variable asks for a simulation") {
    ec::reactor_options options;
    options.kind = ec::reactor_kind::simulated;
    CHECK(ec::reactor::open(options).error() == ec::errc::not_supported);
    CHECK(ec::parse_reactor_kind("simulated").error() == ec::errc::invalid_argument);
}

TEST_CASE("a client that stops in the middle of a word is told so") {
    simulation sim(17);
    sim.serve(routes());
    auto c = sim.connect();
    c.send("GET /hello HT");
    sim.advance(30s);
    CHECK(c.received().find("HTTP/1.1 408") == 0);
    CHECK(sim.connect().get("/hello").status == 200);
    CHECK(sim.drain());
    CHECK(sim.open_descriptors() == 0);
}

TEST_CASE("clients are told apart by their addresses") {
    ec::server_options options;
    options.connections_per_peer_max = 1;
    simulation sim(1);
    sim.serve(routes(), options);
    const auto at = ec::net::address::parse("10.0.0.1:0").value();
    auto first = sim.connect_from(at), second = sim.connect_from(at);
    auto other = sim.connect_from(ec::net::address::parse("10.0.0.2:0").value());
    CHECK(other.get("/hello").status == 200);
    // Which of the two comes first is up to the seed.
    const bool first_served = first.get("/hello").status == 200;
    CHECK((second.get("/hello").status == 200) != first_served);
}
