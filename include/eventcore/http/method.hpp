// What a request asks to be done (RFC 9110, section 9; PATCH: RFC 5789).
#pragma once

#include <cstdint>
#include <string_view>

namespace eventcore::http {

enum class method : std::uint8_t {
    get,
    head,
    post,
    put,
    delete_,
    connect,
    options,
    trace,
    patch,
    other,  // a token we have no name for; request_head::method_text has it
};

// Methods are case-sensitive: "get" is method::other.
constexpr method parse_method(std::string_view text);

// The token; empty for method::other.
constexpr std::string_view to_string(method m);

// Essentially read-only (section 9.2.1).
constexpr bool is_safe(method m) {
    return m == method::get || m == method::head || m == method::options || m == method::trace;
}

// Sending it twice has the effect of sending it once (section 9.2.2).
constexpr bool is_idempotent(method m) { return is_safe(m) || m == method::put || m == method::delete_; }

constexpr method parse_method(std::string_view text) {
    switch (text.size()) {
        case 3: return text == "GET" ? method::get : text == "PUT" ? method::put : method::other;
        case 4: return text == "POST" ? method::post : text == "HEAD" ? method::head : method::other;
        case 5: return text == "PATCH" ? method::patch : text == "TRACE" ? method::trace : method::other;
        case 6: return text == "DELETE" ? method::delete_ : method::other;
        case 7:
            return text == "OPTIONS" ? method::options : text == "CONNECT" ? method::connect : method::other;
        default: return method::other;
    }
}

constexpr std::string_view to_string(method m) {
    switch (m) {
        case method::get: return "GET";
        case method::head: return "HEAD";
        case method::post: return "POST";
        case method::put: return "PUT";
        case method::delete_: return "DELETE";
        case method::connect: return "CONNECT";
        case method::options: return "OPTIONS";
        case method::trace: return "TRACE";
        case method::patch: return "PATCH";
        case method::other: break;
    }
    return {};
}

}  // namespace eventcore::http
