// What moves a WebSocket: news, time, its handler.
#pragma once

#include <cstring>
#include <exception>
#include <utility>

#include "eventcore/web/websocket_core.hpp"
#include "eventcore/web/websocket_receiving.hpp"
#include "eventcore/web/websocket_sending.hpp"

namespace eventcore::detail {

inline websocket_core::websocket_core(scheduler& home, const websocket_options& options,
                                      const std::string_view* route, const agreement& agreed,
                                      websocket_starter* starter)
    : ctx_(home), options_(options), protocol_(agreed.protocol) {
    ctx_.set_activity(route);
    if (agreed.deflate.is_agreed) {
        server_bits_ = agreed.deflate.server_window_bits & 15;
        client_bits_ = agreed.deflate.client_window_bits & 15;
        keeps_server_context_ = agreed.deflate.server_context_takeover;
        keeps_client_context_ = agreed.deflate.client_context_takeover;
    }
    auto* w = new websocket_work(*this);
    w->starter = starter;
    place_ = reinterpret_cast<std::uintptr_t>(w);
}

inline void websocket_core::start(duplex io, std::string_view received) {
    io_ = io;
    heard();
    websocket_work& w = work();
    if (!received.empty()) {
        w.in.make_room(received.size() > input_bytes ? received.size() : input_bytes);
        std::memcpy(w.in.room(), received.data(), received.size());
        w.in.commit(received.size());
    }
    is_in_turn_ = true;
    websocket_starter* const starter = w.starter;
    try {
        task<> handler = starter->start(starter, *this);
        w.starter = nullptr;
        starter->destroy(starter);
        const scheduler::working_on activity(ctx_.home(), ctx_.activity());
        handler.start(ctx_, w.finished);
        handler_ = handler.release();
    } catch (...) {
        is_in_turn_ = false;
        throw;
    }
    is_in_turn_ = false;
    turn();
}

inline void websocket_core::on_news(std::uint8_t news) noexcept {
    // Nobody reads while the handler is at work: it is told of a peer that has gone by its cancellation.
    const bool is_gone = (news & news_of_the_end) != 0 && holds_message_ && state_ == state::open;
    if (is_gone) break_off();
    turn();
}

inline void websocket_core::drain() noexcept {
    try {
        begin_close(static_cast<std::uint16_t>(close_code::going_away), {});
    } catch (...) {
        is_broken_ = true;
    }
    turn();
}

inline void websocket_core::release() noexcept {
    is_released_ = true;
    is_broken_ = true;
    ctx_.cancel(errc::closed);
    if (handler_) std::exchange(handler_, {}).destroy();
    if (!is_parked_) {
        auto* w = reinterpret_cast<websocket_work*>(place_);
        wake_senders(*w, errc::closed);
        if (options_.deflate.codec) options_.deflate.codec->free_contexts(w->expander, w->compressor);
        delete w;
    }
    delete this;
}

// ---- one turn ----

inline void websocket_core::turn() noexcept {
    if (is_in_turn_) return;
    is_in_turn_ = true;
    try {
        websocket_work& w = work();
        w.messages = w.reads = 0;
        take_steps(w);
    } catch (...) {
        io_.reached(tunnel_limit::memory);
        is_broken_ = true;
        ctx_.cancel(errc::closed);
    }
    is_in_turn_ = false;
    finish_turn();
}

inline void websocket_core::take_steps(websocket_work& w) {
    if (handler_ && handler_.done()) end_handler();
    pump(w);
    if (w.receiver_waits && (w.pending || !is_open())) wake_receiver(w);
    if (handler_ && handler_.done()) {
        w.finished.unlink();
        end_handler();
    }
    if (!is_broken_) flush(w);
    advance_closing(w);
    if (is_broken_) wake_senders(w, errc::closed);
    if (w.receiver_waits && (w.pending || !is_open())) turn_later();
}

// The last thing in a turn: this may be gone afterwards.
inline void websocket_core::finish_turn() noexcept {
    if (is_broken_ && !handler_) return io_.close();
    if (is_parked_) return io_.set_deadline(idle_deadline());
    auto& w = *reinterpret_cast<websocket_work*>(place_);
    if (w.in.empty()) w.in.release();
    if (w.unsent() == 0) {
        w.out.release();
        w.out_sent = 0;
    }
    const time_point write = w.write_deadline, close = w.close_deadline;
    const bool listens = is_listening(w);
    if (is_at_rest(w)) park();
    const time_point idle = listens ? idle_deadline() : no_deadline;
    const time_point sooner = write < close ? write : close;
    io_.set_deadline(idle < sooner ? idle : sooner);
}

inline void websocket_core::turn_later() noexcept {
    if (is_parked_) return;
    auto& w = *reinterpret_cast<websocket_work*>(place_);
    if (!w.later.is_linked()) ctx_.home().schedule(w.later);
}

inline void websocket_core::resume(std::coroutine_handle<> coroutine) noexcept {
    const scheduler::working_on activity(ctx_.home(), ctx_.activity());
    resume_chain(coroutine);
}

inline void websocket_core::wake_receiver(websocket_work& w) noexcept {
    const std::uintptr_t waiting = std::exchange(w.receiver_waits, 0);
    if (waiting & 1)
        reinterpret_cast<websocket_wait*>(waiting & ~std::uintptr_t{1})->wake();
    else
        resume(std::coroutine_handle<>::from_address(reinterpret_cast<void*>(waiting)));
}

// ---- at rest ----

inline bool websocket_core::is_at_rest(const websocket_work& w) const noexcept {
    return w.receiver_waits != 0 && is_open() && !w.pending && w.in.empty() && w.decoder.is_at_rest() &&
           w.unsent() == 0 && w.senders.empty() && !w.later.is_linked() && !w.finished.is_linked() &&
           !w.expander && !w.compressor;
}

inline void websocket_core::park() noexcept {
    auto* w = reinterpret_cast<websocket_work*>(place_);
    place_ = w->receiver_waits;
    is_parked_ = true;
    if (handler_) handler_.promise().set_on_finished(nullptr);
    delete w;
}

inline void websocket_core::unpark() {
    auto* w = new websocket_work(*this);
    w->receiver_waits = place_;
    place_ = reinterpret_cast<std::uintptr_t>(w);
    is_parked_ = false;
    if (handler_) handler_.promise().set_on_finished(&w->finished);
}

// ---- time ----

// Whether what the peer sends is read, so that its silence means something.
inline bool websocket_core::is_listening(const websocket_work& w) const noexcept {
    return is_open() && !holds_message_ && !w.pending && w.unsent() <= options_.watermark_bytes;
}

inline time_point websocket_core::idle_deadline() const noexcept {
    if (options_.ping_after <= duration::zero()) return no_deadline;
    const std::uint32_t silent = ticks() - heard_;
    const time_point since = now() - silent * tick;
    return since + options_.ping_after + (has_pinged_ ? options_.pong_timeout : duration::zero());
}

inline void websocket_core::on_deadline() noexcept {
    time_point write = no_deadline, close = no_deadline;
    bool listens = is_open();
    if (!is_parked_) {
        const auto& w = *reinterpret_cast<websocket_work*>(place_);
        write = w.write_deadline, close = w.close_deadline;
        listens = is_listening(w);
    }
    const bool is_silent = listens && idle_deadline() <= now();
    if (write <= now() || (is_silent && has_pinged_)) {
        io_.reached(write <= now() ? tunnel_limit::write_time : tunnel_limit::idle_time);
        break_off();
    } else if (close <= now()) {
        break_off();
    } else if (is_silent) {
        try {
            queue(work(), websockets::opcode::ping, {}, false);
            has_pinged_ = true;
        } catch (...) {
            break_off();
        }
    }
    turn();
}

inline void websocket_work::run_later(ready_item& item) noexcept {
    static_cast<own_item&>(item).owner.turn();
}

inline void websocket_wait::cancelled(suspension& self, std::error_code reason) noexcept {
    auto& wait = static_cast<websocket_wait&>(self);
    wait.core().forget_wait(wait);
    wait.wake(reason);
}

}  // namespace eventcore::detail
