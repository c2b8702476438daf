// The pairs of a query or of an application/x-www-form-urlencoded body (WHATWG URL, section 5), decoded only
// when they are looked at.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/ascii.hpp"
#include "eventcore/http/percent.hpp"

namespace eventcore::http {

// One pair as it was sent: still encoded.
struct query_pair {
    std::string_view name;
    std::string_view value;  // empty without "="
};

// "a=1&b=2&c": walks the pairs from left to right. Empty ones ("&&") are none.
class query_reader {
 public:
    constexpr explicit query_reader(std::string_view query) noexcept : rest_(query) {}

    // The next pair, or empty at the end.
    constexpr std::optional<query_pair> next() noexcept {
        while (!rest_.empty()) {
            const std::size_t end = index_of(rest_, '&');
            const std::string_view pair = rest_.substr(0, end);
            rest_.remove_prefix(end < rest_.size() ? end + 1 : end);
            if (pair.empty()) continue;
            const std::size_t equals = index_of(pair, '=');
            return query_pair{pair.substr(0, equals),
                              pair.substr(equals < pair.size() ? equals + 1 : equals)};
        }
        return std::nullopt;
    }

 private:
    std::string_view rest_;
};

enum class query_outcome : unsigned char { found, missing, malformed };

struct query_value {
    query_outcome outcome = query_outcome::missing;
    std::string_view value{};  // decoded, in `storage` or in the query
};

// Whether an encoded name is this one, without decoding it into memory.
constexpr bool encoded_equals(std::string_view encoded, std::string_view wanted) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < encoded.size(); ++i, ++at) {
        char c = encoded[i] == '+' ? ' ' : encoded[i];
        if (c == '%') {
            if (encoded.size() - i < 3) return false;
            const int high = hex_value(encoded[i + 1]), low = hex_value(encoded[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        if (at == wanted.size() || wanted[at] != c) return false;
    }
    return at == wanted.size();
}

// The first value of that name; malformed when its escapes are, which a handler answers with 400.
inline query_value find_query_value(std::string_view query, std::string_view name, arena& storage) {
    query_reader reader(query);
    while (const auto pair = reader.next()) {
        if (!encoded_equals(pair->name, name)) continue;
        const auto value = percent_decode(pair->value, storage, plus_sign::space);
        if (!value) return {query_outcome::malformed, {}};
        return {query_outcome::found, *value};
    }
    return {};
}

// Whether every pair can be decoded: a body that is to be taken as a whole is checked before any of it is
// used.
inline bool is_well_formed_query(std::string_view query) {
    for (std::size_t i = index_of(query, '%'); i < query.size(); i = index_of(query, '%', i + 3)) {
        if (query.size() - i < 3) return false;
        const int high = hex_value(query[i + 1]), low = hex_value(query[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    }
    return index_of(query, '\0') == query.size();
}

}  // namespace eventcore::http
