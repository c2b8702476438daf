// A connected socket, TCP or Unix-domain, as a stream (stream.hpp): the part a connection derives from or
// holds. Its calls never block. Coroutines use tcp_stream.hpp, which waits.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/net/address.hpp"
#include "eventcore/net/stream.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore::net {

// tcp(7). A zero means: as the system has it.
struct tcp_options {
    bool no_delay = true;            // small answers leave at once
    duration keep_alive_idle{};      // probe a silent peer after this; 0: never
    duration keep_alive_interval{};  // between probes
    int keep_alive_probes = 0;       // unanswered ones that end the connection
    int send_buffer_bytes = 0;
    int receive_buffer_bytes = 0;
};

// Sets them on a connected or listening TCP socket; the first failure. Does nothing for Unix-domain sockets.
result<> set_tcp_options(reactor& home, int fd, const tcp_options& options) noexcept;

// At an address that does not move while the socket is open.
class tcp_socket : public io_handle {
 public:
    tcp_socket(reactor& home, notify_function on_news) noexcept : io_handle(on_news), home_(&home) {}

    // Takes a connected, non-blocking descriptor and watches it. On failure the descriptor is closed.
    result<> open(int connected_fd) noexcept {
        fd = connected_fd;
        const result<> watched = home_->watch(*this);
        if (!watched) {
            home_->close_socket(fd);
            fd = -1;
        }
        return watched;
    }
    bool is_open() const noexcept { return fd >= 0 && !closing; }

    io_result receive(void* to, std::size_t bytes) noexcept { return home_->receive(*this, to, bytes); }
    io_result send(const iovec* parts, unsigned count, bool more = false) noexcept {
        return home_->send(*this, parts, count, more);
    }
    io_result send_file(int file, std::uint64_t offset, std::size_t bytes) noexcept {
        return home_->send_file(*this, file, offset, bytes);
    }
    void cork(bool on) noexcept;
    io_result flush() noexcept { return io_result(0); }
    io_result shutdown_write() noexcept { return home_->shutdown_write(*this); }
    std::error_code failure() const noexcept { return {}; }
    static constexpr bool reading_may_send = false;
    bool has_input() const noexcept { return is_ready(readiness::readable | readiness::hung_up); }
    std::uint8_t receive_waits_for() const noexcept { return readiness::readable | readiness::hung_up; }
    std::uint8_t send_waits_for() const noexcept { return readiness::writable; }
    void want_write() noexcept { home_->want_write(*this); }
    void close() noexcept { home_->close(*this); }
    io_handle& handle() noexcept { return *this; }
    reactor& home() const noexcept { return *home_; }

    // Sent, but not yet taken by the peer; 0 where nobody can tell.
    std::size_t unsent_bytes() const noexcept { return home_->unsent_bytes(fd).bytes(); }

    // Not set when the connection is broken already.
    address peer_address() const noexcept {
        sockaddr_storage kernel{};
        socklen_t bytes = sizeof kernel;
        auto* at = reinterpret_cast<sockaddr*>(&kernel);
        return home_->peer_address(fd, at, bytes).ok() ? address::from(at, bytes) : address();
    }
    address local_address() const noexcept {
        sockaddr_storage kernel{};
        socklen_t bytes = sizeof kernel;
        auto* at = reinterpret_cast<sockaddr*>(&kernel);
        return home_->local_address(fd, at, bytes).ok() ? address::from(at, bytes) : address();
    }

 private:
    reactor* home_;
};
static_assert(stream<tcp_socket>);
static_assert(sizeof(tcp_socket) <= 32);

namespace detail {

#if defined(TCP_CORK)
inline constexpr int cork_option = TCP_CORK;
#else
inline constexpr int cork_option = TCP_NOPUSH;  // BSD, macOS
#endif

inline int whole_seconds(duration length) noexcept {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(length).count();
    return seconds < 32767 ? static_cast<int>(seconds) : 32767;
}

#if defined(TCP_KEEPIDLE)
inline constexpr int keep_alive_idle_option = TCP_KEEPIDLE;
#else
inline constexpr int keep_alive_idle_option = TCP_KEEPALIVE;  // macOS
#endif

}  // namespace detail

// A Unix-domain socket refuses, and needs none.
inline void tcp_socket::cork(bool on) noexcept {
    static_cast<void>(home_->set_socket_option(fd, IPPROTO_TCP, detail::cork_option, on ? 1 : 0));
}

inline result<> set_tcp_options(reactor& home, int fd, const tcp_options& options) noexcept {
    sockaddr_storage local{};
    socklen_t bytes = sizeof local;
    const io_result asked = home.local_address(fd, reinterpret_cast<sockaddr*>(&local), bytes);
    if (!asked.ok()) return asked.error();

    std::error_code failure;
    const auto set = [&](bool wanted, int level, int name, int value) {
        if (!wanted || failure) return;
        const io_result done = home.set_socket_option(fd, level, name, value);
        if (!done.ok()) failure = done.error();
    };
    set(options.send_buffer_bytes > 0, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
    set(options.receive_buffer_bytes > 0, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
    if (local.ss_family == AF_UNIX) return failure;
    const bool probes = options.keep_alive_idle > duration::zero();
    const bool spaced = probes && options.keep_alive_interval > duration::zero();
    set(options.no_delay, IPPROTO_TCP, TCP_NODELAY, 1);
    set(probes, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(probes, IPPROTO_TCP, detail::keep_alive_idle_option, detail::whole_seconds(options.keep_alive_idle));
    set(spaced, IPPROTO_TCP, TCP_KEEPINTVL, detail::whole_seconds(options.keep_alive_interval));
    set(probes && options.keep_alive_probes > 0, IPPROTO_TCP, TCP_KEEPCNT, options.keep_alive_probes);
    return failure;
}

}  // namespace eventcore::net
