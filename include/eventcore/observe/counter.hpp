// A number one thread counts up and any thread may read: no lock, no shared cache line write on the hot path.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventcore {

class counter {
 public:
    // The owning thread only.
    void add(std::uint64_t n = 1) noexcept { value_.store(read() + n, std::memory_order_relaxed); }
    void subtract(std::uint64_t n = 1) noexcept { value_.store(read() - n, std::memory_order_relaxed); }
    // Any thread; may be a moment old.
    std::uint64_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace eventcore
