// Blocks of memory that come back to the thread that uses them: coroutine frames, request arenas and response
// bodies take them from here, so that the steady state of a worker does not call the heap.
//
// One LIFO list per size class and thread, no atomics. A block may be freed by another thread than the one
// that took it; it then serves that thread. Each list is capped, what is over goes back to the heap. Under
// AddressSanitizer every block goes to the heap, so that a stale pointer is seen.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "eventcore/base/config.hpp"

namespace eventcore::recycler {

// Small classes are 16 bytes apart and end 8 short of a multiple: the heap adds its own 8 to each block.
inline constexpr std::size_t granule_bytes = 16;
inline constexpr std::size_t small_bytes_max = 4096 + 8;
inline constexpr std::size_t large_bytes_max = 256 * 1024;  // powers of two from 8 KiB up to here

namespace detail {

inline constexpr std::size_t small_classes = small_bytes_max / granule_bytes;
inline constexpr std::size_t smallest_bytes = granule_bytes + 8;
inline constexpr std::size_t smallest_large_bytes = 8 * 1024;
inline constexpr std::size_t large_classes = 6;                   // 8, 16, 32, 64, 128, 256 KiB
inline constexpr std::size_t cached_bytes_max = 2 * 1024 * 1024;  // per class and thread
inline constexpr std::size_t cached_count_max = 512;

struct free_block {
    free_block* next;
};
struct size_class {
    free_block* first = nullptr;
    std::size_t count = 0;
};
// Trivially destructible on purpose: access then needs no guard. release_thread_cache() empties it.
struct thread_cache {
    size_class classes[small_classes + large_classes];
};
inline constinit thread_local thread_cache cache{};

struct block_class {
    std::size_t index;
    std::size_t bytes;
};
constexpr block_class class_of(std::size_t bytes) {
    if (bytes <= small_bytes_max) {
        const std::size_t index = bytes <= smallest_bytes ? 0 : (bytes - 9) / granule_bytes;
        return {index, smallest_bytes + index * granule_bytes};
    }
    constexpr std::size_t before = smallest_large_bytes / 2;
    const std::size_t doublings = static_cast<std::size_t>(std::bit_width((bytes - 1) / before)) - 1;
    return {small_classes + doublings, smallest_large_bytes << doublings};
}

}  // namespace detail

// How many bytes a block for `bytes` really has: what a growing buffer may use.
constexpr std::size_t usable_bytes(std::size_t bytes) {
    return bytes > large_bytes_max ? bytes : detail::class_of(bytes).bytes;
}

// At least `bytes` bytes, aligned for any ordinary type. Throws std::bad_alloc.
[[nodiscard]] inline void* allocate(std::size_t bytes) {
    if (EVENTCORE_ASAN || bytes > large_bytes_max) return ::operator new(bytes);
    const auto [index, size] = detail::class_of(bytes);
    detail::size_class& list = detail::cache.classes[index];
    if (detail::free_block* block = list.first) {
        list.first = block->next;
        --list.count;
        return block;
    }
    return ::operator new(size);
}

// `bytes` is what allocate() was called with (or any number of the same class).
inline void deallocate(void* memory, std::size_t bytes) noexcept {
    if (!memory) return;
    if (EVENTCORE_ASAN || bytes > large_bytes_max) return ::operator delete(memory);
    const auto [index, size] = detail::class_of(bytes);
    detail::size_class& list = detail::cache.classes[index];
    if (list.count >= detail::cached_count_max || list.count * size >= detail::cached_bytes_max)
        return ::operator delete(memory);
    auto* block = static_cast<detail::free_block*>(memory);
    block->next = list.first;
    list.first = block;
    ++list.count;
}

// Gives the calling thread's free blocks back to the heap. A worker calls it as its last act.
inline void release_thread_cache() noexcept {
    for (detail::size_class& list : detail::cache.classes) {
        while (detail::free_block* block = list.first) {
            list.first = block->next;
            ::operator delete(block);
        }
        list.count = 0;
    }
}

}  // namespace eventcore::recycler
