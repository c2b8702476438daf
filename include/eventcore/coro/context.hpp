// What every co_await inherits: the home scheduler, an absolute deadline, and the wish to stop.
//
// Contexts form a tree: cancelling one cancels those below it. Cancellation is a request; an operation
// answers it by completing early with the reason, and whoever awaits it still waits for that completion. One
// thread, no atomics, no allocation.
#pragma once

#include <coroutine>
#include <string_view>

#include "eventcore/base/error.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/coro/trampoline.hpp"

namespace eventcore {

// Told once when a context is cancelled; linked while it wants to know.
class cancel_listener : public list_node {
 public:
    using fire_function = void (*)(cancel_listener&, std::error_code reason) noexcept;
    explicit cancel_listener(fire_function fire) noexcept : fire_(fire) {}

 private:
    friend class context;
    fire_function fire_;
};

class context {
 public:
    // A root: for a connection, a test, a program's main task.
    explicit context(scheduler& home, time_point deadline = no_deadline) noexcept
        : home_(&home), deadline_(deadline), in_parent_(*this) {}
    // Below `parent`: the same home, cancelled when the parent is, and no later deadline. The deadline is
    // only kept here; with_deadline() is what arms a timer for it.
    explicit context(context& parent, time_point deadline = no_deadline) noexcept
        : home_(parent.home_),
          deadline_(deadline < parent.deadline_ ? deadline : parent.deadline_),
          activity_(parent.activity_),
          reason_(parent.reason_),
          in_parent_(*this) {
        if (!reason_) parent.listeners_.push_back(in_parent_);
    }
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    scheduler& home() const noexcept { return *home_; }
    time_point deadline() const noexcept { return deadline_; }
    void set_deadline(time_point deadline) noexcept { deadline_ = deadline; }

    // What coroutines under this context work for, see scheduler::activity(). Null: nothing with a name.
    const std::string_view* activity() const noexcept { return activity_; }
    void set_activity(const std::string_view* name) noexcept { activity_ = name; }

    bool is_cancelled() const noexcept { return static_cast<bool>(reason_); }
    // Why; an empty code while not cancelled.
    std::error_code reason() const noexcept { return reason_; }

    // Asks everything that waits under this context to stop. The first reason stays. Nothing is resumed from
    // within this call: woken coroutines run from the ready queue.
    void cancel(std::error_code reason = errc::canceled) noexcept {
        if (reason_) return;
        reason_ = reason;
        while (!listeners_.empty()) {
            cancel_listener& listener = listeners_.pop_front();
            listener.fire_(listener, reason);
        }
    }
    // Makes the context usable again for the next request of a connection. Nothing may be listening.
    void reset() noexcept {
        EVENTCORE_ASSERT(listeners_.empty(), "a context was reset while somebody waits under it");
        if (reason_) reason_.clear();
        deadline_ = no_deadline;
        activity_ = nullptr;
    }

    void listen(cancel_listener& listener) noexcept { listeners_.push_back(listener); }

 private:
    struct link_to_owner : cancel_listener {
        explicit link_to_owner(context& c) noexcept : cancel_listener(&parent_cancelled), owner(&c) {}
        context* owner;
    };
    static void parent_cancelled(cancel_listener& listener, std::error_code reason) noexcept {
        static_cast<link_to_owner&>(listener).owner->cancel(reason);
    }

    scheduler* home_;
    time_point deadline_;
    const std::string_view* activity_ = nullptr;
    std::error_code reason_{};
    intrusive_list<cancel_listener> listeners_;
    link_to_owner in_parent_;
};

// The base of every leaf awaitable: one coroutine, suspended until complete() or cancellation.
//
// A derived awaiter starts its operation in await_suspend() after suspend() has returned true, calls
// complete() exactly once when it ends, and undoes the operation in its on_cancel function, which must also
// lead to complete() (at once, or when the kernel has let go of the buffers).
class suspension : private ready_item, private cancel_listener {
 public:
    suspension(const suspension&) = delete;
    suspension& operator=(const suspension&) = delete;

    // Called by the promise before await_ready().
    void attach(context& c) noexcept { context_ = &c; }

 protected:
    using cancel_function = void (*)(suspension&, std::error_code reason) noexcept;
    explicit suspension(cancel_function on_cancel) noexcept
        : ready_item(&run_ready), cancel_listener(&cancelled), on_cancel_(on_cancel) {}
    ~suspension() = default;

    context& ctx() const noexcept { return *context_; }
    std::error_code error() const noexcept { return error_; }
    // True between suspend() and complete().
    bool is_pending() const noexcept { return pending_; }

    // False when the context is cancelled already: do not start; the coroutine goes on with error() set.
    [[nodiscard]] bool suspend(std::coroutine_handle<> coroutine) noexcept {
        if (context_->is_cancelled()) {
            error_ = context_->reason();
            return false;
        }
        coroutine_ = coroutine;
        pending_ = true;
        context_->listen(*this);
        return true;
    }
    // The operation has ended; the coroutine runs from the ready queue.
    void complete(std::error_code error = {}) noexcept {
        EVENTCORE_ASSERT(pending_, "an operation completed twice");
        pending_ = false;
        error_ = error;
        cancel_listener::unlink();
        context_->home().schedule(*this);
    }

 private:
    static void run_ready(ready_item& item) noexcept {
        auto& self = static_cast<suspension&>(item);
        const scheduler::working_on activity(self.context_->home(), self.context_->activity());
        resume_chain(self.coroutine_);
    }
    static void cancelled(cancel_listener& listener, std::error_code reason) noexcept {
        auto& self = static_cast<suspension&>(listener);
        self.on_cancel_(self, reason);
    }

    context* context_ = nullptr;
    std::coroutine_handle<> coroutine_;
    cancel_function on_cancel_;
    std::error_code error_{};
    bool pending_ = false;
};

}  // namespace eventcore
