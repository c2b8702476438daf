// Many deadlines, armed and disarmed in constant time, without allocation and without the kernel.
//
// A hierarchical hashed wheel (Varghese and Lauck, 1987): time counts in ticks of a millisecond, read as
// digits to the base 64. A timer sits at the level of the highest digit in which its tick differs from the
// current one, in the slot of that digit; when the current tick reaches the slot, its timers fire or move to
// lower levels. Nothing fires early; a timer fires in the first advance() that is a tick past its time, or
// sooner.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/intrusive_list.hpp"

namespace eventcore {

// Told when its time has come; armed once per firing. Disarms itself when destroyed.
class timer : public list_node {
 public:
    using fire_function = void (*)(timer&) noexcept;
    explicit timer(fire_function fire) noexcept : fire_(fire) {}

    bool is_armed() const noexcept { return is_linked(); }
    // When it fires, while it is armed for a time.
    time_point due() const noexcept { return time_point(std::chrono::milliseconds(tick_)); }

 private:
    friend class timer_wheel;
    std::uint64_t tick_ = 0;  // the first tick at which it may fire
    fire_function fire_;
};
static_assert(sizeof(timer) <= 40);

class timer_wheel {
 public:
    static constexpr duration tick_length = std::chrono::milliseconds(1);

    // Moves `t` when it is armed already. A time that has passed means the next tick; no_deadline means
    // never.
    void arm(timer& t, time_point when) noexcept {
        t.unlink();
        if (when > no_deadline - tick_length) return never_.push_back(t);
        const std::uint64_t tick = tick_at_or_after(when);
        t.tick_ = tick < earliest_ ? earliest_ : tick;
        place(t);
    }
    void disarm(timer& t) noexcept { t.unlink(); }

    // Fires what is due at `now`, in the order of ticks. A firing timer may arm, disarm and destroy itself
    // and others; what it arms for a time up to `now` fires in a later call. Time that runs backwards is
    // ignored.
    void advance(time_point now) noexcept {
        const std::uint64_t target = tick_at_or_before(now);
        if (target <= current_) return;
        earliest_ = target + 1;
        intrusive_list<timer> later;  // from slots that were reached, but due after `target`
        for (place_in_wheel next = next_occupied(); next.tick <= target; next = next_occupied()) {
            current_ = next.tick;
            intrusive_list<timer> reached;
            reached.splice_back(levels_[next.level].slots[next.slot]);
            fire_or_move(reached, later, target);
        }
        current_ = target;
        while (!later.empty()) place(later.pop_front());
    }

    // Not later than the next firing; may be earlier, when timers only have to move to a lower level then.
    time_point next_deadline() const noexcept {
        const std::uint64_t tick = next_occupied().tick;
        return tick == never ? no_deadline : time_point(tick_length * static_cast<std::int64_t>(tick));
    }

 private:
    static constexpr unsigned digit_bits = 6;
    static constexpr unsigned slot_count = 1U << digit_bits;
    static constexpr unsigned level_count = 5;  // 2^30 ms, twelve days; later times wait in the top level
    static constexpr unsigned top_level = level_count - 1;
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    struct level {
        intrusive_list<timer> slots[slot_count];
        // Bit s: slots[s] may hold a timer. Timers leave their slot without telling, so a bit can be stale;
        // whoever looks clears it.
        mutable std::uint64_t occupied = 0;
    };
    struct place_in_wheel {
        std::uint64_t tick = never;  // when the slot is reached
        unsigned level = 0;
        unsigned slot = 0;
    };

    static std::uint64_t tick_at_or_before(time_point t) noexcept {
        const std::int64_t ticks = t.time_since_epoch() / tick_length;
        return ticks < 0 ? 0 : static_cast<std::uint64_t>(ticks);
    }
    static std::uint64_t tick_at_or_after(time_point t) noexcept {
        const bool between = t.time_since_epoch() % tick_length > duration::zero();
        return tick_at_or_before(t) + (between ? 1 : 0);
    }

    // Requires t.tick_ > current_. Below the top level the slot is then always ahead of the current one; the
    // top level is a ring, and what lies beyond it takes its furthest slot until it is reached.
    void place(timer& t) noexcept {
        const std::uint64_t differing = t.tick_ ^ current_;
        unsigned at = (63U - static_cast<unsigned>(std::countl_zero(differing))) / digit_bits;
        if (at > top_level) at = top_level;
        std::uint64_t digit = t.tick_ >> (at * digit_bits);
        const std::uint64_t furthest = (current_ >> (at * digit_bits)) + slot_count - 1;
        if (digit > furthest) digit = furthest;
        const unsigned slot = static_cast<unsigned>(digit % slot_count);
        levels_[at].slots[slot].push_back(t);
        levels_[at].occupied |= std::uint64_t{1} << slot;
    }

    void fire_or_move(intrusive_list<timer>& reached, intrusive_list<timer>& later,
                      std::uint64_t target) noexcept {
        while (!reached.empty()) {
            timer& t = reached.pop_front();
            if (t.tick_ <= current_)
                t.fire_(t);
            else if (t.tick_ <= target)
                place(t);
            else
                later.push_back(t);
        }
    }

    // Every slot of a lower level is reached before any slot of a higher one, except in the top level's next
    // round; so the first level that holds anything has the answer.
    place_in_wheel next_occupied() const noexcept {
        for (unsigned at = 0; at < level_count; ++at) {
            const level& l = levels_[at];
            const std::uint64_t digits = current_ >> (at * digit_bits);
            const int turn = static_cast<int>((digits + 1) % slot_count);
            while (l.occupied) {  // rotated so that bit 0 is the slot after the current one
                const auto ahead = static_cast<unsigned>(std::countr_zero(std::rotr(l.occupied, turn)));
                const std::uint64_t reached = digits + 1 + ahead;
                const unsigned slot = static_cast<unsigned>(reached % slot_count);
                if (!l.slots[slot].empty()) return {reached << (at * digit_bits), at, slot};
                l.occupied &= ~(std::uint64_t{1} << slot);
            }
        }
        return {};
    }

    std::uint64_t current_ = 0;   // every tick up to here has fired
    std::uint64_t earliest_ = 1;  // the first tick that may be armed; ahead of current_ + 1 inside advance()
    level levels_[level_count];
    intrusive_list<timer> never_;
};

}  // namespace eventcore
