// The head of a request, whatever the protocol version that brought it (RFC 9110, section 7).
#pragma once

#include <cstdint>
#include <string_view>

#include "eventcore/http/fields.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/http/target.hpp"

namespace eventcore::http {

// How the end of a request's content is known (RFC 9112, 6.3).
enum class body_framing : std::uint8_t {
    none,            // there is no content
    content_length,  // exactly request_head::content_length bytes, at least one
    chunked,         // until the last chunk
};

// All views point into the received bytes (or at literals) and are as long-lived as those.
struct request_head {
    request_head() noexcept {}  // not defaulted: g++ 12 clears a defaulted one with the slow "rep stos"

    std::string_view method_text;
    std::string_view target;     // as received
    std::string_view path;       // raw, never decoded; "/" where absolute-form has none, empty for CONNECT
    std::string_view query;      // raw, without the "?"
    std::string_view authority;  // of the target if it has one, else the Host field; maybe empty
    field_list fields;
    std::uint64_t content_length = 0;  // 0 unless framing is content_length
    method verb = method::get;
    target_form form = target_form::origin;
    std::uint8_t minor_version = 1;  // HTTP/1.x: 0 or 1; a higher one is treated as 1 (RFC 9110, 2.5)
    body_framing framing = body_framing::none;
    bool keep_alive = true;         // the client lets the connection live on after this request
    bool expects_continue = false;  // waits for 100 (Continue) before it sends its content
    bool has_upgrade = false;       // names other protocols in Upgrade and lists it in Connection
    bool has_query = false;         // there was a "?", maybe with nothing behind it

    bool has_body() const noexcept { return framing != body_framing::none; }
};

}  // namespace eventcore::http
