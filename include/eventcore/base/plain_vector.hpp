// A growable array of plain values: what std::vector does for them, in a tenth of the compile time.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

namespace eventcore {

template <class T>
class plain_vector {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

 public:
    plain_vector() noexcept = default;
    plain_vector(const plain_vector&) = delete;
    plain_vector& operator=(const plain_vector&) = delete;
    ~plain_vector() { std::free(values_); }

    bool empty() const noexcept { return count_ == 0; }
    std::size_t size() const noexcept { return count_; }
    T& operator[](std::size_t i) noexcept { return values_[i]; }
    T* begin() noexcept { return values_; }
    T* end() noexcept { return values_ + count_; }

    // Room for `count` values in all. False: there is no memory, and nothing has changed.
    bool try_reserve(std::size_t count) noexcept {
        if (count <= capacity_) return true;
        // realloc() would copy, and so bring into memory, room that nobody has used.
        void* const grown = count_ == 0 ? std::malloc(count * sizeof(T))
                                        : std::realloc(static_cast<void*>(values_), count * sizeof(T));
        if (!grown) return false;
        if (count_ == 0) std::free(values_);
        values_ = static_cast<T*>(grown);
        capacity_ = count;
        return true;
    }
    // Throws std::bad_alloc.
    void reserve(std::size_t count) {
        if (!try_reserve(count)) throw std::bad_alloc();
    }
    // Throws std::bad_alloc; the values are then as before.
    void push_back(T value) {
        if (count_ == capacity_) reserve(capacity_ < 8 ? 16 : 2 * capacity_);
        values_[count_++] = value;
    }
    // Keeps the memory.
    void clear() noexcept { count_ = 0; }
    void swap(plain_vector& other) noexcept {
        std::swap(values_, other.values_);
        std::swap(count_, other.count_);
        std::swap(capacity_, other.capacity_);
    }

 private:
    T* values_ = nullptr;
    std::size_t count_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace eventcore
