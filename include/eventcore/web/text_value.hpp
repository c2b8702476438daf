// Text from a path, a query, a field or a form as a typed value: all of it, or nothing.
//
// Your own type joins by a member `static std::optional<T> from_path(std::string_view)`.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "eventcore/base/parse_number.hpp"

namespace eventcore {

template <class T>
concept has_from_path = requires(std::string_view text) {
    { T::from_path(text) } -> std::convertible_to<std::optional<T>>;
};

// Characters are left out on purpose: is {c} = "65" the letter A or a number?
template <class T>
concept text_number =
    (std::is_integral_v<T> || std::is_floating_point_v<T>) && !std::is_same_v<T, bool> &&
    !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char8_t> &&
    !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T>
concept text_value = has_from_path<T> || text_number<T> || std::is_same_v<T, bool> ||
                     std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;

// Numbers have no sign but "-", no space, no leading "+", and fit; bool is true, false, 1 or 0.
template <text_value T>
std::optional<T> from_text(std::string_view text) {
    if constexpr (has_from_path<T>) {
        return T::from_path(text);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
        return std::nullopt;
    } else if constexpr (std::is_integral_v<T>) {
        return parse_decimal<T>(text);
    } else if constexpr (std::is_floating_point_v<T>) {
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_finite = value - value == T{};
        if (error != std::errc{} || end != text.data() + text.size() || !is_finite) return std::nullopt;
        return value;
    } else {
        return T(text);
    }
}

// What a description says about a value.
enum class value_kind : std::uint8_t { text, integer, unsigned_integer, number, boolean, object, other };

template <class T>
constexpr value_kind kind_of() {
    if constexpr (std::is_same_v<T, bool>)
        return value_kind::boolean;
    else if constexpr (std::is_integral_v<T>)
        return std::is_signed_v<T> ? value_kind::integer : value_kind::unsigned_integer;
    else if constexpr (std::is_floating_point_v<T>)
        return value_kind::number;
    else if constexpr (text_value<T>)
        return value_kind::text;
    else
        return value_kind::other;
}

}  // namespace eventcore
