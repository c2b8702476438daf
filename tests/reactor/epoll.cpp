#include "eventcore/reactor/epoll.hpp"

#include "reactor/reactors.hpp"

using namespace reactors;

// close(2) ends an epoll registration only with the last descriptor of the socket, and a child that was
// forked may hold another one for as long as it likes.
TEST_CASE("a closed handle is not heard again though a duplicate of its descriptor lives on") {
    const reactor_kind kind = GENERATE(reactor_kind::epoll, reactor_kind::io_uring);
    const auto opened = reactor::open({.kind = kind});
    if (!opened) return;
    reactor& r = **opened;
    pair_of_fds fds = socket_pair();
    const unique_fd duplicate(::dup(fds.ours.get()));
    auto h = std::make_unique<recording>(fds.ours.release());
    REQUIRE(r.watch(*h));
    settle(r);
    close_and_wait(r, *h);
    h.reset();
    write_all(fds.theirs.get(), "for nobody");
    settle(r);  // an event would be a use after free
    CHECK(read_some(duplicate.get()) == "for nobody");
}

TEST_CASE("what epoll cannot watch is refused with the kernel's reason") {
    const auto opened = reactor::open({.kind = reactor_kind::epoll});
    REQUIRE(opened);
    char name[] = "/tmp/eventcore-test-XXXXXX";
    recording h(::mkstemp(name));
    ::unlink(name);
    CHECK((*opened)->watch(h).error() == std::errc::operation_not_permitted);
    close_and_wait(**opened, h);
}

TEST_CASE("files are not completed by epoll") {
    const auto opened = reactor::open({.kind = reactor_kind::epoll});
    REQUIRE(opened);
    file_operation op([](file_operation&, io_result) noexcept {});
    CHECK_FALSE((*opened)->submit(op));
    (*opened)->cancel(op);
    (*opened)->wait_for(op);
}
