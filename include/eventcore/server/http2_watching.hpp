// What passes between an HTTP/2 client and the library, frame by frame: what the library would let pass, and
// what costs a client more than it may ask for (RFC 9113, 5.1 and 10.5).
#pragma once

#include "eventcore/server/http2_steps.hpp"

namespace eventcore {

inline void http2_session::take_input(std::string_view bytes) {
    std::size_t fed = 0, at = 0;
    bool has_reset = false;  // in what is not fed yet
    while (at < bytes.size() && state_ < state::failed) {
        http2_frame_header frame;
        bool is_header = false;
        at += frames_.next(bytes.substr(at), frame, is_header);
        if (!is_header) break;
        // To be judged by the state that the frames before it have left.
        const bool depends = frame.type == NGHTTP2_SETTINGS || has_reset || is_gone(frame);
        if (depends) {
            feed(bytes.substr(fed, at - fed));
            fed = at;
        }
        has_reset = frame.type == NGHTTP2_RST_STREAM;
        if (state_ < state::failed) look_at_frame(frame);
    }
    if (state_ < state::failed) feed(bytes.substr(fed));
    if (header_block_stream_ == 0)
        header_deadline_ = no_deadline;
    else if (header_deadline_ == no_deadline)
        arm(header_deadline_ = now() + options().header_timeout);
}

inline void http2_session::feed(std::string_view bytes) {
    is_in_library_ = true;
    const ssize_t taken = nghttp2_session_mem_recv(
        library_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    is_in_library_ = false;
    if (taken < 0) take_failed(taken);
}

inline void http2_session::take_failed(ssize_t error) {
    switch (error) {
        case NGHTTP2_ERR_NOMEM: throw std::bad_alloc();
        case NGHTTP2_ERR_CALLBACK_FAILURE:
            return fail(failure_code_ != 0 ? failure_code_ : std::uint32_t{NGHTTP2_INTERNAL_ERROR});
        case NGHTTP2_ERR_FLOODED: host().reached(server_limit::http2_idle_frames); break;
        case http2_library::too_many_continuations: host().reached(server_limit::field_section); break;
        default: return fail(NGHTTP2_PROTOCOL_ERROR);
    }
    fail(NGHTTP2_ENHANCE_YOUR_CALM);
}

inline void http2_session::look_at_frame(const http2_frame_header& frame) noexcept {
    bool is_fair = true;
    switch (frame.type) {
        case NGHTTP2_DATA: break;
        case NGHTTP2_HEADERS:
        case NGHTTP2_CONTINUATION: look_at_block(frame); break;
        case NGHTTP2_RST_STREAM:
            reset_streams_.remove(frame.stream);
            is_fair = spend(resets_, server_limit::http2_resets);
            break;
        case NGHTTP2_PING:  // some clients measure the path by them while they receive
        case NGHTTP2_WINDOW_UPDATE:
            if (paid_frames_ > 0)
                --paid_frames_;
            else
                is_fair = spend(idle_frames_, server_limit::http2_idle_frames);
            break;
        case NGHTTP2_PRIORITY:
            // RFC 7540, 5.3.1, and of the tree that it makes all that is left.
            if (frame.stream == 0 || frame.dependency == frame.stream) return fail(NGHTTP2_PROTOCOL_ERROR);
            is_fair = spend(idle_frames_, server_limit::http2_idle_frames);
            break;
        case NGHTTP2_SETTINGS:
            replies_before_ = nghttp2_session_get_outbound_queue_size(library_.get());
            is_fair = spend(idle_frames_, server_limit::http2_idle_frames);
            break;
        default: is_fair = spend(idle_frames_, server_limit::http2_idle_frames); break;
    }
    if (!is_fair) return fail(NGHTTP2_ENHANCE_YOUR_CALM);
    if (is_gone(frame)) return look_at_gone(frame);
    if (frame.type == NGHTTP2_HEADERS && frame.stream > newest_stream_) newest_stream_ = frame.stream;
}

// A header block that goes on and on is decoded, or ignored, as it comes; but it has to end.
inline void http2_session::look_at_block(const http2_frame_header& frame) noexcept {
    const bool goes_on = frame.type == NGHTTP2_CONTINUATION;
    continuations_ = goes_on ? continuations_ + 1 : 0;
    const std::uint64_t bytes = (goes_on ? block_bytes_ : 0) + std::uint64_t{frame.length};
    const std::uint64_t most = std::uint64_t{header_list_factor} *
                               (options().limits.field_section_bytes + options().limits.request_line_bytes);
    block_bytes_ = static_cast<std::uint32_t>(bytes < most ? bytes : most);
    if (bytes <= most && continuations_ <= continuations_max) return;
    host().reached(server_limit::field_section);
    fail(NGHTTP2_ENHANCE_YOUR_CALM);
}

// Belongs to a stream that was, and is no more.
inline bool http2_session::is_gone(const http2_frame_header& frame) const noexcept {
    if (frame.type != NGHTTP2_DATA && frame.type != NGHTTP2_HEADERS) return false;
    return (frame.stream & 1) != 0 && frame.stream <= newest_stream_ && state_ < state::leaving &&
           !stream_of(frame.stream);
}

inline void http2_session::look_at_gone(const http2_frame_header& frame) noexcept {
    if (reset_streams_.has(frame.stream)) {
        if (frame.flags & NGHTTP2_FLAG_END_STREAM) reset_streams_.remove(frame.stream);
        return;
    }
    if (frame.type == NGHTTP2_HEADERS) return fail(NGHTTP2_STREAM_CLOSED);
    static_cast<void>(
        nghttp2_submit_rst_stream(library_.get(), NGHTTP2_FLAG_NONE, frame.stream, NGHTTP2_STREAM_CLOSED));
}

}  // namespace eventcore
