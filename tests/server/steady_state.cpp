// In the steady state a request costs no call to the heap, whichever reactor runs.
#include "support/count_allocations.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "eventcore/content/directory.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/json.hpp"
#include "eventcore/web/middleware/rate_limit.hpp"
#include "eventcore/web/router.hpp"
#include "support/reactor_tasks.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

struct greeting {
    std::string_view message = "Hello, World!";
    int number = 7;
};

ec::task<ec::response> send_file(ec::state<const ec::directory> files, std::string name) {
    ec::result<ec::found_file> found = co_await files->find_file(name);
    if (!found) co_return ec::status::not_found;
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), "text/plain");
}

auto routes(const ec::directory& files) {
    return ec::router(ec::provide(&files), ec::get<"/files/{name}">(send_file),
                      ec::get<"/text">([] { return "Hello, World!"; }),
                      ec::get<"/json">([] { return ec::json{greeting{}}; }),
                      ec::get<"/users/{id}/posts/{post}">([](int id, std::string_view) -> ec::response {
                          ec::response r(id > 0 ? ec::status::ok : ec::status::not_found);
                          r.set("x-id", "1");
                          return r;
                      }),
                      ec::get<"/task">([]() -> ec::task<const char*> { co_return "ready"; }),
                      ec::get<"/waits">([]() -> ec::task<ec::status> {
                          static_cast<void>(co_await ec::sleep_for(1ms));
                          co_return ec::status::no_content;
                      }),
                      ec::post<"/length">([](ec::bytes content) {
                          return content.view().size() == 1000 ? ec::status::ok : ec::status::bad_request;
                      }),
                      ec::group<"/limited">(ec::use(ec::rate_limit({.requests = 1'000'000, .per = 10s})),
                                            ec::request_timeout(5s), ec::body_timeout(5s),
                                            ec::body_rate(1000), ec::post<"/">([](ec::bytes content) {
                                                return content.view().size() == 1000
                                                           ? ec::status::ok
                                                           : ec::status::bad_request;
                                            })),
                      // What this worker's thread has allocated so far.
                      ec::get<"/allocations">([] { return std::to_string(test::allocations); }));
}

std::size_t allocations(raw_client& c) {
    REQUIRE(c.send("GET /allocations HTTP/1.1\r\nHost: a\r\n\r\n"));
    return static_cast<std::size_t>(std::atoll(content_of(c.receive_response()).c_str()));
}

}  // namespace

TEST_CASE("a request in the steady state allocates nothing") {
    if (EVENTCORE_ASAN) return;  // there every pool hands its blocks back to the heap, on purpose
    const ec::test::temporary_directory base;
    std::ofstream(base.at("a")) << std::string(1000, 'a');
    const ec::directory files = ec::directory::open(base.path()).value();
    running_server s(EVENTCORE_EVERY_REACTOR, routes(files));
    const std::string request = GENERATE(
        std::string("GET /files/a HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /text HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /json HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /users/12/posts/a%20b HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /task HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n"),
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'),
        "POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
    INFO(request);
    raw_client c(s.port()), second(s.port());
    const auto ask = [&](int times) {
        for (int i = 0; i < times; ++i) {
            REQUIRE(c.send(request));
            REQUIRE(second.send(request + request));
            REQUIRE(status_of(c.receive_response()) > 0);
            REQUIRE(status_of(second.receive_response()) > 0);
            REQUIRE(status_of(second.receive_response()) > 0);
        }
    };
    ask(20);
    const std::size_t before = allocations(c);
    ask(200);
    CHECK(allocations(c) == before);
}

TEST_CASE("a connection in the steady state allocates nothing") {
    if (EVENTCORE_ASAN) return;
    const ec::reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    if (kind == ec::reactor_kind::kqueue) return;  // our stand-in for the kernel allocates
    const ec::directory files = ec::directory::open("/").value();
    running_server s(kind, routes(files));
    raw_client observer(s.port());
    const auto come_and_go = [&](int times) {
        for (int i = 0; i < times; ++i) {
            raw_client c(s.port());
            REQUIRE(c.send("GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            REQUIRE(status_of(c.receive_all()) == 200);
        }
    };
    come_and_go(20);
    const std::size_t before = allocations(observer);
    come_and_go(100);
    CHECK(allocations(observer) == before);
}
