// Memory that lives as long as one request: allocate, never free, reset all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "eventcore/base/recycler.hpp"

namespace eventcore {

class arena {
 public:
    static constexpr std::size_t block_bytes = 4096;

    arena() noexcept = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() { reset(); }

    // `bytes` uninitialised bytes, valid until reset(). Alignment is a power of two, at most 16.
    void* allocate(std::size_t bytes, std::size_t alignment = 16) {
        const std::uintptr_t aligned = (next_ + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
        if (!first_ || aligned > end_ || bytes > end_ - aligned) return allocate_in_new_block(bytes);
        next_ = aligned + bytes;
        return reinterpret_cast<void*>(aligned);
    }

    // A copy of `text` that lives until reset().
    std::string_view copy(std::string_view text) {
        if (text.empty()) return {};
        char* to = static_cast<char*>(allocate(text.size(), 1));
        std::memcpy(to, text.data(), text.size());
        return {to, text.size()};
    }

    void reset() noexcept {
        while (first_) {
            block* next = first_->next;
            recycler::deallocate(first_, first_->bytes);
            first_ = next;
        }
        next_ = end_ = 0;
    }

 private:
    struct alignas(16) block {
        block* next;
        std::size_t bytes;  // with this header
    };

    void* allocate_in_new_block(std::size_t bytes) {
        const std::size_t wanted = sizeof(block) + bytes;
        const std::size_t total = recycler::usable_bytes(wanted < block_bytes ? block_bytes : wanted);
        auto* fresh = static_cast<block*>(recycler::allocate(total));
        fresh->bytes = total;
        const auto start = reinterpret_cast<std::uintptr_t>(fresh + 1);
        fresh->next = first_;
        first_ = fresh;
        next_ = start + bytes;
        end_ = reinterpret_cast<std::uintptr_t>(fresh) + total;
        return reinterpret_cast<void*>(start);
    }

    block* first_ = nullptr;   // newest first
    std::uintptr_t next_ = 0;  // free bytes of the newest block: [next_, end_)
    std::uintptr_t end_ = 0;
};

}  // namespace eventcore
