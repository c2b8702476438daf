// Writing the head of an answer the way its request allows (RFC 9110, 6.4.1; RFC 9112, 6 and 9.3).
#pragma once

#include <cstddef>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/http/h1/serializer.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/scan.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

// What follows the head, and what follows that.
struct http1_framing {
    bool sends_content = true;  // false: not one byte, whatever the handler returned
    bool is_chunked = false;
    bool keeps_alive = true;
};

namespace detail {

// What an answer says of its connection (RFC 9112, 9.3): nothing where HTTP/1.1 keeps it anyhow.
inline h1::connection_option connection_of(const http::request_head& request, bool keeps_alive) noexcept {
    if (!keeps_alive) return h1::connection_option::close;
    return request.minor_version == 0 ? h1::connection_option::keep_alive : h1::connection_option::implied;
}

// `more`: bytes for which there is to be room behind it.
inline void append_head(byte_buffer& out, connection_host& host, h1::response_head& head,
                        std::size_t more = 0) {
    host.give_ending(head);
    char* to = out.prepare(h1::response_head_bytes(head) + more);
    out.commit(static_cast<std::size_t>(h1::write_response_head(to, head) - to));
}

}  // namespace detail

// False for what a handler can set and nobody has looked at: a media type made at run time that would end its
// line, an interim status as the answer.
inline bool can_be_sent(const response& answer) noexcept {
    if (http::is_informational(answer.code())) return false;
    const std::string_view type = answer.content_type();
    if (type.data() == response::plain_text.data()) return true;  // the usual literal
    const char* const end = type.data() + type.size();
    return http::skip_field_value(type.data(), end) == end;
}

// `keeps_alive`: what the server would like; content that ends with the connection overrules it. `more`: how
// many bytes are likely to be appended.
inline http1_framing write_answer_head(byte_buffer& out, connection_host& host,
                                       const http::request_head& request, const response& answer,
                                       bool keeps_alive, std::size_t more) {
    const h1::content_rules rules =
        h1::rules_for(request.verb, answer.code(), request.minor_version, answer.has_known_length());
    if (rules.framing == h1::content_framing::until_close) keeps_alive = false;
    h1::response_head head;
    head.code = answer.code();
    head.framing = rules.framing;
    head.content_length = answer.content_length();
    head.content_type = answer.content_type();
    head.fields = &answer.fields();
    head.connection = detail::connection_of(request, keeps_alive);
    if (answer.code() == http::status::upgrade_required && keeps_alive) {  // RFC 9110, 15.5.22
        head.connection = h1::connection_option::upgrade;
        head.upgrade = "websocket";
    }
    detail::append_head(out, host, head, more);
    return {rules.sends_content, rules.framing == h1::content_framing::chunked, keeps_alive};
}

// 101: what follows is no HTTP any more.
inline void write_upgrade_head(byte_buffer& out, connection_host& host, const response& answer) {
    h1::response_head head;
    head.code = http::status::switching_protocols;
    head.framing = h1::content_framing::none;
    head.connection = h1::connection_option::upgrade;
    head.upgrade = "websocket";
    head.fields = &answer.fields();
    detail::append_head(out, host, head);
}

// 503 with Retry-After and no content, for a request nobody has looked at.
inline void write_shed_answer(byte_buffer& out, connection_host& host, const http::request_head& request,
                              bool keeps_alive) {
    h1::response_head head;
    head.code = http::status::service_unavailable;
    head.fields = &host.retry_after();
    head.connection = detail::connection_of(request, keeps_alive);
    detail::append_head(out, host, head);
}

// The whole of an answer of our own to a request that is refused; the connection ends with it. A HEAD is told
// no more than the length.
inline void write_refusal(byte_buffer& out, connection_host& host, http::status why, bool is_head_request) {
    const std::string_view reason = http::reason_phrase(why);
    h1::response_head head;
    head.code = why;
    head.connection = h1::connection_option::close;
    head.content_length = reason.size() + 1;
    head.content_type = response::plain_text;
    detail::append_head(out, host, head);
    if (is_head_request) return;
    out.append(reason);
    out.append('\n');
}

}  // namespace eventcore
