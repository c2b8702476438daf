// Children that end before their parent goes on: the only place where a coroutine starts another without
// awaiting it.
//
//   ec::scope children(co_await ec::this_context());
//   children.spawn(pump, std::move(source), std::ref(target));   // a function and its arguments
//   children.spawn(watch(stream));                               // or a task
//   co_await children.join();                                    // all have ended; rethrows a failure
//
// A child that throws cancels its siblings; join() still waits for all of them. Cancelling the parent
// cancels the children. A scope that is left without join() (an exception, a destroyed frame) cancels its
// children and destroys them where they wait. A child's arguments live as long as the child; a lambda's
// captures would not, which is why spawn() refuses them.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/trampoline.hpp"

namespace eventcore {

namespace detail {

// What scope, when_all and when_any share: a context for the children, how many of them run, what the first
// failure was, and who waits for the last one.
class join_group {
 public:
    class join_operation;
    static constexpr std::size_t none = ~std::size_t{0};

    explicit join_group(context& parent, bool first_ends_all = false) noexcept
        : context_(parent), first_ends_all_(first_ends_all) {}
    ~join_group();

    context& ctx() noexcept { return context_; }
    std::size_t running() const noexcept { return running_; }
    // The index that the first child to end gave; `none` before.
    std::size_t first() const noexcept { return first_; }

    void child_begins() noexcept { ++running_; }
    // The caller's last act: the parent may go on, and destroy the child, the group and itself, inside.
    void child_ended(std::size_t index, std::exception_ptr failure) noexcept {
        const bool is_first = first_ == none;
        if (is_first) first_ = index;
        if (first_ends_all_ ? is_first : failure && !failure_) {
            failure_ = std::move(failure);
            context_.cancel();
        }
        if (--running_ == 0 && waiting_) resume_waiting();
    }

    // Waits for the running children, also when cancelled; then rethrows the failure.
    [[nodiscard]] join_operation join() noexcept;

 private:
    void resume_waiting() noexcept;

    child_context context_;
    std::size_t running_ = 0;
    std::size_t first_ = none;
    std::exception_ptr failure_{};
    join_operation* waiting_ = nullptr;
    bool first_ends_all_;
};

class join_group::join_operation {
 public:
    explicit join_operation(join_group& group) noexcept : group_(&group) {}
    join_operation(const join_operation&) = delete;
    join_operation& operator=(const join_operation&) = delete;
    ~join_operation() {
        if (coroutine_ && group_) group_->waiting_ = nullptr;
    }

    bool await_ready() const noexcept { return group_->running_ == 0; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept {
        EVENTCORE_ASSERT(!group_->waiting_, "a scope is joined by one coroutine at a time");
        coroutine_ = coroutine;
        group_->waiting_ = this;
    }
    void await_resume() const {
        if (group_->failure_) std::rethrow_exception(std::exchange(group_->failure_, {}));
    }

 private:
    friend class join_group;
    join_group* group_;
    std::coroutine_handle<> coroutine_{};  // set while waiting
};

inline join_group::~join_group() {
    if (waiting_) waiting_->group_ = nullptr;
}
inline join_group::join_operation join_group::join() noexcept { return join_operation(*this); }
inline void join_group::resume_waiting() noexcept {
    resume_chain(std::exchange(std::exchange(waiting_, nullptr)->coroutine_, {}));
}

// A child whose place is the frame of whoever joins it.
template <class T>
class joined : public ready_item {
 public:
    explicit joined(task<T>&& t) noexcept : ready_item(&ended), task_(std::move(t)) {}

    void start(join_group& group, std::size_t index) {
        group_ = &group;
        index_ = index;
        group.child_begins();
        if (task_.start(group.ctx(), *this)) group.child_ended(index, task_.exception());
    }
    T take() { return task_.take(); }

 private:
    static void ended(ready_item& item) noexcept {
        auto& self = static_cast<joined&>(item);
        self.group_->child_ended(self.index_, self.task_.exception());
    }

    join_group* group_ = nullptr;
    std::size_t index_ = 0;
    task<T> task_;
};

struct sibling : list_node {};

// A child on its own, in a recycled block: it lives from spawn() until it has ended.
class spawned : public ready_item, public sibling {
 public:
    using destroy_function = void (*)(spawned*) noexcept;
    spawned(join_group& group, task<> child, destroy_function how) noexcept
        : ready_item(&ended), group_(&group), destroy_(how), task_(std::move(child)) {}

    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }

    void start() {
        group_->child_begins();
        if (task_.start(group_->ctx(), *this)) ended(*this);
    }
    void destroy() noexcept { destroy_(this); }

 private:
    static void ended(ready_item& item) noexcept {
        auto& self = static_cast<spawned&>(item);
        join_group& group = *self.group_;
        std::exception_ptr failure = self.task_.exception();
        self.destroy();
        group.child_ended(0, std::move(failure));
    }

    join_group* group_;
    destroy_function destroy_;
    task<> task_;
};

template <class... Args>
struct spawn_arguments {
    std::tuple<Args...> values;
};

// The arguments are a base before the child, so that they are made before its coroutine and destroyed after
// it.
template <class... Args>
class spawned_with final : private spawn_arguments<Args...>, public spawned {
 public:
    template <class Function>
    spawned_with(join_group& group, Function& function, Args&... arguments)
        : spawn_arguments<Args...>{{std::move(arguments)...}},
          spawned(group, call(function, this->values), &destroy_this) {}

 private:
    template <class Function>
    static task<> call(Function& function, std::tuple<Args...>& values) {
        return std::apply([&](Args&... arguments) { return function(std::move(arguments)...); }, values);
    }
    static void destroy_this(spawned* self) noexcept { delete static_cast<spawned_with*>(self); }
};

}  // namespace detail

class scope {
 public:
    explicit scope(context& parent) noexcept : group_(parent) {}
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() {
        group_.ctx().cancel();
        while (!children_.empty()) static_cast<detail::spawned&>(children_.pop_front()).destroy();
    }

    // What the children inherit.
    context& ctx() noexcept { return group_.ctx(); }
    std::size_t running() const noexcept { return group_.running(); }

    // Starts the child at once; returns when it first waits or has ended.
    void spawn(task<> child) {
        auto identity = [](task<>&& t) { return std::move(t); };
        start(new detail::spawned_with<task<>>(group_, identity, child));
    }
    // Calls function(arguments…), with copies of the arguments that live as long as the child. What is to be
    // shared has to be said, with a pointer or std::ref(x), and has to outlive the scope.
    template <class Function, class... Args>
    void spawn(Function function, Args... arguments) {
        static_assert(!is_task_v<Function>,
                      "eventcore: a spawned task hands back nothing; let it store its result (task<>)");
        static_assert(std::is_pointer_v<Function> || std::is_empty_v<Function>,
                      "eventcore: spawn takes a function and its arguments; a lambda's captures would die "
                      "before the coroutine");
        static_assert(std::is_invocable_r_v<task<>, Function&, Args&&...>,
                      "eventcore: spawn cannot make a task<> from this function and these arguments; "
                      "arguments are passed by value (std::ref for a reference)");
        start(new detail::spawned_with<Args...>(group_, function, arguments...));
    }

    // Asks the children to end, and those to come. join() still waits for them.
    void cancel(std::error_code reason = errc::canceled) noexcept { group_.ctx().cancel(reason); }

    // `co_await children.join();`: waits until no child runs, then rethrows what the first failed child
    // threw.
    [[nodiscard]] auto join() noexcept { return group_.join(); }

 private:
    void start(detail::spawned* child) {
        children_.push_back(*child);
        child->start();
    }

    detail::join_group group_;
    intrusive_list<detail::sibling> children_;
};

// A scope that cannot be left without being joined:
//
//   co_await ec::with_scope([&](ec::scope& children) -> ec::task<> { children.spawn(…); co_return; });
//
// Ends when the body and all it spawned have ended; the first failure of any of them cancels the others.
template <class Body>
task<> with_scope(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>,
                  "eventcore: the body of with_scope may capture references and trivial values only; g++ 12 "
                  "destroys other captures twice");
    scope children(co_await this_context());
    children.spawn(body(children));
    co_await children.join();
}

}  // namespace eventcore
