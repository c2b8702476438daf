#include "eventcore/reactor/wakeup.hpp"

#include <poll.h>

#include "catch.hpp"

using eventcore::wakeup;

TEST_CASE("a signal makes the wakeup readable, and further ones never block") {
    wakeup w;
    REQUIRE(w.open() == 0);
    pollfd readable{w.fd(), POLLIN, 0};
    CHECK(::poll(&readable, 1, 0) == 0);
    for (int i = 0; i < 100'000; ++i) w.signal();
    CHECK(::poll(&readable, 1, 0) == 1);
}
