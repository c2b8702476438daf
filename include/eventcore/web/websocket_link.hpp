// A way to send to a WebSocket from elsewhere: other tasks, other workers, other threads.
//
//   ec::websocket_link link = ec::link_to(ws);    // a small value, copied freely, outlives the WebSocket
//   link.send("news");                            // false: it is gone already
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "eventcore/base/recycler.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/web/websocket.hpp"
#include "eventcore/web/websocket_frame.hpp"

namespace eventcore {

namespace detail {

// Listens for the end of the WebSocket; that registration is one of the references.
class link_state final : public cancel_listener {
 public:
    explicit link_state(websocket_core& core) noexcept
        : cancel_listener(&ended), home_(&core.ctx().home()), core_(&core) {
        core.ctx().listen(*this);
    }
    void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    bool send(frame_ref frame, slow_consumer when_full);
    bool is_open() noexcept {
        const lock_guard lock(mutex_);
        return core_ != nullptr;
    }

 private:
    struct delivery final : inbox_item {
        delivery(link_state& s, frame_ref f, slow_consumer w) noexcept
            : inbox_item(&arrived), state(s), frame(std::move(f)), when_full(w) {}
        static void arrived(inbox_item& item) noexcept {
            auto& self = static_cast<delivery&>(item);
            self.state.deliver(self.frame.view(), self.when_full);
            self.state.drop();
            delete &self;
        }
        link_state& state;
        frame_ref frame;
        slow_consumer when_full;
    };

    static void ended(cancel_listener& listener, std::error_code) noexcept {
        auto& self = static_cast<link_state&>(listener);
        {
            const lock_guard lock(self.mutex_);
            self.core_ = nullptr;
        }
        self.drop();
    }
    void deliver(std::string_view frame, slow_consumer when_full) noexcept;

    std::atomic<std::uint32_t> references_{2};
    mutex mutex_;  // guards core_: while it is there, its worker is
    scheduler* home_;
    websocket_core* core_;
};

// On its home thread: queues a frame that nobody waits for.
inline bool queue_unawaited(websocket_core& core, std::string_view frame, slow_consumer when_full) noexcept {
    try {
        if (core.has_room_for(frame.size())) return core.send_frame(frame);
        core.count_full_queue();
        if (when_full != slow_consumer::drop)
            core.begin_close(static_cast<std::uint16_t>(close_code::try_again_later), "too slow");
    } catch (...) {  // no memory: this message is lost
        core.count_full_queue();
    }
    return false;
}

inline void link_state::deliver(std::string_view frame, slow_consumer when_full) noexcept {
    if (core_) queue_unawaited(*core_, frame, when_full);  // written on this thread only
}

inline bool link_state::send(frame_ref frame, slow_consumer when_full) {
    if (scheduler::current() == home_)
        return core_ != nullptr && queue_unawaited(*core_, frame.view(), when_full);
    auto* posted = new delivery(*this, std::move(frame), when_full);
    const lock_guard lock(mutex_);
    if (!core_) return delete posted, false;
    hold();
    home_->post(*posted);
    return true;
}

}  // namespace detail

class websocket_link {
 public:
    // On the WebSocket's own worker.
    explicit websocket_link(const websocket& ws) : state_(new detail::link_state(ws.core())) {}
    websocket_link(const websocket_link& other) noexcept : state_(other.state_) { state_->hold(); }
    websocket_link(websocket_link&& other) noexcept : state_(other.state_) { state_->hold(); }
    websocket_link& operator=(const websocket_link& other) noexcept {
        other.state_->hold();
        state_->drop();
        state_ = other.state_;
        return *this;
    }
    ~websocket_link() { state_->drop(); }

    // Any thread: sends a text or binary message, in the order of the calls of one thread. False: the
    // WebSocket has ended, or, where that is known at once, its queue was full.
    bool send(std::string_view text, slow_consumer when_full = slow_consumer::close) const {
        return state_->send(frame_of(websockets::opcode::text, text), when_full);
    }
    bool send_binary(std::string_view bytes, slow_consumer when_full = slow_consumer::close) const {
        return state_->send(frame_of(websockets::opcode::binary, bytes), when_full);
    }
    // Any thread. It may end at any moment.
    bool is_open() const noexcept { return state_->is_open(); }

 private:
    static detail::frame_ref frame_of(websockets::opcode code, std::string_view payload) {
        return detail::frame_ref(detail::shared_frame::make(code, payload));
    }
    detail::link_state* state_;  // never null
};

inline websocket_link link_to(const websocket& ws) { return websocket_link(ws); }

}  // namespace eventcore
