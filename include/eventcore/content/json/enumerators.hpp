// The names of an enum's values, without macros: enumerators from 0 to 127, or what describe lists.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/content/json/reflect.hpp"

namespace eventcore {

// What a describe<color> may list, for other names, for values outside 0..127, and for an unscoped enum
// without an underlying type. Then exactly the listed values have names.
//
//     static constexpr eventcore::enumerator<color> enumerators[] = {{"light-red", color::light_red}};
template <class Enum>
struct enumerator {
    std::string_view name;
    Enum value;
};

}  // namespace eventcore

namespace eventcore::json_codec {

// The name of `value`; empty when it has none (a sum of flags, or an enumerator outside 0..127).
template <class Enum>
    requires std::is_enum_v<Enum>
constexpr std::string_view enumerator_name(Enum value);

// The value of that name.
template <class Enum>
    requires std::is_enum_v<Enum>
constexpr std::optional<Enum> enumerator_of(std::string_view name);

namespace detail {

inline constexpr std::size_t scanned_enumerators = 128;

template <class Enum>
concept described_enum = requires { describe<Enum>::enumerators; };

// One text for all values, because 128 functions cost the compiler 50 times as much.
// g++:   "constexpr auto …printed_values() [with Enum = color; Enum ...Values = {color::red, (color)1, …}]"
// clang: "auto …printed_values() [Enum = color, Values = <color::red, (color)1, …>]"
template <class Enum, Enum... Values>
constexpr auto printed_values() {
    return __PRETTY_FUNCTION__;
}
template <class Enum, std::size_t... I>
constexpr std::string_view print_values(std::index_sequence<I...>) {
    return printed_values<Enum, static_cast<Enum>(I)...>();
}

struct scanned_names {
    std::array<std::string_view, scanned_enumerators> names{};  // empty: no enumerator has that value
    std::size_t bytes = 0;                                      // of all of them
    std::size_t count = 0;
};

constexpr std::size_t after_values_label(std::string_view text) {
    constexpr std::string_view label = "Values = ";
    std::size_t at = 0;
    while (text.substr(at, label.size()) != label) ++at;
    return at + label.size() + 1;
}

constexpr scanned_names scan_names(std::string_view text) {
    scanned_names found;
    std::size_t value = 0;
    int depth = 0;  // inside <> () {} of the enum's own, qualified name
    for (std::size_t at = after_values_label(text), begin = at; at < text.size(); ++at) {
        const char c = text[at];
        const bool opens = c == '<' || c == '(' || c == '{', closes = c == '>' || c == ')' || c == '}';
        if (depth == 0 && (c == ',' || closes)) {
            const std::string_view word = last_word(text.substr(begin, at - begin));
            if (word.front() < '0' || word.front() > '9') {  // "color::red" and not "(color)1"
                found.names[value] = word;
                found.bytes += word.size();
                ++found.count;
            }
            ++value;
            begin = at + 1;
            if (closes) break;
        }
        depth += opens ? 1 : closes ? -1 : 0;
    }
    return found;
}

// Without one, a number that no enumerator has may be no value of the enum.
template <class Enum>
concept has_fixed_type = requires { Enum{0}; };

template <class Enum>
constexpr scanned_names scan_enum() {
    static_assert(has_fixed_type<Enum>,
                  "eventcore: an unscoped enum without an underlying type cannot be reflected; write "
                  "`enum class`, or `enum e : int`, or an eventcore::describe with enumerators");
    if constexpr (has_fixed_type<Enum>) {
        constexpr bool is_bool = std::is_same_v<std::underlying_type_t<Enum>, bool>;
        return scan_names(print_values<Enum>(std::make_index_sequence<is_bool ? 2 : scanned_enumerators>{}));
    } else {
        return {};
    }
}

// The names by value, in storage of their own: the text above then need not be in the program.
template <std::size_t Bytes>
struct enumerator_table {
    std::array<char, Bytes + 1> text{};
    std::array<std::uint16_t, scanned_enumerators + 1> begin{};

    constexpr std::string_view name(std::size_t value) const {
        return {text.data() + begin[value], static_cast<std::size_t>(begin[value + 1] - begin[value])};
    }
};

template <class Enum>
constexpr auto make_enumerator_table() {
    constexpr scanned_names found = scan_enum<Enum>();
    static_assert(found.count > 0 || !has_fixed_type<Enum>,
                  "eventcore: this enum has no enumerator from 0 to 127; write an "
                  "eventcore::describe with enumerators");
    enumerator_table<found.bytes> table;
    std::uint16_t at = 0;
    for (std::size_t value = 0; value < scanned_enumerators; ++value) {
        table.begin[value] = at;
        for (char c : found.names[value]) table.text[at++] = c;
    }
    table.begin[scanned_enumerators] = at;
    return table;
}
template <class Enum>
inline constexpr auto enumerators = make_enumerator_table<Enum>();

}  // namespace detail

template <class Enum>
    requires std::is_enum_v<Enum>
constexpr std::string_view enumerator_name(Enum value) {
    if constexpr (detail::described_enum<Enum>) {
        for (const enumerator<Enum>& described : describe<Enum>::enumerators)
            if (described.value == value) return described.name;
        return {};
    } else {
        const auto number = static_cast<std::uint64_t>(static_cast<std::underlying_type_t<Enum>>(value));
        return number < detail::scanned_enumerators ? detail::enumerators<Enum>.name(number)
                                                    : std::string_view{};
    }
}

template <class Enum>
    requires std::is_enum_v<Enum>
constexpr std::optional<Enum> enumerator_of(std::string_view name) {
    if (name.empty()) return std::nullopt;
    if constexpr (detail::described_enum<Enum>) {
        for (const enumerator<Enum>& described : describe<Enum>::enumerators)
            if (described.name == name) return described.value;
    } else {
        for (std::size_t value = 0; value < detail::scanned_enumerators; ++value)
            if (detail::enumerators<Enum>.name(value) == name) return static_cast<Enum>(value);
    }
    return std::nullopt;
}

}  // namespace eventcore::json_codec
