// What went wrong, for programs: application/problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/error.hpp"
#include "eventcore/content/json/utf8.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

struct problem {
    http::status code = http::status::bad_request;
    std::string_view detail;     // one sentence for a person; may quote the client's own input
    std::string_view pointer;    // the member of a JSON document that is meant (RFC 6901)
    std::string_view parameter;  // the query parameter, field or cookie that is meant
};

// Makes `out` say so.
inline void set_problem(response& out, const problem& p);

// The status that says best what an error means to a client.
inline http::status status_for(std::error_code error) noexcept {
    if (error.category() == eventcore_category()) {
        switch (static_cast<errc>(error.value())) {
            case errc::not_found:
            case errc::outside_directory: return http::status::not_found;
            case errc::malformed:
            case errc::invalid_argument: return http::status::bad_request;
            case errc::too_large: return http::status::content_too_large;
            case errc::timed_out: return http::status::gateway_timeout;
            case errc::closed: return http::status::bad_gateway;
            case errc::canceled:
            case errc::would_block:
            case errc::overloaded: return http::status::service_unavailable;
            case errc::not_supported: return http::status::not_implemented;
        }
    }
    if (error == std::errc::no_such_file_or_directory) return http::status::not_found;
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted)
        return http::status::forbidden;
    if (error == std::errc::file_exists) return http::status::conflict;
    if (error == std::errc::no_space_on_device) return http::status::insufficient_storage;
    if (error == std::errc::timed_out) return http::status::gateway_timeout;
    if (error == std::errc::connection_refused) return http::status::bad_gateway;
    return http::status::internal_server_error;
}

// An error as an answer. What failed inside the server is not the client's business: 5xx has no detail.
inline void set_problem(response& out, std::error_code error) {
    const http::status code = status_for(error);
    if (static_cast<unsigned>(code) >= 500) return set_problem(out, problem{code, {}, {}, {}});
    const std::string message = error.message();
    set_problem(out, problem{code, message, {}, {}});
}

namespace detail {

// Whatever the client sent: bytes that are no UTF-8 become "?".
inline void append_json_string(byte_buffer& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.append('"');
    while (!text.empty()) {
        const auto octet = static_cast<unsigned char>(text.front());
        const json_codec::utf8_unit unit = json_codec::first_utf8_unit(text);
        if (octet < 0x20) {
            out.append("\\u00");
            out.append(digits[octet >> 4]);
            out.append(digits[octet & 15U]);
        } else {
            if (octet == '"' || octet == '\\') out.append('\\');
            out.append(unit.valid ? text.substr(0, unit.length) : std::string_view("?"));
        }
        text.remove_prefix(unit.length);
    }
    out.append('"');
}

inline void append_json_member(byte_buffer& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out.append(",\"");
    out.append(name);
    out.append("\":");
    append_json_string(out, text);
}

}  // namespace detail

inline void set_problem(response& out, const problem& p) {
    const auto number = static_cast<unsigned>(p.code);
    const char digits[3] = {static_cast<char>('0' + number / 100), static_cast<char>('0' + number / 10 % 10),
                            static_cast<char>('0' + number % 10)};
    byte_buffer text;
    text.append("{\"status\":");
    text.append({digits, 3});
    detail::append_json_member(text, "title", http::reason_phrase(p.code));
    detail::append_json_member(text, "detail", p.detail.substr(0, 256));
    detail::append_json_member(text, "pointer", p.pointer.substr(0, 256));
    detail::append_json_member(text, "parameter", p.parameter.substr(0, 256));
    text.append('}');
    out.code(p.code);
    out.set_buffer(std::move(text), "application/problem+json");
}

}  // namespace eventcore
