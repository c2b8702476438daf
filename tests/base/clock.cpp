#include "eventcore/base/clock.hpp"

#include "catch.hpp"

using namespace eventcore;
using namespace std::chrono_literals;

static_assert(saturating_add(time_point{}, 5s) == time_point(5s));
static_assert(saturating_add(no_deadline, 1ns) == no_deadline);
static_assert(saturating_add(no_deadline - 1s, 1s) == no_deadline);
static_assert(saturating_add(no_deadline - 1s, duration::max()) == no_deadline);
static_assert(saturating_add(time_point{}, duration::max()) == no_deadline);
static_assert(saturating_add(no_deadline, -1s) == no_deadline - 1s);

TEST_CASE("a deadline that does not fit is no deadline") {
    CHECK(saturating_add(time_point(100h), duration::max()) == no_deadline);
    CHECK(saturating_add(time_point(100h), 1h) == time_point(101h));
}
