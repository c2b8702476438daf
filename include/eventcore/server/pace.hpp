// How long a client may keep a transfer waiting. Time-outs between two pieces alone are no bound: a client
// that sends, or takes, one byte before each of them holds its connection for ever.
//
// Plain arithmetic: no clock, no timer. Rates are bytes per second; 0 asks for none.
#pragma once

#include <cstdint>

#include "eventcore/base/clock.hpp"

namespace eventcore {

// Content from the client. Waiting is paid from an account: it begins with `grace`, every byte that arrives
// pays in 1 / rate seconds, and it never holds more than `longest`. So all waits together last at most
// grace + bytes / rate, and each at most `longest`.
class receive_pace {
 public:
    void start(duration grace, duration longest, std::uint64_t rate) noexcept {
        account_ = grace < longest && rate > 0 ? grace : longest;
        longest_ = longest;
        rate_ = rate;
        is_waiting_ = false;
    }
    // Until when the wait that begins, or goes on, may last.
    time_point wait(time_point now) noexcept {
        if (!is_waiting_) waiting_since_ = now;
        is_waiting_ = true;
        return saturating_add(waiting_since_, account_);
    }
    bool is_waiting() const noexcept { return is_waiting_; }
    // It was not the client who was waited for.
    void forgive() noexcept { is_waiting_ = false; }
    void arrived(time_point now, std::uint64_t bytes) noexcept {
        if (rate_ == 0) {
            is_waiting_ = false;
            return;
        }
        if (is_waiting_) account_ -= now - waiting_since_;
        is_waiting_ = false;
        if (account_ < duration::zero()) account_ = duration::zero();
        constexpr std::uint64_t bytes_max = UINT64_MAX / 1'000'000'000;
        const std::uint64_t paid = (bytes < bytes_max ? bytes : bytes_max) * 1'000'000'000 / rate_;
        const auto room = static_cast<std::uint64_t>((longest_ - account_).count());
        account_ += duration(static_cast<std::int64_t>(paid < room ? paid : room));
    }

 private:
    duration account_{};
    duration longest_{};
    std::uint64_t rate_ = 0;
    time_point waiting_since_{};
    bool is_waiting_ = false;
};

// Answers to the client, from when the socket takes no more until everything is sent. Looked at in periods of
// half of `longest`; the first goes unmeasured, because most waits are over by then and asking the kernel
// costs a call. A client that takes nothing is given up after `longest`.
class send_pace {
 public:
    // no_deadline while nothing waits to be sent.
    time_point deadline() const noexcept { return deadline_; }
    void stop() noexcept { deadline_ = no_deadline; }
    // The socket takes no more. Nothing happens when that is known.
    void wait(time_point now, duration longest) noexcept {
        if (deadline_ != no_deadline) return;
        is_measuring_ = false;
        begin_period(now, longest);
    }
    // The deadline has passed, and the client has taken `taken` bytes since some moment before wait(). False:
    // it is too slow.
    bool keeps_up(time_point now, std::uint64_t taken, duration longest, std::uint64_t rate) noexcept {
        const std::uint64_t bytes = taken - taken_;
        const auto seconds = std::chrono::duration<double>(now - period_began_).count();
        const bool too_slow = bytes == 0 || static_cast<double>(bytes) < seconds * static_cast<double>(rate);
        if (is_measuring_ && too_slow) return false;
        is_measuring_ = true;
        taken_ = taken;
        begin_period(now, longest);
        return true;
    }

 private:
    void begin_period(time_point now, duration longest) noexcept {
        period_began_ = now;
        deadline_ = saturating_add(now, longest / 2);
    }

    time_point deadline_ = no_deadline;
    time_point period_began_{};
    std::uint64_t taken_ = 0;
    bool is_measuring_ = false;
};

}  // namespace eventcore
