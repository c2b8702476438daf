// Resuming coroutines without growing the stack.
//
// A coroutine that ends names its successor instead of jumping to it, and the one loop in resume_chain()
// jumps. Symmetric transfer would be the textbook way, but g++ 12 makes it a tail call at -O2 only: a
// million ready awaits overflow the stack at -O0 and under ASan. The loop costs the same and its depth is
// constant.
#pragma once

#include <coroutine>
#include <utility>

namespace eventcore {

namespace detail {

struct trampoline_state {
    std::coroutine_handle<> next{};  // who runs when the running coroutine gives control back
    bool running = false;            // a resume_chain() is on this thread's stack
};
inline constinit thread_local trampoline_state trampoline{};

}  // namespace detail

// Resumes a suspended coroutine and everyone whose turn that makes it. Every resumption of a suspended
// coroutine goes through here, on the thread that is its home.
inline void resume_chain(std::coroutine_handle<> coroutine) {
    detail::trampoline_state& state = detail::trampoline;
    const detail::trampoline_state outer = std::exchange(state, {{}, true});
    do {
        coroutine.resume();
        coroutine = std::exchange(state.next, {});
    } while (coroutine);
    state = outer;
}

namespace detail {

// For final_suspend: let `successor` run next.
inline void continue_with(std::coroutine_handle<> successor) {
    if (trampoline.running && !trampoline.next)
        trampoline.next = successor;
    else
        resume_chain(successor);  // resumed by somebody else's loop: be that loop
}

}  // namespace detail

}  // namespace eventcore
