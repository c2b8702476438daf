#include "eventcore/reactor/reactor.hpp"

#include "reactor/reactors.hpp"

using namespace reactors;

TEST_CASE("bytes from the peer are one edge, heard once") {
    const auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    settle(*r);
    CHECK(h.notices.empty());  // a fresh socket is writable, which is no news

    write_all(fds.theirs.get(), "one");
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::readable); }));
    settle(*r);
    CHECK(h.notices == std::vector<std::uint8_t>{readiness::readable});
    CHECK(receive_text(*r, h) == "one");
    CHECK_FALSE(h.is_ready(readiness::readable));  // less than asked for: drained

    write_all(fds.theirs.get(), "two");
    REQUIRE(turn_until(*r, [&] { return h.notices.size() == 2; }));
    CHECK(receive_text(*r, h) == "two");
    close_and_wait(*r, h);
}

TEST_CASE("bytes that were there before the watch are not lost") {
    const auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    write_all(fds.theirs.get(), "early");
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::readable); }));
    CHECK(receive_text(*r, h) == "early");
    close_and_wait(*r, h);
}

TEST_CASE("a full read keeps the handle readable until a call would block") {
    const auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    write_all(fds.theirs.get(), "abcdef");
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::readable); }));
    CHECK(receive_text(*r, h, 3) == "abc");
    CHECK(h.is_ready(readiness::readable));
    CHECK(receive_text(*r, h, 3) == "def");
    CHECK(h.is_ready(readiness::readable));
    char byte;
    CHECK(r->receive(h, &byte, 1).would_block());
    CHECK_FALSE(h.is_ready(readiness::readable));

    write_all(fds.theirs.get(), "g");
    REQUIRE(turn_until(*r, [&] { return h.notices.size() == 2; }));
    CHECK(receive_text(*r, h) == "g");
    close_and_wait(*r, h);
}

TEST_CASE("a socket that was full is writable again when the peer has read") {
    const auto r = every_reactor();
    pair_of_fds fds = GENERATE(false, true) ? tcp_pair() : socket_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    const std::string block(65536, 'x');
    std::size_t sent = 0;
    while (h.is_ready(readiness::writable)) {
        const io_result took = send_text(*r, h, block);
        REQUIRE((took.ok() || took.would_block()));
        sent += took.bytes();
    }
    r->want_write(h);
    r->want_write(h);  // once is enough, twice is harmless
    settle(*r);
    CHECK_FALSE(h.heard(readiness::writable));

    std::size_t received = 0;
    while (received < sent) received += read_some(fds.theirs.get()).size();
    CHECK(received == sent);
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::writable); }));
    settle(*r);
    CHECK(h.notices == std::vector<std::uint8_t>{readiness::writable});
    CHECK(send_text(*r, h, "more").bytes() == 4);
    close_and_wait(*r, h);
}

TEST_CASE("the end of the peer's stream is heard as hung_up, and reading goes on to the end") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    write_all(fds.theirs.get(), "last");
    REQUIRE(::shutdown(fds.theirs.get(), SHUT_WR) == 0);
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::readable | readiness::hung_up); }));
    CHECK(receive_text(*r, h) == "last");
    CHECK(h.is_ready(readiness::readable));  // hung up: a short read does not mean drained
    char byte;
    CHECK(r->receive(h, &byte, 1).is_end());
    CHECK(send_text(*r, h, "answer").bytes() == 6);
    CHECK(read_some(fds.theirs.get()) == "answer");
    close_and_wait(*r, h);
}

TEST_CASE("a reset connection is heard as hung_up, also by a writer that waits") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    const std::string block(65536, 'x');
    while (h.is_ready(readiness::writable)) (void)send_text(*r, h, block);
    r->want_write(h);
    settle(*r);
    const linger hard{1, 0};
    REQUIRE(::setsockopt(fds.theirs.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    fds.theirs.reset();
    constexpr std::uint8_t everything = readiness::readable | readiness::writable | readiness::hung_up;
    REQUIRE(turn_until(*r, [&] { return h.heard(everything); }));
    char byte;
    CHECK(r->receive(h, &byte, 1).error_number() == ECONNRESET);
    CHECK(send_text(*r, h, "x").error_number() == EPIPE);  // and no SIGPIPE
    close_and_wait(*r, h);
}

TEST_CASE("a connection that is reset after the peer had stopped sending is heard as broken") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    REQUIRE(::shutdown(fds.theirs.get(), SHUT_WR) == 0);
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::hung_up); }));
    settle(*r);
    CHECK_FALSE(h.heard(readiness::broken));
    const linger hard{1, 0};
    REQUIRE(::setsockopt(fds.theirs.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    fds.theirs.reset();
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::broken); }));
    CHECK_FALSE(r->socket_error(h.fd).ok());
    close_and_wait(*r, h);
}

TEST_CASE("close() tells gone exactly once and later, and the peer sees the end") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    settle(*r);
    r->close(h);
    CHECK(h.notices.empty());  // never from within the call
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::gone); }));
    CHECK(read_some(fds.theirs.get()) == "(end)");
    settle(*r);
    CHECK(h.notices == std::vector<std::uint8_t>{readiness::gone});
    CHECK(h.fd == -1);
}

TEST_CASE("a handle that waits to write can be closed") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    const std::string block(65536, 'x');
    while (h.is_ready(readiness::writable)) (void)send_text(*r, h, block);
    r->want_write(h);
    settle(*r);
    close_and_wait(*r, h);
    settle(*r);
    CHECK(h.notices == std::vector<std::uint8_t>{readiness::gone});
}

TEST_CASE("a handle that was never watched, or only just, can be closed") {
    const auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    recording never(fds.ours.release());
    recording just(fds.theirs.release());
    REQUIRE(r->watch(just));
    r->close(never);
    r->close(just);
    REQUIRE(turn_until(*r, [&] { return never.heard(readiness::gone) && just.heard(readiness::gone); }));
    CHECK(never.notices.size() == 1);
    CHECK(just.notices.size() == 1);
}

TEST_CASE("a released descriptor stays open, and can be watched by another handle") {
    const auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    recording first(fds.ours.release());
    REQUIRE(r->watch(first));
    settle(*r);
    r->release(first);
    REQUIRE(turn_until(*r, [&] { return first.heard(readiness::gone); }));
    write_all(fds.theirs.get(), "for the second");
    recording second(first.fd);
    REQUIRE(r->watch(second));
    REQUIRE(turn_until(*r, [&] { return second.heard(readiness::readable); }));
    CHECK(receive_text(*r, second) == "for the second");
    CHECK(first.notices.size() == 1);
    close_and_wait(*r, second);
}

namespace {

// Frees itself when it is gone; the first one to hear anything closes all the others.
struct suicidal : io_handle {
    explicit suicidal(int of) : io_handle(&heard) {
        fd = of;
        ++alive;
        everyone.push_back(this);
    }
    ~suicidal() { --alive; }
    static void heard(io_handle& h, std::uint8_t news) noexcept {
        if (news & readiness::gone) {
            delete &static_cast<suicidal&>(h);
            return;
        }
        ++notices;
        for (suicidal* each : everyone)
            if (!each->closing) reactor::current().close(*each);
    }
    static inline std::vector<suicidal*> everyone;
    static inline int alive = 0, notices = 0;
};

}  // namespace

TEST_CASE("closing handles inside the notice of another one in the same batch is safe") {
    const auto r = every_reactor();
    suicidal::everyone.clear();
    suicidal::alive = suicidal::notices = 0;
    std::vector<unique_fd> peers;
    for (int i = 0; i < 64; ++i) {
        pair_of_fds fds = socket_pair();
        REQUIRE(r->watch(*new suicidal(fds.ours.release())));
        peers.push_back(std::move(fds.theirs));
    }
    settle(*r);
    for (const unique_fd& peer : peers) write_all(peer.get(), "x");
    REQUIRE(turn_until(*r, [] { return suicidal::alive == 0; }));
    CHECK(suicidal::notices == 1);
    for (const unique_fd& peer : peers) CHECK(read_some(peer.get()) != "(nothing)");
    settle(*r);
}

TEST_CASE("a thousand sockets are each heard, whatever the size of a batch") {
    const auto r = every_reactor();
    std::vector<std::unique_ptr<recording>> handles;
    std::vector<unique_fd> peers;
    for (int i = 0; i < 1000; ++i) {
        pair_of_fds fds = socket_pair();
        handles.push_back(std::make_unique<recording>(fds.ours.release()));
        REQUIRE(r->watch(*handles.back()));
        peers.push_back(std::move(fds.theirs));
    }
    settle(*r);
    for (int round = 1; round <= 3; ++round) {
        for (const unique_fd& peer : peers) write_all(peer.get(), "ping");
        std::size_t echoed = 0;
        const auto echo = [&] {
            for (auto& h : handles) {
                if (!h->is_ready(readiness::readable)) continue;
                echoed += send_text(*r, *h, receive_text(*r, *h)).bytes() == 4;
            }
            return echoed == 1000;
        };
        REQUIRE(turn_until(*r, echo));
        for (const unique_fd& peer : peers) REQUIRE(read_some(peer.get()) == "ping");
    }
    for (auto& h : handles) r->close(*h);
    const auto all_gone = [&] {
        std::size_t gone = 0;
        for (auto& h : handles) gone += h->heard(readiness::gone);
        return gone == handles.size();
    };
    CHECK(turn_until(*r, all_gone));
}

TEST_CASE("more news than io_uring's completion queue holds is not lost") {
    static const std::vector<reactor_kind> kinds = available_kinds();
    const reactor_kind kind = GENERATE(from_range(kinds));
    const auto r =
        std::move(reactor::open({.kind = kind, .submission_entries = 4, .completion_entries = 8}).value());
    std::vector<std::unique_ptr<recording>> handles;
    std::vector<unique_fd> peers;
    for (int i = 0; i < 200; ++i) {
        pair_of_fds fds = socket_pair();
        write_all(fds.theirs.get(), "x");
        handles.push_back(std::make_unique<recording>(fds.ours.release()));
        REQUIRE(r->watch(*handles.back()));
        peers.push_back(std::move(fds.theirs));
    }
    const auto all_heard = [&](std::uint8_t bits) {
        std::size_t heard = 0;
        for (auto& h : handles) heard += h->heard(bits);
        return heard == handles.size();
    };
    REQUIRE(turn_until(*r, [&] { return all_heard(readiness::readable); }));
    for (unique_fd& peer : peers) peer.reset();
    REQUIRE(turn_until(*r, [&] { return all_heard(readiness::hung_up); }));
    for (auto& h : handles) r->close(*h);
    CHECK(turn_until(*r, [&] { return all_heard(readiness::gone); }));
}

TEST_CASE("a connect that is under way is heard as writable") {
    const auto r = every_reactor();
    tcp_listener listener;
    recording h(static_cast<int>(r->open_socket(AF_INET, SOCK_STREAM).bytes()));
    h.ready = 0;
    const bool refused = GENERATE(false, true);
    if (refused) listener.fd.reset();
    const io_result begun = r->connect_socket(h.fd, reinterpret_cast<const sockaddr*>(&listener.address),
                                              sizeof listener.address);
    REQUIRE((begun.ok() || begun.error_number() == EINPROGRESS || begun.error_number() == ECONNREFUSED));
    REQUIRE(r->watch(h));
    r->want_write(h);
    REQUIRE(turn_until(*r, [&] { return h.heard(readiness::writable); }));
    if (begun.error_number() != ECONNREFUSED)
        CHECK(r->socket_error(h.fd).error_number() == (refused ? ECONNREFUSED : 0));
    close_and_wait(*r, h);
}

TEST_CASE("a file is sent without passing through user space") {
    const auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    char name[] = "/tmp/eventcore-test-XXXXXX";
    const unique_fd file(::mkstemp(name));
    ::unlink(name);
    write_all(file.get(), "0123456789");
    CHECK(r->send_file(h, file.get(), 3, 4).bytes() == 4);
    CHECK(read_some(fds.theirs.get()) == "3456");
    CHECK(r->send_file(h, file.get(), 10, 4).is_end());
    close_and_wait(*r, h);
}
