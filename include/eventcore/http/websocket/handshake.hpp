// The server's side of the opening handshake (RFC 6455, 4.2), and its form over HTTP/2 (RFC 8441, section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/base64.hpp"
#include "eventcore/base/sha1.hpp"
#include "eventcore/http/request.hpp"

namespace eventcore::websockets {

using accept_text = std::array<char, 28>;

// The value of Sec-WebSocket-Accept for a key of 24 characters.
constexpr accept_text accept_key(std::string_view key) {
    constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + guid.size()]{};
    std::size_t at = 0;
    for (const char c : key.substr(0, 24)) text[at++] = c;
    for (const char c : guid) text[at++] = c;
    const sha1_digest digest = sha1({text, at});
    accept_text accept{};
    write_base64(accept.data(), digest.data(), digest.size());
    return accept;
}

// How the request asks for it.
enum class handshake_form : std::uint8_t {
    upgrade,           // HTTP/1.1: answered 101
    extended_connect,  // HTTP/2: answered 200
};

enum class handshake_fault : std::uint8_t {
    none,
    no_upgrade,  // an ordinary request: 426
    version,     // 426 with Sec-WebSocket-Version: 13
    malformed,   // 400
};

namespace detail {

template <class Equal>
constexpr bool lists(const http::field_list& fields, http::field_id id, std::string_view token, Equal equal) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].id != id) continue;
        std::string_view rest = fields[i].value;
        while (!rest.empty()) {
            const std::size_t comma = index_of(rest, ',');
            if (equal(trim_ows(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(comma < rest.size() ? comma + 1 : comma);
        }
    }
    return false;
}

}  // namespace detail

// Whether a comma-separated list, over all lines of the field, has `token`, whatever its case.
constexpr bool lists_token(const http::field_list& fields, http::field_id id, std::string_view token) {
    return detail::lists(fields, id, token,
                         [](std::string_view a, std::string_view b) { return equal_ignoring_case(a, b); });
}
// The same with its case: subprotocols.
constexpr bool lists_token_exactly(const http::field_list& fields, http::field_id id,
                                   std::string_view token) {
    return detail::lists(fields, id, token, [](std::string_view a, std::string_view b) { return a == b; });
}

constexpr handshake_fault check_handshake(const http::request_head& head, handshake_form form) {
    using fault = handshake_fault;
    const http::field_list& fields = head.fields;
    if (form == handshake_form::upgrade) {
        const bool asks = head.has_upgrade && lists_token(fields, http::field_id::upgrade, "websocket");
        if (head.verb != http::method::get || head.minor_version == 0 || !asks) return fault::no_upgrade;
    }
    if (head.has_body()) return fault::malformed;
    const auto version = fields.find(http::field_id::sec_websocket_version);
    if (!version || fields.count(http::field_id::sec_websocket_version) != 1) return fault::malformed;
    for (const char c : *version)
        if (!is_digit(c)) return fault::malformed;
    if (*version != "13") return fault::version;
    if (form == handshake_form::extended_connect) return fault::none;
    const auto key = fields.find(http::field_id::sec_websocket_key);
    const bool has_key = key && fields.count(http::field_id::sec_websocket_key) == 1;
    return has_key && is_base64_of(*key, 16) ? fault::none : fault::malformed;
}

// Whether a page from `origin` (RFC 6454, 7) may open a WebSocket to `authority`: the same host and port,
// whatever the scheme, since a proxy may have ended TLS. "null" never is.
constexpr bool is_same_origin(std::string_view origin, std::string_view authority) {
    const std::size_t colon = index_of(origin, ':');
    if (origin.substr(colon, 3 < origin.size() - colon ? 3 : origin.size() - colon) != "://") return false;
    const std::string_view scheme = origin.substr(0, colon);
    const std::string_view standard_port = equal_ignoring_case(scheme, "https")  ? ":443"
                                           : equal_ignoring_case(scheme, "http") ? ":80"
                                                                                 : "";
    const auto without_port = [&](std::string_view host) {
        const bool has_it = !standard_port.empty() && host.size() > standard_port.size() &&
                            host.substr(host.size() - standard_port.size()) == standard_port;
        return has_it ? host.substr(0, host.size() - standard_port.size()) : host;
    };
    return equal_ignoring_case(without_port(origin.substr(colon + 3)), without_port(authority));
}

}  // namespace eventcore::websockets
