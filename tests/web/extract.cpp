#include "eventcore/web/extract.hpp"

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::get;

namespace {

struct color {
    std::string name;
    static std::optional<color> from_path(std::string_view text) {
        if (text != "red" && text != "blue") return std::nullopt;
        return color{std::string(text)};
    }
};

struct session {
    std::string user;
};

}  // namespace

template <>
struct eventcore::extractor<session> {
    static std::optional<session> extract(request& req, rejection& why) {
        const auto token = req.header("authorization");
        if (token == "Bearer ann") return session{"ann"};
        why.refuse(problem{http::status::unauthorized, "sign in first", {}, {}}, errc::not_found);
        why.answer().set("www-authenticate", "Bearer");
        return std::nullopt;
    }
};

TEST_CASE("path parameters become typed values, in order or by name") {
    auto app = ec::router(
        ec::get<"/i/{a}">([](std::int8_t a) { return std::to_string(a); }),
        ec::get<"/d/{a}">([](double a) { return a == 0.5 ? "half" : "other"; }),
        ec::get<"/b/{a}">([](bool a) { return a ? "yes" : "no"; }),
        ec::get<"/c/{a}">([](const color& a) { return a.name; }),
        ec::get<"/s/{a}/{b}">([](std::string a, std::string_view b) { return a + "," + std::string(b); }),
        ec::get<"/n/{a}/{b}">(
            [](ec::path<"b", int> b, ec::path<"a"> a) { return std::string(*a) + std::to_string(b); }));
    CHECK(get(app.application(), "/i/-128").content == "-128");
    CHECK(get(app.application(), "/d/0.5").content == "half");
    CHECK(get(app.application(), "/b/true").content == "yes");
    CHECK(get(app.application(), "/c/red").content == "red");
    CHECK(get(app.application(), "/s/a%2Fb/%C3%BC").content == "a/b,\xC3\xBC");
    CHECK(get(app.application(), "/n/x/4").content == "x4");
    for (const char* path :
         {"/i/128", "/i/+1", "/i/1x", "/i/", "/d/inf", "/d/1e999", "/b/maybe", "/c/green", "/n/x/y"})
        CHECK(get(app.application(), path).code == status::not_found);
}

TEST_CASE("query parameters are required, optional, defaulted or many") {
    auto app = ec::router(
        ec::get<"/r">([](ec::query<"page", int> page) { return std::to_string(page); }),
        ec::get<"/o">([](ec::query<"q", std::optional<std::string>> q) { return q->value_or("none"); }),
        ec::get<"/d">([](ec::query<"page", int, 7> page) { return std::to_string(*page); }),
        ec::get<"/m">([](ec::query<"t", std::vector<std::string>> all) {
            std::string joined;
            for (const std::string& t : *all) joined += t + ";";
            return joined;
        }));
    CHECK(get(app.application(), "/r?x=1&page=3&page=4").content == "3");
    CHECK(get(app.application(), "/r?p%61ge=3").content == "3");
    CHECK(get(app.application(), "/o?q=a+b%26").content == "a b&");
    CHECK(get(app.application(), "/o?q").content.empty());
    CHECK(get(app.application(), "/o").content == "none");
    CHECK(get(app.application(), "/d").content == "7");
    CHECK(get(app.application(), "/d?page=8").content == "8");
    CHECK(get(app.application(), "/m?t=a&u=b&t=c").content == "a;c;");
    CHECK(get(app.application(), "/m").content.empty());
    const auto missing = get(app.application(), "/r");
    CHECK(missing.code == status::bad_request);
    CHECK(missing.content_type == "application/problem+json");
    CHECK(
        missing.content ==
        R"({"status":400,"title":"Bad Request","detail":"a required value is missing","parameter":"page"})");
    for (const char* path : {"/r?page=x", "/r?page=", "/r?page=%zz", "/d?page=x", "/o?q=%0", "/m?t=a&t=%"})
        CHECK(get(app.application(), path).code == status::bad_request);
}

TEST_CASE("header fields and cookies are found by name") {
    auto app = ec::router(ec::get<"/h">([](ec::header<"x-id", int> id) { return std::to_string(id); }),
                          ec::get<"/a">([](ec::header<"accept", std::vector<std::string>> all) {
                              return std::to_string(all->size());
                          }),
                          ec::get<"/c">([](ec::cookie<"session"> s) { return std::string(*s); }));
    CHECK(get(app.application(), "/h", {{"X-ID", "5"}}).content == "5");
    CHECK(get(app.application(), "/h", {{"X-ID", "five"}}).code == status::bad_request);
    CHECK(get(app.application(), "/h").code == status::bad_request);
    CHECK(get(app.application(), "/a", {{"Accept", "a"}, {"accept", "b"}}).content == "2");
    CHECK(get(app.application(), "/c", {{"Cookie", "a=1; session=\"x y\"; b=2"}}).content == "x y");
    CHECK(get(app.application(), "/c", {{"Cookie", "a=1"}, {"cookie", "session=z"}}).content == "z");
    CHECK(get(app.application(), "/c", {{"Cookie", "Session=x; asession=y"}}).code == status::bad_request);
}

TEST_CASE("a handler that takes a result sees the failure itself") {
    auto app = ec::router(ec::get<"/">([](ec::result<ec::query<"page", int>> page) {
        return page ? std::to_string(**page) : page.error().message();
    }));
    CHECK(get(app.application(), "/?page=3").content == "3");
    const auto bad = get(app.application(), "/?page=x");
    CHECK(bad.code == status::ok);
    CHECK(bad.content == "invalid argument");
}

TEST_CASE("a type of the user's own becomes a parameter by one specialisation") {
    auto app = ec::router(ec::get<"/me">([](session s) { return s.user; }),
                          ec::get<"/task">([](session s, ec::context& c) -> ec::task<std::string> {
                              co_return s.user + (c.is_cancelled() ? "!" : "");
                          }));
    CHECK(get(app.application(), "/me", {{"Authorization", "Bearer ann"}}).content == "ann");
    CHECK(get(app.application(), "/task", {{"Authorization", "Bearer ann"}}).content == "ann");
    const auto refused = get(app.application(), "/me");
    CHECK(refused.code == status::unauthorized);
    CHECK(refused.field("WWW-Authenticate") == "Bearer");
}

TEST_CASE("state comes from the innermost provide around the route") {
    int outside = 1;
    auto app =
        ec::router(ec::provide(&outside), ec::provide(std::string("s")),
                   ec::get<"/a">([](ec::state<int> n, ec::state<std::string> s) {
                       *n += 1;
                       return *s + std::to_string(*n);
                   }),
                   ec::group<"/g">(ec::provide(40),
                                   ec::get<"/b">([](ec::state<int> n) { return std::to_string(++*n); })));
    auto moved = std::move(app);
    CHECK(get(moved.application(), "/a").content == "s2");
    CHECK(outside == 2);
    CHECK(get(moved.application(), "/g/b").content == "41");
    CHECK(get(moved.application(), "/g/b").content == "42");
}
