// An HTTP/2 stream from the end of its handler to its last frame.
#pragma once

#include "eventcore/http/h1/serializer.hpp"
#include "eventcore/reactor/file.hpp"
#include "eventcore/server/http1_answer.hpp"
#include "eventcore/server/http2_steps.hpp"

namespace eventcore {

namespace detail {

template <std::size_t N>
nghttp2_nv http2_line(const char (&name)[N], std::string_view value,
                      std::uint8_t flags = NGHTTP2_NV_FLAG_NONE) noexcept {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), N - 1, value.size(),
            static_cast<std::uint8_t>(flags | NGHTTP2_NV_FLAG_NO_COPY_NAME)};
}
// The library makes the name lower-case, as HTTP/2 wants it. What is secret, or new each time, is not worth a
// place in the table (RFC 7541, 7.1.3).
inline nghttp2_nv http2_line(const http::field_view& field) noexcept {
    const bool is_kept = field.id != http::field_id::set_cookie && field.id != http::field_id::etag;
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
            field.value.size(),
            static_cast<std::uint8_t>(is_kept ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX)};
}

}  // namespace detail

// The handler has ended, now or before: its answer, or the one that has to take its place.
inline void http2_session::begin_answer(http2_stream& s) {
    s.deadline = no_deadline;
    if (s.answer.failure()) host().report_failure(s.req.route(), s.answer.failure());
    if (s.is_closed) return;
    if (s.refusal != http::status::ok) return refuse(s, s.refusal);
    if (s.error() == errc::timed_out) return refuse(s, http::status::request_timeout);
    if (s.error()) return reset(s, NGHTTP2_CANCEL);
    if (s.ctx.is_cancelled()) return refuse(s, http::status::service_unavailable);
    response& answer = s.answer.value();
    const bool is_tunnel = answer.kind() == content_kind::tunnel;
    const bool may_tunnel = s.can_tunnel() != tunnel_form::none;
    if (is_tunnel && may_tunnel) return begin_tunnel(s);
    // A success would tell the client that the tunnel is open.
    const bool asks_for_one = may_tunnel || s.head.verb == http::method::connect;
    if (is_tunnel || (asks_for_one && http::is_successful(answer.code())))
        return refuse(s, http::status::not_implemented);
    if (!can_be_sent(answer)) {
        host().report_unsendable(s.req.route());
        s.answer.finish(http::status::internal_server_error);
    }
    if (answer.code() == http::status::too_many_requests) host().reached(server_limit::rate);
    s.phase = phase_type::sending;
    s.content_left = answer.content();
    submit(s, &answer.fields(), answer.has_known_length(), answer.content_length(), answer.content_type(),
           answer.code());
}

// Answers with an error of our own. What the client still sends of its request it may stop sending.
inline void http2_session::refuse(http2_stream& s, http::status why) {
    host().counters().refusals.add();
    if (why == http::status::uri_too_long) host().reached(server_limit::request_line);
    if (why == http::status::request_header_fields_too_large) host().reached(server_limit::field_section);
    if (why == http::status::content_too_large) host().reached(server_limit::content);
    s.refusal = why;
    s.phase = phase_type::sending;
    s.deadline = no_deadline;
    std::string text(http::reason_phrase(why));
    text += '\n';
    s.answer.finish(response(why, std::move(text)));
    s.content_left = s.answer.value().content();
    submit(s, nullptr, true, s.content_left.size(), response::plain_text, why);
}

// Cheaper than anything else that could be done.
inline void http2_session::shed(http2_stream& s) {
    host().reached(server_limit::overload);
    host().counters().refusals.add();
    s.phase = phase_type::sending;
    submit(s, &host().retry_after(), true, 0, {}, http::status::service_unavailable);
}

inline void http2_session::submit(http2_stream& s, const http::fields* fields, bool has_known_length,
                                  std::uint64_t length, std::string_view content_type, http::status code) {
    if (s.held_bytes > 0) {  // nobody will read it
        content_taken(s, s.held_bytes);
        s.drop_content();
    }
    if (!http::is_valid(code)) code = http::status::internal_server_error;
    const h1::content_rules rules = h1::rules_for(s.head.verb, code, 1, has_known_length);
    answer_numbers numbers;
    h1::detail::put_decimal(numbers.status, http::code_of(code));
    const char* const end = h1::detail::put_decimal(numbers.length, length);
    plain_vector<nghttp2_nv>& lines = worker_.lines();
    lines.clear();
    lines.push_back(detail::http2_line(":status", {numbers.status, sizeof numbers.status}));
    add_lines(fields, content_type);
    if (rules.framing == h1::content_framing::content_length)
        lines.push_back(detail::http2_line("content-length",
                                           {numbers.length, static_cast<std::size_t>(end - numbers.length)}));

    const bool has_content = rules.sends_content && (!has_known_length || length > 0);
    submit_lines(s, has_content);
    const content_kind kind = s.answer.value().kind();
    s.has_content_to_send = has_content;
    answering_count_ += has_content;
    if (!has_content)
        s.phase = phase_type::over;
    else if (kind == content_kind::stream || kind == content_kind::file)
        start_stream(s);
}

// The head that was put together, and what is to be sent behind it.
inline void http2_session::submit_lines(http2_stream& s, bool has_content) {
    if (!s.is_content_complete) has_answered_early_ = true;
    plain_vector<nghttp2_nv>& lines = worker_.lines();
    nghttp2_data_provider content{};
    content.source.ptr = &s;
    content.read_callback = &choose_content;
    const int outcome = nghttp2_submit_response(library_.get(), s.id, lines.begin(), lines.size(),
                                                has_content ? &content : nullptr);
    if (outcome == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

// What decides about the connection or the framing is HTTP/2's own, or the server's.
inline void http2_session::add_lines(const http::fields* fields, std::string_view content_type) {
    plain_vector<nghttp2_nv>& lines = worker_.lines();
    bool has_server = options().server_name.empty(), has_content_type = content_type.empty();
    if (fields && !fields->empty()) {
        for (const http::field_view field : *fields) {
            if (h1::is_framing_field(field.id)) continue;
            has_server |= field.id == http::field_id::server;
            has_content_type |= field.id == http::field_id::content_type;
            lines.push_back(detail::http2_line(field));
        }
    }
    if (!has_content_type) lines.push_back(detail::http2_line("content-type", content_type));
    h1::response_head ending;
    host().give_ending(ending);
    if (!has_server) lines.push_back(detail::http2_line("server", ending.server));
    lines.push_back(detail::http2_line("date", ending.date));
}

// A file is a stream that we write: its pieces are read without stopping the worker.
inline void http2_session::start_stream(http2_stream& s) {
    s.phase = phase_type::streaming;
    s.is_queued = true;
    s.ctx.set_deadline(no_deadline);
    response& answer = s.answer.value();
    std::exception_ptr failure;
    try {
        const bool is_file = answer.kind() == content_kind::file;
        if (!s.start_producer(is_file ? send_file(s.writer(), answer.file())
                                      : answer.start_stream(s.writer()))) {
            host().handler_waits(s.is_counted);
            ++running_count_;
            last_running_ = s.req.route();
            if (host().closes_idle()) s.tell_drain();
            return;
        }
        failure = s.end_producer();
    } catch (...) {
        failure = std::current_exception();
    }
    end_stream(s, std::move(failure));
}

// The end of the stream says that the content is complete: content that failed must not get it.
inline void http2_session::end_stream(http2_stream& s, std::exception_ptr failure) {
    if (failure) host().report_failure(s.req.route(), failure);
    if (s.is_closed) return;
    if (failure || s.error() || s.ctx.is_cancelled()) return reset(s, NGHTTP2_INTERNAL_ERROR);
    s.phase = phase_type::sending;
    content_queued(s, false);
}

inline task<> http2_session::send_file(body_writer& out, file_region& region) {
    constexpr std::size_t piece_bytes = 64 * 1024;
    byte_buffer piece;
    char* const to = piece.prepare(piece_bytes);
    const shared_fd source = std::move(region.file);
    std::uint64_t offset = region.offset, left = region.length;
    while (left > 0) {
        const std::size_t wanted = left < piece_bytes ? static_cast<std::size_t>(left) : piece_bytes;
        const result<std::size_t> got = co_await file::transfer_operation(file_operation::kind_type::read,
                                                                          source.get(), to, wanted, offset);
        // The disk has failed or the file has shrunk: the promised length cannot be kept.
        if (!got || *got == 0) throw std::system_error(got ? make_error_code(errc::closed) : got.error());
        offset += *got;
        left -= *got;
        const std::string_view bytes{to, *got};
        if (!co_await out.write(bytes)) co_return;
    }
}

inline void http2_session::reset(http2_stream& s, std::uint32_t code) noexcept {
    s.phase = phase_type::over;
    s.deadline = no_deadline;
    static_cast<void>(nghttp2_submit_rst_stream(library_.get(), NGHTTP2_FLAG_NONE, s.id, code));
}

// ---- what a handler asks for ----

inline void http2_session::content_queued(http2_stream& s, bool at_once) noexcept {
    if (s.is_closed || state_ == state::lingering) return;
    if (s.is_deferred) {
        s.is_deferred = false;
        static_cast<void>(nghttp2_session_resume_data(library_.get(), s.id));
    }
    if (is_in_library_) return;
    at_once ? pump() : advance_later();
}

inline void http2_session::coroutine_finished(http2_stream& s) noexcept {
    --running_count_;
    host().handler_ended(s.is_counted);
    try {
        if (s.phase == phase_type::streaming) {
            end_stream(s, s.end_producer());
        } else if (s.answer.is_running()) {
            s.answer.settle(s.req);
            begin_answer(s);
        } else {
            static_cast<void>(s.end_producer());
        }
        // One that is due will be looked at.
        if (s.is_closed && !s.is_due) recycle(s);
    } catch (...) {
        out_of_memory();
    }
    advance();
}

// ---- what the library calls while it writes ----

inline ssize_t http2_session::choose_content(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t most,
                                             std::uint32_t* flags, nghttp2_data_source* source,
                                             void*) noexcept {
    auto& s = *static_cast<http2_stream*>(source->ptr);
    const std::size_t there = s.to_send().size();
    if (there == 0 && !s.is_complete_answer()) {
        s.is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    const std::size_t now = there < most ? there : most;
    if (now == there && s.is_complete_answer()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        s.has_sent_end = true;
        if (!s.taken_over()) s.phase = phase_type::over;
    }
    return static_cast<ssize_t>(now);
}

inline int http2_session::send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_header,
                                       std::size_t bytes, nghttp2_data_source* source, void* user) noexcept {
    constexpr std::size_t frame_header_bytes = 9;
    auto& s = *static_cast<http2_stream*>(source->ptr);
    http2_session& self = of(user);
    try {
        byte_buffer& out = self.worker_.output();
        if (out.size() >= batch_bytes) return NGHTTP2_ERR_WOULDBLOCK;  // it asks again when that was sent
        char* const to = out.prepare(frame_header_bytes + bytes);
        std::memcpy(to, frame_header, frame_header_bytes);
        if (bytes > 0) std::memcpy(to + frame_header_bytes, s.to_send().data(), bytes);
        out.commit(frame_header_bytes + bytes);
    } catch (...) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    s.sent(bytes);
    const std::uint32_t most = self.options().http2.idle_frames_max;
    if (self.paid_frames_ < most) self.paid_frames_ += paid_per_frame;
    return 0;
}

inline int http2_session::on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    http2_session& self = of(user);
    if (frame->hd.type != NGHTTP2_RST_STREAM) {
        // Answered before its request was complete: the rest need not come (RFC 9113, 8.1).
        const bool is_last = frame->hd.type <= NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
        if (!is_last || !self.has_answered_early_) return 0;
        http2_stream* const s = self.stream_of(frame->hd.stream_id);
        if (s && !s->is_content_complete && !s->taken_over()) self.reset(*s, NGHTTP2_NO_ERROR);
        return 0;
    }
    const http2_stream* const ended = self.stream_of(frame->hd.stream_id);
    if (!ended || !ended->is_content_complete) self.reset_streams_.add(frame->hd.stream_id);
    // What the client has provoked costs it as much as what it resets itself.
    switch (frame->rst_stream.error_code) {
        case NGHTTP2_NO_ERROR:
        case NGHTTP2_CANCEL:
        case NGHTTP2_INTERNAL_ERROR: return 0;
        case NGHTTP2_REFUSED_STREAM: self.host().reached(server_limit::http2_streams); break;
        default: break;
    }
    if (!self.spend(self.resets_, server_limit::http2_resets)) self.failure_code_ = NGHTTP2_ENHANCE_YOUR_CALM;
    return 0;
}

}  // namespace eventcore
