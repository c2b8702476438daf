// Replaces the global operator new of the whole test program with one that counts, per thread. Included by
// exactly one file of a program.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#include "support/allocation_counts.hpp"
#include "support/fail_allocations.hpp"

namespace test {

inline void* count_and_allocate(std::size_t bytes) {
    ++allocations;
    if (has_to_fail()) throw std::bad_alloc();
    void* memory = std::malloc(bytes ? bytes : 1);
    if (!memory) throw std::bad_alloc();
    return memory;
}
inline void count_and_release(void* memory) noexcept {
    if (!memory) return;
    ++releases;
    std::free(memory);
}

}  // namespace test

void* operator new(std::size_t bytes) { return test::count_and_allocate(bytes); }
void* operator new[](std::size_t bytes) { return test::count_and_allocate(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return test::has_to_fail() ? nullptr : test::count_and_allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return test::has_to_fail() ? nullptr : test::count_and_allocate(bytes);
}
void operator delete(void* memory) noexcept { test::count_and_release(memory); }
void operator delete[](void* memory) noexcept { test::count_and_release(memory); }
void operator delete(void* memory, std::size_t) noexcept { test::count_and_release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { test::count_and_release(memory); }
