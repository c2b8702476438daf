// Waiting for a time: `co_await sleep_for(20ms)`, `co_await sleep_until(when)`.
//
// Resumes from the ready queue, never early and at most a tick late. When the context is cancelled it resumes
// soon after and the result holds the reason. "Now" is the time of the scheduler's turn.
#pragma once

#include <coroutine>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/context.hpp"

namespace eventcore {

class sleep_operation : public suspension, private timer {
 public:
    explicit sleep_operation(time_point until) noexcept
        : suspension(&cancelled), timer(&expired), until_(until) {}
    explicit sleep_operation(duration length) noexcept
        : suspension(&cancelled), timer(&expired), length_(length), relative_(true) {}

    bool await_ready() noexcept {
        const time_point now = ctx().home().now();
        if (relative_) until_ = saturating_add(now, length_);
        return until_ <= now && !ctx().is_cancelled();
    }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        ctx().home().arm(*this, until_);
        return true;
    }
    result<> await_resume() const noexcept { return error(); }

 private:
    static void expired(timer& t) noexcept { static_cast<sleep_operation&>(t).complete(); }
    static void cancelled(suspension& s, std::error_code reason) noexcept {
        auto& self = static_cast<sleep_operation&>(s);
        self.ctx().home().disarm(self);
        self.complete(reason);
    }

    time_point until_{};
    duration length_{};
    bool relative_ = false;
};

[[nodiscard]] inline sleep_operation sleep_until(time_point when) noexcept { return sleep_operation(when); }
[[nodiscard]] inline sleep_operation sleep_for(duration length) noexcept { return sleep_operation(length); }

}  // namespace eventcore
