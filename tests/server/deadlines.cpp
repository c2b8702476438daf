// What ends a request or a connection from outside: time, a client that goes away, a server that stops.
#include <unistd.h>

#include <atomic>
#include <string>

#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

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
    CHECK(s.server().statistics().reached(ec::server_limit::header_time) == 1);
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
    CHECK(s.server().statistics().reached(ec::server_limit::idle_time) == 1);
}

TEST_CASE("a connection has an end, and is not closed under a request") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.connection_lifetime = 300ms});
    raw_client idle(s.port()), busy(s.port());
    REQUIRE(idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_FALSE(has_line(idle.receive_response(), "Connection: close"));
    int answers = 0;
    for (bool is_last = false; !is_last; ++answers) {
        REQUIRE(busy.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n"));
        const std::string answer = busy.receive_response();
        REQUIRE(content_of(answer) == "short");
        is_last = has_line(answer, "Connection: close");
    }
    CHECK(answers > 1);
    CHECK(busy.is_at_end());
    CHECK(idle.is_at_end());
    CHECK(s.server().statistics().reached(ec::server_limit::connection_time) == 2);
}

TEST_CASE("content that stops arriving is answered with 408") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.body_timeout = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    CHECK(status_of(c.receive_all()) == 408);
}

TEST_CASE("content that drips is answered with 408, that which flows is not") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen),
                     {.body_timeout = 10s, .body_grace = 200ms, .body_rate_min = 20'000});
    raw_client drips(s.port());
    REQUIRE(drips.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    int pieces = 0;
    for (char peeked; ::recv(drips.fd(), &peeked, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && pieces < 2000;
         ++pieces) {
        drips.send("x");
        ::usleep(5000);
    }
    CHECK(pieces < 2000);
    CHECK(status_of(drips.receive_all()) == 408);
    CHECK(s.server().statistics().reached(ec::server_limit::body_time) == 1);
    raw_client flows(s.port());
    REQUIRE(flows.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    for (int i = 0; i < 10; ++i) {
        REQUIRE(flows.send(std::string(10'000, 'x')));
        ::usleep(50'000);
    }
    CHECK(content_of(flows.receive_response()).size() == 100'000);
}

TEST_CASE("a handler that gives up reading has the time of a handler") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::post<"/">([](ec::body_reader& body) -> ec::task<std::string> {
                         const auto piece = [](ec::body_reader* from) -> ec::task<ec::result<>> {
                             const ec::result<std::string_view> read = co_await from->read();
                             co_return read ? ec::result<>() : ec::result<>(read.error());
                         };
                         const ec::result<> soon = co_await ec::with_timeout(50ms, piece(&body));
                         const ec::result<> slept = co_await ec::sleep_for(600ms);
                         const ec::result<> late = co_await piece(&body);
                         co_return std::string(soon ? "soon " : "not yet ") + (slept ? "slept " : "woken ") +
                             (late ? "late" : "never");
                     })),
                     {.body_grace = 400ms});
    raw_client c(s.port());
    REQUIRE(c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"));
    ::usleep(700'000);
    REQUIRE(c.send("12345"));
    CHECK(content_of(c.receive_response()) == "not yet slept late");
}

TEST_CASE("content nobody asked for may not drip either") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.body_grace = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("POST /missing HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12"));
    CHECK(status_of(c.receive_all()) == 408);
}

TEST_CASE("a handler that runs too long is cancelled, and its client answered 503") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.request_timeout = 50ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(status_of(c.receive_all()) == 503);
    CHECK(seen.cancelled == 1);
    CHECK(s.server().statistics().reached(ec::server_limit::request_time) == 1);
}

TEST_CASE("a client that stops sending is gone where that is configured") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.half_close_is_gone = true});
    raw_client late(s.port()), early(s.port());
    REQUIRE(late.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    late.finish_sending();
    CHECK(eventually([&] { return seen.cancelled == 1; }));
    REQUIRE(early.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    early.finish_sending();
    CHECK(eventually([&] { return seen.cancelled == 2; }));
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
}

TEST_CASE("a client that stops sending and then resets is gone without any configuration") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    raw_client c(s.port());
    REQUIRE(c.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    c.finish_sending();
    REQUIRE(eventually([&] { return seen.started == 1; }));
    ::usleep(20'000);
    CHECK(seen.cancelled == 0);
    c.reset();
    CHECK(eventually([&] { return seen.cancelled == 1; }));
}

TEST_CASE("what is shielded is finished although the client has gone") {
    witness seen;
    const auto write_all = [&seen]() -> ec::task<> {
        const ec::result<> slept = co_await ec::sleep_for(100ms);
        if (slept) seen.finished.fetch_add(1);
    };
    running_server s(EVENTCORE_EVERY_REACTOR, ec::router(ec::post<"/">([&]() -> ec::task<> {
                         seen.started.fetch_add(1);
                         co_await ec::shield(write_all());
                         const ec::result<> after = co_await ec::sleep_for(100s);
                         if (!after) seen.cancelled.fetch_add(1);
                     })));
    raw_client c(s.port());
    REQUIRE(c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    c.reset();
    CHECK(eventually([&] { return seen.cancelled == 1; }));
    CHECK(seen.finished == 1);
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
    CHECK(s.server().statistics().reached(ec::server_limit::write_time) == 1);
}

TEST_CASE("a client that reads its answer drop by drop is cut off, one that reads steadily is not") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::get<"/">([] { return std::string(12'000'000, 'x'); })),
                     {.write_timeout = 1s, .write_rate_min = 2000});
    raw_client drips(s.port(), nullptr, 4096), steady(s.port(), nullptr, 65536);
    REQUIRE(drips.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(steady.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    std::size_t bytes = 0;
    for (std::string some = steady.receive_some(); !some.empty(); some = steady.receive_some()) {
        bytes += some.size();
        if (bytes < 4'000'000) ::usleep(20'000);  // two periods and more
        char drop;
        static_cast<void>(::recv(drips.fd(), &drop, 1, MSG_DONTWAIT));
    }
    CHECK(bytes > 12'000'000);
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
    CHECK(s.server().statistics().reached(ec::server_limit::write_time) == 1);
}

TEST_CASE("a client that reads all the time, but too little, is cut off") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::get<"/">([] { return std::string(12'000'000, 'x'); })),
                     {.write_timeout = 600ms, .write_rate_min = 1'000'000'000});
    raw_client c(s.port(), nullptr, 65536);
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    std::size_t bytes = 0;
    for (std::string some = c.receive_some(); !some.empty(); some = c.receive_some()) {
        bytes += some.size();
        ::usleep(20'000);
    }
    CHECK(bytes < 12'000'000);
    CHECK(s.server().statistics().reached(ec::server_limit::write_time) == 1);
}

TEST_CASE("a stream that had to wait for its client may take its time afterwards") {
    running_server s(EVENTCORE_EVERY_REACTOR, ec::router(ec::get<"/">([] {
                         return ec::stream([](ec::body_writer& out) -> ec::task<> {
                             const std::string much(12'000'000, 'x');
                             static_cast<void>(co_await out.write(much));
                             static_cast<void>(co_await ec::sleep_for(1s));
                             static_cast<void>(co_await out.write("end"));
                         });
                     })),
                     {.write_timeout = 500ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    const std::string content = unchunked(content_of(c.receive_all()));
    CHECK(content.size() == 12'000'003);
    CHECK(s.server().statistics().reached(ec::server_limit::write_queue) == 1);
    CHECK(s.server().statistics().timeouts == 0);
}

TEST_CASE("a handler whose client does not read what came before it keeps its own deadline") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::get<"/big">([] { return std::string(12'000'000, 'x'); }),
                                ec::get<"/long">([&seen]() -> ec::task<std::string> {
                                    const ec::result<> slept = co_await ec::sleep_for(100s);
                                    if (!slept) seen.cancelled.fetch_add(1);
                                    co_return std::string("long");
                                })),
                     {.write_timeout = 10s, .request_timeout = 100ms});
    raw_client c(s.port());
    REQUIRE(c.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(c.receive_response()).size() == 12'000'000);
    CHECK(status_of(c.receive_response()) == 503);
    CHECK(seen.cancelled == 1);
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
