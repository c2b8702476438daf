// Several tasks at once, the first to end decides:
//
//   std::variant<message, std::monostate> first = co_await when_any(inbox.receive(), stop.wait_task());
//   winner<reply> fastest = co_await when_any(std::move(replicas));       // fastest.index, fastest.value
//
// The others are cancelled and awaited, and what they return or throw is dropped. When the first to end
// threw, that is rethrown. A task that ends without waiting keeps those after it from starting.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "eventcore/base/assert.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/when_all.hpp"

namespace eventcore {

// Which of several tasks ended first, and with what (std::monostate for a task<>).
template <class T>
struct winner {
    std::size_t index;
    detail::value_of<T> value;
};

namespace detail {

template <class... Ts>
using first_value = std::variant<value_of<Ts>...>;

template <std::size_t I, class... Ts>
first_value<Ts...> take_as(std::tuple<joined<Ts>...>& children) {
    return first_value<Ts...>(std::in_place_index<I>, take_value(std::get<I>(children)));
}

template <class... Ts, std::size_t... Is>
first_value<Ts...> take_first(std::tuple<joined<Ts>...>& children, std::size_t first,
                              std::index_sequence<Is...>) {
    using take_function = first_value<Ts...> (*)(std::tuple<joined<Ts>...>&);
    constexpr std::array<take_function, sizeof...(Ts)> take{&take_as<Is, Ts...>...};
    return take[first](children);
}

}  // namespace detail

// The variant's index() is the position of the task that ended first.
template <class... Ts>
task<detail::first_value<Ts...>> when_any(task<Ts>... tasks) {
    static_assert(sizeof...(Ts) > 0, "eventcore: when_any needs a task to wait for");
    detail::join_group group(co_await this_context(), true);
    std::tuple<detail::joined<Ts>...> children(std::move(tasks)...);
    detail::start_all(group, children);
    co_await group.join();
    co_return detail::take_first(children, group.first(), std::index_sequence_for<Ts...>());
}

// The vector must not be empty.
template <class T>
task<winner<T>> when_any(std::vector<task<T>> tasks) {
    EVENTCORE_ASSERT(!tasks.empty(), "when_any needs a task to wait for");
    detail::join_group group(co_await this_context(), true);
    detail::joined_vector<T> children(tasks);
    children.start(group);
    co_await group.join();
    const std::size_t first = group.first();
    co_return winner<T>{first, detail::take_value(children[first])};
}

}  // namespace eventcore
