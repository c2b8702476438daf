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
using namespace std::chrono_literals;

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

TEST_CASE("limits on time cover their group, the innermost of each kind") {
    auto app = ec::router(
        ec::get<"/a">([] {}),
        ec::group<"/g">(ec::request_timeout(5s), ec::body_rate(0), ec::get<"/b">([] {}),
                        ec::group<"/h">(ec::request_timeout(7s), ec::body_timeout(9s), ec::get<"/c">([] {})),
                        ec::get<"/d">([] {})),
        ec::get<"/e">([] {}));
    const auto times = [&](const char* path) {
        const ec::test::answer a = get(app.application(), path);
        CHECK(a.code == status::no_content);
        return a.times;
    };
    CHECK_FALSE(times("/a").is_set());
    CHECK_FALSE(times("/e").is_set());
    for (const char* path : {"/g/b", "/g/d"}) {
        CHECK(times(path).request_timeout == 5s);
        CHECK(times(path).body_timeout == 0s);
        CHECK((times(path).has_body_rate && times(path).body_rate_min == 0));
    }
    CHECK(times("/g/h/c").request_timeout == 7s);
    CHECK(times("/g/h/c").body_timeout == 9s);
    CHECK(times("/g/h/c").has_body_rate);
}

TEST_CASE("guards can be asked before there is content, and are not asked again") {
    int asked = 0, left = 0, handled = 0;
    const auto guard = [&asked](ec::request& req) -> std::optional<ec::response> {
        ++asked;
        if (req.query() == "stop") return ec::response(status::unauthorized);
        if (req.query() == "throw") throw std::runtime_error("deliberate");
        return std::nullopt;
    };
    auto app = ec::router(ec::use(guard), ec::use([&left](const ec::request&, ec::response&) { ++left; }),
                          ec::post<"/">([&handled](ec::bytes) { ++handled; }));
    const auto admitted = [&](const char* target) {
        ec::test::exchange_under_test e("POST", target, {});
        e.choice = app.application().route(e.req);
        REQUIRE(e.choice.admit != nullptr);
        e.choice.is_admitted = e.choice.admit(e.choice, e.req, e.out);
        if (e.choice.is_admitted) e.choice.start(e.choice, e.req, e.out);
        return e.out.value().code();
    };
    CHECK(admitted("/") == status::no_content);
    CHECK((asked == 1 && left == 1 && handled == 1));
    CHECK(admitted("/?stop") == status::unauthorized);
    CHECK((asked == 2 && left == 1 && handled == 1));
    CHECK(admitted("/?throw") == status::internal_server_error);
    CHECK((asked == 3 && left == 1 && handled == 1));
    CHECK(ec::test::call(app.application(), "POST", "/?stop").code == status::unauthorized);
    CHECK((asked == 4 && left == 1 && handled == 1));
}
