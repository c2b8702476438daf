// What a Content-Type field says (RFC 9110, 8.3): a media type and its parameters.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"

namespace eventcore::http {

struct content_type {
    std::string_view type;        // "text"
    std::string_view subtype;     // "html"
    std::string_view essence;     // "text/html"
    std::string_view parameters;  // "; charset=utf-8", as sent

    // Case does not matter; "text/html" or "text/*".
    constexpr bool is(std::string_view media_type) const {
        const std::size_t slash = index_of(media_type, '/');
        if (media_type.substr(slash) == "/*") return equal_ignoring_case(type, media_type.substr(0, slash));
        return equal_ignoring_case(essence, media_type);
    }
    // A structured suffix (RFC 6839): "json" for "application/problem+json".
    constexpr bool has_suffix(std::string_view suffix) const {
        return subtype.size() > suffix.size() + 1 && subtype[subtype.size() - suffix.size() - 1] == '+' &&
               equal_ignoring_case(subtype.substr(subtype.size() - suffix.size()), suffix);
    }
    // application/json, text/json, or anything with the suffix "json".
    constexpr bool is_json() const { return is("application/json") || is("text/json") || has_suffix("json"); }

    // The value of a parameter, without the quotes of a quoted string. One that escapes characters with "\"
    // is given as it was sent: no parameter of a media type needs that.
    constexpr std::optional<std::string_view> parameter(std::string_view name) const;
};

// type "/" subtype *( OWS ";" OWS [ parameter ] ); empty when malformed.
constexpr std::optional<content_type> parse_content_type(std::string_view value);

namespace detail {

struct media_parameter {
    std::string_view name;
    std::string_view value;  // a quoted string without its quotes
};

// Takes OWS ";" OWS [ token "=" ( token / quoted-string ) ] from the front of `rest`. False when malformed.
constexpr bool take_media_parameter(std::string_view& rest, media_parameter& out) {
    out = {};
    rest = trim_ows(rest);
    if (rest.empty() || rest.front() != ';') return false;
    rest = trim_ows(rest.substr(1));
    std::size_t end = 0;
    while (end < rest.size() && is_tchar(rest[end])) ++end;
    if (end == 0) return rest.empty() || rest.front() == ';';
    out.name = rest.substr(0, end);
    if (end == rest.size() || rest[end] != '=') return false;
    rest.remove_prefix(end + 1);
    end = 0;
    if (!rest.empty() && rest.front() == '"') {
        for (end = 1; end < rest.size() && rest[end] != '"'; ++end) end += rest[end] == '\\';
        if (end >= rest.size()) return false;
        out.value = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        return true;
    }
    while (end < rest.size() && is_tchar(rest[end])) ++end;
    out.value = rest.substr(0, end);
    rest.remove_prefix(end);
    return end != 0;
}

}  // namespace detail

constexpr std::optional<std::string_view> content_type::parameter(std::string_view name) const {
    std::string_view rest = parameters;
    detail::media_parameter found;
    while (!rest.empty() && detail::take_media_parameter(rest, found))
        if (equal_ignoring_case(found.name, name)) return found.value;
    return std::nullopt;
}

constexpr std::optional<content_type> parse_content_type(std::string_view value) {
    value = trim_ows(value);
    std::size_t slash = 0;
    while (slash < value.size() && is_tchar(value[slash])) ++slash;
    if (slash == 0 || slash == value.size() || value[slash] != '/') return std::nullopt;
    std::size_t end = slash + 1;
    while (end < value.size() && is_tchar(value[end])) ++end;
    if (end == slash + 1) return std::nullopt;

    const content_type parsed{value.substr(0, slash), value.substr(slash + 1, end - slash - 1),
                              value.substr(0, end), value.substr(end)};
    std::string_view rest = parsed.parameters;
    detail::media_parameter ignored;
    while (!rest.empty())
        if (!detail::take_media_parameter(rest, ignored)) return std::nullopt;
    return parsed;
}

}  // namespace eventcore::http
