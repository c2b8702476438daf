// The same test over many schedules:
//
//   ec::testing::for_each_seed(1000, [](ec::testing::simulation& sim) { … });
//
// EVENTCORE_SEED=17 runs that one alone; EVENTCORE_SEEDS=100000 runs more of them than the test asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <type_traits>

#include "eventcore/testing/simulation.hpp"

namespace eventcore::testing {

// Calls test(simulation&) with the seeds 1 … `count`, each in a simulation of its own. When one throws, its
// seed is printed on stderr and the exception goes on: whatever the test framework does with it, it is
// known how to have the same again. A test that returns a bool fails with false: then for_each_seed does
// too, at once.
template <class Test>
bool for_each_seed(std::uint64_t count, Test test, const simulation_options& options = {}) {
    const std::uint64_t only = detail::number_in("EVENTCORE_SEED", 0);
    const std::uint64_t first = only ? only : 1;
    const std::uint64_t last = only ? only : detail::number_in("EVENTCORE_SEEDS", count);
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const auto tell = [seed] {
            std::fprintf(stderr, "eventcore: failed with seed %llu; EVENTCORE_SEED=%llu runs it again\n",
                         static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
        };
        try {
            simulation sim(seed, options);
            if constexpr (std::is_same_v<std::invoke_result_t<Test&, simulation&>, bool>) {
                if (test(sim)) continue;
                tell();
                return false;
            } else {
                test(sim);
            }
        } catch (...) {
            tell();
            throw;
        }
    }
    return true;
}

}  // namespace eventcore::testing
