#include "eventcore/web/respond.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::get;

namespace {

struct picture {
    operator ec::response() const { return ec::response::from_view("png", "image/png"); }
};
struct number {
    int value;
};

}  // namespace

template <>
struct eventcore::responder<number> {
    static void respond(number&& n, request&, response& out) {
        out.set_text(std::to_string(n.value), "text/number");
    }
};

static_assert(ec::respondable<void> && ec::respondable<picture> && ec::respondable<std::optional<number>>);
static_assert(!ec::respondable<int*> && !ec::respondable<std::optional<int*>>);

TEST_CASE("every kind of result becomes its response") {
    auto app = ec::router(
        ec::get<"/void">([] {}), ec::get<"/status">([] { return status::im_used; }),
        ec::get<"/string">([] { return std::string("s"); }),
        ec::get<"/view">([](ec::request& r) { return r.path(); }),
        ec::get<"/pair">([] { return std::pair{status::created, std::string("made")}; }),
        ec::get<"/response">([] { return ec::response{status::accepted, "later"}; }),
        ec::get<"/html">([] { return ec::html("<p>"); }), ec::get<"/converts">([] { return picture{}; }),
        ec::get<"/own">([]() -> ec::task<number> { co_return number{5}; }), ec::get<"/stream">([] {
            return ec::stream([](ec::body_writer& out) -> ec::task<> {
                (void)co_await out.write("one ");
                (void)co_await out.write("two");
            });
        }));
    const auto a = app.application();
    CHECK(get(a, "/void").code == status::no_content);
    CHECK(get(a, "/status").code == status::im_used);
    CHECK(get(a, "/string").content == "s");
    CHECK(get(a, "/view").content == "/view");
    CHECK(get(a, "/pair").code == status::created);
    CHECK(get(a, "/pair").content == "made");
    CHECK(get(a, "/response").code == status::accepted);
    CHECK(get(a, "/html").content_type == "text/html; charset=utf-8");
    CHECK(get(a, "/converts").content_type == "image/png");
    CHECK(get(a, "/own").content == "5");
    CHECK(get(a, "/stream").content == "one two");
}

TEST_CASE("an empty optional is 404") {
    auto app = ec::router(ec::get<"/{n}">([](int n) -> std::optional<std::string> {
        if (n == 0) return std::nullopt;
        return "there";
    }));
    CHECK(get(app.application(), "/1").content == "there");
    CHECK(get(app.application(), "/0").code == status::not_found);
}

TEST_CASE("a failed result is a problem with the status that fits") {
    auto app =
        ec::router(ec::get<"/ok">([]() -> ec::result<std::string> { return std::string("fine"); }),
                   ec::get<"/done">([]() -> ec::result<> { return {}; }),
                   ec::get<"/missing">([]() -> ec::result<std::string> { return ec::errc::not_found; }),
                   ec::get<"/full">([]() -> ec::task<ec::result<>> { co_return ec::system_error(ENOSPC); }));
    CHECK(get(app.application(), "/ok").content == "fine");
    CHECK(get(app.application(), "/done").code == status::no_content);
    const auto missing = get(app.application(), "/missing");
    CHECK(missing.code == status::not_found);
    CHECK(missing.content == R"({"status":404,"title":"Not Found","detail":"not found"})");
    const auto full = get(app.application(), "/full");
    CHECK(full.code == status::insufficient_storage);
    CHECK(full.content.find("detail") == std::string::npos);
}
