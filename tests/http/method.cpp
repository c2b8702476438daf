#include "eventcore/http/method.hpp"

#include "catch.hpp"

using namespace eventcore::http;

static_assert(parse_method("DELETE") == method::delete_);
static_assert(is_safe(method::head) && !is_safe(method::post) && !is_safe(method::other));
static_assert(is_idempotent(method::put) && is_idempotent(method::get) && !is_idempotent(method::patch));

TEST_CASE("every method with a name is read and written") {
    for (const method m : {method::get, method::head, method::post, method::put, method::delete_,
                           method::connect, method::options, method::trace, method::patch})
        CHECK(parse_method(to_string(m)) == m);
    CHECK(to_string(method::other).empty());
}

TEST_CASE("methods are case-sensitive and matched whole") {
    for (const char* text : {"get", "Get", "GE", "GETS", "", "PROPFIND", "OPTIONZ", "PU"})
        CHECK(parse_method(text) == method::other);
}
