// What goes wrong in a simulation, and that the server gets over it.
#include "eventcore/testing/faults.hpp"

#include "catch.hpp"
#include "eventcore/reactor/offload.hpp"
#include "eventcore/testing/for_each_seed.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::testing::fault_plan;
using ec::testing::simulation;
using ec::testing::simulation_options;

namespace {

auto routes() {
    return ec::router(ec::get<"/hello">([] { return "Hello, World!"; }),
                      ec::get<"/large">([] { return std::string(300'000, 'x'); }),
                      ec::get<"/job">([]() -> ec::task<ec::response> {
                          auto work = [] { return 7; };
                          const ec::result<int> done = co_await ec::blocking(work);
                          if (!done) co_return ec::response(ec::status::service_unavailable);
                          co_return ec::response(std::to_string(*done));
                      }));
}

simulation_options only(double fault_plan::* which, double probability) {
    simulation_options options;
    options.faults = fault_plan::none();
    options.faults.*which = probability;
    return options;
}

}  // namespace

TEST_CASE("without faults every call does all it can") {
    simulation_options options;
    options.faults = fault_plan::none();
    simulation sim(1, options);
    sim.serve(routes());
    auto c = sim.connect();
    CHECK(c.get("/hello").status == 200);
    // One read has the whole request, one send the whole answer.
    CHECK(sim.trace().find("send #1073741826 = -11") == std::string::npos);
    CHECK(sim.drain());
}

TEST_CASE("patience is enough for what loses nothing") {
    double fault_plan::* const which =
        GENERATE(&fault_plan::short_read, &fault_plan::short_write, &fault_plan::would_block,
                 &fault_plan::spurious_news, &fault_plan::slow_peer, &fault_plan::clock_jump);
    ec::testing::for_each_seed(
        20,
        [](simulation& sim) {
            sim.serve(routes());
            auto c = sim.connect();
            c.begin("GET", "/large");
            c.begin("GET", "/job");
            sim.expect(sim.settle(), "settles");
            sim.expect(c.answers().size() == 2, "answers both");
            sim.expect(c.answers()[0].content.size() == 300'000, "large");
            sim.expect(c.answers()[1].content == "7", "job");
            sim.expect(sim.drain() && sim.open_descriptors() == 0, "closes everything");
        },
        only(which, 0.6));
}

TEST_CASE("what breaks a connection breaks that connection only") {
    double fault_plan::* const which =
        GENERATE(&fault_plan::reset, &fault_plan::reset_later, &fault_plan::no_memory);
    int answered = 0, broken = 0;
    ec::testing::for_each_seed(
        50,
        [&](simulation& sim) {
            sim.serve(routes());
            for (int i = 0; i < 5; ++i) {
                auto c = sim.connect();
                const auto a = c.get("/large");
                sim.expect(!a || a.content.size() == 300'000, "an answer is whole or none");
                a ? ++answered : ++broken;
            }
            sim.expect(sim.drain() && sim.open_descriptors() == 0, "closes everything");
        },
        only(which, which == &fault_plan::reset_later ? 0.5 : 0.05));
    CHECK(answered > 0);
    CHECK(broken > 0);
}

TEST_CASE("an accept that fails is tried again") {
    int refused = 0;
    ec::testing::for_each_seed(
        50,
        [&](simulation& sim) {
            sim.serve(routes());
            int answered = 0;
            for (int i = 0; i < 10; ++i) {
                auto c = sim.connect();
                answered += c.get("/hello").status == 200;
                refused += c.is_broken() || c.is_ended();
            }
            sim.expect(answered > 0, "serves on");
            sim.expect(sim.drain() && sim.open_descriptors() == 0, "closes everything");
        },
        only(&fault_plan::accept_failure, 0.3));
    CHECK(refused > 0);
}

TEST_CASE("descriptors run out, and come back") {
    simulation_options options;
    options.descriptors_max = 12;
    ec::testing::for_each_seed(
        50,
        [](simulation& sim) {
            sim.serve(routes());
            std::vector<ec::testing::client> clients;
            for (int i = 0; i < 20; ++i) {
                clients.push_back(sim.connect());
                clients.back().begin("GET", "/hello");
            }
            sim.expect(sim.settle(), "nobody waits for ever");
            int served = 0;
            for (auto& c : clients) served += c.answers().size() == 1;
            sim.expect(served >= 8 && served < 20, "some are served, some turned away");
            clients.clear();
            sim.advance(1s);
            sim.expect(sim.connect().get("/hello").status == 200, "serves again");
            sim.expect(sim.drain() && sim.open_descriptors() == 0, "closes everything");
        },
        options);
}

TEST_CASE("without a thread a job is refused") {
    simulation sim(1, only(&fault_plan::no_thread, 1));
    sim.serve(routes());
    CHECK(sim.connect().get("/job").status == 503);
}
