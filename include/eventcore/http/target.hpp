// What a request is aimed at: the four forms of a request-target (RFC 9112, 3.2) and the authority of a Host
// field (RFC 9110, 7.2), with the characters of RFC 3986 and no others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/http/scan.hpp"

namespace eventcore::http {

enum class target_form : std::uint8_t {
    origin,     // "/path?query"
    absolute,   // "http://host/path?query"
    authority,  // "host:port", for CONNECT only
    asterisk,   // "*", for OPTIONS only
};

struct target_parts {
    std::string_view path;       // raw; "/" where absolute-form has none, "*" where OPTIONS means the server
    std::string_view query;      // raw, without the "?"
    std::string_view authority;  // absolute-form and authority-form only
    target_form form = target_form::origin;
    bool has_query = false;
};

// Splits a request-target. Empty when it is malformed, has a form its method does not allow, names another
// scheme than http or https, carries user information (RFC 9110, 4.2.4) or a "%00" in its path. With
// `lenient`, is_lenient_target_octet() is allowed in path and query.
inline std::optional<target_parts> parse_target(method verb, std::string_view target, bool lenient = false);

// host [ ":" port ], as a Host field has it: a name, an IPv4 address or a bracketed IPv6 address; the port,
// if any, fits 16 bits. An empty host is allowed only as a whole: that is what a target without authority
// sends. May look ahead up to `readable`, which is not before the end of `host`.
inline bool is_valid_host(std::string_view host, const char* readable);
inline bool is_valid_host(std::string_view host) { return is_valid_host(host, host.data() + host.size()); }

// An IPv6 address in any of the spellings of RFC 3986, 3.2.2, without brackets and zone.
constexpr bool is_ipv6_address(std::string_view text);

// Whether every "%" starts two hexadecimal digits, none of them "%00" when `refuse_zero`.
constexpr bool has_valid_escapes(std::string_view text, bool refuse_zero);

namespace detail {

// *DIGIT, at most 65535 (RFC 3986, 3.2.3 lets a port be empty).
constexpr bool is_port(std::string_view digits) {
    std::uint32_t port = 0;
    for (char c : digits) {
        if (!is_digit(c)) return false;
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
        if (port > 65535) return false;
    }
    return true;
}

constexpr bool is_ipv4_address(std::string_view text) {
    for (int part = 0; part < 4; ++part) {
        const std::size_t dot = part < 3 ? index_of(text, '.') : text.size();
        const std::string_view octet = text.substr(0, dot);
        if (octet.size() > 3 || (octet.size() > 1 && octet.front() == '0')) return false;
        if (!parse_decimal(octet, UINT8_MAX) || (part < 3 && dot == text.size())) return false;
        text.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    return true;
}

// IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
constexpr bool is_ip_future(std::string_view text) {
    if (text.empty() || to_lower(text.front()) != 'v') return false;
    const std::size_t dot = index_of(text, '.');
    if (dot < 2 || dot + 1 >= text.size()) return false;
    for (char c : text.substr(1, dot - 1))
        if (hex_value(c) < 0) return false;
    for (char c : text.substr(dot + 1))
        if (!is_host_octet(c) && c != ':') return false;
    return true;
}

inline bool is_bracketed_host(std::string_view host) {
    const std::size_t close = index_of(host, ']');
    if (close == host.size()) return false;
    const std::string_view inside = host.substr(1, close - 1), after = host.substr(close + 1);
    if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return false;
    return is_ipv6_address(inside) || is_ip_future(inside);
}

// Path and query of origin-form, or what follows the authority in absolute-form.
inline bool split_path(std::string_view text, bool lenient, target_parts& parts) {
    const char* last = text.data() + text.size();
    target_run run = skip_target(text.data(), last);
    while (lenient && run.last != last && is_lenient_target_octet(*run.last)) {
        const target_run more = skip_target(run.last + 1, last);
        run = {more.last, run.question ? run.question : more.question, run.has_percent || more.has_percent};
    }
    if (run.last != last) return false;
    parts.has_query = run.question != nullptr;
    const std::size_t path =
        run.question ? static_cast<std::size_t>(run.question - text.data()) : text.size();
    parts.path = text.substr(0, path);
    if (parts.has_query) parts.query = text.substr(path + 1);
    return !run.has_percent || (has_valid_escapes(parts.path, true) && has_valid_escapes(parts.query, false));
}

inline bool split_absolute(method verb, std::string_view target, bool lenient, target_parts& parts) {
    const std::size_t scheme = starts_with_ignoring_case(target, "http://")    ? 7
                               : starts_with_ignoring_case(target, "https://") ? 8
                                                                               : 0;
    if (scheme == 0) return false;
    std::string_view rest = target.substr(scheme);
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '/' && rest[length] != '?') ++length;
    parts.form = target_form::absolute;
    parts.authority = rest.substr(0, length);
    if (parts.authority.empty() || !is_valid_host(parts.authority)) return false;
    if (!split_path(rest.substr(length), lenient, parts)) return false;
    // RFC 9112, 3.2.4: OPTIONS without a path is about the server; RFC 9110, 4.2.3: else an empty path is
    // "/".
    if (parts.path.empty()) parts.path = verb == method::options && !parts.has_query ? "*" : "/";
    return true;
}

}  // namespace detail

inline std::optional<target_parts> parse_target(method verb, std::string_view target, bool lenient) {
    target_parts parts;
    if (verb == method::connect) {
        const std::size_t close = !target.empty() && target.front() == '[' ? index_of(target, ']') : 0;
        const std::size_t colon = index_of(target, ':', close);
        if (colon == 0 || colon + 1 >= target.size() || !is_valid_host(target)) return std::nullopt;
        parts.form = target_form::authority;
        parts.authority = target;
        return parts;
    }
    if (target == "*") {
        if (verb != method::options) return std::nullopt;
        parts.form = target_form::asterisk;
        parts.path = target;
        return parts;
    }
    const bool origin = !target.empty() && target.front() == '/';
    const bool good = origin ? detail::split_path(target, lenient, parts)
                             : detail::split_absolute(verb, target, lenient, parts);
    if (!good) return std::nullopt;
    return parts;
}

inline bool is_valid_host(std::string_view host, const char* readable) {
    const char* const first = host.data();
    const char* const last = first + host.size();
    const char* end = skip_host(first, last, readable);
    if (end == last) return true;
    if (*end == '[' && end == first) return detail::is_bracketed_host(host);
    if (*end == '%') {
        while (end != last && (detail::is_host_octet(*end) || *end == '%')) ++end;
        if (!has_valid_escapes(host.substr(0, static_cast<std::size_t>(end - first)), true)) return false;
        if (end == last) return true;
    }
    return end != first && *end == ':' &&
           detail::is_port({end + 1, static_cast<std::size_t>(last - end - 1)});
}

constexpr bool has_valid_escapes(std::string_view text, bool refuse_zero) {
    for (std::size_t i = index_of(text, '%'); i < text.size(); i = index_of(text, '%', i + 3)) {
        if (text.size() - i < 3) return false;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (refuse_zero && high == 0 && low == 0)) return false;
    }
    return true;
}

constexpr bool is_ipv6_address(std::string_view text) {
    int groups = 0;
    bool compressed = false;
    if (text.size() < 2 || (text[0] == ':' && text[1] != ':')) return false;
    while (!text.empty()) {
        if (text.size() >= 2 && text[0] == ':' && text[1] == ':') {
            if (compressed) return false;
            compressed = true;
            text.remove_prefix(2);
            if (text.empty()) break;
            if (text.front() == ':') return false;
        } else if (text.front() == ':') {
            text.remove_prefix(1);
        }
        std::size_t digits = 0;
        while (digits < text.size() && hex_value(text[digits]) >= 0) ++digits;
        if (digits < text.size() && text[digits] == '.') {
            groups += 2;
            return detail::is_ipv4_address(text) && (compressed ? groups < 8 : groups == 8);
        }
        if (digits == 0 || digits > 4) return false;
        if (digits < text.size() && text[digits] != ':') return false;
        text.remove_prefix(digits);
        ++groups;
    }
    return compressed ? groups < 8 : groups == 8;
}

}  // namespace eventcore::http
