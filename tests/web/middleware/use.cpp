#include "eventcore/web/middleware/use.hpp"

#include <optional>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::get;

namespace {

std::string trace;

auto around(const char* name) {
    return ec::use([name](ec::request& req, ec::next next) -> ec::task<ec::response> {
        trace += name;
        ec::response r = co_await next(req);
        trace += name;
        co_return std::move(r);
    });
}
auto guard(const char* name) {
    return ec::use([name](ec::request& req) -> std::optional<ec::response> {
        trace += name;
        if (req.query() == name) return ec::response(status::forbidden);
        return std::nullopt;
    });
}
auto after(const char* name) {
    return ec::use([name](const ec::request&, ec::response& r) {
        trace += name;
        r.set("x-after", name);
    });
}
auto handler = [] {
    trace += "h";
    return "done";
};
auto waiting = []() -> ec::task<std::string> {
    const ec::result<> slept = co_await ec::sleep_for(std::chrono::milliseconds(5));
    trace += slept ? "h" : "?";
    co_return "done";
};

std::string traced(const ec::application& app, const char* target) {
    trace.clear();
    (void)get(app, target);
    return trace;
}

}  // namespace

TEST_CASE("middleware runs in the order of declaration, and back") {
    auto app = ec::router(around("a"), guard("b"), after("c"), around("d"), after("e"), ec::get<"/">(handler),
                          ec::get<"/wait">(waiting));
    CHECK(traced(app.application(), "/") == "abdhedca");
    CHECK(traced(app.application(), "/wait") == "abdhedca");
    CHECK(get(app.application(), "/").field("x-after") == "c");
}

TEST_CASE("plain middleware surrounds plain and waiting handlers") {
    auto app =
        ec::router(after("a"), guard("b"), after("c"), ec::get<"/">(handler), ec::get<"/wait">(waiting));
    CHECK(traced(app.application(), "/") == "bhca");
    CHECK(traced(app.application(), "/wait") == "bhca");
    const auto refused = get(app.application(), "/?b");
    CHECK(refused.code == status::forbidden);
    CHECK(refused.field("x-after") == "a");
    CHECK(traced(app.application(), "/?b") == "ba");
    CHECK(traced(app.application(), "/wait?b") == "ba");
}

TEST_CASE("a guard alone answers without the handler") {
    auto app = ec::router(guard("b"), ec::get<"/">(handler), ec::get<"/wait">(waiting));
    CHECK(traced(app.application(), "/?b") == "b");
    CHECK(traced(app.application(), "/wait?b") == "b");
    CHECK(get(app.application(), "/wait").content == "done");
}

TEST_CASE("middleware covers what comes after it in its group, and nothing else") {
    auto app =
        ec::router(ec::get<"/first">(handler), after("a"), ec::get<"/second">(handler),
                   ec::group<"/g">(ec::get<"/third">(handler), after("b"), ec::get<"/fourth">(handler)),
                   ec::get<"/fifth">(handler));
    CHECK(traced(app.application(), "/first") == "h");
    CHECK(traced(app.application(), "/second") == "ha");
    CHECK(traced(app.application(), "/g/third") == "ha");
    CHECK(traced(app.application(), "/g/fourth") == "hba");
    CHECK(traced(app.application(), "/fifth") == "ha");
}

TEST_CASE("middleware may take next as auto, answer itself, and see exceptions") {
    auto app = ec::router(ec::use([](ec::request& req, auto next) -> ec::task<ec::response> {
                              if (req.query() == "stop") co_return status::unauthorized;
                              bool failed = false;
                              try {
                                  ec::response r = co_await next(req);
                                  co_return std::move(r);
                              } catch (const std::runtime_error&) {
                                  failed = true;
                              }
                              co_return failed ? status::bad_gateway : status::ok;
                          }),
                          ec::get<"/">([](ec::query<"n", int> n) -> ec::task<std::string> {
                              if (*n == 0) throw std::runtime_error("zero");
                              co_return std::to_string(*n);
                          }));
    CHECK(get(app.application(), "/?n=5").content == "5");
    CHECK(get(app.application(), "/?n=0").code == status::bad_gateway);
    CHECK(get(app.application(), "/?n=x").code == status::bad_request);
    CHECK(get(app.application(), "/?stop").code == status::unauthorized);
}

TEST_CASE("a body limit covers its group") {
    auto app = ec::router(ec::post<"/a">([] {}),
                          ec::group<"/g">(ec::body_limit(1000), ec::post<"/b">([] {}),
                                          ec::group<"/h">(ec::body_limit(5), ec::post<"/c">([] {}))));
    CHECK(ec::test::call(app.application(), "POST", "/a").body_bytes_max == 0);
    CHECK(ec::test::call(app.application(), "POST", "/g/b").body_bytes_max == 1000);
    CHECK(ec::test::call(app.application(), "POST", "/g/h/c").body_bytes_max == 5);
}
