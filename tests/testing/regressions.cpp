// What the simulation has found, each as the shortest schedule that shows it.
#include "catch.hpp"
#include "eventcore/testing/simulation.hpp"
#include "testing/busy_application.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::testing::simulation;

namespace {

ec::testing::simulation_options calm() {
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::none();
    return options;
}

}  // namespace

// A handler that pulled its content took the arrival of half a chunk header for the end of the content.
TEST_CASE("content that arrives in the middle of a chunk header goes on") {
    const std::string head = "POST /digest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string content = "3\r\nabc\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n";
    for (std::size_t cut = 0; cut < content.size(); ++cut) {
        simulation sim(1, calm());
        sim.serve(busy::routes());
        auto c = sim.connect();
        c.send_request(head + content.substr(0, cut));
        sim.advance(1s);
        c.send(content.substr(cut, 1));
        sim.advance(1s);
        c.send(content.substr(cut + 1));
        REQUIRE(sim.settle());
        INFO("cut after " << cut << " bytes");
        REQUIRE(c.answers().size() == 1);
        CHECK(c.answers()[0].content == busy::digest("abc0123456789012345678901234567890"));
    }
}

// The last answer was followed by a close although the client had sent more, which nobody had read: the reset
// that this causes can take the answer away from the client (RFC 9112, 9.6).
TEST_CASE("the last answer of a connection survives what the client has sent behind its request") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        ec::server_options options;
        options.requests_per_connection = 1;
        simulation sim(seed, calm());
        sim.serve(busy::routes(), options);
        auto c = sim.connect();
        c.begin("GET", "/slept/100");
        REQUIRE(sim.run_until([&] { return sim.counters().requests.read() == 1; }));
        c.send("GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\n");  // arrives while the handler sleeps
        REQUIRE(sim.run_until([&] { return c.is_over(); }));
        INFO("seed " << seed);
        CHECK(c.is_ended());
        CHECK_FALSE(c.is_broken());
        REQUIRE(c.answers().size() == 1);
        CHECK(c.answers()[0].content == "slept 100");
        c.close();
        CHECK(sim.drain());
    }
}

// Answers that the socket had not taken yet were lost when the client ended in the middle of a later request.
TEST_CASE("a request that is cut off does not take the answers before it along") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        ec::testing::simulation_options options;
        options.faults = ec::testing::fault_plan::patient();
        options.faults.slow_peer = 0;
        simulation sim(seed, options);
        sim.serve(busy::routes());
        auto c = sim.connect();
        const bool is_streamed = seed % 2 == 0;
        c.send("GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello/2 HTTP/1.1\r\nHost: a\r\n\r\n");
        c.send(is_streamed ? "POST /digest" : "POST /nowhere");
        c.send(" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
        c.finish_sending();
        REQUIRE(sim.run_until([&] { return c.is_over(); }));
        INFO("seed " << seed);
        CHECK_FALSE(c.is_broken());
        CHECK(c.answers().size() == 2);
        c.close();
        CHECK(sim.drain());
    }
}
