// What the reactor tests share: every kind of reactor this machine can open, socket pairs, handles that
// remember.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace reactors {

using namespace eventcore;
using namespace std::chrono_literals;

// What a hurried developer exported must not decide which reactor a test gets.
inline const bool environment_is_clean = ::unsetenv("EVENTCORE_REACTOR") == 0;

inline std::vector<reactor_kind> available_kinds() {
    std::vector<reactor_kind> kinds;
    for (reactor_kind kind : {reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue})
        if (reactor::open({.kind = kind})) kinds.push_back(kind);
    return kinds;
}

// Opens each kind in turn: use it first in a test case.
inline owned<reactor> every_reactor() {
    static const std::vector<reactor_kind> kinds = available_kinds();
    const reactor_kind kind = GENERATE(from_range(kinds));
    return std::move(reactor::open({.kind = kind}).value());
}

// Turns until `done()`, for seconds if need be; whether it came true.
template <class Done>
bool turn_until(reactor& r, Done done) {
    for (int i = 0; i < 500 && !done(); ++i) r.turn(std::chrono::steady_clock::now() + 20ms);
    return done();
}
// Everything that is on its way has arrived after this, and nothing else did.
inline void settle(reactor& r) {
    for (int i = 0; i < 4; ++i) r.turn(std::chrono::steady_clock::now() + 2ms);
}

struct pair_of_fds {
    unique_fd ours, theirs;
};
inline pair_of_fds socket_pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    return {unique_fd(fds[0]), unique_fd(fds[1])};
}

struct tcp_listener {
    tcp_listener() {
        fd = unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t bytes = sizeof address;
        REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0);
        REQUIRE(::listen(fd.get(), 512) == 0);
        REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    }
    unique_fd connect() const {
        unique_fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        return client;
    }
    unique_fd fd;
    sockaddr_in address{};
};
inline pair_of_fds tcp_pair() {
    const tcp_listener listener;
    unique_fd theirs = listener.connect();
    pollfd pending{listener.fd.get(), POLLIN, 0};
    REQUIRE(::poll(&pending, 1, 5000) == 1);
    unique_fd ours(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(ours);
    return {std::move(ours), std::move(theirs)};
}

inline void write_all(int fd, std::string_view text) {
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}
// What the other side reads next within seconds: bytes, "(end)" or "(reset)".
inline std::string read_some(int fd) {
    pollfd readable{fd, POLLIN, 0};
    if (::poll(&readable, 1, 5000) != 1) return "(nothing)";
    char bytes[4096];
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got == 0) return "(end)";
    return got < 0 ? "(reset)" : std::string(bytes, static_cast<std::size_t>(got));
}

// Remembers every notice.
struct recording : io_handle {
    explicit recording(int of = -1) : io_handle(&record) { fd = of; }
    static void record(io_handle& h, std::uint8_t news) noexcept {
        auto& self = static_cast<recording&>(h);
        self.notices.push_back(news);
        self.all = static_cast<std::uint8_t>(self.all | news);
        if (self.then) self.then(self);
    }
    bool heard(std::uint8_t bits) const { return (all & bits) == bits; }

    std::vector<std::uint8_t> notices;
    std::uint8_t all = 0;
    void (*then)(recording&) = nullptr;
    void* context = nullptr;
};

inline std::string receive_text(reactor& r, io_handle& h, std::size_t bytes = 4096) {
    std::string text(bytes, '\0');
    const io_result got = r.receive(h, text.data(), text.size());
    text.resize(got.bytes());
    return text;
}
inline io_result send_text(reactor& r, io_handle& h, std::string_view text) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    return r.send(h, &part, 1);
}
// Closes it through the reactor and waits until it is gone.
inline void close_and_wait(reactor& r, recording& h) {
    r.close(h);
    REQUIRE(turn_until(r, [&] { return h.heard(readiness::gone); }));
}

}  // namespace reactors
