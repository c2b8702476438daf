// The sending half of a WebSocket, and its end.
#pragma once

#include <cstring>

#include "eventcore/web/websocket_core.hpp"

namespace eventcore::detail {

inline bool websocket_core::send(websockets::opcode code, std::string_view payload) {
    if (!is_open()) return false;
    websocket_work& w = work();
    const websockets::deflate_options& deflate = options_.deflate;
    const bool may_compress = server_bits_ != 0 && payload.size() >= deflate.message_bytes_min;
    if (may_compress) {
        byte_buffer small;
        if (deflate.codec->compress(w.compressor, payload, small, server_bits_, deflate.level,
                                    keeps_server_context_)) {
            queue(w, code, small.view(), true);
            return is_open();
        }
    }
    queue(w, code, payload, false);
    return is_open();
}

inline bool websocket_core::send_frame(std::string_view frame) {
    if (!is_open()) return false;
    websocket_work& w = work();
    if (frame.size() >= gather_bytes_min && w.unsent() == 0) {
        std::size_t taken = 0;
        if (!io_.write(&frame, 1, taken)) return break_off(), false;
        frame.remove_prefix(taken);
    }
    w.out.append(frame);
    turn_later();
    return true;
}

// Large payloads leave from where they are; the rest leaves together at the end of the turn.
inline void websocket_core::queue(websocket_work& w, websockets::opcode code, std::string_view payload,
                                  bool is_compressed) {
    if (payload.size() >= gather_bytes_min) {
        if (!send_gathered(w, code, payload, is_compressed)) return break_off();
    } else {
        char* const to = w.out.prepare(websockets::frame_header_bytes_max + payload.size());
        char* const body = websockets::write_frame_header(to, code, payload.size(), is_compressed);
        if (!payload.empty()) std::memcpy(body, payload.data(), payload.size());
        w.out.commit(static_cast<std::size_t>(body - to) + payload.size());
    }
    if (w.unsent() >= send_now_bytes)
        flush(w);
    else if (!is_in_turn_)
        turn_later();
}

// Behind what is queued, with one call; what the connection does not take is queued. False: it is broken.
inline bool websocket_core::send_gathered(websocket_work& w, websockets::opcode code,
                                          std::string_view payload, bool is_compressed) {
    char header[websockets::frame_header_bytes_max];
    const auto header_bytes = static_cast<std::size_t>(
        websockets::write_frame_header(header, code, payload.size(), is_compressed) - header);
    const std::string_view parts[] = {w.unsent_view(), {header, header_bytes}, payload};
    std::size_t taken = 0;
    if (!io_.write(parts, 3, taken)) return false;
    const std::size_t of_queue = taken < parts[0].size() ? taken : parts[0].size();
    w.out_sent += of_queue;
    taken -= of_queue;
    for (std::string_view part : {parts[1], parts[2]}) {
        const std::size_t gone = taken < part.size() ? taken : part.size();
        w.out.append(part.substr(gone));
        taken -= gone;
    }
    return true;
}

inline void websocket_core::flush(websocket_work& w) noexcept {
    if (w.unsent() > 0) {
        const std::string_view part = w.unsent_view();
        std::size_t taken = 0;
        if (!io_.write(&part, 1, taken)) return break_off();
        w.out_sent += taken;
        if (taken > 0 || w.write_deadline == no_deadline) w.write_deadline = now() + options_.write_timeout;
    }
    if (w.unsent() == 0) {
        w.write_deadline = no_deadline;
        w.out_sent = 0;
        if (w.out.capacity() > send_now_bytes)
            w.out.release();
        else
            w.out.clear();
    } else if (w.out_sent > send_now_bytes && w.out_sent > w.unsent()) {
        const std::size_t left = w.unsent();
        std::memmove(w.out.data(), w.out.data() + w.out_sent, left);
        w.out.truncate(left);
        w.out_sent = 0;
    }
    if (w.unsent() > options_.watermark_bytes / 2) return;
    wake_senders(w);
}

// ---- the end ----

inline void websocket_core::begin_close(std::uint16_t code, std::string_view reason) {
    if (!is_open()) return;
    websocket_work& w = work();
    char payload[websockets::control_payload_bytes_max];
    std::size_t size = 0;
    if (websockets::may_be_sent(code)) {
        payload[size++] = static_cast<char>(code >> 8);
        payload[size++] = static_cast<char>(code & 255);
        const std::string_view text = reason.substr(0, sizeof payload - size);
        if (!text.empty()) std::memcpy(payload + size, text.data(), text.size());
        size += text.size();
    }
    queue(w, websockets::opcode::close, {payload, size}, false);
    state_ = state::closing;
    w.close_deadline = now() + options_.close_timeout;
    wake_senders(w, errc::closed);
    if (!is_in_turn_) turn_later();
}

// Both have said Close, and ours has been taken: the peer is shown the end of our bytes, and sees it before
// the connection goes. The handler has nobody left to work for.
inline void websocket_core::advance_closing(websocket_work& w) noexcept {
    if (state_ == state::closing && has_close_ && w.unsent() == 0 && !is_broken_) {
        io_.end();
        state_ = state::lingering;
        w.close_deadline = now() + options_.close_timeout;
        ctx_.cancel(errc::closed);
    }
    if (state_ == state::lingering && !is_broken_) linger(w);
}

// The connection is lost without a word.
inline void websocket_core::break_off() noexcept {
    if (is_broken_) return;
    is_broken_ = true;
    ctx_.cancel(errc::closed);
    turn_later();
}

inline void websocket_core::end_handler() noexcept {
    const std::exception_ptr failure = handler_.promise().exception();
    std::exchange(handler_, {}).destroy();
    if (failure) io_.report_failure(ctx_.activity() ? *ctx_.activity() : std::string_view{}, failure);
    try {
        begin_close(static_cast<std::uint16_t>(failure ? close_code::internal_error : close_code::normal),
                    {});
    } catch (...) {
        is_broken_ = true;
    }
}

}  // namespace eventcore::detail
