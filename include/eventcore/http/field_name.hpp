// The field names the library or its users often ask for, as small numbers: comparing one is comparing a
// byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "eventcore/base/ascii.hpp"

namespace eventcore::http {

enum class field_id : std::uint8_t {
    unknown,
    // These six decide how the message is read; the parser looks at them first.
    host,
    content_length,
    transfer_encoding,
    connection,
    expect,
    upgrade,
    // All others, by name.
    accept,
    accept_encoding,
    accept_language,
    accept_ranges,
    access_control_allow_credentials,
    access_control_allow_headers,
    access_control_allow_methods,
    access_control_allow_origin,
    access_control_expose_headers,
    access_control_max_age,
    access_control_request_headers,
    access_control_request_method,
    age,
    allow,
    alt_svc,
    authorization,
    cache_control,
    content_disposition,
    content_encoding,
    content_language,
    content_location,
    content_range,
    content_security_policy,
    content_type,
    cookie,
    date,
    etag,
    expires,
    forwarded,
    http2_settings,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    keep_alive,
    last_event_id,
    last_modified,
    link,
    location,
    max_forwards,
    origin,
    pragma,
    priority,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    range,
    referer,
    referrer_policy,
    retry_after,
    sec_fetch_dest,
    sec_fetch_mode,
    sec_fetch_site,
    sec_websocket_accept,
    sec_websocket_extensions,
    sec_websocket_key,
    sec_websocket_protocol,
    sec_websocket_version,
    server,
    set_cookie,
    strict_transport_security,
    te,
    traceparent,
    tracestate,
    trailer,
    upgrade_insecure_requests,
    user_agent,
    vary,
    via,
    www_authenticate,
    x_content_type_options,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_proto,
    x_frame_options,
    x_request_id,
};

// The number of a field name, whatever its case; field_id::unknown when it has none.
constexpr field_id find_field_id(std::string_view name);

// The name as its specification writes it; empty for field_id::unknown.
constexpr std::string_view to_string(field_id id);

namespace detail {

// In the order of field_id, which starts counting at 1.
inline constexpr std::string_view field_names[] = {
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Expect",
    "Upgrade",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Age",
    "Allow",
    "Alt-Svc",
    "Authorization",
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expires",
    "Forwarded",
    "HTTP2-Settings",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Event-ID",
    "Last-Modified",
    "Link",
    "Location",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Priority",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Referrer-Policy",
    "Retry-After",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Server",
    "Set-Cookie",
    "Strict-Transport-Security",
    "TE",
    "Traceparent",
    "Tracestate",
    "Trailer",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Frame-Options",
    "X-Request-ID",
};
inline constexpr std::size_t field_name_count = std::size(field_names);
inline constexpr std::size_t field_name_bytes_max = 32;

// Names shorter than this are compared one by one; there are few.
inline constexpr std::size_t field_name_bytes_min = 4;

// The first four letters, the last four and the length tell all names apart, and this multiplier sends each
// to a place of its own; both were found by search and make_field_name_places() proves them. Letters are
// folded by setting the bit of the lower case, which is wrong for other octets and does not matter: the name
// that is found is compared.
constexpr std::uint32_t four_letters(const char* from) {
    const auto letter = [&](int i) { return std::uint32_t{static_cast<unsigned char>(from[i])} << (8 * i); };
    return (letter(0) | letter(1) | letter(2) | letter(3)) | 0x20202020u;
}
constexpr std::uint32_t field_name_place(const char* name, std::size_t length) {
    const auto count = static_cast<std::uint32_t>(length);
    return ((four_letters(name) + four_letters(name + length - 4) * count) * 0x9faba827u) >> 23;
}

// Which name may be at a place, and how long it is; 0 and 0 where none is.
struct field_name_candidate {
    std::uint8_t id;
    std::uint8_t length;
};
using field_name_table = std::array<field_name_candidate, 512>;

constexpr field_name_table make_field_name_places() {
    field_name_table places{};
    for (std::size_t i = 0; i < field_name_count; ++i) {
        const std::size_t length = field_names[i].size();
        if (length < field_name_bytes_min) continue;
        field_name_candidate& place = places[field_name_place(field_names[i].data(), length)];
        if (place.id != 0) throw "eventcore: two field names share a place";  // not constant: stops the build
        place = {static_cast<std::uint8_t>(i + 1), static_cast<std::uint8_t>(length)};
    }
    return places;
}
inline constexpr field_name_table field_name_places = make_field_name_places();

}  // namespace detail

constexpr std::string_view to_string(field_id id) {
    return id == field_id::unknown ? std::string_view{}
                                   : detail::field_names[static_cast<std::size_t>(id) - 1];
}

namespace detail {

constexpr field_id find_short_field_id(std::string_view name) {
    for (const field_id id : {field_id::te, field_id::age, field_id::via})
        if (equal_ignoring_case(name, to_string(id))) return id;
    return field_id::unknown;
}

}  // namespace detail

constexpr field_id find_field_id(std::string_view name) {
    if (name.size() < detail::field_name_bytes_min) return detail::find_short_field_id(name);
    if (name.size() > detail::field_name_bytes_max) return field_id::unknown;
    const auto candidate = detail::field_name_places[detail::field_name_place(name.data(), name.size())];
    if (candidate.length != name.size()) return field_id::unknown;
    const auto id = static_cast<field_id>(candidate.id);
    return equal_ignoring_case(name, to_string(id)) ? id : field_id::unknown;
}

}  // namespace eventcore::http
