#include "eventcore/http/cookie.hpp"

#include "catch.hpp"

using namespace eventcore::http;

TEST_CASE("a cookie is found by its exact name") {
    constexpr std::string_view field = "a=1; session=xyz;b = 2 ; quoted=\"q;\"; session=second";
    CHECK(find_cookie(field, "session") == "xyz");
    CHECK(find_cookie(field, "a") == "1");
    CHECK(find_cookie(field, "b") == "2");
    CHECK_FALSE(find_cookie(field, "Session"));
    CHECK_FALSE(find_cookie(field, "sess"));
    CHECK_FALSE(find_cookie("", "a"));
    CHECK_FALSE(find_cookie("a", "a"));
}

TEST_CASE("a cookie's quotes are no part of its value, and its equals signs are") {
    CHECK(find_cookie("a=\"b\"", "a") == "b");
    CHECK(find_cookie("a=\"", "a") == "\"");
    CHECK(find_cookie("a=b=c", "a") == "b=c");
    CHECK(find_cookie("a=", "a") == "");
}

TEST_CASE("cookies are looked for in every Cookie field") {
    const char text[] = "Cookiea=1Cookieb=2";
    const field_slot slots[] = {{0, 6, 3, 6, field_id::cookie, 0}, {9, 15, 3, 6, field_id::cookie, 0}};
    const field_list list(text, slots, 2);
    CHECK(find_cookie(list, "b") == "2");
    CHECK_FALSE(find_cookie(list, "c"));
}
