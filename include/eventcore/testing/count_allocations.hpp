// Counts for testing/allocations.hpp, by replacing the global operator new and delete of the whole program
// with ones that count and call malloc and free. Include it in exactly one file of a test program: it
// defines functions that are not inline, so that a second file is an error of the linker and not a
// surprise.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#include "eventcore/testing/allocations.hpp"

namespace eventcore::testing::detail {

// Not inline, like the operators.
bool counting_is_on = heap_is_counted = true;

inline void* counted_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    ++heap.allocations;
    if (bytes == 0) bytes = 1;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
inline void* counted_or_throw(std::size_t bytes, std::size_t alignment) {
    void* memory = counted_allocate(bytes, alignment);
    if (!memory) throw std::bad_alloc();
    return memory;
}
inline void counted_release(void* memory) noexcept {
    if (!memory) return;
    ++heap.releases;
    std::free(memory);
}

}  // namespace eventcore::testing::detail

// Every form a compiler may call directly.
void* operator new(std::size_t bytes) { return eventcore::testing::detail::counted_or_throw(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return eventcore::testing::detail::counted_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes) { return eventcore::testing::detail::counted_or_throw(bytes, 1); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return eventcore::testing::detail::counted_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return eventcore::testing::detail::counted_allocate(bytes, 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return eventcore::testing::detail::counted_allocate(bytes, 1);
}
void operator delete(void* memory) noexcept { eventcore::testing::detail::counted_release(memory); }
void operator delete[](void* memory) noexcept { eventcore::testing::detail::counted_release(memory); }
void operator delete(void* memory, std::size_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    eventcore::testing::detail::counted_release(memory);
}
