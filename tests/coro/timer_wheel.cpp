#include "eventcore/coro/timer_wheel.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace eventcore;
using namespace std::chrono_literals;

namespace {

constexpr time_point origin{};

// Remembers when it fired, by the wheel's own account of time.
struct alarm_clock : timer {
    explicit alarm_clock(std::vector<int>& log, int name) : timer(&fired), log_(&log), name_(name) {}
    static void fired(timer& t) noexcept {
        auto& self = static_cast<alarm_clock&>(t);
        ++self.times;
        self.log_->push_back(self.name_);
    }
    std::vector<int>* log_;
    int name_;
    int times = 0;
};

// Does something to the wheel when it fires.
struct actor : timer {
    using action_function = void (*)(actor&);
    actor(timer_wheel& w, action_function a) : timer(&fired), wheel(&w), action(a) {}
    static void fired(timer& t) noexcept {
        auto& self = static_cast<actor&>(t);
        ++self.times;
        self.action(self);
    }
    timer_wheel* wheel;
    action_function action;
    int times = 0;
    time_point again{};
    timer* other = nullptr;
    std::unique_ptr<alarm_clock>* owned = nullptr;
};

}  // namespace

TEST_CASE("a timer fires at its time, not before, and once") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1);
    wheel.arm(t, origin + 10ms);
    CHECK(t.is_armed());
    wheel.advance(origin + 9'999'999ns);
    CHECK(log.empty());
    wheel.advance(origin + 10ms);
    CHECK(log == std::vector<int>{1});
    CHECK_FALSE(t.is_armed());
    wheel.advance(origin + 20ms);
    CHECK(t.times == 1);
}

TEST_CASE("a time between two ticks waits for the later tick") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1);
    wheel.arm(t, origin + 10ms + 1ns);
    wheel.advance(origin + 10ms + 500us);
    CHECK(t.times == 0);
    wheel.advance(origin + 11ms);
    CHECK(t.times == 1);
}

TEST_CASE("a time that has passed fires at the next tick") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1), before_the_epoch(log, 2);
    wheel.advance(origin + 100ms);
    wheel.arm(t, origin + 3ms);
    wheel.arm(before_the_epoch, origin - 5h);
    CHECK(wheel.next_deadline() <= origin + 101ms);
    wheel.advance(origin + 100ms);
    CHECK(log.empty());
    wheel.advance(origin + 101ms);
    CHECK(log.size() == 2);
}

TEST_CASE("timers fire in the order of their ticks across all levels") {
    timer_wheel wheel;
    wheel.advance(origin + 123'456'789ms);
    const time_point start = origin + 123'456'789ms;
    std::vector<int> log;
    const std::vector<duration> after{400h,   1ms, 63ms,  64ms, 65ms, 4095ms,
                                      4096ms, 5s,  70min, 300h, 2ms,  290h};
    std::vector<std::unique_ptr<alarm_clock>> timers;
    for (std::size_t i = 0; i < after.size(); ++i) {
        timers.push_back(std::make_unique<alarm_clock>(log, static_cast<int>(i)));
        wheel.arm(*timers.back(), start + after[i]);
    }
    wheel.advance(start + 500h);
    std::vector<int> wanted(after.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = static_cast<int>(i);
    const auto time_of = [&](int name) { return after[static_cast<std::size_t>(name)]; };
    std::sort(wanted.begin(), wanted.end(), [&](int a, int b) { return time_of(a) < time_of(b); });
    CHECK(log == wanted);
}

TEST_CASE("arming an armed timer moves it") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1);
    wheel.arm(t, origin + 10ms);
    wheel.arm(t, origin + 1h);
    wheel.advance(origin + 59min);
    CHECK(t.times == 0);
    wheel.arm(t, origin + 59min + 5ms);
    wheel.advance(origin + 59min + 5ms);
    CHECK(t.times == 1);
    wheel.advance(origin + 2h);
    CHECK(t.times == 1);
}

TEST_CASE("a disarmed timer and a destroyed timer do not fire") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock disarmed(log, 1);
    wheel.arm(disarmed, origin + 10ms);
    wheel.disarm(disarmed);
    wheel.disarm(disarmed);
    CHECK_FALSE(disarmed.is_armed());
    {
        alarm_clock destroyed(log, 2);
        wheel.arm(destroyed, origin + 10ms);
    }
    CHECK(wheel.next_deadline() == no_deadline);
    wheel.advance(origin + 1h);
    CHECK(log.empty());
}

TEST_CASE("no_deadline is armed and never fires") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1);
    wheel.arm(t, no_deadline);
    CHECK(t.is_armed());
    CHECK(wheel.next_deadline() == no_deadline);
    wheel.advance(origin + 24h * 365 * 200);
    CHECK(log.empty());
    CHECK(t.is_armed());
    wheel.arm(t, origin + 24h * 365 * 200 + 1ms);
    wheel.advance(origin + 24h * 365 * 200 + 1ms);
    CHECK(t.times == 1);
}

TEST_CASE("the next deadline is never later than the next firing, and following it reaches the firing soon") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 300; ++round) {
        timer_wheel wheel;
        std::vector<int> log;
        time_point now = origin + std::chrono::milliseconds(random() % 100'000'000'000U);
        wheel.advance(now);
        alarm_clock t(log, 1);
        const int bits = static_cast<int>(random() % 50);
        const time_point when = now + std::chrono::microseconds(1 + random() % (std::uint64_t{1} << bits));
        const auto rounds = (when - now) / (24h * 12);
        wheel.arm(t, when);
        int steps = 0;
        while (t.times == 0 && steps < 2000) {
            REQUIRE(wheel.next_deadline() <= when + 1ms);
            REQUIRE(wheel.next_deadline() > now);
            now = wheel.next_deadline();
            wheel.advance(now);
            ++steps;
        }
        REQUIRE(t.times == 1);
        CHECK(now >= when);
        CHECK(now < when + 1ms);
        // At most one step per level, plus one per twelve days that are beyond the top level.
        CHECK(steps <= 6 + rounds);
    }
}

TEST_CASE("a firing timer may arm itself again; a time up to now waits for the next call") {
    timer_wheel wheel;
    actor every_tick(wheel, [](actor& self) { self.wheel->arm(self, self.again); });
    every_tick.again = origin;  // always in the past
    wheel.arm(every_tick, origin + 1ms);
    wheel.advance(origin + 24h);  // a jump costs one firing, not one for each tick
    CHECK(every_tick.times == 1);
    CHECK(every_tick.is_armed());
    wheel.advance(origin + 24h + 1ms);
    CHECK(every_tick.times == 2);
}

TEST_CASE("a lazily armed timer moves itself to the deadline its owner keeps") {
    timer_wheel wheel;
    actor idle(wheel, [](actor& self) {
        if (self.again > origin + 60s) self.wheel->arm(self, self.again), self.again = {};
    });
    idle.again = origin + 90s;
    wheel.arm(idle, origin + 60s);
    wheel.advance(origin + 60s);
    CHECK(idle.times == 1);
    wheel.advance(origin + 90s - 1ms);
    CHECK(idle.times == 1);
    wheel.advance(origin + 90s);
    CHECK(idle.times == 2);
    CHECK_FALSE(idle.is_armed());
}

TEST_CASE("a firing timer may disarm, arm and destroy others that are due at the same tick") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock disarmed(log, 1), moved(log, 2);
    auto destroyed = std::make_unique<alarm_clock>(log, 3);
    actor first(wheel, [](actor& self) { self.wheel->disarm(*self.other); });
    actor second(wheel, [](actor& self) { self.wheel->arm(*self.other, origin + 20ms); });
    actor third(wheel, [](actor& self) { self.owned->reset(); });
    first.other = &disarmed, second.other = &moved, third.owned = &destroyed;
    for (timer* t : {static_cast<timer*>(&first), static_cast<timer*>(&second), static_cast<timer*>(&third),
                     static_cast<timer*>(&disarmed), static_cast<timer*>(&moved),
                     static_cast<timer*>(destroyed.get())})
        wheel.arm(*t, origin + 10ms);
    wheel.advance(origin + 10ms);
    CHECK(log.empty());
    CHECK_FALSE(disarmed.is_armed());
    wheel.advance(origin + 20ms);
    CHECK(log == std::vector<int>{2});
}

TEST_CASE("a firing timer may destroy itself") {
    timer_wheel wheel;
    auto* self_made = new actor(wheel, [](actor& self) { delete &self; });
    wheel.arm(*self_made, origin + 10ms);
    wheel.advance(origin + 10ms);
    CHECK(wheel.next_deadline() == no_deadline);
}

TEST_CASE("timers armed before time is known fire when it is") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock near(log, 1), far(log, 2);
    const time_point boot = origin + 24h * 400;
    wheel.arm(near, boot + 5ms);
    wheel.arm(far, boot + 24h * 30);
    wheel.advance(boot);
    CHECK(log.empty());
    wheel.advance(boot + 5ms);
    CHECK(log == std::vector<int>{1});
    wheel.advance(boot + 24h * 30 - 1ms);
    CHECK(log == std::vector<int>{1});
    wheel.advance(boot + 24h * 30);
    CHECK(log == std::vector<int>{1, 2});
}

TEST_CASE("time that runs backwards fires nothing") {
    timer_wheel wheel;
    std::vector<int> log;
    alarm_clock t(log, 1);
    wheel.advance(origin + 1h);
    wheel.arm(t, origin + 1h + 5ms);
    wheel.advance(origin);
    wheel.advance(origin + 1h + 4ms);
    CHECK(log.empty());
    wheel.advance(origin + 1h + 5ms);
    CHECK(t.times == 1);
}

TEST_CASE("a wheel that is destroyed lets its timers go") {
    std::vector<int> log;
    alarm_clock t(log, 1);
    {
        timer_wheel wheel;
        wheel.arm(t, origin + 1s);
    }
    CHECK_FALSE(t.is_armed());
}

TEST_CASE("the wheel agrees with a sorted list whatever is armed, moved, disarmed and however time jumps") {
    struct entry {
        std::unique_ptr<alarm_clock> alarm;
        time_point when = no_deadline;
        int seen = 0;
    };
    std::mt19937_64 random(2024);
    timer_wheel wheel;
    std::vector<int> log;
    time_point now = origin + 1h;
    wheel.advance(now);
    std::vector<entry> entries(200);
    for (std::size_t i = 0; i < entries.size(); ++i)
        entries[i].alarm = std::make_unique<alarm_clock>(log, static_cast<int>(i));
    for (int step = 0; step < 20'000; ++step) {
        entry& e = entries[random() % entries.size()];
        if (random() % 4 == 0) {
            wheel.disarm(*e.alarm);
            e.when = no_deadline;
        } else {
            e.when = now + std::chrono::microseconds(1000 + random() % (std::uint64_t{1} << (random() % 44)));
            wheel.arm(*e.alarm, e.when);
        }
        if (random() % 3 != 0) continue;
        now += std::chrono::microseconds(random() % (std::uint64_t{1} << (random() % 42)));
        wheel.advance(now);
        for (entry& each : entries) {
            const bool fired = each.alarm->times != each.seen;
            const bool is_due = each.when <= now - 1ms;
            const bool may_fire = each.when != no_deadline && each.when <= now;
            if (is_due && !fired) FAIL("a due timer did not fire");
            if (fired && !may_fire) FAIL("a timer fired early or unasked");
            if (fired) each.seen = each.alarm->times, each.when = no_deadline;
        }
    }
    CHECK(log.size() > 1000);
}
