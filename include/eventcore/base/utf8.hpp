// Whether text that arrives in pieces is well-formed UTF-8 (RFC 3629, section 4; Unicode 15, table 3-7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace eventcore {

// How many bytes from the front of `text` are ASCII, eight at a time; maybe fewer than there are.
constexpr std::size_t ascii_prefix(std::string_view text) {
    std::size_t at = 0;
    if (!std::is_constant_evaluated()) {
        constexpr std::uint64_t high_bits = 0x8080808080808080;
        for (; text.size() - at >= 32; at += 32) {
            std::uint64_t words[4];
            std::memcpy(words, text.data() + at, 32);
            if ((words[0] | words[1] | words[2] | words[3]) & high_bits) break;
        }
        for (; text.size() - at >= 8; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + at, 8);
            if (word & high_bits) break;
        }
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at;
}

class utf8_validator {
 public:
    // False as soon as no continuation could make it well-formed; what follows does not matter then.
    constexpr bool add(std::string_view piece) {
        std::size_t at = 0;
        while (at < piece.size()) {
            if (wanted_ == 0) at += ascii_prefix(piece.substr(at));
            if (at == piece.size()) return true;
            if (!add_byte(static_cast<unsigned char>(piece[at++]))) return false;
        }
        return true;
    }
    // Not in the middle of a character.
    constexpr bool is_complete() const { return wanted_ == 0; }
    constexpr void reset() { *this = utf8_validator(); }

 private:
    constexpr bool add_byte(unsigned char byte) {
        if (wanted_ == 0) return begin_character(byte);
        if (byte < lowest_ || byte > highest_) return false;
        lowest_ = 0x80, highest_ = 0xBF;
        --wanted_;
        return true;
    }
    // The second byte has the narrow range that keeps out overlong forms, surrogates and the far end.
    constexpr bool begin_character(unsigned char lead) {
        if (lead < 0x80) return true;
        if (lead < 0xC2 || lead > 0xF4) return false;
        wanted_ = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        lowest_ = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        highest_ = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        return true;
    }

    std::uint8_t wanted_ = 0;  // bytes of a character that are still to come
    std::uint8_t lowest_ = 0x80;
    std::uint8_t highest_ = 0xBF;
};

constexpr bool is_utf8(std::string_view text) {
    utf8_validator validator;
    return validator.add(text) && validator.is_complete();
}

}  // namespace eventcore
