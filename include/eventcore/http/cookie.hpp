// The Cookie field a client sends (RFC 6265, 4.2).
#pragma once

#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/http/fields.hpp"

namespace eventcore::http {

// The value of the first cookie of that name in one Cookie field, without the quotes it may have. Names are
// case-sensitive. Nothing is decoded: cookies have no escapes of their own.
constexpr std::optional<std::string_view> find_cookie(std::string_view field_value, std::string_view name) {
    while (!field_value.empty()) {
        const std::size_t end = index_of(field_value, ';');
        const std::string_view pair = trim_ows(field_value.substr(0, end));
        field_value.remove_prefix(end < field_value.size() ? end + 1 : end);
        const std::size_t equals = index_of(pair, '=');
        if (equals == pair.size() || trim_ows(pair.substr(0, equals)) != name) continue;
        std::string_view value = trim_ows(pair.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return value;
    }
    return std::nullopt;
}

// In all Cookie fields; HTTP/2 lets a client send several (RFC 9113, 8.2.3).
constexpr std::optional<std::string_view> find_cookie(const field_list& fields, std::string_view name) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].id != field_id::cookie) continue;
        if (const auto value = find_cookie(fields[i].value, name)) return value;
    }
    return std::nullopt;
}

}  // namespace eventcore::http
