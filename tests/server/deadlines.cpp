// What ends a request or a connection from outside: time, a client that goes away, a server that stops.
#include <unistd.h>

#include <atomic>
#include <string>

#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

struct witness {
    std::atomic<int> started{0}, cancelled{0}, finished{0};
};

auto routes(witness& seen) {
    return ec::router(ec::get<"/">([] { return "ok"; }),
                      ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
                      ec::get<"/long">([&seen]() -> ec::task<std::string> {
                          seen.started.fetch_add(1);
                          const ec::result<> slept = co_await ec::sleep_for(100s);
                          if (!slept) seen.cancelled.fetch_add(1);
                          co_return std::string("long");
                      }),
                      ec::get<"/short">([&seen]() -> ec::task<std::string> {
                          seen.started.fetch_add(1);
                          static_cast<void>(co_await ec::sleep_for(100ms));
                          seen.finished.fetch_add(1);
                          co_return std::string("short");
                      }));
}

template <class Predicate>
bool eventually(Predicate holds) {
    for (int i = 0; i < 2000 && !holds(); ++i) ::usleep(5000);
    return holds();
}

}  // namespace

TEST_CASE("a head that does not arrive in time is answered with 408, however busily it arrives") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.header_timeout = 100ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\n"));
    while (c.send("X: y\r\n")) {
        ::usleep(10'000);
        char peeked;
        if (::recv(c.fd(), &peeked, 1, MSG_PEEK | MSG_DONTWAIT) > 0) break;
    }
    CHECK(status_of(c.receive_all()) == 408);
    CHECK(s.server().statistics().timeouts == 1);
}

TEST_CASE("a connection that says nothing is closed, before and between requests") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.header_timeout = 50ms, .idle_timeout = 100ms});
    raw_client silent(s.port());
    CHECK(silent.is_at_end());
    raw_client idle(s.port());
    REQUIRE(idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(idle.receive_response()) == "ok");
    CHECK(idle.is_at_end());
}

TEST_CASE("content that stops arriving is answered with 408") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.body_timeout = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    CHECK(status_of(c.receive_all()) == 408);
}

TEST_CASE("a handler that runs too long is cancelled, and its client answered 503") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.request_timeout = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(status_of(c.receive_all()) == 503);
    CHECK(seen.cancelled == 1);
}

TEST_CASE("a client that is gone cancels its handler") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    c.reset();
    CHECK(eventually([&] { return seen.cancelled == 1; }));
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
}

TEST_CASE("a client that does not read its answer is cut off") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::get<"/">([] { return std::string(30'000'000, 'x'); })),
                     {.write_timeout = 100ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return s.server().statistics().requests == 1; }));
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
    CHECK(c.receive_all().size() < 30'000'000);
    CHECK(s.server().statistics().timeouts == 1);
}

TEST_CASE("a stopped server answers what is in progress, closes what is idle, and accepts no more") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    const std::uint16_t port = s.port();
    raw_client idle(port), busy(port);
    REQUIRE(idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(idle.receive_response()) == "ok");
    REQUIRE(busy.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    s.server().stop();
    CHECK(idle.is_at_end());
    const std::string answer = busy.receive_response();
    CHECK(content_of(answer) == "short");
    CHECK(has_line(answer, "Connection: close"));
    CHECK(busy.is_at_end());
    s.server().wait();
    CHECK(seen.finished == 1);
    CHECK_FALSE(raw_client(port).is_connected());
}

TEST_CASE("what has not ended when the drain is over is cut, and its frames are destroyed") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.drain_timeout = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    s.stop();
    CHECK(c.receive_all().empty());
    CHECK(s.server().statistics().connections_open == 0);
}

TEST_CASE("a second stop does not wait") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.drain_timeout = 1000s});
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    s.server().stop();
    s.server().stop_now();
    s.server().wait();
    CHECK(c.receive_all().empty());
}
