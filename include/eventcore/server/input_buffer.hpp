// Bytes received and not yet used, in one recycled block that a connection holds only while it needs it.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/recycler.hpp"

namespace eventcore {

class input_buffer {
 public:
    input_buffer() noexcept = default;
    input_buffer(const input_buffer&) = delete;
    input_buffer& operator=(const input_buffer&) = delete;
    ~input_buffer() { release(); }

    bool has_block() const noexcept { return block_ != nullptr; }
    void acquire(std::size_t bytes) {
        EVENTCORE_ASSERT(!block_, "an input buffer that has a block was given another");
        capacity_ = recycler::usable_bytes(bytes);
        block_ = static_cast<char*>(recycler::allocate(capacity_));
        first_ = last_ = 0;
    }
    void release() noexcept {
        recycler::deallocate(std::exchange(block_, nullptr), capacity_);
        first_ = last_ = capacity_ = 0;
    }

    std::string_view unread() const noexcept { return {block_ + first_, last_ - first_}; }
    bool empty() const noexcept { return first_ == last_; }
    void consume(std::size_t bytes) noexcept { first_ += bytes; }

    char* room() noexcept { return block_ + last_; }
    std::size_t room_bytes() const noexcept { return capacity_ - last_; }
    void commit(std::size_t bytes) noexcept { last_ += bytes; }

    // There must be room.
    void append(std::string_view bytes) noexcept {
        EVENTCORE_ASSERT(bytes.size() <= room_bytes(), "an input buffer has no room for what is appended");
        if (!bytes.empty()) std::memcpy(room(), bytes.data(), bytes.size());
        last_ += bytes.size();
    }

    // Moves what is unread to the front. Nothing may hold a view into the buffer.
    void compact() noexcept {
        if (first_ == 0) return;
        std::memmove(block_, block_ + first_, last_ - first_);
        last_ -= first_;
        first_ = 0;
    }
    // The same bytes in a block of at least `bytes`.
    void grow(std::size_t bytes) {
        const std::size_t capacity = recycler::usable_bytes(bytes);
        char* larger = static_cast<char*>(recycler::allocate(capacity));
        std::memcpy(larger, block_ + first_, last_ - first_);
        recycler::deallocate(block_, capacity_);
        block_ = larger;
        capacity_ = capacity;
        last_ -= first_;
        first_ = 0;
    }
    void swap(input_buffer& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(capacity_, other.capacity_);
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
    }

 private:
    char* block_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;  // [ used | unread: first_..last_ | room ]
    std::size_t last_ = 0;
};

}  // namespace eventcore
