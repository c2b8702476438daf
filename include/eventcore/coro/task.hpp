// task<T>: a coroutine that starts when it is awaited, is awaited once, and hands back a T or an exception.
//
//   ec::task<int> answer() { co_return 42; }
//   ec::task<> caller()    { int n = co_await answer(); … }
//
// The awaiting coroutine owns the awaited one, and passes its context on: cancellation, deadline and home
// reach every operation below without being named. A child that finishes without waiting never suspends its
// parent. Frames come from the thread's recycler.
#pragma once

#include <coroutine>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/trampoline.hpp"

namespace eventcore {

template <class T = void>
class task;

// `template <only_if_used = nullptr>` in front of a coroutine in a header: g++ 12 compiles every coroutine
// that is an ordinary inline function, called or not; of a template it compiles what is called.
using only_if_used = decltype(nullptr);

namespace detail {

// What an awaitable may have: told the context before it is asked whether it is ready.
template <class Awaitable>
concept takes_context = requires(Awaitable& a, context& c) { a.attach(c); };

// What a co_await really awaits. The awaitable, mostly a temporary, stays where it is to the end of the full
// expression; handed on as a reference, g++ 12 would copy it into the frame, and operations do not copy.
template <class Awaitable>
class awaiter_ref {
 public:
    explicit awaiter_ref(Awaitable& awaitable) noexcept : awaitable_(awaitable) {}
    bool await_ready() { return awaitable_.await_ready(); }
    auto await_suspend(std::coroutine_handle<> coroutine) { return awaitable_.await_suspend(coroutine); }
    decltype(auto) await_resume() { return awaitable_.await_resume(); }

 private:
    Awaitable& awaitable_;
};

class promise_base {
 public:
    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        recycler::deallocate(frame, bytes);
    }

    std::suspend_always initial_suspend() noexcept { return {}; }
    // Empty: what it held would be in every frame.
    struct finished {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            const promise_base& promise = ended.promise();
            if (promise.continuation_)
                continue_with(promise.continuation_);
            else if (promise.on_finished_)
                promise.context_->home().schedule(*promise.on_finished_);
        }
        void await_resume() noexcept {}
    };
    finished final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    template <class Awaitable>
    awaiter_ref<std::remove_reference_t<Awaitable>> await_transform(Awaitable&& awaitable) noexcept {
        if constexpr (takes_context<std::remove_reference_t<Awaitable>>) awaitable.attach(*context_);
        return awaiter_ref<std::remove_reference_t<Awaitable>>(awaitable);
    }

    void set_context(context& c) noexcept { context_ = &c; }
    void set_continuation(std::coroutine_handle<> parent) noexcept { continuation_ = parent; }
    void set_on_finished(ready_item* item) noexcept { on_finished_ = item; }
    const std::exception_ptr& exception() const noexcept { return exception_; }
    void rethrow_if_failed() const {
        if (exception_) std::rethrow_exception(exception_);
    }

 private:
    context* context_ = nullptr;
    std::coroutine_handle<> continuation_{};  // who awaits this; null for a root and while being started
    ready_item* on_finished_ = nullptr;       // what to schedule when a root ends
    std::exception_ptr exception_{};
};

template <class T>
class promise final : public promise_base {
 public:
    promise() noexcept {}
    ~promise() {
        if (has_value_) value_.~T();
    }
    task<T> get_return_object() noexcept;

    template <class U = T>  // the default lets `co_return {a, b}` mean T{a, b}
        requires std::is_constructible_v<T, U&&>
    void return_value(U&& value) {
        ::new (static_cast<void*>(&value_)) T(std::forward<U>(value));
        has_value_ = true;
    }
    T take() {
        rethrow_if_failed();
        return std::move(value_);
    }

 private:
    union {
        T value_;
    };
    bool has_value_ = false;
};

template <class T>
class promise<T&> final : public promise_base {
 public:
    task<T&> get_return_object() noexcept;
    void return_value(T& value) noexcept { value_ = &value; }
    T& take() {
        rethrow_if_failed();
        return *value_;
    }

 private:
    T* value_ = nullptr;
};

template <>
class promise<void> final : public promise_base {
 public:
    task<void> get_return_object() noexcept;
    void return_void() noexcept {}
    void take() { rethrow_if_failed(); }
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
 public:
    using promise_type = detail::promise<T>;
    using value_type = T;

    // No task: false, and good for assigning to or destroying only.
    task() noexcept = default;
    task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
    task& operator=(task&& other) noexcept {
        if (this == &other) return *this;
        if (coroutine_) coroutine_.destroy();
        coroutine_ = std::exchange(other.coroutine_, {});
        return *this;
    }
    // Destroying a task that has not ended destroys what it waits for; nothing it started outlives it.
    ~task() {
        if (coroutine_) coroutine_.destroy();
    }

    // Awaiting: `co_await std::move(t)` or `co_await f()`. Used by the compiler.
    void attach(context& c) noexcept {
        EVENTCORE_ASSERT(coroutine_, "an empty task was awaited");
        coroutine_.promise().set_context(c);
    }
    bool await_ready() {
        coroutine_.resume();  // nested: one that ends without waiting never suspends its parent
        return coroutine_.done();
    }
    void await_suspend(std::coroutine_handle<> parent) noexcept {
        coroutine_.promise().set_continuation(parent);
    }
    T await_resume() { return coroutine_.promise().take(); }

    // Roots, for whoever joins tasks (scope, a connection, a test). Runs until it first waits; true when it
    // ended. If it did not, `on_finished` is scheduled when it does. The task must outlive that moment.
    bool start(context& c, ready_item& on_finished) {
        attach(c);
        resume_chain(coroutine_);
        if (coroutine_.done()) return true;
        coroutine_.promise().set_on_finished(&on_finished);
        return false;
    }
    bool is_done() const noexcept { return coroutine_.done(); }
    explicit operator bool() const noexcept { return static_cast<bool>(coroutine_); }
    // What a root that is_done() threw; null when it ended with a value.
    std::exception_ptr exception() const noexcept { return coroutine_.promise().exception(); }
    // The outcome of a root that is_done(); throws what the coroutine threw.
    T take() { return coroutine_.promise().take(); }
    // Gives up the frame; the caller destroys it.
    [[nodiscard]] std::coroutine_handle<promise_type> release() noexcept {
        return std::exchange(coroutine_, {});
    }

 private:
    friend promise_type;
    explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}
template <class T>
task<T&> promise<T&>::get_return_object() noexcept {
    return task<T&>(std::coroutine_handle<promise>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<promise>::from_promise(*this));
}

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

}  // namespace detail

template <class T>
inline constexpr bool is_task_v = detail::is_task<T>::value;

// `context& c = co_await this_context();`: the context of the coroutine that asks. Never suspends.
class this_context {
 public:
    this_context() noexcept {}
    void attach(context& c) noexcept { context_ = &c; }
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    context& await_resume() const noexcept { return *context_; }

 private:
    context* context_ = nullptr;
};

}  // namespace eventcore
