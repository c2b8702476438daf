// A string literal as a template argument: get<"/users/{id}">(…).
#pragma once

#include <cstddef>
#include <string_view>

namespace eventcore {

template <std::size_t N>  // N counts the terminating zero
struct fixed_string {
    char text[N]{};

    constexpr fixed_string() = default;
    constexpr fixed_string(const char (&literal)[N]) {
        for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
    }
    constexpr std::size_t size() const { return N - 1; }
    constexpr std::string_view view() const { return {text, N - 1}; }
    constexpr bool operator==(const fixed_string&) const = default;
};

// Joined at compile time, for group prefixes.
template <std::size_t A, std::size_t B>
constexpr fixed_string<A + B - 1> operator+(const fixed_string<A>& a, const fixed_string<B>& b) {
    fixed_string<A + B - 1> joined;
    for (std::size_t i = 0; i + 1 < A; ++i) joined.text[i] = a.text[i];
    for (std::size_t i = 0; i < B; ++i) joined.text[A - 1 + i] = b.text[i];
    return joined;
}

}  // namespace eventcore
