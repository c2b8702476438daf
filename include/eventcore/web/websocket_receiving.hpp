// The receiving half of a WebSocket: from bytes to the message the handler waits for.
#pragma once

#include <cstring>

#include "eventcore/base/utf8.hpp"
#include "eventcore/web/websocket_core.hpp"

namespace eventcore::detail {

// Reads and takes frames until there is a message for the handler, or nothing more has arrived.
inline void websocket_core::pump(websocket_work& w) {
    using websockets::received;
    const websockets::receive_limits limits{
        options_.frame_bytes_max ? options_.frame_bytes_max : options_.message_bytes_max,
        options_.message_bytes_max, server_bits_ != 0};
    while (!w.pending && !holds_message_ && !is_broken_ && !has_close_) {
        received what = received::nothing;
        if (!w.in.empty()) what = w.decoder.next(w.in.first(), w.in.size(), w.in.capacity(), limits);
        switch (what) {
            case received::nothing:
                if (!w.in.empty()) w.in.consume(w.decoder.consumed());
                if (!read_more(w)) return;
                continue;
            case received::text: take_message(w, true); continue;
            case received::binary: take_message(w, false); continue;
            case received::ping:
                if (is_open()) queue(w, websockets::opcode::pong, w.decoder.payload(), false);
                break;
            case received::pong: break;
            case received::close: take_close(w); break;
            case received::failed: return fail(w.decoder.failure());
        }
        w.in.consume(w.decoder.consumed());
    }
}

// False: nothing has come, or it is not the time to look.
inline bool websocket_core::read_more(websocket_work& w) {
    if (w.unsent() > options_.watermark_bytes) return false;  // a peer that does not read is not read either
    if (++w.reads > reads_per_turn) return turn_later(), false;
    w.in.make_room(input_bytes);
    std::size_t got = 0;
    switch (io_.read(w.in.room(), w.in.room_bytes(), got)) {
        case flow::ready:
            w.in.commit(got);
            heard();
            return true;
        case flow::would_block: return false;
        case flow::end:
        case flow::failed: break;
    }
    break_off();
    return false;
}

inline void websocket_core::take_message(websocket_work& w, bool is_text) {
    std::string_view payload = w.decoder.payload();
    const std::size_t consumed = w.decoder.consumed();
    if (!is_open()) return w.in.consume(consumed);
    if (w.decoder.is_compressed() && !expand(w, payload, is_text)) return;
    w.pending = message(payload, is_text);
    w.to_consume = consumed;
}

inline bool websocket_core::expand(websocket_work& w, std::string_view& payload, bool is_text) {
    using websockets::expand_status;
    w.expanded.clear();
    const expand_status status = options_.deflate.codec->expand(
        w.expander, payload, w.expanded, options_.message_bytes_max, client_bits_, keeps_client_context_);
    if (status == expand_status::too_large) return fail(close_code::message_too_big), false;
    if (status == expand_status::no_memory) return fail(close_code::internal_error), false;
    payload = w.expanded.view();
    if (status == expand_status::malformed || (is_text && !is_utf8(payload)))
        return fail(close_code::invalid_data), false;
    return true;
}

// Answered with the same code (RFC 6455, 5.5.1).
inline void websocket_core::take_close(websocket_work& w) {
    const websockets::close_reason said = websockets::parse_close(w.decoder.payload());
    if (said.fault != close_code::none) return fail(said.fault);
    has_close_ = is_clean_ = true;
    if (state_ == state::open) begin_close(said.code, {});
}

// What the peer sends cannot be trusted to begin where a frame begins: it is not listened to any more.
inline void websocket_core::fail(close_code why) {
    if (why == close_code::message_too_big) io_.reached(tunnel_limit::content);
    has_close_ = true;
    if (state_ == state::open) begin_close(static_cast<std::uint16_t>(why), {});
}

// A close with unread bytes would be a reset, and could take our Close away from the peer.
inline void websocket_core::linger(websocket_work& w) noexcept {
    for (unsigned reads = 0; reads < reads_per_turn; ++reads) {
        char dropped[4096];
        std::size_t got = 0;
        const flow outcome = io_.read(dropped, sizeof dropped, got);
        if (outcome == flow::would_block) return is_clean_ ? break_off() : void();
        if (outcome != flow::ready) return break_off();
    }
    static_cast<void>(w);
    turn_later();
}

// ---- receive() ----

inline bool websocket_core::try_receive() {
    websocket_work& w = work();
    EVENTCORE_ASSERT(w.receiver_waits == 0, "a WebSocket is received from by one coroutine at a time");
    if (holds_message_) {
        holds_message_ = false;
        w.in.consume(std::exchange(w.to_consume, 0));
        w.expanded.release();
    }
    if (!is_open()) return true;
    if (w.messages >= messages_per_turn) return turn_later(), false;
    pump(w);
    return w.pending || !is_open();
}

inline message websocket_core::take() noexcept {
    if (is_parked_ || !is_open()) return {};
    websocket_work& w = *reinterpret_cast<websocket_work*>(place_);
    if (!w.pending) return {};
    ++w.messages;
    holds_message_ = true;
    return std::exchange(w.pending, {});
}

inline void websocket_core::wait_to_receive(std::uintptr_t waiting) noexcept {
    reinterpret_cast<websocket_work*>(place_)->receiver_waits = waiting;
    if (!is_in_turn_) turn_later();
}

inline void websocket_core::forget_receiver() noexcept {
    if (is_released_) return;
    if (!is_parked_) {
        reinterpret_cast<websocket_work*>(place_)->receiver_waits = 0;
        return;
    }
    try {
        work().receiver_waits = 0;
        turn_later();
    } catch (...) {
        place_ = 0;
        is_broken_ = true;
        io_.set_deadline(now());
    }
}

// A wait that was cancelled, and may be one for a message.
inline void websocket_core::forget_wait(const websocket_wait& wait) noexcept {
    const std::uintptr_t waits =
        is_parked_ ? place_ : reinterpret_cast<websocket_work*>(place_)->receiver_waits;
    if (waits == (reinterpret_cast<std::uintptr_t>(&wait) | 1)) forget_receiver();
}

}  // namespace eventcore::detail
