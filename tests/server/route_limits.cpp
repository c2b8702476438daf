// What a route says about its limits holds on a connection, and for no other route.
#include <atomic>
#include <optional>
#include <string>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/middleware/rate_limit.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string post(std::string_view path, std::size_t bytes, std::string_view fields = {}) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n" + std::string(fields) + "\r\n";
}

auto waiting_routes() {
    const auto wait = [](std::uint32_t ms) -> ec::task<std::string> {
        const ec::result<> slept = co_await ec::sleep_for(std::chrono::milliseconds(ms));
        co_return slept ? "slept" : "cancelled";
    };
    return ec::router(ec::get<"/{ms}">(wait),
                      ec::group<"/short">(ec::request_timeout(50ms), ec::get<"/{ms}">(wait)),
                      ec::group<"/long">(ec::request_timeout(10s), ec::get<"/{ms}">(wait)));
}

}  // namespace

TEST_CASE("a route has its own time for its handler") {
    running_server s(EVENTCORE_EVERY_REACTOR, waiting_routes(), {.request_timeout = 300ms});
    const auto status = [&](std::string_view path) {
        raw_client c(s.port());
        REQUIRE(c.send(get(path)));
        return status_of(c.receive_response());
    };
    CHECK(status("/1") == 200);
    CHECK(status("/10000") == 503);
    CHECK(status("/short/10000") == 503);
    CHECK(status("/long/500") == 200);
    CHECK(s.server().statistics().reached(limit::request_time) == 2);
}

TEST_CASE("a route has its own patience with content") {
    const auto echo = [](ec::bytes content) { return std::string(content.view()); };
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        ec::router(ec::post<"/">(echo), ec::group<"/hasty">(ec::body_timeout(50ms), ec::post<"/">(echo)),
                   ec::group<"/strict">(ec::body_rate(1'000'000), ec::post<"/">(echo)),
                   ec::group<"/patient">(ec::body_rate(0), ec::post<"/">(echo))),
        {.body_timeout = 10s, .body_grace = 400ms, .body_rate_min = 100});
    // Ten bytes, one after the other; so much later that most of the routes do not wait for them.
    const auto status = [&](std::string_view path, useconds_t pause) {
        raw_client c(s.port());
        REQUIRE(c.send(post(path, 10)));
        for (int i = 0; i < 10; ++i) {
            ::usleep(pause);
            c.send("x");
        }
        return status_of(c.receive_response());
    };
    CHECK(status("/", 1'000) == 200);
    CHECK(status("/", 100'000) == 408);
    CHECK(status("/strict", 100'000) == 408);
    CHECK(status("/patient", 100'000) == 200);
    CHECK(status("/hasty", 100'000) == 408);
}

TEST_CASE("a guard that refuses does so before the content has come") {
    std::atomic<int> handled{0};
    const auto guard = [](ec::request& req) -> std::optional<ec::response> {
        if (req.header("authorization")) return std::nullopt;
        return ec::response(ec::status::unauthorized);
    };
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::use(guard), ec::post<"/">([&handled](ec::bytes content) {
                                    handled.fetch_add(1);
                                    return std::string(content.view());
                                })));
    raw_client c(s.port());
    REQUIRE(c.send(post("/", 5)));
    CHECK(status_of(c.receive_response()) == 401);
    REQUIRE(c.send("12345" + post("/", 5, "Authorization: yes\r\n") + "67890"));  // the same connection
    CHECK(content_of(c.receive_response()) == "67890");
    CHECK(handled == 1);
    raw_client asks(s.port());
    REQUIRE(asks.send(post("/", 5, "Expect: 100-continue\r\n")));
    const std::string answer = asks.receive_all();
    CHECK(status_of(answer) == 401);
    CHECK(has_line(answer, "Connection: close"));
    raw_client much(s.port());
    REQUIRE(much.send(post("/", 1'000'000)));
    CHECK(status_of(much.receive_all()) == 401);
}

TEST_CASE("a rate limit goes by the address of the client, over all connections and workers") {
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        ec::router(ec::use(ec::rate_limit({.requests = 3, .per = 1h})), ec::get<"/">([] { return "hello"; })),
        {.workers = 2});
    int passed = 0;
    for (int i = 0; i < 8; ++i) {
        raw_client c(s.port());
        REQUIRE(c.send(get("/")));
        const std::string answer = c.receive_response();
        passed += status_of(answer) == 200;
        if (status_of(answer) == 200) continue;
        CHECK(status_of(answer) == 429);
        CHECK(has_line(answer, "Retry-After: 1200"));
    }
    CHECK(passed == 3);
    raw_client other(s.port(), "127.0.0.2");
    REQUIRE(other.send(get("/")));
    CHECK(status_of(other.receive_response()) == 200);
    CHECK(s.server().statistics().reached(limit::rate) == 5);
}
