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
