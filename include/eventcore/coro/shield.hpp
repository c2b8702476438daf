// Work that has to end once it has begun: `co_await shield(commit(transaction))`.
//
// The task runs on the same home without the surrounding deadline, and the cancellation of the surrounding
// context does not reach it; whoever awaits waits for its end. To bound it: shield(with_timeout(5s, …)).
#pragma once

#include <coroutine>
#include <utility>

#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"

namespace eventcore {

namespace detail {

// Awaits a task under another context than the awaiting coroutine's own. Both must outlive the await.
template <class T>
class await_under {
 public:
    await_under(context& c, task<T>& t) noexcept : context_(&c), task_(&t) {}
    bool await_ready() {
        task_->attach(*context_);
        return task_->await_ready();
    }
    void await_suspend(std::coroutine_handle<> parent) noexcept { task_->await_suspend(parent); }
    T await_resume() { return task_->await_resume(); }

 private:
    context* context_;
    task<T>* task_;
};

}  // namespace detail

template <class T>
task<T> shield(task<T> work) {
    context& surrounding = co_await this_context();
    context own(surrounding.home());
    task<T> child = std::move(work);  // declared after `own`, so that it is destroyed before
    co_return co_await detail::await_under<T>(own, child);
}

}  // namespace eventcore
