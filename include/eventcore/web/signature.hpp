// The parameter types and the result type of a handler: a function, or a lambda with concrete parameter
// types.
#pragma once

#include <cstddef>
#include <type_traits>

#include "eventcore/coro/task.hpp"

namespace eventcore::detail {

template <class R, class... Args>
struct signature {
    using result = R;
    static constexpr std::size_t count = sizeof...(Args);
};

template <class F>
struct signature_of_member;
template <class C, class R, class... Args>
struct signature_of_member<R (C::*)(Args...)> {
    using type = signature<R, Args...>;
    static constexpr bool is_const = false;
};
template <class C, class R, class... Args>
struct signature_of_member<R (C::*)(Args...) noexcept> : signature_of_member<R (C::*)(Args...)> {};
template <class C, class R, class... Args>
struct signature_of_member<R (C::*)(Args...) const> {
    using type = signature<R, Args...>;
    static constexpr bool is_const = true;
};
template <class C, class R, class... Args>
struct signature_of_member<R (C::*)(Args...) const noexcept> : signature_of_member<R (C::*)(Args...) const> {
};

// An overloaded or generic call operator has no address, and so no signature.
template <class F>
struct signature_of {
    using type = void;
    static constexpr bool is_const = true;
};
template <class F>
    requires requires { &F::operator(); }
struct signature_of<F> : signature_of_member<decltype(&F::operator())> {};
template <class R, class... Args>
struct signature_of<R (*)(Args...)> {
    using type = signature<R, Args...>;
    static constexpr bool is_const = true;
};
template <class R, class... Args>
struct signature_of<R (*)(Args...) noexcept> : signature_of<R (*)(Args...)> {};

// What a handler's result is once a task has been awaited.
template <class R>
struct awaited {
    using type = R;
};
template <class R>
struct awaited<task<R>> {
    using type = R;
};

}  // namespace eventcore::detail
