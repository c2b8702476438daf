// What every co_await inherits: the home scheduler, an absolute deadline, and the wish to stop.
//
// Contexts form a tree (child_context): cancelling one cancels those below it. Cancellation is a request; an
// operation answers it by completing early with the reason, and whoever awaits it still waits for that
// completion. One thread, no atomics, no allocation.
#pragma once

#include <coroutine>
#include <cstdint>
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
        : home_(&home), number_(deadline.time_since_epoch().count()) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    scheduler& home() const noexcept { return *home_; }
    // Once cancelled there is none.
    time_point deadline() const noexcept {
        return is_cancelled() ? no_deadline : time_point(duration(number_));
    }
    void set_deadline(time_point deadline) noexcept {
        if (!is_cancelled()) number_ = deadline.time_since_epoch().count();
    }

    // What coroutines under this context work for, see scheduler::activity(). Null: nothing with a name.
    const std::string_view* activity() const noexcept { return activity_; }
    void set_activity(const std::string_view* name) noexcept { activity_ = name; }

    bool is_cancelled() const noexcept { return reason_category_ != nullptr; }
    // Why; an empty code while not cancelled.
    std::error_code reason() const noexcept {
        if (!is_cancelled()) return {};
        return {static_cast<int>(number_), *reason_category_};
    }

    // Asks everything that waits under this context to stop. The first reason stays. Nothing is resumed from
    // within this call: woken coroutines run from the ready queue.
    void cancel(std::error_code reason = errc::canceled) noexcept {
        if (is_cancelled() || !reason) return;
        set_reason(reason);
        while (!listeners_.empty()) {
            cancel_listener& listener = listeners_.pop_front();
            listener.fire_(listener, reason);
        }
    }
    // Makes the context usable again for the next request of a connection. Nothing may be listening.
    void reset() noexcept {
        EVENTCORE_ASSERT(listeners_.empty(), "a context was reset while somebody waits under it");
        reason_category_ = nullptr;
        number_ = no_deadline.time_since_epoch().count();
        activity_ = nullptr;
    }

    void listen(cancel_listener& listener) noexcept { listeners_.push_back(listener); }

 private:
    friend class child_context;

    void set_reason(std::error_code reason) noexcept {
        number_ = reason.value();
        reason_category_ = &reason.category();
    }

    scheduler* home_;
    std::int64_t number_;  // the deadline, and once cancelled the value of the reason
    const std::error_category* reason_category_ = nullptr;  // set once cancelled
    const std::string_view* activity_ = nullptr;
    intrusive_list<cancel_listener> listeners_;
};

static_assert(sizeof(context) <= 48);  // every connection that waits for long has one

// Below `parent`, which outlives it: the same home, cancelled when the parent is, and no later deadline. The
// deadline is only kept here; with_deadline() is what arms a timer for it.
class child_context : public context, private cancel_listener {
 public:
    explicit child_context(context& parent, time_point deadline = no_deadline) noexcept
        : context(parent.home(), deadline < parent.deadline() ? deadline : parent.deadline()),
          cancel_listener(&parent_cancelled) {
        activity_ = parent.activity_;
        if (parent.is_cancelled())
            set_reason(parent.reason());
        else
            parent.listen(*this);
    }
    explicit child_context(child_context& parent, time_point deadline = no_deadline) noexcept
        : child_context(static_cast<context&>(parent), deadline) {}

 private:
    static void parent_cancelled(cancel_listener& listener, std::error_code reason) noexcept {
        static_cast<child_context&>(listener).cancel(reason);
    }
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
