// What count_allocations.hpp has counted on this thread, for any file of its program.
#pragma once

#include <cstddef>

namespace test {

inline thread_local std::size_t allocations = 0;
inline thread_local std::size_t releases = 0;

}  // namespace test
