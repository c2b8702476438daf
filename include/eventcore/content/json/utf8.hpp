// Well-formed UTF-8, and nothing else (RFC 3629, section 4; Unicode 15, table 3-7).
#pragma once

#include <cstddef>
#include <string_view>

namespace eventcore::json_codec {

// What stands at the start of some text that is not empty: one character of `length` bytes, or bytes that
// begin none. For the latter `length` is the maximal subpart, what one U+FFFD replaces (Unicode 15, 3.9).
struct utf8_unit {
    bool valid;
    std::size_t length;
};

constexpr utf8_unit first_utf8_unit(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {true, 1};
    if (lead < 0xC2 || lead > 0xF4) return {false, 1};  // a continuation, an overlong form, past U+10FFFF
    const std::size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    // The second byte has the narrow range that keeps out overlong forms, surrogates and the far end.
    const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < wanted; ++i) {
        if (i == text.size()) return {false, i};
        const bool fits = i == 1 ? byte(i) >= lowest && byte(i) <= highest : (byte(i) & 0xC0) == 0x80;
        if (!fits) return {false, i};
    }
    return {true, wanted};
}

// How many bytes of `text` are well-formed: text.size() when all of them are.
constexpr std::size_t valid_utf8_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const utf8_unit unit = first_utf8_unit(text.substr(at));
        if (!unit.valid) break;
        at += unit.length;
    }
    return at;
}

}  // namespace eventcore::json_codec
