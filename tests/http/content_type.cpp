#include "eventcore/http/content_type.hpp"

#include "catch.hpp"

using namespace eventcore::http;

static_assert(parse_content_type("text/html;charset=utf-8")->is("TEXT/HTML"));

TEST_CASE("a media type is compared without its parameters and its case") {
    const auto type = parse_content_type(" Application/JSON ; charset=\"utf-8\" ");
    REQUIRE(type);
    CHECK(type->is("application/json"));
    CHECK(type->is("application/*"));
    CHECK_FALSE(type->is("application/jso"));
    CHECK_FALSE(type->is("text/*"));
    CHECK(type->is_json());
    CHECK(type->parameter("CHARSET") == "utf-8");
    CHECK_FALSE(type->parameter("boundary"));
}

TEST_CASE("a structured suffix tells what a type is made of") {
    CHECK(parse_content_type("application/problem+json")->is_json());
    CHECK(parse_content_type("image/svg+xml")->has_suffix("XML"));
    CHECK_FALSE(parse_content_type("application/jsonx")->is_json());
    CHECK_FALSE(parse_content_type("application/+json")->has_suffix("+json"));
    CHECK_FALSE(parse_content_type("text/plain")->is_json());
}

TEST_CASE("parameters are tokens or quoted strings") {
    const auto type = parse_content_type(R"(multipart/form-data; a="x;y=\"z"; boundary=--b;)");
    REQUIRE(type);
    CHECK(type->parameter("boundary") == "--b");
    CHECK(type->parameter("a") == R"(x;y=\"z)");
}

TEST_CASE("what is no media type is refused") {
    for (const char* value : {"", "text", "/", "text/", "/html", "text/html x", "text /html", "text/html;a",
                              "text/html;a=", "text/html;a=\"x", "text/html;a=\"x\\", "text/html;=x",
                              "text/html,a/b", "text/html; a =b"})
        CHECK_FALSE(parse_content_type(value));
}
