// Counts of durations, exact to 1/64, in constant memory: 64 linear steps within each power of two.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace generator {

class histogram {
 public:
    void add(std::int64_t nanoseconds) {
        const auto value = static_cast<std::uint64_t>(nanoseconds < 0 ? 0 : nanoseconds);
        ++counts_[index_of(value)];
        ++total_;
        if (value > largest_) largest_ = value;
    }
    std::uint64_t total() const { return total_; }
    double largest_us() const { return static_cast<double>(largest_) / 1000; }

    // The smallest duration that `share` of all do not exceed.
    double quantile_us(double share) const {
        const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen >= wanted && seen > 0) return static_cast<double>(value_of(i)) / 1000;
        }
        return 0;
    }

 private:
    static constexpr unsigned step_bits = 6;
    static constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;

    static std::size_t index_of(std::uint64_t value) {
        if (value < steps) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - step_bits;
        return static_cast<std::size_t>(((shift + 1) * steps) + ((value >> shift) - steps));
    }
    // The middle of a step.
    static std::uint64_t value_of(std::size_t index) {
        if (index < steps) return index;
        const auto shift = static_cast<unsigned>(index / steps - 1);
        return ((index % steps + steps) << shift) + (shift > 0 ? std::uint64_t{1} << (shift - 1) : 0);
    }

    std::array<std::uint64_t, 59 * steps> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t largest_ = 0;
};

}  // namespace generator
