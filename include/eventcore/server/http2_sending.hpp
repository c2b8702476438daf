// How what an HTTP/2 connection has to send leaves: collected in the worker's buffer, sent with one call, and
// queued where the socket does not take it.
#pragma once

#include "eventcore/server/http2_steps.hpp"

namespace eventcore {

// Everything the library has, as far as the socket takes it. Never closes the connection: a handler may be on
// the stack, and its write have led here.
inline void http2_session::pump() noexcept {
    if (is_broken_ || is_in_library_ || state_ == state::lingering) return;
    try {
        while (send_queue() && fill()) send_output();
    } catch (...) {
        is_in_library_ = false;
        out_of_memory();
    }
    if (!is_broken_) return;
    worker_.drop_output();
    advance_later();
}

// True when there is something to send.
inline bool http2_session::fill() {
    byte_buffer& out = worker_.output();
    is_in_library_ = true;
    while (out.size() < batch_bytes) {
        const std::uint8_t* frame = nullptr;
        const ssize_t bytes = nghttp2_session_mem_send(library_.get(), &frame);
        if (bytes < 0) is_broken_ = true;
        if (bytes <= 0) break;
        out.append({reinterpret_cast<const char*>(frame), static_cast<std::size_t>(bytes)});
    }
    is_in_library_ = false;
    return !out.empty() && !is_broken_;
}

// True when nothing is queued any more.
inline bool http2_session::send_queue() noexcept {
    if (queued_.size() == queued_sent_) return true;
    if (!port_.can_send()) return false;
    const std::string_view left = queued_.view().substr(queued_sent_);
    const iovec part{const_cast<char*>(left.data()), left.size()};
    const io_result sent = port_.send(&part, 1);
    is_broken_ = !sent.ok() && !sent.would_block();
    sent_bytes_ += sent.bytes();
    queued_sent_ += sent.bytes();
    if (queued_sent_ < queued_.size()) return port_.want_write(), false;
    queued_.release();
    queued_sent_ = 0;
    sending_.stop();
    return !is_broken_;
}

inline void http2_session::send_output() {
    byte_buffer& out = worker_.output();
    io_result sent(-EAGAIN);
    if (port_.can_send()) {
        const iovec part{out.data(), out.size()};
        sent = port_.send(&part, 1);
        is_broken_ = !sent.ok() && !sent.would_block();
    }
    sent_bytes_ += sent.bytes();
    if (sent.bytes() < out.size() && !is_broken_) {
        queued_.append(out.view().substr(sent.bytes()));
        port_.want_write();
        sending_.wait(now(), options().write_timeout);
        arm(sending_.deadline());
    }
    out.clear();
}

// A stream whose content waits for its client, or for the client's window, is given time like a connection
// that does (RFC 9113, 10.5: windows that are kept small).
inline void http2_session::watch_the_unsent() noexcept {
    if (answering_count_ == 0) return;
    streams_.for_each([this](http2_stream& s) {
        const bool waits = (s.phase == phase_type::sending || s.phase == phase_type::streaming) &&
                           !s.to_send().empty() && !s.is_closed;
        if (!waits || s.deadline != no_deadline) return;
        s.sending.stop();
        s.sending.wait(now(), options().write_timeout);
        set_deadline(s, s.sending.deadline());
    });
}

}  // namespace eventcore
