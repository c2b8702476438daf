// Numbers in protocols: digits and nothing else. No sign unless the type has one, no space, no prefix, no
// overflow that wraps (RFC 9110, 8.6 lets a Content-Length be any number of digits; ours must fit).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include "eventcore/base/ascii.hpp"

namespace eventcore {

// 1*DIGIT, at most `most`. Empty when malformed or out of range.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t most) {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        if (!is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (digit > most || value > (most - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

// 1*DIGIT, with an optional leading "-" when Integer is signed. Empty when malformed or out of range.
template <class Integer>
constexpr std::optional<Integer> parse_decimal(std::string_view text) {
    static_assert(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>);
    using limits = std::numeric_limits<Integer>;
    const bool negative = std::is_signed_v<Integer> && !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    const std::uint64_t most = negative ? static_cast<std::uint64_t>((limits::max)()) + 1
                                        : static_cast<std::uint64_t>((limits::max)());
    const std::optional<std::uint64_t> value = parse_decimal(text, most);
    if (!value) return std::nullopt;
    return negative ? static_cast<Integer>(0 - *value) : static_cast<Integer>(*value);
}

// Whether parse_decimal<std::int64_t>() would take it.
constexpr bool is_int64(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    constexpr std::uint64_t most = INT64_MAX;
    return parse_decimal(negative ? text.substr(1) : text, negative ? most + 1 : most).has_value();
}

// 1*HEXDIG. Empty when malformed or past 64 bits.
constexpr std::optional<std::uint64_t> parse_hex(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        const int digit = hex_value(c);
        if (digit < 0 || value >> 60) return std::nullopt;
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return value;
}

}  // namespace eventcore
