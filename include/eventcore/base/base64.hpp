// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <cstddef>
#include <string_view>

namespace eventcore {

constexpr std::size_t base64_bytes(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// Writes base64_bytes(size) characters and returns their end.
constexpr char* write_base64(char* to, const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < size; i += 3) {
        const std::size_t left = size - i;
        const unsigned group = static_cast<unsigned>(bytes[i]) << 16 |
                               (left > 1 ? static_cast<unsigned>(bytes[i + 1]) << 8 : 0U) |
                               (left > 2 ? static_cast<unsigned>(bytes[i + 2]) : 0U);
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[group & 63] : '=';
    }
    return to;
}

namespace detail {

constexpr int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace detail

// Whether `text` is what write_base64() makes of `bytes` bytes: padded, and the bits past the end are zero.
constexpr bool is_base64_of(std::string_view text, std::size_t bytes) {
    if (text.size() != base64_bytes(bytes)) return false;
    const std::size_t padding = (3 - bytes % 3) % 3, digits = text.size() - padding;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i < digits ? detail::base64_value(text[i]) < 0 : text[i] != '=') return false;
    if (padding == 0) return true;
    const int unused = padding == 1 ? 3 : 15;
    return (detail::base64_value(text[digits - 1]) & unused) == 0;
}

}  // namespace eventcore
