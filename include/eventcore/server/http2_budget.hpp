// What a client may ask of an HTTP/2 connection that brings it nothing: pings, settings, empty frames, and
// streams that are reset, by it or because of it (RFC 9113, 10.5).
//
// Plain arithmetic: no clock, no timer.
#pragma once

#include <cstdint>

#include "eventcore/base/clock.hpp"

namespace eventcore {

// An account that holds at most `most`, begins with that, and gets `per_second`. 0 per second and 0 at most:
// no limit.
class http2_budget {
 public:
    http2_budget(std::uint32_t most, std::uint32_t per_second, time_point now) noexcept
        : left_(most), most_(most), per_second_(per_second), filled_(now) {}

    // False: there is not enough left.
    bool spend(std::uint32_t cost, time_point now) noexcept {
        if (most_ == 0) return true;
        if (left_ < cost) fill(now);
        if (left_ < cost) return false;
        left_ -= cost;
        return true;
    }
    // For something that had a use.
    void earn(std::uint32_t amount) noexcept { left_ = most_ - left_ < amount ? most_ : left_ + amount; }

 private:
    void fill(time_point now) noexcept {
        const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - filled_).count();
        const std::uint64_t gained = static_cast<std::uint64_t>(passed < 0 ? 0 : passed) * per_second_ / 1000;
        if (gained == 0) return;
        filled_ = now;
        earn(static_cast<std::uint32_t>(gained < most_ ? gained : most_));
    }

    std::uint32_t left_;
    std::uint32_t most_;
    std::uint32_t per_second_;
    time_point filled_;
};

}  // namespace eventcore
