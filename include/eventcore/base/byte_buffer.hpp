// Bytes that grow at the end, in a recycled block. What a response is written into.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "eventcore/base/recycler.hpp"

namespace eventcore {

class byte_buffer {
 public:
    byte_buffer() noexcept = default;
    byte_buffer(byte_buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    byte_buffer& operator=(byte_buffer&& other) noexcept {
        if (this == &other) return *this;
        release();
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }
    ~byte_buffer() { release(); }

    const char* data() const noexcept { return data_; }
    char* data() noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return size_ == 0; }
    std::string_view view() const noexcept { return {data_, size_}; }

    // Room for `bytes` more at the returned place; commit() says how many of them were written.
    char* prepare(std::size_t bytes) {
        if (capacity_ - size_ < bytes) [[unlikely]]
            grow(bytes);
        return data_ + size_;
    }
    void commit(std::size_t bytes) noexcept { size_ += bytes; }

    void append(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(prepare(text.size()), text.data(), text.size());
        size_ += text.size();
    }
    void append(char c) {
        *prepare(1) = c;
        ++size_;
    }
    void truncate(std::size_t size) noexcept { size_ = size; }
    void clear() noexcept { size_ = 0; }

    // Gives the block back; the buffer is empty and without capacity.
    void release() noexcept {
        if (!data_) return;
        recycler::deallocate(data_, capacity_);
        data_ = nullptr;
        size_ = capacity_ = 0;
    }

 private:
    [[gnu::noinline]] void grow(std::size_t bytes) {
        const std::size_t doubled = capacity_ * 2, needed = size_ + bytes;
        const std::size_t total = recycler::usable_bytes(needed > doubled ? needed : doubled);
        char* moved = static_cast<char*>(recycler::allocate(total));
        if (size_) std::memcpy(moved, data_, size_);
        recycler::deallocate(data_, capacity_);
        data_ = moved;
        capacity_ = total;
    }

    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;  // what the recycler gave; size_ <= capacity_
};

}  // namespace eventcore
