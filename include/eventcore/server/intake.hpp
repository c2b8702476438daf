// How many things other threads have on their way to a worker, and whether it still takes any: what a worker
// has to know before it ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace eventcore {

class intake {
 public:
    // The worker: from now on, until close().
    void open() noexcept { state_.fetch_or(open_bit, std::memory_order_release); }
    void close() noexcept { state_.fetch_and(~open_bit, std::memory_order_acq_rel); }

    // Any thread: true when the worker is sure to wait for one thing more.
    bool enter() noexcept {
        std::uint32_t seen = state_.load(std::memory_order_relaxed);
        while (seen & open_bit)
            if (state_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) return true;
        return false;
    }
    // It has arrived.
    void leave() noexcept { state_.fetch_sub(1, std::memory_order_acq_rel); }

    std::size_t count() const noexcept { return state_.load(std::memory_order_acquire) & ~open_bit; }

 private:
    static constexpr std::uint32_t open_bit = std::uint32_t{1} << 31;
    std::atomic<std::uint32_t> state_{0};
};

}  // namespace eventcore
