// What a reactor can be asked for: a backend by kind, accepting connections, file operations that complete.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventcore/base/plain_vector.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/socket_calls.hpp"

namespace eventcore {

// `simulated` is reached by reactor::open_simulated() only: no option, no variable asks for it.
enum class reactor_kind : std::uint8_t { automatic, io_uring, epoll, kqueue, simulated };

struct reactor_options {
    reactor_kind kind = reactor_kind::automatic;
    unsigned submission_entries = 256;   // io_uring: requests per system call at most
    unsigned completion_entries = 4096;  // io_uring: news the kernel keeps without extra memory
};

// A listening socket. Every accepted descriptor (non-blocking, close-on-exec) or a failure arrives through
// `on_accept`, whichever backend runs; `notify` hears of `gone` only.
struct accept_handle : io_handle {
    using accept_function = void (*)(accept_handle&, io_result fd) noexcept;

    accept_handle(accept_function a, notify_function n) noexcept : io_handle(n), on_accept(a) {}

    accept_function on_accept;
    bool is_counted = false;  // owned by the reactor
};

// One operation on a file that runs while the thread does other things. The memory of the operation and the
// buffer belong to the kernel from submit() until `done` is called: reactor::wait_for() is how to wait for
// that.
struct file_operation {
    enum class kind_type : std::uint8_t { read, write, sync, sync_data };
    using done_function = void (*)(file_operation&, io_result) noexcept;

    explicit file_operation(done_function f) noexcept : done(f) {}
    file_operation(const file_operation&) = delete;
    file_operation& operator=(const file_operation&) = delete;

    done_function done;  // called on the home thread, once per submit() that returned true
    void* buffer = nullptr;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    int fd = -1;
    kind_type kind = kind_type::read;
    bool in_flight = false;  // owned by the reactor: true from submit() until just before done()
};

namespace detail {

// io_handle::closing
inline constexpr std::uint8_t closing_no = 0;
inline constexpr std::uint8_t closing_fd = 1;    // the descriptor is closed when the kernel has let go of it
inline constexpr std::uint8_t closing_kept = 2;  // the descriptor goes back to whoever called release()

// Handles the kernel no longer knows, to be told so at the end of the turn: until then an event that was
// fetched earlier in the turn may still name them. The reactor has reserved room for all that are registered.
using gone_handles = plain_vector<io_handle*>;

// Which call failed while a backend was opened; no step: none did.
struct open_failure {
    const char* step = nullptr;
    int error_number = 0;
    explicit operator bool() const noexcept { return step != nullptr; }
};

// Hands news to the handle, bits that it knows already left out.
inline void deliver(io_handle& h, std::uint8_t bits) noexcept {
    const auto news = static_cast<std::uint8_t>(bits & ~h.ready);
    if (news == 0) return;
    h.ready = static_cast<std::uint8_t>(h.ready | news);
    h.notify(h, news);
}

// The kernel has let go of a handle that is being closed or released.
inline void let_go(io_handle& h, gone_handles& gone) noexcept {
    if (h.closing == closing_fd) {
        socket_calls::close(h.fd);
        h.fd = -1;
    }
    gone.push_back(&h);
}

// For backends that report a listener as readable: accepts what is pending, at most 64 so that connections
// get their turn. A failure is returned, not handed out: the backend pauses the listener first.
inline io_result accept_pending(accept_handle& h) noexcept {
    const std::uint8_t armed = h.armed;
    for (int i = 0; i < 64 && h.armed == armed; ++i) {  // until it is closed or paused by on_accept
        const io_result accepted = socket_calls::accept(h.fd);
        if (accepted.ok())
            h.on_accept(h, accepted);
        else if (accepted.would_block())
            break;
        else if (!socket_calls::concerns_one_connection(accepted.error_number()))
            return accepted;
    }
    return io_result(0);
}

}  // namespace detail

}  // namespace eventcore
