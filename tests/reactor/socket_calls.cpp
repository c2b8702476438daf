#include "eventcore/reactor/socket_calls.hpp"

#include <csignal>

#include "reactor/reactors.hpp"

using namespace reactors;

TEST_CASE("opened sockets do not block and are not inherited") {
    const io_result opened = socket_calls::open(AF_INET, SOCK_STREAM, 0);
    REQUIRE(opened.ok());
    const unique_fd fd(static_cast<int>(opened.bytes()));
    CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(socket_calls::open(AF_INET, 12345, 0).error_number() == EINVAL);
}

TEST_CASE("a listener, a client and the accepted socket agree on addresses") {
    const unique_fd listener(static_cast<int>(socket_calls::open(AF_INET, SOCK_STREAM, 0).bytes()));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(socket_calls::bind(listener.get(), generic, sizeof address).ok());
    REQUIRE(socket_calls::listen(listener.get(), 5).ok());
    socklen_t bytes = sizeof address;
    REQUIRE(socket_calls::local_address(listener.get(), generic, bytes).ok());
    CHECK(socket_calls::accept(listener.get()).would_block());
    CHECK(socket_calls::bind(listener.get(), generic, bytes).error_number() == EINVAL);

    const unique_fd client(static_cast<int>(socket_calls::open(AF_INET, SOCK_STREAM, 0).bytes()));
    const io_result begun = socket_calls::connect(client.get(), generic, bytes);
    CHECK((begun.ok() || begun.error_number() == EINPROGRESS));
    pollfd pending{listener.get(), POLLIN, 0};
    REQUIRE(::poll(&pending, 1, 5000) == 1);
    const unique_fd accepted(static_cast<int>(socket_calls::accept(listener.get()).bytes()));
    CHECK((::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(socket_calls::error(client.get()).ok());

    sockaddr_in ours{}, theirs{};
    socklen_t ours_bytes = sizeof ours, theirs_bytes = sizeof theirs;
    REQUIRE(socket_calls::local_address(client.get(), reinterpret_cast<sockaddr*>(&ours), ours_bytes).ok());
    REQUIRE(
        socket_calls::peer_address(accepted.get(), reinterpret_cast<sockaddr*>(&theirs), theirs_bytes).ok());
    CHECK(ours.sin_port == theirs.sin_port);
}

TEST_CASE("parts are sent as one, and what is not there would block") {
    const pair_of_fds fds = socket_pair();
    char hello[] = "hello, ", world[] = "world";
    const iovec parts[] = {{hello, 7}, {world, 5}};
    CHECK(socket_calls::send(fds.ours.get(), parts, 2, false).bytes() == 12);
    char back[32];
    CHECK(socket_calls::receive(fds.theirs.get(), back, sizeof back).bytes() == 12);
    CHECK(std::string_view(back, 12) == "hello, world");
    CHECK(socket_calls::receive(fds.theirs.get(), back, sizeof back).would_block());
    CHECK(socket_calls::shutdown_write(fds.ours.get()).ok());
    CHECK(socket_calls::receive(fds.theirs.get(), back, sizeof back).is_end());
}

TEST_CASE("sending to a closed peer is an error and no signal") {
    pair_of_fds fds = socket_pair();
    fds.theirs.reset();
    char byte[] = "x";
    const iovec parts[] = {{byte, 1}, {byte, 1}};
    CHECK(socket_calls::send(fds.ours.get(), parts, 1, true).error_number() == EPIPE);
    CHECK(socket_calls::send(fds.ours.get(), parts, 2, false).error_number() == EPIPE);
}

TEST_CASE("options are set and read back") {
    const pair_of_fds fds = tcp_pair();
    const int on = 1;
    REQUIRE(socket_calls::set_option(fds.ours.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on).ok());
    int back = 0;
    socklen_t bytes = sizeof back;
    REQUIRE(socket_calls::option(fds.ours.get(), IPPROTO_TCP, TCP_NODELAY, &back, bytes).ok());
    CHECK(back != 0);
}

TEST_CASE("a SIGPIPE raised while it is blocked is gone afterwards") {
    pair_of_fds fds = socket_pair();
    fds.theirs.reset();
    {
        const socket_calls::sigpipe_blocked guard;
        CHECK(::write(fds.ours.get(), "x", 1) == -1);
        CHECK(errno == EPIPE);
    }
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, nullptr, &now);
    CHECK(sigismember(&now, SIGPIPE) == 0);
    sigpending(&now);
    CHECK(sigismember(&now, SIGPIPE) == 0);
}

TEST_CASE("errors of one connection are told from those of the listener") {
    CHECK(socket_calls::concerns_one_connection(ECONNABORTED));
    CHECK(socket_calls::concerns_one_connection(ENETUNREACH));
    CHECK_FALSE(socket_calls::concerns_one_connection(EMFILE));
    CHECK_FALSE(socket_calls::concerns_one_connection(EBADF));
}
