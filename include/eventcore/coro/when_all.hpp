// Several tasks at once, all of them needed:
//
//   std::tuple<user, std::vector<post>> both = co_await when_all(load_user(id), load_posts(id));
//   std::vector<page> pages = co_await when_all(std::move(downloads));
//
// The first that throws cancels the others; all are awaited, then it is rethrown. A task that ended badly
// before a later one was started keeps that one from starting.
#pragma once

#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/task.hpp"

namespace eventcore {

namespace detail {

// What stands for a T among other values: void has no value of its own.
template <class T>
using value_of = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
value_of<T> take_value(joined<T>& child) {
    if constexpr (std::is_void_v<T>) {
        child.take();
        return {};
    } else {
        return child.take();
    }
}

template <class T>
void start_unless_cancelled(join_group& group, joined<T>& child, std::size_t index) {
    if (!group.ctx().is_cancelled() || index == 0) child.start(group, index);
}

// As many children as a vector has, in one recycled block.
template <class T>
class joined_vector {
 public:
    explicit joined_vector(std::vector<task<T>>& tasks) : count_(tasks.size()) {
        children_ = static_cast<joined<T>*>(recycler::allocate(count_ * sizeof(joined<T>)));
        for (std::size_t i = 0; i < count_; ++i)
            ::new (static_cast<void*>(children_ + i)) joined<T>(std::move(tasks[i]));
    }
    joined_vector(const joined_vector&) = delete;
    joined_vector& operator=(const joined_vector&) = delete;
    ~joined_vector() {
        for (std::size_t i = 0; i < count_; ++i) children_[i].~joined<T>();
        recycler::deallocate(children_, count_ * sizeof(joined<T>));
    }

    std::size_t size() const noexcept { return count_; }
    joined<T>& operator[](std::size_t index) noexcept { return children_[index]; }
    void start(join_group& group) {
        for (std::size_t i = 0; i < count_; ++i) start_unless_cancelled(group, children_[i], i);
    }

 private:
    joined<T>* children_ = nullptr;
    std::size_t count_;
};

template <class... Ts>
void start_all(join_group& group, std::tuple<joined<Ts>...>& children) {
    std::apply(
        [&](joined<Ts>&... each) {
            std::size_t index = 0;
            (start_unless_cancelled(group, each, index++), ...);
        },
        children);
}

template <class... Ts>
std::tuple<value_of<Ts>...> take_all(std::tuple<joined<Ts>...>& children) {
    return std::apply([](joined<Ts>&... each) { return std::tuple<value_of<Ts>...>(take_value(each)...); },
                      children);
}

}  // namespace detail

template <class... Ts>
task<std::tuple<detail::value_of<Ts>...>> when_all(task<Ts>... tasks) {
    detail::join_group group(co_await this_context());
    std::tuple<detail::joined<Ts>...> children(std::move(tasks)...);
    detail::start_all(group, children);
    co_await group.join();
    co_return detail::take_all(children);
}

// In the order of the tasks. The vector may be empty.
template <class T>
    requires(!std::is_void_v<T>)
task<std::vector<T>> when_all(std::vector<task<T>> tasks) {
    detail::join_group group(co_await this_context());
    detail::joined_vector<T> children(tasks);
    children.start(group);
    co_await group.join();
    std::vector<T> values;
    values.reserve(children.size());
    for (std::size_t i = 0; i < children.size(); ++i) values.push_back(children[i].take());
    co_return std::move(values);
}
template <only_if_used = nullptr>
task<> when_all(std::vector<task<>> tasks) {
    detail::join_group group(co_await this_context());
    detail::joined_vector<void> children(tasks);
    children.start(group);
    co_await group.join();
}

}  // namespace eventcore
