// A bound on how long a task may take: `co_await with_timeout(5s, fetch(url))`.
//
// The task runs in a child context that carries the deadline. When it passes, the context is cancelled with
// errc::timed_out, and the task is still awaited to its end: nothing of it runs on afterwards.
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/task.hpp"

namespace eventcore {

namespace detail {

template <class T>
struct result_of {
    using type = result<T>;
    static constexpr bool is_result = false;
};
template <class U>
struct result_of<result<U>> {
    using type = result<U>;
    static constexpr bool is_result = true;
};

// A context whose deadline is kept by a timer.
class timed_context : public child_context, private timer {
 public:
    timed_context(context& parent, time_point latest) noexcept
        : child_context(parent, latest), timer(&expired) {
        if (deadline() <= home().now())
            cancel(errc::timed_out);
        else if (deadline() != no_deadline)
            home().arm(*this, deadline());
    }

 private:
    static void expired(timer& t) noexcept { static_cast<timed_context&>(t).cancel(errc::timed_out); }
};

}  // namespace detail

// The outcome of `work`, or why it could not be had: errc::timed_out, or the reason for which the surrounding
// context was cancelled. A task<result<U>> answers for itself: what it returns is handed on, a value that was
// ready in time as well as its own error. Any other value counts only when the task ended before the
// cancellation. What the task throws passes through.
template <class T>
task<typename detail::result_of<T>::type> with_deadline(time_point deadline, task<T> work) {
    context& surrounding = co_await this_context();
    detail::timed_context own(surrounding, deadline);
    task<T> child = std::move(work);  // declared after `own`, so that it is destroyed before
    if constexpr (detail::result_of<T>::is_result) {
        co_return co_await detail::await_under<T>(own, child);
    } else if constexpr (std::is_void_v<T>) {
        co_await detail::await_under<T>(own, child);
        co_return result<>(own.reason());
    } else {
        T value = co_await detail::await_under<T>(own, child);
        if (own.is_cancelled()) co_return own.reason();
        co_return std::move(value);
    }
}

// The time begins when the result is awaited.
template <class T>
task<typename detail::result_of<T>::type> with_timeout(duration length, task<T> work) {
    context& surrounding = co_await this_context();
    const time_point deadline = saturating_add(surrounding.home().now(), length);
    co_return co_await with_deadline(deadline, std::move(work));
}

}  // namespace eventcore
