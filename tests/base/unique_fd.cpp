#include "eventcore/base/unique_fd.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "catch.hpp"

using namespace eventcore;

namespace {

int open_one() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1 || errno != EBADF; }

}  // namespace

TEST_CASE("a descriptor is closed once, when its owner ends") {
    const int fd = open_one();
    {
        unique_fd owner(fd);
        CHECK(static_cast<bool>(owner));
        unique_fd other(std::move(owner));
        CHECK_FALSE(static_cast<bool>(owner));
        CHECK(other.get() == fd);
        owner = std::move(other);
        unique_fd& same = owner;
        owner = std::move(same);
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("reset closes what was held; release hands it out") {
    const int first = open_one(), second = open_one();
    unique_fd owner(first);
    owner.reset(second);
    CHECK_FALSE(is_open(first));
    const int released = owner.release();
    CHECK(released == second);
    CHECK_FALSE(static_cast<bool>(owner));
    owner.reset();
    CHECK(is_open(released));
    ::close(released);
}
