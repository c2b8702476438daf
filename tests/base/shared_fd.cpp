#include "eventcore/base/shared_fd.hpp"

#include <fcntl.h>

#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

namespace {

unique_fd open_one() { return unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1 || errno != EBADF; }

}  // namespace

TEST_CASE("a shared descriptor is closed with the last of its holders, whichever that is") {
    const bool first_goes_first = GENERATE(true, false);
    unique_fd opened = open_one();
    const int fd = opened.get();
    shared_fd first(std::move(opened));
    CHECK_FALSE(static_cast<bool>(opened));
    shared_fd second = first.share(), third = second.share();
    CHECK(second.get() == fd);
    CHECK(third.get() == fd);
    third.reset();
    CHECK_FALSE(static_cast<bool>(third));
    (first_goes_first ? first : second).reset();
    CHECK(is_open(fd));
    (first_goes_first ? second : first).reset();
    CHECK_FALSE(is_open(fd));
    first.reset();  // nothing is held: nothing is closed
}

TEST_CASE("a holder that is moved stays one holder") {
    shared_fd first(open_one());
    const int fd = first.get();
    shared_fd moved(std::move(first));
    CHECK_FALSE(static_cast<bool>(first));
    CHECK(first.get() == -1);
    shared_fd other(open_one());
    const int replaced = other.get();
    other = moved.share();
    CHECK_FALSE(is_open(replaced));
    shared_fd& same = other;
    other = std::move(same);
    moved = shared_fd();
    CHECK(is_open(fd));
    other = shared_fd();
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("of nothing there is nothing to share") {
    shared_fd none;
    CHECK_FALSE(static_cast<bool>(none.share()));
    CHECK_FALSE(static_cast<bool>(shared_fd(unique_fd())));
}

TEST_CASE("holders may end on different threads") {
    shared_fd first(open_one());
    const int fd = first.get();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([held = first.share()]() mutable {
            for (int n = 0; n < 1000; ++n) shared_fd(held.share()).reset();
        });
    first.reset();
    for (std::thread& one : threads) one.join();
    threads.clear();
    CHECK_FALSE(is_open(fd));
}
