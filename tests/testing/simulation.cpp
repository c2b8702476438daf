// The simulation itself: the server's own code over a made-up kernel, exact time, equal runs for equal seeds.
#include "eventcore/testing/simulation.hpp"

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
