#include "eventcore/content/json/utf8.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore::json_codec;

namespace {

constexpr bool is_one_character(std::string_view text) {
    const utf8_unit unit = first_utf8_unit(text);
    return unit.valid && unit.length == text.size();
}
// The bytes that one U+FFFD replaces; 0 when the text begins with a character.
constexpr std::size_t bad_bytes(std::string_view text) {
    const utf8_unit unit = first_utf8_unit(text);
    return unit.valid ? 0 : unit.length;
}

// What an encoder makes of a code point, surrogates included.
std::string encode(unsigned code) {
    const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
    if (code < 0x80) return {byte(code)};
    const char last = byte(0x80 | (code & 63));
    if (code < 0x800) return {byte(0xC0 | code >> 6), last};
    const char third = byte(0x80 | (code >> 6 & 63));
    if (code < 0x10000) return {byte(0xE0 | code >> 12), third, last};
    return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 63)), third, last};
}

}  // namespace

TEST_CASE("every Unicode character and no other is well-formed") {
    for (unsigned code = 0; code < 0x110000; ++code) {
        const bool is_surrogate = code >= 0xD800 && code < 0xE000;
        if (is_one_character(encode(code)) == is_surrogate) FAIL("code point " << code);
    }
    CHECK_FALSE(is_one_character(encode(0x110000)));
}

// The examples of Unicode 15, table 3-8: how many bytes each replacement character stands for.
TEST_CASE("ill-formed bytes are replaced by maximal subparts") {
    STATIC_REQUIRE(bad_bytes("\xC0\xAF") == 1);          // an overlong "/"
    STATIC_REQUIRE(bad_bytes("\xE0\x80\xBF") == 1);      // overlong
    STATIC_REQUIRE(bad_bytes("\xF0\x81\x82\x41") == 1);  // overlong
    STATIC_REQUIRE(bad_bytes("\xED\xA0\x80") == 1);      // a surrogate
    STATIC_REQUIRE(bad_bytes("\xF4\x91\x92\x93") == 1);  // past U+10FFFF
    STATIC_REQUIRE(bad_bytes("\xF1\x80\x80\x41") == 3);  // three good bytes of four
    STATIC_REQUIRE(bad_bytes("\xE1\x80") == 2);          // cut off
    STATIC_REQUIRE(bad_bytes("\x80") == 1);
    STATIC_REQUIRE(bad_bytes("\xFF") == 1);
    STATIC_REQUIRE(bad_bytes("a\xFF") == 0);
}

TEST_CASE("the well-formed prefix ends where the first bad byte begins") {
    STATIC_REQUIRE(valid_utf8_prefix("") == 0);
    STATIC_REQUIRE(valid_utf8_prefix("gr\xC3\xBC\xC3\x9F") == 6);
    STATIC_REQUIRE(valid_utf8_prefix("ab\xC3") == 2);
    STATIC_REQUIRE(valid_utf8_prefix("\xF0\x9F\x98\x80\xED\xA0\x80") == 4);
}
