// Setting up an io_uring (io_uring_setup(2)): which flags, whether it works here, and to which thread it
// belongs.
#pragma once

#include "eventcore/base/config.hpp"

#if EVENTCORE_HAS_IO_URING

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "eventcore/reactor/operation.hpp"

namespace eventcore::detail::uring {

// A number no other thread has or had. (Addresses and ids are used again, and a ring must know its thread.)
inline std::uint64_t this_thread() noexcept {
    static constinit std::atomic<std::uint64_t> last{0};
    static constinit thread_local std::uint64_t mine = 0;
    if (mine == 0) mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return mine;
}

// Newer than Debian 12's liburing.
inline constexpr unsigned setup_no_sqarray = 1U << 16;

inline constexpr unsigned setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;

// liburing writes to the array that NO_SQARRAY leaves out, before 2.5.
inline bool library_knows_no_sqarray() noexcept {
#if defined(IO_URING_CHECK_VERSION)
    return !io_uring_check_version(2, 5);
#else
    return false;
#endif
}

// 0, or an errno. Without the submission array where kernel (6.6) and library can: 0.7 % less work per
// request.
inline int set_up(io_uring& ring, unsigned submissions, unsigned completions, unsigned flags) noexcept {
    for (unsigned extra : {setup_no_sqarray, 0U}) {
        if (extra && !library_knows_no_sqarray()) continue;
        io_uring_params params{};
        params.flags = setup_flags | flags | extra;
        params.cq_entries = completions;
        const int failed = io_uring_queue_init_params(submissions, &ring, &params);
        if (failed != -EINVAL || !extra) return -failed;
    }
    return EINVAL;
}

// Really tried, under whatever seccomp filter is in force: sets up a small ring and has it complete a NOP.
inline open_failure probe() noexcept {
    io_uring ring{};
    if (const int failed = set_up(ring, 2, 4, 0)) return {"io_uring_setup", failed};
    io_uring_sqe* request = io_uring_get_sqe(&ring);
    io_uring_prep_nop(request);
    int outcome = 0;
    do outcome = io_uring_submit_and_wait(&ring, 1);
    while (outcome == -EINTR);
    io_uring_cqe* answer = nullptr;
    if (outcome >= 0 && (outcome = io_uring_peek_cqe(&ring, &answer)) == 0) outcome = answer->res;
    io_uring_queue_exit(&ring);
    if (outcome < 0) return {"io_uring_enter with a NOP", -outcome};
    return {};
}

// Starts a ring that was set up disabled and binds it to this thread. As io_uring_enable_rings(), which
// Debian 12's library forgets to export.
inline bool enable(io_uring& ring) noexcept {
    return ::syscall(__NR_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) == 0;
}

}  // namespace eventcore::detail::uring

#endif
