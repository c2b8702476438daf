// The one source of chance in a simulation: the same seed gives the same numbers everywhere and for ever.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventcore/base/clock.hpp"

namespace eventcore::testing {

// SplitMix64 (Steele, Lea and Flood, 2014): a counter, stirred. Small and good enough to schedule with.
class random_source {
 public:
    explicit random_source(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    // One of 0 … count - 1; count is not 0.
    std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(next() % count); }
    // Both ends included.
    std::size_t between(std::size_t least, std::size_t most) noexcept {
        return least >= most ? least : least + below(most - least + 1);
    }
    duration between(duration least, duration most) noexcept {
        if (least >= most) return least;
        const auto range = static_cast<std::uint64_t>((most - least).count());
        return least + duration(static_cast<std::int64_t>(next() % (range + 1)));
    }
    // True with this probability. Nothing is drawn for what cannot happen or must.
    bool chance(double probability) noexcept {
        if (probability <= 0) return false;
        if (probability >= 1) return true;
        return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
    }
    // A piece of `whole`, at least 1: often a single byte, often everything, else anything between.
    std::size_t piece(std::size_t whole) noexcept {
        if (whole <= 1) return whole;
        switch (below(4)) {
            case 0: return 1;
            case 1: return whole;
            default: return 1 + below(whole);
        }
    }

 private:
    std::uint64_t state_;
};

}  // namespace eventcore::testing
