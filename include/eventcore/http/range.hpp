// Which bytes of a representation a client asked for (RFC 9110, section 14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"

namespace eventcore::http {

// Bytes first..last of a representation, both included, as in Content-Range.
// Invariant: first <= last, and last lies inside the representation.
struct byte_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    constexpr std::uint64_t length() const { return last - first + 1; }
    constexpr bool operator==(const byte_range&) const = default;
};

enum class range_outcome : std::uint8_t {
    whole,          // nothing usable was asked for: send 200 with everything
    partial,        // send 206 with `range`
    unsatisfiable,  // send 416 with "Content-Range: bytes */<length>"
};

struct range_choice {
    range_outcome outcome = range_outcome::whole;
    byte_range range{};
};

// Chooses what to send for the value of a Range field and a representation of `length` bytes.
//
// A value we do not understand is ignored, never an error: section 14.2 lets a server answer 200
// to any Range. We take that road for other units, and for several ranges at once, because
// answering many small ranges costs far more than asking for them (section 17.15).
constexpr range_choice choose_range(std::string_view value, std::uint64_t length);

namespace detail {

// 1*DIGIT, no sign, no space. A position past 2^64 clamps: it lies outside any file anyway.
constexpr std::optional<std::uint64_t> parse_position(std::string_view digits) {
    if (digits.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : digits) {
        if (!is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    return value;
}

}  // namespace detail

constexpr range_choice choose_range(std::string_view value, std::uint64_t length) {
    constexpr range_choice whole{};
    constexpr range_choice unsatisfiable{range_outcome::unsatisfiable, {}};
    constexpr std::string_view unit = "bytes=";

    if (!starts_with_ignoring_case(value, unit)) return whole;
    value.remove_prefix(unit.size());
    if (index_of(value, ',') != value.size()) return whole;

    const auto dash = index_of(value, '-');
    if (dash == value.size()) return whole;
    const auto before = value.substr(0, dash);
    const auto after = value.substr(dash + 1);

    if (before.empty()) {  // "-500": the last 500 bytes
        const auto suffix = detail::parse_position(after);
        if (!suffix) return whole;
        if (*suffix == 0) return unsatisfiable;
        if (length == 0) return whole;  // satisfiable, but there is no byte to number
        return {range_outcome::partial, {*suffix < length ? length - *suffix : 0, length - 1}};
    }

    const auto first = detail::parse_position(before);
    const auto last = after.empty() ? std::optional{UINT64_MAX} : detail::parse_position(after);
    if (!first || !last || *first > *last) return whole;
    if (*first >= length) return unsatisfiable;
    return {range_outcome::partial, {*first, *last < length ? *last : length - 1}};
}

}  // namespace eventcore::http
