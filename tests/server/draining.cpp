// How a server that stops leaves its clients, and its port to the next one.
#include <chrono>
#include <string>

#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

constexpr const char* request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

auto routes() {
    return ec::router(ec::get<"/">([] { return "ok"; }));
}

ec::server_options on_port(ec::reactor_kind kind, std::uint16_t port, bool hand_over) {
    ec::server_options options;
    options.address = "127.0.0.1";
    options.port = port;
    options.workers = 2;
    options.reactor = kind;
    options.hand_over = hand_over;
    options.log = ec::logger(ec::log_level::off);
    return options;
}

// Whether a new connection is served. A connection that is refused, or ends without an answer, is not.
bool is_served(std::uint16_t port) {
    raw_client c(port);
    return c.is_connected() && c.send(request) && content_of(c.receive_response()) == "ok";
}

}  // namespace

TEST_CASE("who was idle when the server began to stop may ask once more, and is told to close") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.drain_grace = 1s});
    raw_client kept(s.port()), silent(s.port());
    for (raw_client* c : {&kept, &silent}) {
        REQUIRE(c->send(request));
        CHECK(content_of(c->receive_response()) == "ok");
    }
    s.server().stop();
    std::string answer;
    do {
        REQUIRE(kept.send(request));  // the first of them may be faster than stop()
        answer = kept.receive_response();
        REQUIRE(content_of(answer) == "ok");
    } while (!has_line(answer, "Connection: close"));
    CHECK(kept.is_at_end());
    CHECK(silent.is_at_end());
    s.server().wait();
}

TEST_CASE("a port is handed over without a moment in which nobody answers") {
    const ec::reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    ec::server first(routes(), on_port(kind, 0, true));
    REQUIRE(first.start());
    const std::uint16_t port = first.port();
    {
        ec::server rude(routes(), on_port(kind, port, false));
        CHECK_FALSE(rude.start());  // who has not asked for it does not share a port by accident
    }
    ec::server second(routes(), on_port(kind, port, true));
    REQUIRE(second.start());
    first.stop();
    for (int i = 0; i < 200; ++i) REQUIRE(is_served(port));
    first.wait();
    for (int i = 0; i < 20; ++i) REQUIRE(is_served(port));
    CHECK(second.statistics().requests > 0);
    second.stop();
    second.wait();
    CHECK(first.statistics().requests + second.statistics().requests == 220);
}
