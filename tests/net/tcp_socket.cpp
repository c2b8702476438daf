#include "eventcore/net/tcp_socket.hpp"

#include <string>

#include "catch.hpp"
#include "reactor/reactors.hpp"

using namespace reactors;

namespace {

// As an HTTP connection would: derives from the socket, drives it from its notices.
struct echo : net::tcp_socket {
    explicit echo(reactor& home) : tcp_socket(home, &news) {}
    static void news(io_handle& h, std::uint8_t bits) noexcept {
        auto& self = static_cast<echo&>(h);
        if (bits & readiness::gone) {
            self.is_gone = true;
            return;
        }
        char bytes[64];
        while (self.is_open() && self.has_input()) {
            const io_result got = self.receive(bytes, sizeof bytes);
            if (got.would_block()) return;
            if (!got.ok() || got.is_end()) return self.close();
            const iovec part{bytes, got.bytes()};
            (void)self.send(&part, 1);
        }
    }
    bool is_gone = false;
};

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    REQUIRE(::getsockopt(fd, level, name, &value, &bytes) == 0);
    return value;
}

}  // namespace

TEST_CASE("a connection that derives from the socket answers and ends with its peer") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    echo connection(*r);
    REQUIRE(connection.open(fds.ours.release()));
    write_all(fds.theirs.get(), "hello");
    settle(*r);
    CHECK(read_some(fds.theirs.get()) == "hello");
    fds.theirs.reset();
    REQUIRE(turn_until(*r, [&] { return connection.is_gone; }));
    CHECK_FALSE(connection.is_open());
}

TEST_CASE("both ends of a connection have an address") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    echo connection(*r);
    REQUIRE(connection.open(fds.ours.release()));
    CHECK(connection.local_address().is_loopback());
    CHECK(connection.peer_address().is_ipv4());
    CHECK(connection.peer_address().port() != connection.local_address().port());
    connection.close();
    REQUIRE(turn_until(*r, [&] { return connection.is_gone; }));
}

TEST_CASE("TCP options reach the kernel, and are no error for a Unix-domain socket") {
    const auto r = every_reactor();
    const pair_of_fds tcp = tcp_pair(), local = socket_pair();
    net::tcp_options options;
    options.keep_alive_idle = 1500ms;
    options.keep_alive_interval = 3s;
    options.keep_alive_probes = 4;
    options.receive_buffer_bytes = 65536;
    REQUIRE(net::set_tcp_options(*r, tcp.ours.get(), options));
    CHECK(option(tcp.ours.get(), IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(tcp.ours.get(), SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(option(tcp.ours.get(), IPPROTO_TCP, net::detail::keep_alive_idle_option) == 2);
    CHECK(option(tcp.ours.get(), IPPROTO_TCP, TCP_KEEPINTVL) == 3);
    CHECK(option(tcp.ours.get(), IPPROTO_TCP, TCP_KEEPCNT) == 4);
    CHECK(option(tcp.ours.get(), SOL_SOCKET, SO_RCVBUF) >= 65536);
    CHECK(net::set_tcp_options(*r, local.ours.get(), options));
    CHECK_FALSE(net::set_tcp_options(*r, -1, options));
}

TEST_CASE("a descriptor that cannot be watched is closed") {
    const auto r = every_reactor();
    echo connection(*r);
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    ::close(fds[0]);
    ::close(fds[1]);
    const result<> opened = connection.open(fds[0]);
    if (opened) {  // io_uring says so by a notice
        connection.close();
        REQUIRE(turn_until(*r, [&] { return connection.is_gone; }));
    }
    CHECK_FALSE(connection.is_open());
}
