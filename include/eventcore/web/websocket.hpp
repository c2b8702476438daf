// WebSockets (RFC 6455): a handler that takes an ec::websocket, last, after what else it takes from the
// request.
//
//   ec::get<"/echo">([](ec::websocket ws) -> ec::task<> {
//       while (auto m = co_await ws.receive()) co_await ws.send(*m);
//   })
//   ec::get<"/chat/{room}">(options, [](std::string room, ec::websocket ws) -> ec::task<> { … })
//
// The handler runs once the connection has become a WebSocket. When it returns, the WebSocket is closed
// (1000, or 1011 when it threw). When the peer closes or is lost, receive() gives nothing, send() fails, and
// what else the handler waits for is cancelled. It outlives its request, so it takes values, never views.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "eventcore/web/route.hpp"
#include "eventcore/web/websocket_handshake.hpp"
#include "eventcore/web/websocket_turn.hpp"

namespace eventcore {

class websocket {
 public:
    class receive_operation;
    class send_operation;

    websocket(websocket&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    websocket& operator=(websocket&&) = delete;

    // The next message, valid until the next receive(); a false one when there will be none: the peer or we
    // have closed, the connection is lost, or the wait was cancelled. One coroutine at a time.
    [[nodiscard]] receive_operation receive() noexcept;

    // Sends a message: text that is UTF-8, or binary. The bytes are taken (copied or sent) before this
    // returns. Awaiting the outcome waits while more than the watermark is unsent. False: the WebSocket is
    // closed, or the wait was cancelled; the message has then been taken all the same.
    [[nodiscard]] send_operation send(std::string_view text);
    [[nodiscard]] send_operation send(const message& m);
    [[nodiscard]] send_operation send_binary(std::string_view bytes);

    // Begins to close: nothing more is received or sent. `reason`: at most 123 bytes of UTF-8 get through.
    void close(close_code code = close_code::normal, std::string_view reason = {}) {
        core_->begin_close(static_cast<std::uint16_t>(code), reason);
    }
    bool is_open() const noexcept { return core_->is_open(); }
    // Bytes that were sent, and wait for the peer to take them.
    std::size_t unsent_bytes() const noexcept { return core_->unsent(); }
    // The subprotocol that was agreed on; empty: none.
    std::string_view protocol() const noexcept {
        const std::size_t index = core_->protocol();
        const auto& known = core_->options().protocols;
        return index < known.size() ? std::string_view(known[index]) : std::string_view{};
    }

    // ---- for routes and what else sends ----
    explicit websocket(detail::websocket_core& core) noexcept : core_(&core) {}
    detail::websocket_core& core() const noexcept { return *core_; }

 private:
    detail::websocket_core* core_;
};

namespace detail {

// What the awaitables share, in one word since it is in every handler's frame: the core, or, with the lowest
// bit set, a wait of its own.
class websocket_operation {
 public:
    websocket_operation(const websocket_operation&) = delete;
    websocket_operation& operator=(const websocket_operation&) = delete;

 protected:
    explicit websocket_operation(websocket_core& core) noexcept
        : place_(reinterpret_cast<std::uintptr_t>(&core)) {}
    ~websocket_operation() = default;

    bool has_wait() const noexcept { return (place_ & 1) != 0; }
    websocket_wait& wait() const noexcept {
        return *reinterpret_cast<websocket_wait*>(place_ & ~std::uintptr_t{3});
    }
    websocket_core& core() const noexcept {
        return has_wait() ? wait().core() : *reinterpret_cast<websocket_core*>(place_ & ~std::uintptr_t{3});
    }
    void make_wait(context& c) {
        place_ = reinterpret_cast<std::uintptr_t>(new websocket_wait(core(), c)) | 1;
    }
    void drop_wait() noexcept {
        if (!has_wait()) return;
        websocket_core& owner = core();
        delete &wait();
        place_ = reinterpret_cast<std::uintptr_t>(&owner);
    }
    bool is_suspended() const noexcept { return (place_ & 2) != 0; }
    void set_suspended(bool value) noexcept { place_ = value ? place_ | 2 : place_ & ~std::uintptr_t{2}; }
    // Under a context other than the handler's own the wait has to hear of that one's cancellation.
    void attach_to(context& c) noexcept {
        if (&c == &core().ctx()) return;
        try {
            make_wait(c);
        } catch (...) {
            c.cancel(errc::overloaded);
        }
    }

 private:
    std::uintptr_t place_;
};

}  // namespace detail

class websocket::receive_operation : private detail::websocket_operation {
 public:
    explicit receive_operation(detail::websocket_core& core) noexcept : websocket_operation(core) {}
    ~receive_operation() {
        if (is_suspended()) core().forget_receiver();
        drop_wait();
    }
    void attach(context& c) noexcept { attach_to(c); }
    bool await_ready() { return core().try_receive(); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(coroutine.address());
        if (has_wait() ? !wait().begin(coroutine) : core().ctx().is_cancelled()) return false;
        set_suspended(true);
        core().wait_to_receive(has_wait() ? reinterpret_cast<std::uintptr_t>(&wait()) | 1 : address);
        return true;
    }
    message await_resume() noexcept {
        set_suspended(false);
        return has_wait() && wait().error() ? message() : core().take();
    }
};

class websocket::send_operation : private detail::websocket_operation {
 public:
    explicit send_operation(detail::websocket_core& core) noexcept : websocket_operation(core) {}
    ~send_operation() { drop_wait(); }
    void attach(context& c) noexcept { attach_to(c); }
    bool await_ready() noexcept { return core().may_go_on_sending(); }
    bool await_suspend(std::coroutine_handle<> coroutine) {
        if (!has_wait()) make_wait(core().ctx());
        if (!wait().begin(coroutine)) return false;
        core().wait_to_send(wait());
        return true;
    }
    bool await_resume() noexcept { return !(has_wait() && wait().error()) && core().is_open(); }
};

inline websocket::receive_operation websocket::receive() noexcept { return receive_operation(*core_); }
inline websocket::send_operation websocket::send(std::string_view text) {
    core_->send(websockets::opcode::text, text);
    return send_operation(*core_);
}
inline websocket::send_operation websocket::send_binary(std::string_view bytes) {
    core_->send(websockets::opcode::binary, bytes);
    return send_operation(*core_);
}
inline websocket::send_operation websocket::send(const message& m) {
    core_->send(m.is_text() ? websockets::opcode::text : websockets::opcode::binary, m.view());
    return send_operation(*core_);
}

// ---- a handler as a route ----

namespace detail {

// Whether a value of type A may point into its request, which is over when the handler runs.
template <class A>
struct borrows : std::bool_constant<std::is_reference_v<A> || std::is_pointer_v<A>> {};
template <>
struct borrows<std::string_view> : std::true_type {};
template <>
struct borrows<bytes> : std::true_type {};
template <class T>
struct borrows<std::optional<T>> : borrows<T> {};
template <class T>
struct borrows<std::vector<T>> : borrows<T> {};
template <class T>
    requires std::is_base_of_v<named_value<typename T::value_type>, T>
struct borrows<T> : borrows<typename T::value_type> {};

template <class H, class Signature>
class websocket_route;

template <class H, class R, class... All>
class websocket_route<H, signature<R, All...>> {
    static constexpr std::size_t count = sizeof...(All) - 1;
    using all = std::tuple<All...>;
    template <std::size_t... I>
    static std::tuple<std::tuple_element_t<I, all>...> without_last(std::index_sequence<I...>);

 public:
    using arguments = decltype(without_last(std::make_index_sequence<count>()));
};

// The route's handler as the router calls it: shakes hands, and leaves the rest to the connection.
template <class H, class Arguments>
class websocket_endpoint;

template <class H, class... Args>
class websocket_endpoint<H, std::tuple<Args...>> {
 public:
    websocket_endpoint(websocket_options options, H handler)
        : options_(std::move(options)), handler_(std::move(handler)) {}

    response operator()(Args... args, websocket_request asked) const {
        return asked.answer(
            options_, [&]() -> websocket_starter* { return new starter(handler_, std::move(args)...); });
    }

 private:
    struct starter final : websocket_starter {
        starter(const H& h, Args&&... a)
            : websocket_starter{&run, &destroy_this}, handler(h), args(std::move(a)...) {}
        static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept {
            recycler::deallocate(memory, bytes);
        }
        static task<> run(websocket_starter* self, websocket_core& core) {
            auto& s = *static_cast<starter*>(self);
            return std::apply([&](Args&... a) { return s.handler(std::move(a)..., websocket(core)); },
                              s.args);
        }
        static void destroy_this(websocket_starter* self) noexcept { delete static_cast<starter*>(self); }
        const H& handler;
        std::tuple<Args...> args;
    };

    websocket_options options_;
    H handler_;
};

template <class Signature>
inline constexpr bool takes_websocket_last = false;
template <class R, class... Args>
    requires(sizeof...(Args) > 0)
inline constexpr bool takes_websocket_last<signature<R, Args...>> =
    std::is_same_v<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>, websocket>;

template <class Arguments>
inline constexpr bool any_borrows = false;
template <class... Args>
inline constexpr bool any_borrows<std::tuple<Args...>> = (borrows<Args>::value || ...);

template <class H>
auto make_websocket_endpoint(websocket_options options, H&& handler) {
    using type = std::decay_t<H>;
    using sig = typename signature_of<type>::type;
    using arguments = typename websocket_route<type, sig>::arguments;
    static_assert(std::is_same_v<typename sig::result, task<>>,
                  "eventcore: a WebSocket handler is a coroutine: ec::task<> f(…, ec::websocket ws)");
    static_assert(!any_borrows<arguments>,
                  "eventcore: a WebSocket handler outlives its request: it takes copies, std::string and not "
                  "std::string_view, and no reference");
    return websocket_endpoint<type, arguments>(std::move(options), std::forward<H>(handler));
}

template <class H>
    requires(takes_websocket_last<typename signature_of<H>::type>)
struct handler_form<H> {
    static auto convert(H handler) { return make_websocket_endpoint({}, std::move(handler)); }
};

}  // namespace detail

template <fixed_string Pattern, class H>
auto get(websocket_options options, H&& handler) {
    static_assert(detail::takes_websocket_last<typename detail::signature_of<std::decay_t<H>>::type>,
                  "eventcore: websocket_options are for a handler whose last parameter is an ec::websocket");
    return detail::make_route<Pattern, set_of(http::method::get)>(
        detail::make_websocket_endpoint(std::move(options), std::forward<H>(handler)));
}

}  // namespace eventcore
