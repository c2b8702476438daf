#include "eventcore/base/fixed_string.hpp"

#include "catch.hpp"

using namespace eventcore;

namespace {

template <fixed_string Text>
constexpr std::string_view text_of() {
    return Text.view();
}

}  // namespace

static_assert(text_of<"/users/{id}">() == "/users/{id}");
static_assert(text_of<"">().empty());
static_assert(fixed_string("ab").size() == 2);
static_assert(fixed_string("ab") == fixed_string("ab"));
static_assert(!(fixed_string("ab") == fixed_string("ac")));
static_assert((fixed_string("/api") + fixed_string("/users")).view() == "/api/users");
static_assert((fixed_string("") + fixed_string("x")).view() == "x");
static_assert(text_of<fixed_string("/a") + fixed_string("/b")>() == "/a/b");

TEST_CASE("a literal as template argument is the literal, zero bytes included") {
    CHECK(text_of<"hello">() == "hello");
    CHECK(text_of<"a\0b">() == std::string_view("a\0b", 3));
}
