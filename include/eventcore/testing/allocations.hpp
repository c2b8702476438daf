// How often the heap was asked:  CHECK(ec::testing::allocations([&] { f(); }) == 0);
//
// Somebody has to count. Exactly one file of the test program includes testing/count_allocations.hpp, which
// replaces the global operator new; no other header of EventCore does that.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace eventcore::testing {

// What the heap of this thread has done so far.
struct heap_counts {
    std::uint64_t allocations = 0;
    std::uint64_t releases = 0;
    // Blocks that this thread has taken and not given back (other threads may have, and the other way round).
    std::int64_t live() const noexcept {
        return static_cast<std::int64_t>(allocations) - static_cast<std::int64_t>(releases);
    }
};

namespace detail {

inline constinit thread_local heap_counts heap{};
inline bool heap_is_counted = false;  // written before main()

}  // namespace detail

// Throws std::logic_error when nobody counts: a test that cannot fail is none.
inline heap_counts heap() {
    if (!detail::heap_is_counted)
        throw std::logic_error("include eventcore/testing/count_allocations.hpp in one file of the program");
    // clang takes it for granted that operator new changes nothing that a program can read.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return detail::heap;
}

// How many calls of operator new this thread makes in f(). What a pool of EventCore's hands out again
// (coroutine frames, buffers) is not one: so warm up first, then count.
template <class F>
std::uint64_t allocations(F f) {
    const std::uint64_t before = heap().allocations;
    f();
    return heap().allocations - before;
}

}  // namespace eventcore::testing
