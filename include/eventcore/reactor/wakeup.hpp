// A descriptor that another thread makes readable: eventfd(2) where there is one, else a pipe.
//
// It is watched edge-triggered and never read: each signal is an edge of its own, and what it has to say is
// in the scheduler's inbox. A pipe that fills up is emptied, which costs its owner nothing but the signal.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "eventcore/base/unique_fd.hpp"

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace eventcore {

class wakeup {
 public:
    // 0, or an errno.
    int open() noexcept;
    // What to watch for reading.
    int fd() const noexcept { return readable_.get(); }
    // Any thread.
    void signal() noexcept;

 private:
    unique_fd readable_;
    unique_fd writable_;  // of a pipe only
};

#if defined(__linux__)

inline int wakeup::open() noexcept {
    readable_ = unique_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    return readable_ ? 0 : errno;
}
inline void wakeup::signal() noexcept {
    const std::uint64_t one = 1;  // 2^64 signals would be needed for it to block
    while (::write(readable_.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
}

#else

inline int wakeup::open() noexcept {
    int ends[2];
    if (::pipe(ends) != 0) return errno;
    readable_ = unique_fd(ends[0]);
    writable_ = unique_fd(ends[1]);
    for (int end : ends)
        if (::fcntl(end, F_SETFL, O_NONBLOCK) != 0 || ::fcntl(end, F_SETFD, FD_CLOEXEC) != 0) return errno;
    return 0;
}
inline void wakeup::signal() noexcept {
    char scratch[256];
    for (;;) {
        if (::write(writable_.get(), "", 1) >= 0) return;
        if (errno == EAGAIN)
            while (::read(readable_.get(), scratch, sizeof scratch) > 0) continue;
        else if (errno != EINTR)
            return;
    }
}

#endif

}  // namespace eventcore
