// Lets an allocation fail, in programs one file of which includes count_allocations.hpp.
#pragma once

#include <cstddef>

namespace test {

// Counts down with each allocation of this thread; the one that reaches zero throws std::bad_alloc.
inline thread_local int allocations_until_failure = 0;

// The n-th from now on; 0: none.
inline void fail_allocation_in(int n) { allocations_until_failure = n; }
inline bool has_to_fail() { return allocations_until_failure > 0 && --allocations_until_failure == 0; }

}  // namespace test
