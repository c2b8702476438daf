#include "eventcore/web/router.hpp"

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/json.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::call;
using ec::test::get;

namespace {

struct message {
    std::string_view text;
};

ec::task<std::string> slow_text(std::string_view text) {
    const ec::result<> slept = co_await ec::sleep_for(std::chrono::seconds(1));
    if (!slept) co_return "cancelled";
    co_return std::string(text);
}

std::string plain_function(int a, int b) { return std::to_string(a * b); }

}  // namespace

TEST_CASE("a route answers with what its handler returns") {
    auto app =
        ec::router(ec::get<"/">([] { return "Hello, World!"; }), ec::get<"/times/{a}/{b}">(plain_function));
    const auto hello = get(app.application(), "/");
    CHECK(hello.code == status::ok);
    CHECK(hello.content == "Hello, World!");
    CHECK(hello.content_type == "text/plain; charset=utf-8");
    CHECK(hello.route == "/");
    CHECK(get(app.application(), "/times/6/7").content == "42");
    CHECK(get(app.application(), "/times/6/x").code == status::not_found);
    CHECK(get(app.application(), "/nowhere").code == status::not_found);
}

TEST_CASE("HEAD is answered by GET, and by its own route where there is one") {
    auto app = ec::router(ec::get<"/a">([] { return "a"; }), ec::get<"/b">([] { return "b"; }),
                          ec::head<"/b">([] { return status::accepted; }));
    CHECK(call(app.application(), "HEAD", "/a").code == status::ok);
    CHECK(call(app.application(), "HEAD", "/b").code == status::accepted);
}

TEST_CASE("a known path answers other methods with 405 and Allow, and OPTIONS from the table") {
    auto app = ec::router(ec::get<"/a">([] {}), ec::post<"/a">([] {}), ec::del<"/{x}">([] {}));
    const auto refused = call(app.application(), "PUT", "/a");
    CHECK(refused.code == status::method_not_allowed);
    CHECK(refused.field("Allow") == "GET, HEAD, POST, DELETE, OPTIONS");
    CHECK(call(app.application(), "PUT", "/b").field("allow") == "DELETE, OPTIONS");
    const auto options = call(app.application(), "OPTIONS", "/a");
    CHECK(options.code == status::no_content);
    CHECK(options.field("Allow") == "GET, HEAD, POST, DELETE, OPTIONS");
    CHECK(call(app.application(), "OPTIONS", "*").field("Allow") == "GET, HEAD, POST, DELETE, OPTIONS");
    CHECK(call(app.application(), "OPTIONS", "/a/b").code == status::not_found);
}

TEST_CASE("a method nobody knows is not implemented, unless a route takes every method") {
    auto app = ec::router(
        ec::get<"/a">([] {}), ec::any<"/b">([](ec::request& r) { return std::string(r.head().method_text); }),
        ec::route<"/c", ec::http::method::put, ec::http::method::patch>([] { return "c"; }));
    CHECK(call(app.application(), "BREW", "/a").code == status::not_implemented);
    CHECK(call(app.application(), "BREW", "/b").content == "BREW");
    CHECK(call(app.application(), "DELETE", "/b").content == "DELETE");
    CHECK(call(app.application(), "PATCH", "/c").content == "c");
    CHECK(call(app.application(), "PUT", "/c").content == "c");
    CHECK(call(app.application(), "POST", "/c").code == status::method_not_allowed);
}

TEST_CASE("paths that climb or cannot be decoded are bad requests") {
    auto app = ec::router(ec::get<"/{all...}">([](std::string_view all) { return std::string(all); }));
    CHECK(get(app.application(), "/a/b%20c").content == "a/b c");
    for (const char* path : {"/../etc", "/a/%2e%2e/b", "/%zz", "/a%00"})
        CHECK(get(app.application(), path).code == status::bad_request);
}

TEST_CASE("a route for every method leaves TRACE to routes that name it") {
    const auto text = [] { return "here"; };
    auto app = ec::router(ec::any<"/a">(text), ec::route<"/b", ec::http::method::trace>(text));
    CHECK(call(app.application(), "BREW", "/a").content == "here");
    const auto refused = call(app.application(), "TRACE", "/a");
    CHECK(refused.code == status::method_not_allowed);
    CHECK(refused.content.empty());
    CHECK(refused.field("Allow") == "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
    CHECK(call(app.application(), "TRACE", "/b").content == "here");
}

TEST_CASE("a slash at the end is strict, redirected or ignored") {
    auto app = ec::router(ec::get<"/a">([] { return "a"; }), ec::get<"/b/">([] { return "b"; }));
    CHECK(get(app.application(), "/a/").code == status::not_found);
    app.trailing_slash(ec::trailing_slash::redirect);
    const auto redirected = get(app.application(), "/a/?x=1");
    CHECK(redirected.code == status::permanent_redirect);
    CHECK(redirected.field("Location") == "/a?x=1");
    CHECK(get(app.application(), "/b").field("Location") == "/b/");
    CHECK(get(app.application(), "//a/").code == status::not_found);
    CHECK(get(app.application(), "/c/").code == status::not_found);
    app.trailing_slash(ec::trailing_slash::ignore);
    CHECK(get(app.application(), "/a/").content == "a");
    CHECK(get(app.application(), "/b").content == "b");
    CHECK(call(app.application(), "POST", "/a/").code == status::method_not_allowed);
}

TEST_CASE("groups and mounted routers share a prefix") {
    auto users = ec::group<"">(ec::get<"/">([] { return "all"; }),
                               ec::get<"/{id}">([](std::string_view tenant, int id) {
                                   return std::string(tenant) + "/" + std::to_string(id);
                               }));
    auto app = ec::router(ec::group<"/tenants/{tenant}">(ec::group<"/users">(std::move(users))),
                          ec::router(ec::get<"/x">([] { return "x"; })));
    auto moved = std::move(app);
    CHECK(get(moved.application(), "/tenants/t/users").content == "all");
    CHECK(get(moved.application(), "/tenants/t/users/3").content == "t/3");
    CHECK(get(moved.application(), "/tenants/t/users/3").route == "/tenants/{tenant}/users/{id}");
    CHECK(get(moved.application(), "/x").content == "x");
}

TEST_CASE("a router keeps what its handlers captured when it moves") {
    auto made = [](std::string text) { return ec::router(ec::get<"/">([text] { return text; })); };
    auto app = made("a text that is too long for the small string optimisation");
    CHECK(get(app.application(), "/").content.size() == 57);
}

TEST_CASE("a coroutine handler may wait; its views live as long as it") {
    auto app = ec::router(ec::get<"/{text}">([](std::string_view text) -> ec::task<std::string> {
        ec::task<std::string> slow = slow_text(text);
        std::string made = co_await std::move(slow);
        co_return made + std::string(text);
    }));
    const auto a = get(app.application(), "/a%20b");
    CHECK(a.was_running);
    CHECK(a.content == "a ba b");
}

TEST_CASE("what a handler throws becomes a failure of the reply") {
    auto app = ec::router(ec::get<"/a">([]() -> std::string { throw std::runtime_error("a"); }),
                          ec::get<"/b">([]() -> ec::task<> {
                              co_await slow_text("x");
                              throw std::runtime_error("b");
                          }));
    for (const char* path : {"/a", "/b"}) {
        const auto failed = get(app.application(), path);
        CHECK(failed.code == status::internal_server_error);
        CHECK(failed.failure);
    }
}

TEST_CASE("the table can be read when the program is compiled") {
    auto app = ec::router(
        ec::get<"/users/{id}">([](std::uint64_t, ec::query<"page", int, 1>)
                                   -> std::optional<ec::json<message>> { return std::nullopt; }),
        ec::group<"/admin">(ec::post<"/upload">([](ec::body_reader&) -> ec::task<> { co_return; })));
    constexpr ec::route_infos routes = decltype(app)::routes();
    static_assert(routes.size() == 2);
    static_assert(routes[0].pattern == "/users/{id}" && routes[0].has(ec::http::method::get));
    static_assert(routes[0].parameters.size() == 2 && routes[0].response_media_type == "application/json");
    static_assert(routes[0].parameters[0].name == "id" &&
                  routes[0].parameters[0].source == ec::parameter_source::path);
    static_assert(routes[0].parameters[0].kind == ec::value_kind::unsigned_integer);
    static_assert(routes[0].parameters[1].name == "page" && routes[0].parameters[1].type == "int");
    static_assert(!routes[0].parameters[1].is_required && routes[0].parameters[0].is_required);
    static_assert(routes[1].pattern == "/admin/upload" && routes[1].body == ec::body_use::stream &&
                  routes[1].is_async);
    CHECK(app.routes().size() == 2);
}

TEST_CASE("the content reaches a handler the way it asked for it") {
    auto app = ec::router(ec::post<"/whole">([](ec::bytes content) { return std::string(content.view()); }),
                          ec::post<"/sync">([](ec::request& req) { return std::string(req.content()); }),
                          ec::post<"/async">([](ec::request& req) -> ec::task<std::string> {
                              std::string all;
                              while (true) {
                                  const ec::result<std::string_view> piece = co_await req.body().read();
                                  if (!piece || piece->empty()) break;
                                  all += *piece;
                                  all += '|';
                              }
                              co_return all;
                          }),
                          ec::post<"/none">([] {}), ec::get<"/get">([](ec::request&) {}));
    CHECK(call(app.application(), "POST", "/whole", {}, "abcd").content == "abcd");
    CHECK(call(app.application(), "POST", "/sync", {}, "abcd").content == "abcd");
    CHECK(call(app.application(), "POST", "/async", {}, "abcd").content == "ab|cd|");
    CHECK(call(app.application(), "POST", "/none", {}, "abcd").use == ec::body_use::none);
    CHECK(get(app.application(), "/get").use == ec::body_use::none);
}
