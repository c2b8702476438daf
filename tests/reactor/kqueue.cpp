#include "eventcore/reactor/kqueue.hpp"

#if EVENTCORE_HAS_KQUEUE

#include "reactor/reactors.hpp"

using namespace reactors;

// What the backend relies on; on Linux these hold our shim to the manual page.

namespace {

struct kevent change(int fd, short filter, unsigned flags, void* udata = nullptr) {
    struct kevent made{};
    made.ident = static_cast<std::uintptr_t>(fd);
    made.filter = filter;
    made.flags = static_cast<unsigned short>(flags);
    made.udata = udata;
    return made;
}
int apply(int kq, struct kevent one) { return ::kevent(kq, &one, 1, nullptr, 0, nullptr); }
std::vector<struct kevent> take(int kq) {
    struct kevent events[16];
    const timespec at_once{};
    const int count = ::kevent(kq, nullptr, 0, events, 16, &at_once);
    REQUIRE(count >= 0);
    return {events, events + count};
}

}  // namespace

TEST_CASE("EV_CLEAR reports bytes once, without it they are reported until they are read") {
    const unique_fd kq(::kqueue());
    const pair_of_fds clear = socket_pair(), level = socket_pair();
    int tag = 0;
    REQUIRE(apply(kq.get(), change(clear.ours.get(), EVFILT_READ, EV_ADD | EV_CLEAR, &tag)) == 0);
    REQUIRE(apply(kq.get(), change(level.ours.get(), EVFILT_READ, EV_ADD)) == 0);
    CHECK(take(kq.get()).empty());
    write_all(clear.theirs.get(), "abc");
    write_all(level.theirs.get(), "de");
    const auto first = take(kq.get());
    REQUIRE(first.size() == 2);
    const auto& seen = first[0].udata ? first[0] : first[1];
    CHECK(seen.udata == &tag);
    CHECK(seen.data == 3);
    CHECK(seen.filter == EVFILT_READ);
    const auto second = take(kq.get());
    REQUIRE(second.size() == 1);
    CHECK(second[0].ident == static_cast<std::uintptr_t>(level.ours.get()));
}

TEST_CASE("the peer's end is EV_EOF, after its bytes have been counted") {
    const unique_fd kq(::kqueue());
    pair_of_fds fds = socket_pair();
    REQUIRE(apply(kq.get(), change(fds.ours.get(), EVFILT_READ, EV_ADD | EV_CLEAR)) == 0);
    write_all(fds.theirs.get(), "abc");
    fds.theirs.reset();
    const auto events = take(kq.get());
    REQUIRE(events.size() == 1);
    CHECK((events[0].flags & EV_EOF) != 0);
    CHECK(events[0].data == 3);
}

TEST_CASE("a filter can be disabled, enabled, deleted, and used once") {
    const unique_fd kq(::kqueue());
    const pair_of_fds fds = socket_pair();
    const int fd = fds.ours.get();
    write_all(fds.theirs.get(), "x");
    REQUIRE(apply(kq.get(), change(fd, EVFILT_READ, EV_ADD)) == 0);
    REQUIRE(apply(kq.get(), change(fd, EVFILT_READ, EV_DISABLE)) == 0);
    CHECK(take(kq.get()).empty());
    REQUIRE(apply(kq.get(), change(fd, EVFILT_READ, EV_ENABLE)) == 0);
    CHECK(take(kq.get()).size() == 1);
    REQUIRE(apply(kq.get(), change(fd, EVFILT_READ, EV_DELETE)) == 0);
    CHECK(take(kq.get()).empty());
    CHECK(apply(kq.get(), change(fd, EVFILT_READ, EV_DELETE)) == -1);
    CHECK(errno == ENOENT);
    REQUIRE(apply(kq.get(), change(fd, EVFILT_READ, EV_ADD | EV_ONESHOT)) == 0);
    CHECK(take(kq.get()).size() == 1);
    CHECK(take(kq.get()).empty());
    CHECK(apply(kq.get(), change(-1, EVFILT_READ, EV_ADD)) == -1);
    CHECK(errno == EBADF);
}

TEST_CASE("a closed descriptor takes its filters with it, also when its number is used again") {
    const unique_fd kq(::kqueue());
    int old_tag = 0, new_tag = 0;
    pair_of_fds first = socket_pair();
    const int number = first.ours.get();
    REQUIRE(apply(kq.get(), change(number, EVFILT_READ, EV_ADD | EV_CLEAR, &old_tag)) == 0);
    REQUIRE(apply(kq.get(), change(number, EVFILT_WRITE, EV_ADD | EV_CLEAR, &old_tag)) == 0);
    first.ours.reset();
    pair_of_fds second = socket_pair();
    REQUIRE(second.ours.get() == number);
    REQUIRE(apply(kq.get(), change(number, EVFILT_READ, EV_ADD | EV_CLEAR, &new_tag)) == 0);
    write_all(second.theirs.get(), "x");
    const auto events = take(kq.get());
    REQUIRE(events.size() == 1);
    CHECK(events[0].udata == &new_tag);
}

TEST_CASE("a triggered user event is reported once") {
    const unique_fd kq(::kqueue());
    REQUIRE(apply(kq.get(), change(7, EVFILT_USER, EV_ADD | EV_CLEAR)) == 0);
    CHECK(take(kq.get()).empty());
    struct kevent trigger = change(7, EVFILT_USER, 0);
    trigger.fflags = NOTE_TRIGGER;
    REQUIRE(apply(kq.get(), trigger) == 0);
    REQUIRE(apply(kq.get(), trigger) == 0);
    const auto events = take(kq.get());
    REQUIRE(events.size() == 1);
    CHECK(events[0].filter == EVFILT_USER);
    CHECK(events[0].ident == 7);
    CHECK(take(kq.get()).empty());
}

#endif
