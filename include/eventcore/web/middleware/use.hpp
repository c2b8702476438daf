// What surrounds the routes below it in a router or group: middleware, state, limits.
//
//   ec::use(f)            f is one of
//                           ec::task<ec::response> f(ec::request&, ec::next)     before and after; may wait
//                           std::optional<ec::response> f(ec::request&)          answers, or lets pass
//                           void f(const ec::request&, ec::response&)            after the handler
//   ec::provide(value)    what handlers get as ec::state<T>; a pointer provides what it points to
//   ec::body_limit(n)     the largest content, in bytes, instead of the server's limit
//   ec::request_timeout(t), ec::body_timeout(t), ec::body_rate(n)
//                         likewise for server_options::request_timeout, body_timeout and body_rate_min
//
// Composed when compiled: a route without middleware has no trace of it, and the plain functions never make a
// coroutine frame around a plain handler. First declared is outermost.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

// The rest of the way to the handler, and back: `ec::response r = co_await next(req);`. A small value; valid
// while the request is.
class next {
 public:
    task<response> operator()(request& req) const { return stage_(*this, req); }

    // ---- for routes ----
    using stage_function = task<response> (*)(const next&, request&);
    next(stage_function stage, stage_function handler, const void* const* objects,
         const std::uint8_t* places) noexcept
        : stage_(stage), handler_(handler), objects_(objects), places_(places) {}
    next at(stage_function stage) const noexcept { return next(stage, handler_, objects_, places_); }
    task<response> handle(request& req) const { return handler_(*this, req); }
    const void* const* objects() const noexcept { return objects_; }
    const std::uint8_t* places() const noexcept { return places_; }

 private:
    stage_function stage_;
    stage_function handler_;
    const void* const* objects_;
    const std::uint8_t* places_;
};

namespace detail {

enum class scope_kind : std::uint8_t { around, guard, after, state, limit, invalid };

template <class F>
constexpr scope_kind middleware_kind() {
    if constexpr (std::is_invocable_r_v<task<response>, const F&, request&, next>)
        return scope_kind::around;
    else if constexpr (std::is_invocable_v<const F&, const request&, response&>)
        return scope_kind::after;
    else if constexpr (std::is_invocable_r_v<std::optional<response>, const F&, request&>)
        return scope_kind::guard;
    else
        return scope_kind::invalid;
}

template <class F>
struct middleware {
    F function;
    static constexpr scope_kind kind = middleware_kind<F>();
    using state_type = void;
    const void* object() const noexcept { return this; }
    static const F& from(const void* object) noexcept {
        return static_cast<const middleware*>(object)->function;
    }
};

template <class T>
struct provided {
    mutable T value;
    static constexpr scope_kind kind = scope_kind::state;
    using state_type = T;
    const void* object() const noexcept { return &value; }
};
template <class T>
struct provided<T*> {
    T* value;
    static constexpr scope_kind kind = scope_kind::state;
    using state_type = T;
    const void* object() const noexcept { return value; }
};

// Read when a router is made: routes carry their limits.
struct limit_item {
    static constexpr scope_kind kind = scope_kind::limit;
    using state_type = void;
    const void* object() const noexcept { return this; }
};
struct body_limit_item : limit_item {
    std::uint64_t bytes;
    void apply(route_limits& to) const noexcept { to.body_bytes_max = bytes; }
};
struct request_timeout_item : limit_item {
    duration length;
    void apply(route_limits& to) const noexcept { to.times.request_timeout = length; }
};
struct body_timeout_item : limit_item {
    duration length;
    void apply(route_limits& to) const noexcept { to.times.body_timeout = length; }
};
struct body_rate_item : limit_item {
    std::uint64_t bytes_per_second;
    void apply(route_limits& to) const noexcept {
        to.times.body_rate_min = bytes_per_second;
        to.times.has_body_rate = true;
    }
};

inline duration checked_timeout(duration length) noexcept {
    EVENTCORE_ASSERT(length > duration::zero() && length <= std::chrono::hours(24 * 365),
                     "a time-out of a route is more than 0, at most 365 days");
    return length;
}

template <class T>
concept scope_item = requires {
    { T::kind } -> std::convertible_to<scope_kind>;
};

// The types around a route, outermost first. Objects: 0 is the handler, 1 + k belongs to item k.
template <class... Items>
struct scope {
    static constexpr std::size_t size = sizeof...(Items);
    static constexpr bool has([[maybe_unused]] scope_kind kind) { return ((Items::kind == kind) || ...); }

    template <class T>
    static constexpr std::uint8_t place_of_state() {
        std::size_t place = 0, at = 0;
        ((++at, place = std::is_same_v<T, typename Items::state_type> ? at : place), ...);
        return static_cast<std::uint8_t>(place);
    }
};

template <class Item>
bool enter(const void* object, request& req, response& answer) {
    if constexpr (Item::kind == scope_kind::guard) {
        std::optional<response> refused = Item::from(object)(req);
        if (refused) answer = std::move(*refused);
        return !refused;
    } else {
        return true;
    }
}
template <class Item>
void leave(const void* object, const request& req, response& answer) {
    if constexpr (Item::kind == scope_kind::after) Item::from(object)(req, answer);
}

// Runs the guards, outermost first. False when one answered; `entered` counts the items up to it.
template <class... Items>
bool enter_all(scope<Items...>, const void* const* objects, request& req, response& answer,
               std::size_t& entered) {
    entered = 0;
    return ((++entered, enter<Items>(objects[entered], req, answer)) && ...);
}
// Runs what comes after the handler, innermost first.
template <class... Items>
void leave_all(scope<Items...>, const void* const* objects, const request& req, response& answer,
               std::size_t entered) {
    using leave_function = void (*)(const void*, const request&, response&);
    constexpr leave_function functions[] = {&leave<Items>..., nullptr};
    for (; entered != 0; --entered) functions[entered - 1](objects[entered], req, answer);
}

// The way through the items whose objects begin at Place, where some may wait: one coroutine each, and none
// for those that do nothing.
template <std::size_t Place, class... Items>
struct stages {
    static task<response> run(const next& at, request& req) { return at.handle(req); }
};
template <std::size_t Place, class Item, class... Rest>
struct stages<Place, Item, Rest...> {
    using inner = stages<Place + 1, Rest...>;

    static task<response> run(const next& at, request& req) {
        if constexpr (Item::kind == scope_kind::around)
            return Item::from(at.objects()[Place])(req, at.at(&inner::run));
        else if constexpr (Item::kind == scope_kind::guard || Item::kind == scope_kind::after)
            return pass(at, req);
        else
            return inner::run(at, req);
    }

 private:
    static task<response> pass(next at, request& req) {
        response answer;
        if (enter<Item>(at.objects()[Place], req, answer)) {
            task<response> rest = inner::run(at, req);
            answer = co_await std::move(rest);
        }
        leave<Item>(at.objects()[Place], req, answer);
        co_return std::move(answer);
    }
};

template <class... Items>
task<response> run_stages(scope<Items...>, const next& at, request& req) {
    return stages<1, Items...>::run(at, req);
}

}  // namespace detail

template <class F>
detail::middleware<F> use(F function) {
    static_assert(
        detail::middleware_kind<F>() != detail::scope_kind::invalid,
        "eventcore: a middleware is task<response>(request&, next), optional<response>(request&) or "
        "void(const request&, response&), callable when const");
    return {std::move(function)};
}

template <class T>
detail::provided<T> provide(T value) {
    return {std::move(value)};
}

inline detail::body_limit_item body_limit(std::uint64_t bytes) noexcept { return {{}, bytes}; }

// How long a handler may run, streams that it returned apart; then it is cancelled, and the answer is 503.
inline detail::request_timeout_item request_timeout(duration length) noexcept {
    return {{}, detail::checked_timeout(length)};
}
// How long to wait for the next piece of content, or for the client to make up for what it is behind: 408.
inline detail::body_timeout_item body_timeout(duration length) noexcept {
    return {{}, detail::checked_timeout(length)};
}
// How fast content has to come on average: 408. 0: as slowly as body_timeout allows.
inline detail::body_rate_item body_rate(std::uint64_t bytes_per_second) noexcept {
    return {{}, bytes_per_second};
}

}  // namespace eventcore
