// The socket functions of the kernel, in one shape: none blocks, EINTR is retried, the outcome is a count or
// a negative errno (socket(7), sendfile(2)). Only the reactor calls them; above it they are its members, so
// that a simulated backend can answer instead.
//
// What differs between systems is settled in the first block, and nowhere else.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/io.hpp"

#if defined(__linux__)
#include <sys/sendfile.h>
#elif defined(__FreeBSD__) || defined(__NetBSD__)
#include <sys/filio.h>
#endif

namespace eventcore::socket_calls {

namespace detail {

// Where the kernel has no flag for it: non-blocking, close-on-exec, and no SIGPIPE on this descriptor.
inline io_result make_ours(int fd) noexcept {
    bool done = ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
#if defined(SO_NOSIGPIPE)
    const int on = 1;  // fails on a connection that is reset already, which then raises nothing either
    (void)::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    if (done) return io_result(fd);
    const int reason = errno;
    ::close(fd);
    return io_result(-reason);
}

#if defined(__APPLE__)

inline constexpr int send_flags = MSG_DONTWAIT, more_flag = 0;

inline io_result open(int family, int type, int protocol) noexcept {
    const io_result opened = retry_interrupted([&] { return ::socket(family, type, protocol); });
    return opened.ok() ? make_ours(static_cast<int>(opened.bytes())) : opened;
}
inline io_result accept(int listener) noexcept {
    const io_result accepted = retry_interrupted([&] { return ::accept(listener, nullptr, nullptr); });
    return accepted.ok() ? make_ours(static_cast<int>(accepted.bytes())) : accepted;
}

#else

inline constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#if defined(MSG_MORE)
inline constexpr int more_flag = MSG_MORE;
#else
inline constexpr int more_flag = 0;
#endif

inline io_result open(int family, int type, int protocol) noexcept {
    return retry_interrupted([&] { return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol); });
}
inline io_result accept(int listener) noexcept {
    const io_result accepted = retry_interrupted(
        [&] { return ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
#if defined(SO_NOSIGPIPE)
    if (accepted.ok()) return make_ours(static_cast<int>(accepted.bytes()));
#endif
    return accepted;
}

#endif

#if defined(__linux__)
inline io_result send_file(int socket, int file, std::uint64_t offset, std::size_t bytes) noexcept {
    return retry_interrupted([&] {
        auto at = static_cast<off_t>(offset);
        return ::sendfile(socket, file, &at, bytes);
    });
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__DragonFly__)
// These say how much went out even when they fail with EAGAIN or EINTR.
inline io_result send_file(int socket, int file, std::uint64_t offset, std::size_t bytes) noexcept {
    off_t sent = 0;
#if defined(__APPLE__)
    sent = static_cast<off_t>(bytes);
    const int failed = ::sendfile(file, socket, static_cast<off_t>(offset), &sent, nullptr, 0);
#else
    const int failed = ::sendfile(file, socket, static_cast<off_t>(offset), bytes, nullptr, &sent, 0);
#endif
    if (failed == 0 || sent > 0) return io_result(sent);
    return io_result(errno == EINTR ? -EAGAIN : -errno);
}
#else
inline io_result send_file(int, int, std::uint64_t, std::size_t) noexcept { return io_result(-EOPNOTSUPP); }
#endif

}  // namespace detail

// Non-blocking and close-on-exec; so are accepted ones.
inline io_result open(int family, int type, int protocol) noexcept {
    return detail::open(family, type, protocol);
}
inline io_result accept(int listener) noexcept { return detail::accept(listener); }

inline io_result bind(int fd, const sockaddr* address, socklen_t bytes) noexcept {
    return retry_interrupted([&] { return ::bind(fd, address, bytes); });
}
inline io_result listen(int fd, int backlog) noexcept {
    return retry_interrupted([&] { return ::listen(fd, backlog); });
}
// -EINPROGRESS: under way; `writable` and then error() say how it ended. Interrupted means under way as well.
inline io_result connect(int fd, const sockaddr* address, socklen_t bytes) noexcept {
    if (::connect(fd, address, bytes) == 0) return io_result(0);
    return io_result(errno == EINTR ? -EINPROGRESS : -errno);
}
// Not repeated on EINTR: the descriptor is gone either way.
inline io_result close(int fd) noexcept {
    const int failed = eventcore::detail::close_descriptor(fd);
    return io_result(failed != 0 && errno != EINTR ? -errno : 0);
}

// Makes a descriptor that somebody hands over like those of open() and accept().
inline io_result adopt(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    const bool done =
        flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    return io_result(done ? 0 : -errno);
}

inline io_result receive(int fd, void* to, std::size_t bytes) noexcept {
    return retry_interrupted([&] { return ::recv(fd, to, bytes, MSG_DONTWAIT); });
}
inline io_result send(int fd, const iovec* parts, unsigned count, bool more) noexcept {
    const int flags = detail::send_flags | (more ? detail::more_flag : 0);
    if (count == 1)
        return retry_interrupted([&] { return ::send(fd, parts[0].iov_base, parts[0].iov_len, flags); });
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
    return retry_interrupted([&] { return ::sendmsg(fd, &message, flags); });
}
// Part of a file, without its bytes passing through user space. -EOPNOTSUPP where there is no such call; may
// raise SIGPIPE (see sigpipe_blocked). A cold file blocks the thread.
inline io_result send_file(int socket, int file, std::uint64_t offset, std::size_t bytes) noexcept {
    return detail::send_file(socket, file, offset, bytes);
}
inline io_result shutdown_write(int fd) noexcept {
    return retry_interrupted([&] { return ::shutdown(fd, SHUT_WR); });
}

inline io_result set_option(int fd, int level, int name, const void* value, socklen_t bytes) noexcept {
    return retry_interrupted([&] { return ::setsockopt(fd, level, name, value, bytes); });
}
inline io_result option(int fd, int level, int name, void* value, socklen_t& bytes) noexcept {
    return retry_interrupted([&] { return ::getsockopt(fd, level, name, value, &bytes); });
}
inline io_result error(int fd) noexcept {
    int pending = 0;
    socklen_t bytes = sizeof pending;
    const io_result asked = option(fd, SOL_SOCKET, SO_ERROR, &pending, bytes);
    return asked.ok() ? io_result(-pending) : asked;
}
// Bytes the kernel has taken and the peer has not (tcp(7), SIOCOUTQ). -EOPNOTSUPP where nobody can tell.
inline io_result unsent(int fd) noexcept {
    int bytes = 0;
#if defined(__linux__)
    const int failed = ::ioctl(fd, TIOCOUTQ, &bytes);
#elif defined(FIONWRITE)
    const int failed = ::ioctl(fd, FIONWRITE, &bytes);
#elif defined(SO_NWRITE)
    socklen_t size = sizeof bytes;
    const int failed = ::getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &size);
#else
    const int failed = -1;
    errno = EOPNOTSUPP;
    static_cast<void>(fd);
#endif
    return io_result(failed != 0 ? -errno : bytes);
}
inline io_result local_address(int fd, sockaddr* address, socklen_t& bytes) noexcept {
    return retry_interrupted([&] { return ::getsockname(fd, address, &bytes); });
}
inline io_result peer_address(int fd, sockaddr* address, socklen_t& bytes) noexcept {
    return retry_interrupted([&] { return ::getpeername(fd, address, &bytes); });
}

// A failed accept that is about one connection, not about the listener: look for the next one (accept(2),
// "Error handling"; Linux passes on what is already pending on the new socket).
inline bool concerns_one_connection(int error_number) noexcept {
    switch (error_number) {
        case ECONNABORTED:
        case EPROTO:
        case EINTR:
        case ENETDOWN:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENOPROTOOPT: return true;
        default: return false;
    }
}

// Keeps SIGPIPE from this thread: sendfile(2) has no MSG_NOSIGNAL. One that became pending is taken away
// again.
class sigpipe_blocked {
 public:
#if defined(__linux__)
    sigpipe_blocked() noexcept {
        sigemptyset(&only_);
        sigaddset(&only_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &only_, &before_);
    }
    ~sigpipe_blocked() {
        const timespec at_once{};
        if (!was_pending_ && sigismember(&before_, SIGPIPE) == 0)
            while (sigtimedwait(&only_, nullptr, &at_once) < 0 && errno == EINTR) continue;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

 private:
    sigset_t only_{}, before_{};
    bool was_pending_ = false;
#else
    sigpipe_blocked() noexcept {}  // SO_NOSIGPIPE does it
    ~sigpipe_blocked() {}

 private:
#endif
    sigpipe_blocked(const sigpipe_blocked&) = delete;
    sigpipe_blocked& operator=(const sigpipe_blocked&) = delete;
};

}  // namespace eventcore::socket_calls
