// A checkpoint in long work: `co_await yield()` lets everybody who is ready run first.
//
// The coroutine goes to the back of the ready queue and runs again in the next turn. The result holds the
// reason when the context is cancelled, so that a loop of pure computation can be stopped.
#pragma once

#include <coroutine>

#include "eventcore/base/result.hpp"
#include "eventcore/coro/context.hpp"

namespace eventcore {

class yield_operation : public suspension {
 public:
    yield_operation() noexcept : suspension(&cancelled) {}

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        complete();
        return true;
    }
    // Asks the context and not error(): it may have been cancelled while this was in the queue.
    result<> await_resume() const noexcept { return ctx().reason(); }

 private:
    // Never called: the operation has completed before anybody else runs.
    static void cancelled(suspension&, std::error_code) noexcept {}
};

[[nodiscard]] inline yield_operation yield() noexcept { return yield_operation(); }

}  // namespace eventcore
