#include "eventcore/net/listener.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using net::address;
using net::listener;

namespace {

struct door {
    explicit door(reactor& r, logger log = logger(log_level::off))
        : home(r), in(std::in_place, r, &connected, this, log) {}
    static void connected(void* owner, unique_fd socket) noexcept {
        auto& self = *static_cast<door*>(owner);
        self.sockets.push_back(std::move(socket));
        if (self.closes_at_once) self.in.reset();
    }
    bool has(std::size_t count) {
        return turn_until(home, [&] { return sockets.size() >= count; });
    }
    reactor& home;
    std::optional<listener> in;
    std::vector<unique_fd> sockets;
    bool closes_at_once = false;
};

unique_fd connect_to(const address& where) {
    unique_fd client(::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), where.data(), where.size()) != 0) client.reset();
    return client;
}
int option(int fd, int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    REQUIRE(::getsockopt(fd, level, name, &value, &bytes) == 0);
    return value;
}
bool has_ipv6() { return connect_to(address::loopback_ipv6(1)) || errno != EADDRNOTAVAIL; }

}  // namespace

TEST_CASE("connections arrive non-blocking, close-on-exec and with the options of the listener") {
    const auto r = every_reactor();
    door d(*r);
    net::listen_options options;
    options.tcp.keep_alive_idle = 60s;
    REQUIRE(d.in->open(address::loopback_ipv4(0), options));
    CHECK(d.in->local_address().port() != 0);
    REQUIRE(d.in->start());
    std::vector<unique_fd> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(connect_to(d.in->local_address()));
    REQUIRE(d.has(20));
    CHECK(d.in->counters().accepted == 20);
    for (const unique_fd& socket : d.sockets) {
        CHECK((::fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(option(socket.get(), IPPROTO_TCP, TCP_NODELAY) != 0);
        CHECK(option(socket.get(), SOL_SOCKET, SO_KEEPALIVE) != 0);
    }
}

TEST_CASE("what cannot be bound says where and why") {
    const auto r = every_reactor();
    door first(*r), second(*r);
    REQUIRE(first.in->open(address::loopback_ipv4(0)));
    const address taken = first.in->local_address();
    const result<> opened = second.in->open(taken);
    CHECK(opened.error() == std::errc::address_in_use);
    CHECK(second.in->failure() ==
          "cannot listen on " + taken.to_string() + ": bind: " + opened.error().message());
    door third(*r);
    CHECK(third.in->open(*address::parse("192.0.2.1:80")).error() == std::errc::address_not_available);
    CHECK(third.in->open(address()).error() == errc::invalid_argument);
}

TEST_CASE("workers share a port, but two servers do not do so by accident") {
    const auto r = every_reactor();
    door first(*r), second(*r), stranger(*r);
    net::listen_options leader, follower;
    leader.reuse_port = follower.reuse_port = true;
    follower.first_of_group = false;
    REQUIRE(first.in->open(address::loopback_ipv4(0), leader));
    const address where = first.in->local_address();
    REQUIRE(second.in->open(where, follower));
    CHECK(stranger.in->open(where, leader).error() == std::errc::address_in_use);
    REQUIRE(first.in->start());
    REQUIRE(second.in->start());
    std::vector<unique_fd> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(connect_to(where));
    REQUIRE(turn_until(*r, [&] { return first.sockets.size() + second.sockets.size() == 64; }));
    CHECK_FALSE(first.sockets.empty());
    CHECK_FALSE(second.sockets.empty());
}

TEST_CASE("one dual-stack socket takes both families") {
    const auto r = every_reactor();
    door d(*r);
    REQUIRE(d.in->open(address::any_ipv6(0)));
    REQUIRE(d.in->start());
    const std::uint16_t port = d.in->local_address().port();
    const unique_fd four = connect_to(address::loopback_ipv4(port));
    CHECK(four);
    CHECK(d.has(1));
    if (has_ipv6()) {
        const unique_fd six = connect_to(address::loopback_ipv6(port));
        CHECK(six);
        CHECK(d.has(2));
    }
}

TEST_CASE("an IPv6 listener without dual stack leaves IPv4 alone") {
    if (!has_ipv6()) return;
    const auto r = every_reactor();
    door d(*r);
    net::listen_options options;
    options.dual_stack = false;
    REQUIRE(d.in->open(address::any_ipv6(0), options));
    CHECK_FALSE(connect_to(address::loopback_ipv4(d.in->local_address().port())));
}

TEST_CASE("a paused listener leaves connections in the kernel and gets them when it goes on") {
    const auto r = every_reactor();
    door d(*r);
    REQUIRE(d.in->open(address::loopback_ipv4(0)));
    REQUIRE(d.in->start());
    settle(*r);
    d.in->pause();
    CHECK(d.in->is_paused());
    settle(*r);
    const unique_fd a = connect_to(d.in->local_address()), b = connect_to(d.in->local_address());
    settle(*r);
    const std::size_t on_their_way = d.sockets.size();
    CHECK(on_their_way <= 1);
    d.in->accept_pending();
    CHECK(d.sockets.size() == 2);
    const unique_fd c = connect_to(d.in->local_address());
    REQUIRE(d.in->start());
    CHECK(d.has(3));
}

TEST_CASE("a listener may be closed from within its own notice") {
    const auto r = every_reactor();
    door d(*r);
    REQUIRE(d.in->open(address::loopback_ipv4(0)));
    const address where = d.in->local_address();
    REQUIRE(d.in->start());
    d.closes_at_once = true;
    const unique_fd a = connect_to(where), b = connect_to(where), c = connect_to(where);
    REQUIRE(d.has(1));
    settle(*r);
    CHECK(d.sockets.size() == 1);
    CHECK_FALSE(connect_to(where));

    door by_hand(*r);
    REQUIRE(by_hand.in->open(address::loopback_ipv4(0)));
    const address other = by_hand.in->local_address();
    const unique_fd e = connect_to(other), f = connect_to(other);
    by_hand.closes_at_once = true;
    by_hand.in->accept_pending();
    CHECK(by_hand.sockets.size() == 1);
    settle(*r);
}

TEST_CASE("a listener that was never opened or started closes quietly") {
    const auto r = every_reactor();
    {
        const door d(*r);
    }
    door d(*r);
    REQUIRE(d.in->open(address::loopback_ipv4(0)));
    const address where = d.in->local_address();
    d.in->close();
    CHECK_FALSE(d.in->local_address().is_set());
    CHECK(d.in->is_paused());
    d.in->pause();
    d.in->accept_pending();
    d.in.reset();
    settle(*r);
    CHECK_FALSE(connect_to(where));
}

TEST_CASE("a socket handed over is listened on") {
    const auto r = every_reactor();
    tcp_listener given;
    const address where =
        address::from(reinterpret_cast<const sockaddr*>(&given.address), sizeof given.address);
    door d(*r);
    REQUIRE(d.in->adopt(std::move(given.fd)));
    CHECK(d.in->local_address() == where);
    REQUIRE(d.in->start());
    const unique_fd client = connect_to(where);
    CHECK(d.has(1));
    door bad(*r);
    CHECK(bad.in->adopt(unique_fd(9999)).error() == std::errc::bad_file_descriptor);
}

TEST_CASE("a Unix-domain listener makes its file, with its mode, and removes it") {
    const auto r = every_reactor();
    const test::temporary_directory dir;
    const address where = *address::unix_path(dir.at("s"));
    struct stat file{};
    {
        door d(*r);
        net::listen_options options;
        options.unix_mode = 0640;
        REQUIRE(d.in->open(where, options));
        REQUIRE(d.in->start());
        REQUIRE(::stat(dir.at("s").c_str(), &file) == 0);
        CHECK((file.st_mode & 0777) == 0640);
        const unique_fd client = connect_to(where);
        REQUIRE(d.has(1));
        door second(*r);
        CHECK(second.in->open(where).error() == std::errc::address_in_use);  // somebody listens
        CHECK(second.in->failure().find("unix:" + dir.at("s")) != std::string::npos);
    }
    CHECK(::stat(dir.at("s").c_str(), &file) != 0);
    settle(*r);
}

TEST_CASE("a stale socket file is replaced, any other file is not, and a successor's is not removed") {
    const auto r = every_reactor();
    const test::temporary_directory dir;
    const address where = *address::unix_path(dir.at("s"));
    {
        const unique_fd killed(::socket(AF_UNIX, SOCK_STREAM, 0));
        REQUIRE(::bind(killed.get(), where.data(), where.size()) == 0);
    }
    struct stat file{};
    {
        door d(*r);
        REQUIRE(d.in->open(where));
        REQUIRE(::unlink(dir.at("s").c_str()) == 0);
        std::ofstream(dir.at("s")) << "somebody else's";
    }
    REQUIRE(::stat(dir.at("s").c_str(), &file) == 0);
    CHECK(S_ISREG(file.st_mode));
    door d(*r);
    CHECK(d.in->open(where).error() == std::errc::address_in_use);
    CHECK(::stat(dir.at("s").c_str(), &file) == 0);
    settle(*r);
}

#ifdef __linux__
TEST_CASE("an abstract Unix-domain name is listened on") {
    const auto r = every_reactor();
    door d(*r);
    const address where = *address::parse("unix:@eventcore-test-" + std::to_string(::getpid()));
    REQUIRE(d.in->open(where));
    REQUIRE(d.in->start());
    const unique_fd client = connect_to(where);
    CHECK(d.has(1));
}
#endif

TEST_CASE("when descriptors run out clients are turned away, and accepting goes on when some are free") {
    const auto r = every_reactor();
    std::string lines;
    const auto keep = [](void* to, const log_record& record) noexcept {
        *static_cast<std::string*>(to) += record.message;
    };
    door d(*r, logger(keep, &lines));
    REQUIRE(d.in->open(address::loopback_ipv4(0)));
    settle(*r);
    std::vector<unique_fd> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    const address where = d.in->local_address();

    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    std::vector<unique_fd> fillers;
    const int next = ::dup(0);
    ::close(next);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next) + 20;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.emplace_back(fd);
    // Only now: io_uring remembers the limit with which it began to accept.
    const result<> started = d.in->start();
    for (const unique_fd& client : clients) (void)::connect(client.get(), where.data(), where.size());
    const bool turned_away = turn_until(*r, [&] { return d.in->counters().turned_away == 3; });
    std::vector<std::string> seen;
    for (const unique_fd& client : clients) seen.push_back(read_some(client.get()));
    settle(*r);
    const std::uint64_t failures = d.in->counters().failures;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    fillers.clear();

    CHECK(started);
    CHECK(turned_away);
    for (const std::string& end : seen) CHECK((end == "(end)" || end == "(reset)"));
    CHECK(failures == 1);  // no spinning
    CHECK(lines == "accepting failed, pausing");
    CHECK(d.sockets.empty());
    if (GENERATE(true, false)) d.in->descriptor_freed();  // else the pause ends by itself
    const unique_fd late = connect_to(where);
    CHECK(d.has(1));
}
