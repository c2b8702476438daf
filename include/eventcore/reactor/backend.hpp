// What a kernel interface must offer to be a reactor's backend, which ones this build has, and the choice
// between them when the program runs.
//
// A backend is a concrete class in a file of its own. Adding one: write the file, name it in the first block
// and in any_backend. The choice costs a switch per turn and per arm or close, nothing per byte.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/config.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/reactor/epoll.hpp"
#include "eventcore/reactor/io_uring.hpp"
#include "eventcore/reactor/kqueue.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/simulated_kernel.hpp"

namespace eventcore {

constexpr std::string_view to_string(reactor_kind kind) noexcept {
    switch (kind) {
        case reactor_kind::automatic: return "auto";
        case reactor_kind::io_uring: return "io_uring";
        case reactor_kind::epoll: return "epoll";
        case reactor_kind::kqueue: return "kqueue";
        case reactor_kind::simulated: return "simulated";
    }
    return "unknown";
}

// The value of EVENTCORE_REACTOR or of a --reactor option.
inline result<reactor_kind> parse_reactor_kind(std::string_view name) noexcept {
    for (reactor_kind kind :
         {reactor_kind::automatic, reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue})
        if (name == to_string(kind)) return kind;
    return name == "automatic" ? result<reactor_kind>(reactor_kind::automatic) : errc::invalid_argument;
}

namespace detail {

// watch … wait_for: what reactor.hpp says of its functions of the same names.
template <class B>
concept backend = requires(B& b, io_handle& h, accept_handle& a, file_operation& op, duration timeout,
                           gone_handles& gone, const reactor_options& options) {
    { b.open(options) } noexcept -> std::same_as<open_failure>;
    // Before it is destroyed, on any thread: closes what is being closed, ends file operations.
    { b.close(gone) } noexcept;
    { b.watch(h) } noexcept -> std::same_as<result<>>;
    { b.want_write(h) } noexcept;
    // Asks the kernel to forget `h`. True: it has. False: dispatch() will let go of it.
    { b.remove(h) } noexcept -> std::same_as<bool>;
    // Handles remain that dispatch() has to let go of.
    { b.is_removing() } noexcept -> std::same_as<bool>;
    { b.listen(a) } noexcept -> std::same_as<result<>>;
    { b.stop_listening(a) } noexcept;
    { b.submit(op) } noexcept -> std::same_as<bool>;
    { b.cancel(op) } noexcept;
    { b.wait_for(op) } noexcept;
    // Tells the kernel what was asked for and waits for news; zero: only looks, duration::max(): for ever.
    { b.wait(timeout) } noexcept;
    // Hands out the news of the last wait().
    { b.dispatch(gone) } noexcept;
    // Any thread: ends a wait().
    { b.wake() } noexcept;
};

// In the place of a backend that this build does not have.
struct absent_backend {
    open_failure open(const reactor_options&) noexcept { return {"not in this build", 0}; }
    void close(gone_handles&) noexcept {}
    result<> watch(io_handle&) noexcept { return errc::not_supported; }
    void want_write(io_handle&) noexcept {}
    bool remove(io_handle&) noexcept { return true; }
    result<> listen(accept_handle&) noexcept { return errc::not_supported; }
    void stop_listening(accept_handle&) noexcept {}
    bool is_removing() const noexcept { return false; }
    bool submit(file_operation&) noexcept { return false; }
    void cancel(file_operation&) noexcept {}
    void wait_for(file_operation&) noexcept {}
    void wait(duration) noexcept {}
    void dispatch(gone_handles&) noexcept {}
    void wake() noexcept {}
};

// The one place that knows which backends exist here.
#if EVENTCORE_HAS_IO_URING
using io_uring_or_absent = io_uring_backend;
#else
using io_uring_or_absent = absent_backend;
#endif
#if EVENTCORE_HAS_EPOLL
using epoll_or_absent = epoll_backend;
#else
using epoll_or_absent = absent_backend;
#endif
#if EVENTCORE_HAS_KQUEUE
using kqueue_or_absent = kqueue_backend;
#else
using kqueue_or_absent = absent_backend;
#endif

static_assert(backend<simulated_backend>);
static_assert(backend<io_uring_or_absent> && backend<epoll_or_absent> && backend<kqueue_or_absent>);

// All backends of the build, of which one is open.
class any_backend {
 public:
    // Opens `asked`, or for automatic the first that works. `reason`: which was taken and why.
    std::error_code open(reactor_kind asked, const reactor_options& options, std::string& reason);

    void open_simulated(simulated_kernel& kernel) noexcept {
        kind_ = reactor_kind::simulated;
        simulated_.open(kernel);
    }

    reactor_kind kind() const noexcept { return kind_; }

    // Calls f with the open backend.
    template <class F>
    decltype(auto) use(F f) {
        switch (kind_) {
            case reactor_kind::io_uring: return f(io_uring_);
            case reactor_kind::kqueue: return f(kqueue_);
            case reactor_kind::simulated: return f(simulated_);
            default: return f(epoll_);
        }
    }

 private:
    open_failure open_one(reactor_kind kind, const reactor_options& options) noexcept {
        kind_ = kind;
        return use([&](auto& b) { return b.open(options); });
    }

    reactor_kind kind_ = reactor_kind::epoll;
    io_uring_or_absent io_uring_;
    epoll_or_absent epoll_;
    kqueue_or_absent kqueue_;
    simulated_backend simulated_;
};

constexpr std::string_view success_of(reactor_kind kind) noexcept {
    switch (kind) {
        case reactor_kind::io_uring: return "ring set up and a NOP completed";
        case reactor_kind::epoll: return "epoll instance opened";
        default: return "kqueue opened";
    }
}

inline std::error_code any_backend::open(reactor_kind asked, const reactor_options& options,
                                         std::string& reason) {
    const bool is_automatic = asked == reactor_kind::automatic;
    std::string refused;  // "; no io_uring (io_uring_setup: Operation not permitted)"
    std::error_code last = errc::not_supported;
    for (reactor_kind kind : {reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue}) {
        if (!is_automatic && asked != kind) continue;
        const open_failure failed = open_one(kind, options);
        if (!failed) {
            reason.append(to_string(kind)).append(": ").append(success_of(kind)).append(refused);
            return {};
        }
        last = failed.error_number ? system_error(failed.error_number) : make_error_code(errc::not_supported);
        if (!is_automatic) break;
        refused.append("; no ").append(to_string(kind)).append(" (").append(failed.step);
        if (failed.error_number) refused.append(": ").append(last.message());
        refused.append(")");
    }
    return last;
}

}  // namespace detail

}  // namespace eventcore
