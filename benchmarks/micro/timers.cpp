// The timer wheel with many timers armed: moving one, which each request does, and letting them fire.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "eventcore/coro/timer_wheel.hpp"

namespace {

namespace ec = eventcore;

struct counted_timer : ec::timer {
    counted_timer() : timer([](timer&) noexcept { ++fired; }) {}
    static inline std::int64_t fired = 0;
};

// A cheap sequence that visits timers in no order.
std::uint64_t next_random(std::uint64_t& state) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

void move_a_timer(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    ec::timer_wheel wheel;
    std::vector<counted_timer> timers(count);
    ec::time_point now(std::chrono::hours(1));
    wheel.advance(now);
    std::uint64_t random = 88172645463325252;
    for (counted_timer& t : timers)
        wheel.arm(t, now + std::chrono::milliseconds(next_random(random) % 60'000));
    for (auto _ : state)
        wheel.arm(timers[next_random(random) % count],
                  now + std::chrono::milliseconds(30'000 + random % 1000));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(move_a_timer)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// Arms them within ten seconds, and lets time pass in steps of a millisecond.
void arm_and_fire(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    ec::timer_wheel wheel;
    std::vector<counted_timer> timers(count);
    ec::time_point now(std::chrono::hours(1));
    wheel.advance(now);
    std::uint64_t random = 88172645463325252;
    counted_timer::fired = 0;
    for (auto _ : state) {
        for (counted_timer& t : timers)
            wheel.arm(t, now + std::chrono::milliseconds(next_random(random) % 10'000));
        for (int i = 0; i <= 10'001; ++i) wheel.advance(now += std::chrono::milliseconds(1));
    }
    if (counted_timer::fired != state.iterations() * state.range(0)) state.SkipWithError("some did not fire");
    state.SetItemsProcessed(counted_timer::fired);
}
BENCHMARK(arm_and_fire)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
