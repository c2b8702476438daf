// A flag that coroutines of one worker wait for: set() lets all waiters go on, and later ones too until
// reset().
//
// Waiters resume from the ready queue, in the order in which they began to wait. No atomics: everything
// happens on the waiters' home thread. Who waits for an event that is destroyed waits until cancelled.
#pragma once

#include <coroutine>

#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/context.hpp"

namespace eventcore {

class event {
 public:
    class wait_operation;

    event() noexcept = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    bool is_set() const noexcept { return set_; }
    void set() noexcept;
    void reset() noexcept { set_ = false; }

    // `result<> r = co_await e.wait();`: at once when the event is set; an error when the wait was cancelled.
    [[nodiscard]] wait_operation wait() noexcept;

 private:
    struct waiter : list_node {
        explicit waiter(wait_operation& o) noexcept : operation(&o) {}
        wait_operation* operation;
    };

    intrusive_list<waiter> waiters_;  // empty while set_
    bool set_ = false;
};

class event::wait_operation : public suspension {
 public:
    explicit wait_operation(event& e) noexcept : suspension(&cancelled), event_(&e), waiter_(*this) {}

    bool await_ready() const noexcept { return event_->set_; }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        event_->waiters_.push_back(waiter_);
        return true;
    }
    result<> await_resume() const noexcept { return error(); }

 private:
    friend class event;
    static void cancelled(suspension& s, std::error_code reason) noexcept {
        auto& self = static_cast<wait_operation&>(s);
        self.waiter_.unlink();
        self.complete(reason);
    }

    event* event_;
    waiter waiter_;
};

inline void event::set() noexcept {
    set_ = true;
    while (!waiters_.empty()) waiters_.pop_front().operation->complete();
}

inline event::wait_operation event::wait() noexcept { return wait_operation(*this); }

}  // namespace eventcore
