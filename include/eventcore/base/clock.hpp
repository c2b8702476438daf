// Points and lengths of time. Nothing here reads a clock: "now" comes from the scheduler, so that tests and
// the simulated reactor can decide what time it is.
#pragma once

// libstdc++'s <chrono> brings <sstream> and calendars in C++20, 0.15 s in every file that includes this one;
// the durations and clocks alone are here.
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

namespace eventcore {

using duration = std::chrono::nanoseconds;
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;       // for deadlines
using wall_time_point = std::chrono::time_point<std::chrono::system_clock, duration>;  // for dates

// Later than every deadline anyone sets.
inline constexpr time_point no_deadline = (time_point::max)();

// `length` after `start`, or no_deadline where that does not fit.
constexpr time_point saturating_add(time_point start, duration length) noexcept {
    if (length > duration::zero() && start > no_deadline - length) return no_deadline;
    return start + length;
}

}  // namespace eventcore
