#include "eventcore/web/json.hpp"

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::status;
using ec::test::call;

namespace {

struct item {
    std::string name;
    int count = 0;
};
struct order {
    std::vector<item> items;
    std::optional<std::string> note;
};

const ec::test::field_strings json_type{{"Content-Type", "application/json; charset=utf-8"}};

}  // namespace

TEST_CASE("JSON comes in and goes out as a struct") {
    auto app = ec::router(ec::post<"/">([](ec::json<order> in) { return ec::json{in->items.at(0)}; }),
                          ec::post<"/created">([](ec::json<item> in) -> ec::task<ec::response> {
                              co_return ec::response{status::created, ec::json{in.value}};
                          }));
    const auto a = call(app.application(), "POST", "/", json_type, R"({"items":[{"name":"x","count":2}]})");
    CHECK(a.code == status::ok);
    CHECK(a.content == R"({"name":"x","count":2})");
    CHECK(a.content_type == "application/json");
    const auto b = call(app.application(), "POST", "/created", json_type, R"({"name":"y","count":1})");
    CHECK(b.code == status::created);
    CHECK(b.content == R"({"name":"y","count":1})");
}

TEST_CASE("JSON that does not fit is a problem with its pointer") {
    auto app = ec::router(ec::post<"/">([](ec::json<order>) {}));
    const auto wrong =
        call(app.application(), "POST", "/", json_type, R"({"items":[{"name":"x","count":"2"}]})");
    CHECK(wrong.code == status::bad_request);
    CHECK(wrong.content_type == "application/problem+json");
    CHECK(wrong.content.find(R"("pointer":"/items/0/count")") != std::string::npos);
    for (const char* text : {"", "{", "[]", R"({"items":[]} x)"})
        CHECK(call(app.application(), "POST", "/", json_type, text).code == status::bad_request);
}

TEST_CASE("content of another type is 415; any JSON type will do") {
    auto app = ec::router(ec::post<"/">([](ec::json<item>) {}));
    const char* const good = R"({"name":"x","count":2})";
    CHECK(call(app.application(), "POST", "/", {}, good).code == status::unsupported_media_type);
    CHECK(call(app.application(), "POST", "/", {{"content-type", "text/plain"}}, good).code ==
          status::unsupported_media_type);
    CHECK(call(app.application(), "POST", "/", {{"content-type", "application/vnd.x+json"}}, good).code ==
          status::no_content);
}

TEST_CASE("a handler may look at bad JSON itself") {
    auto app = ec::router(ec::post<"/">(
        [](ec::result<ec::json<item>> in) { return in ? (*in)->name : "sorry: " + in.error().message(); }));
    CHECK(call(app.application(), "POST", "/", json_type, "{").content == "sorry: malformed");
    CHECK(call(app.application(), "POST", "/", json_type, R"({"name":"x","count":2})").content == "x");
}
