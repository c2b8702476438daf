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

inline constexpr std::size_t granule_bytes = 64;
inline constexpr std::size_t small_bytes_max = 4096;        // classes of 64 bytes up to here …
inline constexpr std::size_t large_bytes_max = 256 * 1024;  // … then powers of two up to here

namespace detail {

inline constexpr std::size_t small_classes = small_bytes_max / granule_bytes;
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
        const std::size_t index = bytes == 0 ? 0 : (bytes - 1) / granule_bytes;
        return {index, (index + 1) * granule_bytes};
    }
    const std::size_t doublings = static_cast<std::size_t>(std::bit_width((bytes - 1) / small_bytes_max)) - 1;
    return {small_classes + doublings, 2 * small_bytes_max << doublings};
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
