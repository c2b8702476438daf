// An HTTP/2 stream from its first frame to the start of its handler, and what a client may not do on the way.
#pragma once

#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/server/http2_steps.hpp"

namespace eventcore {

// ---- what the library calls while it reads: noted here, acted upon in look_at() ----

inline int http2_session::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame,
                                           void* user) noexcept {
    http2_session& self = of(user);
    self.header_block_stream_ = frame->hd.stream_id;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        self.header_block_of_ = self.stream_of(frame->hd.stream_id);
        return 0;
    }
    self.header_block_of_ = nullptr;
    try {
        return self.begin_stream(frame->hd.stream_id);
    } catch (...) {
        return self.host().reached(server_limit::memory), NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

// A handler may outlive its stream: those count as well, or resetting would be a way around the limit.
inline int http2_session::begin_stream(std::int32_t id) {
    if (stream_count_ >= 2 * options().http2.streams_max) {
        host().reached(server_limit::http2_streams);
        return nghttp2_submit_rst_stream(library_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    }
    http2_stream& s = worker_.take();
    s.begin(*this, id);
    streams_.push_back(s);
    ++stream_count_;
    header_block_of_ = &s;
    return nghttp2_session_set_stream_user_data(library_.get(), id, &s);
}

inline int http2_session::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                                    std::size_t name_bytes, const std::uint8_t* value,
                                    std::size_t value_bytes, std::uint8_t, void* user) noexcept {
    http2_session& self = of(user);
    http2_stream* const s = self.header_block_of_;
    if (!s) return 0;
    const std::string_view n{reinterpret_cast<const char*>(name), name_bytes};
    const std::string_view v{reinterpret_cast<const char*>(value), value_bytes};
    try {
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            s->fields.add(n, v);
        else
            self.take_trailer(*s, n, v);
    } catch (...) {
        return self.host().reached(server_limit::memory), NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    // A few bytes on the wire may stand for thousands here (RFC 7541, 7.3).
    const std::uint64_t most =
        std::uint64_t{header_list_factor} *
        (self.options().limits.field_section_bytes + self.options().limits.request_line_bytes);
    if (s->fields.list_bytes() + s->trailer_bytes <= most) return 0;
    self.host().reached(server_limit::field_section);
    return self.refuse_connection(NGHTTP2_ENHANCE_YOUR_CALM);
}

// A field with octets that no field has makes the request malformed (RFC 9113, 8.2.1); the library would
// drop it.
inline int http2_session::on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                                            std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                                            void*) noexcept {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

inline void http2_session::take_trailer(http2_stream& s, std::string_view name, std::string_view value) {
    const h1::limits& most = options().limits;
    s.trailer_bytes += static_cast<std::uint32_t>(name.size() + value.size() + 4);
    if (++s.trailer_count > most.trailer_count || s.trailer_bytes > most.trailer_section_bytes) {
        if (s.refusal == http::status::ok) host().reached(server_limit::field_section);
        s.refusal = http::status::request_header_fields_too_large;
    } else if (h1::is_forbidden_in_trailers(http::find_field_id(name)) ||
               !s.trailer_fields.add(name, value)) {
        s.refusal = http::status::bad_request;
    }
}

inline int http2_session::on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                                  std::size_t bytes, void* user) noexcept {
    http2_session& self = of(user);
    http2_stream* const s = self.stream_of(id);
    if (!s) return nghttp2_session_consume(self.library_.get(), id, bytes);
    try {
        return self.take_content(*s, {reinterpret_cast<const char*>(data), bytes});
    } catch (...) {
        return self.host().reached(server_limit::memory), NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

inline int http2_session::take_content(http2_stream& s, std::string_view bytes) {
    s.content_bytes += bytes.size();
    s.held_bytes += bytes.size();
    const bool is_for_tunnel = s.phase == phase_type::tunnel || s.fields.asks_for_tunnel();
    const bool is_wanted =
        s.phase == phase_type::head || s.phase == phase_type::tunnel ||
        (s.phase == phase_type::content && s.choice.use == body_use::whole) ||
        (s.phase == phase_type::handler && (s.choice.use == body_use::stream || is_for_tunnel));
    const bool is_over =
        s.phase != phase_type::head && !is_for_tunnel && s.content_bytes > s.content_bytes_max;
    if (is_over && s.refusal == http::status::ok) s.refusal = http::status::content_too_large;
    if (is_wanted && s.refusal == http::status::ok) {
        s.keep_content(bytes);
        if (s.phase == phase_type::content) hold_no_window(s);
    } else {
        content_taken(s, bytes.size());
    }
    make_due(s);
    return 0;
}

// Content that is put together does not wait for a reader: what bounds it is its length, and that of all such
// contents of the connection together.
inline void http2_session::hold_no_window(http2_stream& s) noexcept {
    s.collected_bytes += s.held_bytes;
    collected_bytes_ += s.held_bytes;
    content_taken(s, s.held_bytes);
    if (collected_bytes_ <= options().http2.collected_bytes_max || s.refusal != http::status::ok) return;
    host().reached(server_limit::memory);
    s.refusal = http::status::service_unavailable;
}

inline int http2_session::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    try {
        return of(user).take_frame(*frame);
    } catch (...) {
        return of(user).host().reached(server_limit::memory), NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

inline int http2_session::take_frame(const nghttp2_frame& frame) {
    const bool is_last = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
    switch (frame.hd.type) {
        case NGHTTP2_HEADERS:
            header_block_stream_ = 0;
            if (http2_stream* s = std::exchange(header_block_of_, nullptr))
                header_block_ended(*s, frame.headers.cat != NGHTTP2_HCAT_REQUEST, is_last);
            return 0;
        case NGHTTP2_DATA:
            if (is_last) {
                if (http2_stream* s = stream_of(frame.hd.stream_id)) {
                    s->is_content_complete = true;
                    make_due(*s);
                }
            } else if (frame.hd.length == frame.data.padlen &&
                       !spend(idle_frames_, server_limit::http2_idle_frames)) {
                return refuse_connection(NGHTTP2_ENHANCE_YOUR_CALM);
            }
            return 0;
        case NGHTTP2_SETTINGS:
            // It was answered with more than its acknowledgement: a window went over its limit, which the
            // library takes for an error of the stream (RFC 9113, 6.9.2: of the connection).
            if (!(frame.hd.flags & NGHTTP2_FLAG_ACK) && frame.hd.length > 0 &&
                nghttp2_session_get_outbound_queue_size(library_.get()) > replies_before_ + 1)
                return refuse_connection(NGHTTP2_FLOW_CONTROL_ERROR);
            return 0;
        case NGHTTP2_PING:
            if ((frame.hd.flags & NGHTTP2_FLAG_ACK) && state_ == state::draining) end_drain();
            return 0;
        default: return 0;
    }
}

inline bool http2_session::spend(http2_budget& from, server_limit which) noexcept {
    if (from.spend(1, now())) return true;
    if (failure_code_ == 0 && state_ < state::failed) host().reached(which);
    return false;
}

// For a callback to return: the library stops reading.
inline int http2_session::refuse_connection(std::uint32_t code) noexcept {
    failure_code_ = code;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

inline void http2_session::header_block_ended(http2_stream& s, bool is_trailers, bool is_last) {
    if (is_last) s.is_content_complete = true;
    if (is_trailers && (s.phase == phase_type::tunnel || s.fields.asks_for_tunnel())) {
        // RFC 9113, 8.5: DATA and what manages the stream, nothing else.
        static_cast<void>(
            nghttp2_submit_rst_stream(library_.get(), NGHTTP2_FLAG_NONE, s.id, NGHTTP2_PROTOCOL_ERROR));
    } else if (!is_trailers) {
        const http::status why = s.fields.finish(is_last, s.head);
        if (why != http::status::ok) s.refusal = why;
        idle_frames_.earn(paid_per_frame);
    }
    make_due(s);
}

inline int http2_session::on_stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t,
                                           void* user) noexcept {
    http2_session& self = of(user);
    if (self.header_block_stream_ == id) {
        self.header_block_stream_ = 0;
        self.header_block_of_ = nullptr;
    }
    http2_stream* const s = self.stream_of(id);
    if (!s) return 0;
    // The window of a stream goes with it, that of the connection does not.
    if (s->held_bytes > 0)
        static_cast<void>(nghttp2_session_consume_connection(self.library_.get(), s->held_bytes));
    s->held_bytes = 0;
    s->is_closed = true;
    self.make_due(*s);
    return 0;
}

inline void http2_session::make_due(http2_stream& s) noexcept {
    if (s.is_due) return;
    s.is_due = true;
    s.next_due = nullptr;
    (last_due_ ? last_due_->next_due : first_due_) = &s;
    last_due_ = &s;
}

// ---- what is done about it ----

inline void http2_session::look_at_due() {
    while (http2_stream* const s = first_due_) {
        first_due_ = s->next_due;
        if (!first_due_) last_due_ = nullptr;
        s->is_due = false;
        look_at(*s);
    }
}

inline void http2_session::look_at(http2_stream& s) {
    if (s.is_closed) return let_go(s);
    switch (s.phase) {
        case phase_type::head: return begin_request(s);
        case phase_type::content: return collect_content(s);
        case phase_type::handler:
            if (s.choice.use == body_use::stream && s.receiving.is_waiting()) {
                s.stop_waiting(now());
                set_deadline(s, now() + request_timeout(s));
            }
            return s.content_arrived();
        case phase_type::tunnel: return tell_tunnel(s);
        default: return;
    }
}

inline void http2_session::begin_request(http2_stream& s) {
    ++requests_;
    host().counters().requests.add();
    if (must_end_soon()) begin_drain();
    if (s.refusal != http::status::ok) return refuse(s, s.refusal);
    if (host().is_overloaded()) return shed(s);
    s.choice = host().app().route(s.req);
    s.content_bytes_max = content_bytes_max(s);
    if (!s.head.has_body()) return start_handler(s);
    if (s.content_bytes > s.content_bytes_max || s.head.content_length > s.content_bytes_max)
        return refuse(s, http::status::content_too_large);
    start_receiving(s);
    // Content nobody wants is dropped first as well, as over HTTP/1.1; but a client that asked whether it
    // should send is told by the answer.
    const bool waits =
        s.choice.use == body_use::whole || (s.choice.use == body_use::none && !s.head.expects_continue);
    if (!waits) return start_handler(s);
    if (s.choice.admit && !s.is_content_complete) {
        s.choice.is_admitted = s.choice.admit(s.choice, s.req, s.answer);
        if (!s.choice.is_admitted) return begin_answer(s);
    }
    s.phase = phase_type::content;
    if (s.choice.use == body_use::none) {
        content_taken(s, s.held_bytes);
        s.drop_content();
    } else {
        hold_no_window(s);
    }
    collect_content(s);
}

// The connection has served its time, or the server wants to be rid of it.
inline bool http2_session::must_end_soon() noexcept {
    if (state_ != state::open) return false;
    if (host().is_draining() || host().is_full()) return true;
    const std::uint32_t most = options().requests_per_connection;
    if (most != 0 && requests_ >= most) return host().reached(server_limit::requests_per_connection), true;
    if (now() < opened_ + options().connection_lifetime) return false;
    return host().reached(server_limit::connection_time), true;
}

inline void http2_session::collect_content(http2_stream& s) {
    if (s.refusal != http::status::ok) return refuse(s, s.refusal);
    if (s.is_content_complete) {
        s.req.set_content(s.whole_content());
        return start_handler(s);
    }
    s.stop_waiting(now());
    if (s.choice.use == body_use::whole) send_continue(s);
    set_deadline(s, s.receiving.wait(now()));
}

inline void http2_session::start_receiving(http2_stream& s) noexcept {
    duration longest = options().body_timeout;
    std::uint64_t rate = options().body_rate_min;
    if (const route_times* own = s.choice.times) {
        if (own->body_timeout > duration::zero()) longest = own->body_timeout;
        if (own->has_body_rate) rate = own->body_rate_min;
    }
    s.receiving.start(options().body_grace, longest, rate);
}

inline std::uint64_t http2_session::content_bytes_max(const http2_stream& s) const noexcept {
    if (s.choice.body_bytes_max > 0) return s.choice.body_bytes_max;
    return s.choice.use == body_use::stream ? options().stream_bytes_max : options().body_bytes_max;
}

inline duration http2_session::request_timeout(const http2_stream& s) const noexcept {
    const route_times* own = s.choice.times;
    return own && own->request_timeout > duration::zero() ? own->request_timeout : options().request_timeout;
}

inline void http2_session::send_continue(http2_stream& s) noexcept {
    if (!s.head.expects_continue || s.has_sent_continue || s.content_bytes > 0) return;
    s.has_sent_continue = true;
    std::uint8_t name[] = {':', 's', 't', 'a', 't', 'u', 's'}, value[] = {'1', '0', '0'};
    const nghttp2_nv line{name, value, sizeof name, sizeof value, NGHTTP2_NV_FLAG_NONE};
    static_cast<void>(
        nghttp2_submit_headers(library_.get(), NGHTTP2_FLAG_NONE, s.id, nullptr, &line, 1, nullptr));
}

inline void http2_session::start_handler(http2_stream& s) {
    s.phase = phase_type::handler;
    s.deadline = no_deadline;
    s.ctx.set_deadline(s.choice.use == body_use::stream ? no_deadline : now() + request_timeout(s));
    s.ctx.set_activity(s.req.route_pattern());
    {
        const scheduler::working_on activity(host().home(), s.ctx.activity());
        s.choice.start(s.choice, s.req, s.answer);
    }
    if (!s.answer.is_running()) return begin_answer(s);
    host().handler_waits(s.is_counted);
    ++running_count_;
    last_running_ = s.req.route();
    if (!s.is_reading()) set_deadline(s, now() + request_timeout(s));
}

// ---- what a handler asks for ----

inline void http2_session::content_wanted(http2_stream& s) noexcept {
    send_continue(s);
    set_deadline(s, s.receiving.wait(now()));
    if (!is_in_library_) advance_later();
}

inline void http2_session::content_taken(http2_stream& s, std::size_t bytes) noexcept {
    if (s.held_bytes == 0 || bytes == 0) return;
    s.held_bytes -= bytes;
    static_cast<void>(nghttp2_session_consume(library_.get(), s.id, bytes));
    if (!is_in_library_) advance_later();
}

// ---- the end of a stream ----

// The library has forgotten it: answered, or reset by one of the two sides.
inline void http2_session::let_go(http2_stream& s) noexcept {
    if (!s.is_running()) return recycle(s);
    s.taken_over() ? tell_tunnel(s) : s.cancel(errc::closed);
}

inline void http2_session::recycle(http2_stream& s) noexcept {
    collected_bytes_ -= s.collected_bytes;
    answering_count_ -= s.has_content_to_send;
    worker_.give_back(s);
    if (--stream_count_ == 0) idle_since_ = now();
}

}  // namespace eventcore
