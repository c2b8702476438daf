#include "eventcore/base/ascii.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;

static_assert(is_token("Content-Type"));
static_assert(trim_ows(" \t a b \t") == "a b");
static_assert(index_of("abc", 'c') == 2);

TEST_CASE("tchar is what RFC 9110, 5.6.2 lists, and nothing else") {
    const std::string listed = "!#$%&'*+-.^_`|~";
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
        const bool letter_or_digit = letter || (i >= '0' && i <= '9');
        INFO(i);
        CHECK(is_tchar(c) == (letter_or_digit || (i != 0 && listed.find(c) != std::string::npos)));
    }
}

TEST_CASE("a token has at least one tchar and only tchars") {
    CHECK_FALSE(is_token(""));
    CHECK_FALSE(is_token("a b"));
    CHECK_FALSE(is_token("a:"));
    CHECK_FALSE(is_token(std::string_view("a\0", 2)));
    CHECK_FALSE(is_token("\xc3\xa4"));
    CHECK(is_token("*"));
}

TEST_CASE("letters, digits and white space are those of ASCII whatever char is") {
    int digits = 0, letters = 0, spaces = 0, hex = 0;
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        digits += is_digit(c), letters += is_alpha(c), spaces += is_ows(c), hex += hex_value(c) >= 0;
    }
    CHECK(digits == 10);
    CHECK(letters == 52);
    CHECK(spaces == 2);
    CHECK(hex == 22);
    CHECK(hex_value('0') == 0);
    CHECK(hex_value('9') == 9);
    CHECK(hex_value('a') == 10);
    CHECK(hex_value('F') == 15);
    CHECK(hex_value('g') == -1);
    CHECK(hex_value('@') == -1);
    CHECK(hex_value('`') == -1);
}

TEST_CASE("only the letters A to Z have a lower case") {
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const char wanted = i >= 'A' && i <= 'Z' ? static_cast<char>(i + 32) : c;
        CHECK(to_lower(c) == wanted);
    }
}

TEST_CASE("comparison ignores the case of letters and nothing else") {
    CHECK(equal_ignoring_case("Keep-Alive", "kEEP-aLIVE"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));  // differ in the bit that letters differ in
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK(starts_with_ignoring_case("Bearer abc", "bearer "));
    CHECK_FALSE(starts_with_ignoring_case("Bear", "bearer"));
}

TEST_CASE("trim_ows takes spaces and tabs off both ends only") {
    CHECK(trim_ows("") == "");
    CHECK(trim_ows(" \t ") == "");
    CHECK(trim_ows("\ta\t b ") == "a\t b");
    CHECK(trim_ows("\r\na\n") == "\r\na\n");
}

TEST_CASE("index_of finds the first from a place on, or tells the size") {
    CHECK(index_of("a,b,c", ',') == 1);
    CHECK(index_of("a,b,c", ',', 2) == 3);
    CHECK(index_of("a,b,c", ';') == 5);
    CHECK(index_of("", ',') == 0);
    CHECK(index_of("abc", 'a', 10) == 3);
}
