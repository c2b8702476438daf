// The words a reactor and its users share: a registered descriptor, what it is ready for, how a call ended.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "eventcore/base/error.hpp"

namespace eventcore {

class reactor;

// What a descriptor is ready for, as bits.
namespace readiness {
inline constexpr std::uint8_t readable = 1;  // bytes, end of stream or an error can be received
inline constexpr std::uint8_t writable = 2;  // the socket takes bytes again
inline constexpr std::uint8_t hung_up = 4;   // the peer has closed its sending side, or all is broken
inline constexpr std::uint8_t gone = 8;      // last notice: the kernel has let go; the handle may be freed
inline constexpr std::uint8_t broken = 16;   // reset or failed: told even when it had hung up before
}  // namespace readiness

// One registered descriptor. Its address is what the kernel hands back, so it must not move while registered.
//
// `ready` is sticky: the reactor sets bits when the kernel reports an edge and whoever uses the descriptor
// clears them when a call would block or came back short. It starts with `writable`: a fresh socket takes
// bytes.
struct io_handle {
    using notify_function = void (*)(io_handle&, std::uint8_t news) noexcept;

    explicit io_handle(notify_function f) noexcept : notify(f) {}
    io_handle(const io_handle&) = delete;
    io_handle& operator=(const io_handle&) = delete;

    bool is_ready(std::uint8_t bits) const noexcept { return (ready & bits) != 0; }

    notify_function notify;  // called on the home thread with the bits that are new, never from within a call
    int fd = -1;
    std::uint8_t ready = readiness::writable;
    std::uint8_t armed = 0;    // owned by the backend
    std::uint8_t closing = 0;  // owned by the reactor
    std::uint8_t kind = 0;     // owned by the user of the handle
};

// How a call that never blocks ended: a count, or a negative errno.
class io_result {
 public:
    constexpr explicit io_result(std::int64_t value) noexcept : value_(value) {}

    constexpr bool ok() const noexcept { return value_ >= 0; }
    constexpr std::size_t bytes() const noexcept { return value_ > 0 ? static_cast<std::size_t>(value_) : 0; }
    constexpr bool is_end() const noexcept { return value_ == 0; }  // of a receive: the peer is done sending
    constexpr bool would_block() const noexcept { return value_ == -EAGAIN || value_ == -EWOULDBLOCK; }
    constexpr int error_number() const noexcept { return value_ < 0 ? static_cast<int>(-value_) : 0; }
    std::error_code error() const noexcept { return system_error(error_number()); }

 private:
    std::int64_t value_;
};

// Makes a system call until no signal interrupts it: what it returned, or -errno.
template <class F>
io_result retry_interrupted(F f) noexcept {
    for (;;) {
        const auto value = f();
        if (value >= 0) return io_result(static_cast<std::int64_t>(value));
        if (errno != EINTR) return io_result(-static_cast<std::int64_t>(errno));
    }
}

}  // namespace eventcore
