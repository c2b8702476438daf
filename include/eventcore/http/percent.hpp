// Percent-encoding (RFC 3986, 2.1): decoded once and after splitting, encoded where a URI is written.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/ascii.hpp"

namespace eventcore::http {

// Whether "+" is a space, as it is in forms and in nothing else.
enum class plus_sign : bool { itself, space };

// Decodes `text` into `to`, which has room for text.size() bytes, and returns how many it wrote. Empty when
// an escape is malformed or "%00": no name or value we know has a use for NUL, and many an attack has.
constexpr std::optional<std::size_t> percent_decode(std::string_view text, char* to,
                                                    plus_sign plus = plus_sign::itself);

// The same into memory of `storage`; `text` itself when there is nothing to decode.
inline std::optional<std::string_view> percent_decode(std::string_view text, arena& storage,
                                                      plus_sign plus = plus_sign::itself);

// How many bytes percent_encode() writes.
constexpr std::size_t percent_encoded_bytes(std::string_view text);

// Writes `text` with everything but unreserved characters escaped, fit for one path segment or one query name
// or value, and returns the end.
constexpr char* percent_encode(std::string_view text, char* to);

// unreserved of RFC 3986, 2.3.
constexpr bool is_unreserved(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr std::optional<std::size_t> percent_decode(std::string_view text, char* to, plus_sign plus) {
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus == plus_sign::space) {
            c = ' ';
        } else if (c == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        to[written++] = c;
    }
    return written;
}

inline std::optional<std::string_view> percent_decode(std::string_view text, arena& storage, plus_sign plus) {
    bool is_plain = true;
    for (char c : text)
        is_plain = is_plain && c != '%' && c != '\0' && (c != '+' || plus == plus_sign::itself);
    if (is_plain) return text;
    char* const to = static_cast<char*>(storage.allocate(text.size(), 1));
    const auto written = percent_decode(text, to, plus);
    if (!written) return std::nullopt;
    return std::string_view(to, *written);
}

constexpr std::size_t percent_encoded_bytes(std::string_view text) {
    std::size_t bytes = 0;
    for (char c : text) bytes += is_unreserved(c) ? 1 : 3;
    return bytes;
}

constexpr char* percent_encode(std::string_view text, char* to) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (char c : text) {
        if (is_unreserved(c)) {
            *to++ = c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        *to++ = '%';
        *to++ = digits[octet >> 4];
        *to++ = digits[octet & 15];
    }
    return to;
}

}  // namespace eventcore::http
