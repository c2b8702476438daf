// ASCII as the HTTP grammar sees it (RFC 9110, 5.6; RFC 5234, appendix B). Locale never matters here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventcore {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_ows(char c) { return c == ' ' || c == '\t'; }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

namespace detail {

constexpr std::array<bool, 256> make_tchar_table() {
    std::array<bool, 256> table{};
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    for (char c = '0'; c <= 'z'; ++c)
        if (is_digit(c) || is_alpha(c)) table[static_cast<unsigned char>(c)] = true;
    return table;
}
inline constexpr std::array<bool, 256> tchar_table = make_tchar_table();

}  // namespace detail

// tchar of RFC 9110, 5.6.2: what method names and field names are made of.
constexpr bool is_tchar(char c) { return detail::tchar_table[static_cast<unsigned char>(c)]; }
constexpr bool is_token(std::string_view text) {
    for (char c : text)
        if (!is_tchar(c)) return false;
    return !text.empty();
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}
constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// Where `wanted` first is in `text`, or text.size(). (string_view::find is no constant expression under
// g++ 12's -fsanitize=undefined.)
constexpr std::size_t index_of(std::string_view text, char wanted, std::size_t from = 0) {
    while (from < text.size() && text[from] != wanted) ++from;
    return from < text.size() ? from : text.size();
}

// Without optional whitespace (OWS) at both ends.
constexpr std::string_view trim_ows(std::string_view text) {
    while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace eventcore
