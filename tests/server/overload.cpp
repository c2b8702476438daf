// Load that is shed before it is looked at, and memory that there is none of.
#include <atomic>
#include <string>

#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/fail_allocations.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

}  // namespace

TEST_CASE("with so many handlers waiting, further requests are answered 503 until one has ended") {
    std::atomic<int> started{0};
    std::atomic<bool> is_over{false};
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        ec::router(ec::get<"/">([] { return "hello"; }), ec::get<"/wait">([&]() -> ec::task<std::string> {
                       started.fetch_add(1);
                       while (!is_over) static_cast<void>(co_await ec::sleep_for(5ms));
                       co_return std::string("waited");
                   })),
        {.shed_in_flight = 2, .retry_after_seconds = 7});
    raw_client a(s.port()), b(s.port()), c(s.port()), posts(s.port());
    REQUIRE(a.send(get("/wait")));
    REQUIRE(b.send(get("/wait")));
    REQUIRE(eventually([&] { return started == 2; }));
    REQUIRE(c.send(get("/") + get("/wait")));
    for (int i = 0; i < 2; ++i) {
        const std::string answer = c.receive_response();
        CHECK(status_of(answer) == 503);
        CHECK(has_line(answer, "Retry-After: 7"));
        CHECK_FALSE(has_line(answer, "Connection: close"));
    }
    REQUIRE(posts.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"));
    CHECK(has_line(posts.receive_all(), "Connection: close"));
    is_over = true;
    CHECK(content_of(a.receive_response()) == "waited");
    CHECK(content_of(b.receive_response()) == "waited");
    REQUIRE(c.send(get("/")));
    CHECK(content_of(c.receive_response()) == "hello");
    CHECK(started == 2);
    CHECK(s.server().statistics().reached(limit::overload) == 3);
}

TEST_CASE("handlers that end because their clients have gone make room") {
    std::atomic<int> started{0};
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        ec::router(ec::get<"/">([] { return "hello"; }), ec::get<"/wait">([&started]() -> ec::task<> {
                       started.fetch_add(1);
                       static_cast<void>(co_await ec::sleep_for(100s));
                   }),
                   ec::get<"/stream">([&started] {
                       return ec::stream([&started](ec::body_writer&) -> ec::task<> {
                           started.fetch_add(1);
                           static_cast<void>(co_await ec::sleep_for(100s));
                       });
                   })),
        {.shed_in_flight = 1});
    for (int i = 1; i <= 6; ++i) {
        raw_client c(s.port());
        REQUIRE(c.send(get(i % 2 != 0 ? "/wait" : "/stream")));
        REQUIRE(eventually([&] { return started == i; }));
        c.reset();
        REQUIRE(eventually([&] { return s.server().statistics().connections_open == 0; }));
    }
    raw_client c(s.port());
    REQUIRE(c.send(get("/")));
    CHECK(content_of(c.receive_response()) == "hello");
    CHECK(s.server().statistics().reached(limit::overload) == 0);
}

TEST_CASE("a loop that is late sheds what came meanwhile, and then serves again") {
    std::atomic<bool> is_blocking{false};
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::get<"/">([] { return "hello"; }), ec::get<"/block">([&is_blocking] {
                                    is_blocking = true;
                                    ::usleep(800'000);
                                    return "blocked";
                                })),
                     {.shed_loop_delay = 200ms});
    raw_client a(s.port()), b(s.port());
    REQUIRE(b.send(get("/")));
    CHECK(content_of(b.receive_response()) == "hello");
    REQUIRE(a.send(get("/block")));
    REQUIRE(eventually([&] { return is_blocking.load(); }));
    REQUIRE(b.send(get("/")));
    CHECK(status_of(b.receive_response()) == 503);
    CHECK(content_of(a.receive_response()) == "blocked");
    const auto serves_again = [&] {
        REQUIRE(b.send(get("/")));
        return status_of(b.receive_response()) == 200;
    };
    CHECK(eventually(serves_again));
    CHECK(s.server().statistics().reached(limit::overload) >= 1);
}

TEST_CASE("a heap that has nothing left ends connections, never the server") {
    const ec::reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    if (kind == ec::reactor_kind::kqueue) return;  // our stand-in for the kernel allocates, too
    running_server s(kind, ec::router(ec::post<"/echo">([](ec::bytes b) { return std::string(b.view()); }),
                                      ec::post<"/pull">([](ec::body_reader& body) -> ec::task<std::string> {
                                          std::size_t bytes = 0;
                                          while (true) {
                                              const auto piece = co_await body.read();
                                              if (!piece || piece->empty()) break;
                                              bytes += piece->size();
                                          }
                                          co_return std::to_string(bytes);
                                      }),
                                      ec::get<"/{y}/{x}">([](std::string y, std::string x) { return y + x; }),
                                      ec::get<"/stream">([] {
                                          return ec::stream([](ec::body_writer& out) -> ec::task<> {
                                              const std::string block(100'000, 's');
                                              for (int i = 0; i < 20; ++i)
                                                  if (!co_await out.write(block)) co_return;
                                          });
                                      }),
                                      // The n-th allocation of this worker from now on fails.
                                      ec::get<"/fail/{n}">([](int n) {
                                          ec::recycler::release_thread_cache();
                                          test::fail_allocation_in(n);
                                          return "armed";
                                      })));
    const std::string request =
        GENERATE(std::string("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n") +
                     std::string(100'000, 'x'),
                 "POST /pull HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n" +
                     std::string(40'000, 'x') + "\r\n0\r\nX-Trailer: " + std::string(3000, 't') + "\r\n\r\n",
                 "GET /" + std::string(30, 'x') +
                     "%41/%42%43 HTTP/1.1\r\nHost: a\r\nX: " + std::string(15'000, 'x') + "\r\n\r\n",
                 get("/stream"));
    int failed = 0;
    for (int n = 1; n <= 25; ++n) {
        raw_client arms(s.port());
        REQUIRE(arms.send(get("/fail/" + std::to_string(n))));
        REQUIRE(content_of(arms.receive_response()) == "armed");
        raw_client c(s.port());
        c.send(request);
        c.finish_sending();
        const std::string answer = c.receive_all();  // whatever it is
        failed += status_of(answer) == 503 || answer.empty();
        raw_client disarms(s.port());
        disarms.send(get("/fail/0"));
        if (content_of(disarms.receive_response()) == "armed") continue;
        raw_client again(s.port());  // it was this one that found no memory
        REQUIRE(again.send(get("/fail/0")));
        REQUIRE(content_of(again.receive_response()) == "armed");
    }
    CHECK(failed > 0);
    CHECK(s.server().statistics().reached(limit::memory) > 0);
}
