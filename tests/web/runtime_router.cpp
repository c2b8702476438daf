#include "eventcore/web/runtime_router.hpp"

#include <memory>
#include <string>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using ec::http::method;
using ec::test::call;

TEST_CASE("a run-time table answers as a compile-time one does") {
    const auto text = [](ec::request& r) { return std::string(r.route()); };
    auto compiled = ec::router(ec::get<"/a/{x}">(text), ec::get<"/a/b">(text), ec::del<"/a/{x:int}">(text),
                               ec::get<"/f/{p...}">(text), ec::any<"/any">(text), ec::get<"/">(text));
    ec::runtime_router table;
    // In another order: it does not matter.
    REQUIRE(table.add(method::get, "/", text));
    REQUIRE(table.add_any("/any", text));
    REQUIRE(table.add(method::get, "/f/{p...}", text));
    REQUIRE(table.add(method::delete_, "/a/{x:int}", text));
    REQUIRE(table.add(method::get, "/a/b", text));
    REQUIRE(table.add(method::get, "/a/{x}", text));
    for (const char* verb : {"GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "BREW"})
        for (const char* path :
             {"/", "/a", "/a/", "/a/b", "/a/7", "/a/c%2Fd", "/f/x/y", "/f/", "/any", "/..", "/%", "*"}) {
            const auto a = call(compiled.application(), verb, path),
                       b = call(table.application(), verb, path);
            CHECK(a.code == b.code);
            CHECK(a.content == b.content);
            CHECK(a.field("allow") == b.field("allow"));
        }
}

TEST_CASE("what cannot be added is refused with a sentence, and changes nothing") {
    ec::runtime_router table;
    REQUIRE(table.add(method::get, "/users/{id}", [](int id) { return std::to_string(id); }));
    CHECK(table.add(method::get, "/users/{name}", [] {}).error() == ec::errc::invalid_argument);
    CHECK(table.why() == "two routes match the same requests: /users/{id} and /users/{name}");
    CHECK_FALSE(table.add(method::get, "/a{b}", [] {}));
    CHECK(table.why() == "a path parameter is a whole segment: \"/{name}/\": /a{b}");
    CHECK_FALSE(table.add(method::get, "/x/{a}", [](int, int) {}));
    CHECK(table.why() ==
          "the handler and the path pattern disagree on how many path parameters there are: /x/{a}");
    CHECK_FALSE(table.add(method::get, "/x/{a}", [](ec::path<"b", int>) {}));
    CHECK(table.why() == "the path pattern has no parameter with this name: /x/{a}");
    CHECK_FALSE(table.add(method::get, "/x", [](ec::bytes) {}));
    CHECK(table.size() == 1);
    CHECK(call(table.application(), "GET", "/users/8").content == "8");
    CHECK(call(table.application(), "GET", "/x/8").code == ec::status::not_found);
}

TEST_CASE("a run-time table grows, and owns its handlers and patterns") {
    auto counted = std::make_shared<int>(0);
    {
        ec::runtime_router table;
        for (int i = 0; i < 300; ++i) {
            const std::string pattern = "/r" + std::to_string(i) + "/{x}/end";
            REQUIRE(table.add(method::get, pattern, [i, counted](int x) { return std::to_string(i + x); }));
        }
        CHECK(call(table.application(), "GET", "/r299/1/end").content == "300");
        CHECK(call(table.application(), "GET", "/r7/1/end").route == "/r7/{x}/end");
        CHECK(counted.use_count() == 301);
    }
    CHECK(counted.use_count() == 1);
}
