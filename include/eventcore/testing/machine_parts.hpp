// What the parts of a simulated machine share: virtual time and what is to happen in it, chance, descriptors,
// and the record of everything that happened.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/observe/log.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/testing/faults.hpp"
#include "eventcore/testing/random.hpp"

namespace eventcore::testing {

struct simulation_options {
    fault_plan faults = fault_plan::patient();
    duration latency_min = std::chrono::microseconds(10);  // of a connection, one way; a little jitter on top
    duration latency_max = std::chrono::milliseconds(20);
    std::size_t window_bytes_min =
        2 * 1024;  // what one direction of a connection holds before a sender waits
    std::size_t window_bytes_max = 256 * 1024;
    duration disk_latency_max = std::chrono::milliseconds(10);  // also of a job of the pool
    std::size_t disk_bytes_max = 64 * 1024 * 1024;              // then ENOSPC
    std::size_t descriptors_max = 1024;                         // then EMFILE
    wall_time_point date{std::chrono::seconds(1'767'225'600)};  // at the beginning: 2026-01-01T00:00:00Z
    logger log = logger(log_level::off);  // instead of the server's: faults would fill it
};

// Everything the program asked of the kernel and everything the kernel told it, as one number, and the latest
// part of it as text. Two runs with the same seed have the same number, or something outside the simulation
// (an address, a real clock, another thread) has had a say.
class trace {
 public:
    void record(time_point when, const char* what, std::int64_t who, std::int64_t outcome) noexcept {
        const std::int64_t ns = when.time_since_epoch().count();
        for (const char* c = what; *c; ++c) mix(static_cast<unsigned char>(*c));
        mix(static_cast<std::uint64_t>(ns));
        mix(static_cast<std::uint64_t>(who));
        mix(static_cast<std::uint64_t>(outcome));
        latest_[count_++ % kept_count] = {ns, what, who, outcome};
    }
    std::uint64_t hash() const noexcept { return hash_; }
    std::uint64_t count() const noexcept { return count_; }

    // The latest `lines` entries: virtual seconds, what, on which descriptor or connection, how it ended.
    std::string text(std::size_t lines = kept_count) const {
        std::string all;
        const std::uint64_t wanted = (std::min)({std::uint64_t{kept_count}, std::uint64_t{lines}, count_});
        for (std::uint64_t i = count_ - wanted; i < count_; ++i) {
            const entry& e = latest_[i % kept_count];
            all += std::to_string(e.ns / 1'000'000'000) + '.' +
                   std::to_string(1'000'000'000 + e.ns % 1'000'000'000).substr(1) + ' ' + e.what + " #" +
                   std::to_string(e.who) + " = " + std::to_string(e.outcome) + '\n';
        }
        return all;
    }

 private:
    static constexpr std::size_t kept_count = 2048;
    struct entry {
        std::int64_t ns;
        const char* what;
        std::int64_t who, outcome;
    };
    void mix(std::uint64_t value) noexcept { hash_ = (hash_ ^ value) * 0x100000001b3U + (hash_ >> 47); }

    std::uint64_t hash_ = 0xcbf29ce484222325U;
    std::uint64_t count_ = 0;
    std::vector<entry> latest_ = std::vector<entry>(kept_count);
};

// What will happen, in the order of time; of the same time, in the order in which it was planned.
class event_queue {
 public:
    struct event {
        time_point when;
        std::uint64_t number;
        void (*run)(void* owner, std::size_t who, std::size_t value);
        void* owner;
        std::size_t who, value;
    };
    void add(time_point when, void (*run)(void*, std::size_t, std::size_t), void* owner, std::size_t who,
             std::size_t value = 0) {
        events_.push_back({when, ++count_, run, owner, who, value});
        std::push_heap(events_.begin(), events_.end(), &is_later);
    }
    bool empty() const noexcept { return events_.empty(); }
    time_point next() const noexcept { return empty() ? no_deadline : events_.front().when; }
    event take() {
        std::pop_heap(events_.begin(), events_.end(), &is_later);
        const event taken = events_.back();
        events_.pop_back();
        return taken;
    }

 private:
    static bool is_later(const event& a, const event& b) noexcept {
        return a.when != b.when ? a.when > b.when : a.number > b.number;
    }
    std::vector<event> events_;
    std::uint64_t count_ = 0;
};

// Numbers for what is open. The lowest free one is the next, as with the kernel: that is what makes the use
// of a descriptor after its close show.
class descriptor_table {
 public:
    enum class kind_type : std::uint8_t { none, socket, file };
    struct entry {
        kind_type kind = kind_type::none;
        std::size_t index = 0;
    };
    explicit descriptor_table(std::size_t most) noexcept : most_(most) {}

    // -1: no number is left.
    int open(kind_type kind, std::size_t index) {
        std::size_t at = 0;
        while (at < entries_.size() && entries_[at].kind != kind_type::none) ++at;
        if (at >= most_) return -1;
        if (at == entries_.size()) entries_.emplace_back();
        entries_[at] = {kind, index};
        ++open_count_;
        return eventcore::detail::first_simulated_fd + static_cast<int>(at);
    }
    entry find(int fd) const noexcept {
        const auto at = static_cast<std::size_t>(fd - eventcore::detail::first_simulated_fd);
        return fd >= eventcore::detail::first_simulated_fd && at < entries_.size() ? entries_[at] : entry{};
    }
    void close(int fd) noexcept {
        entries_[static_cast<std::size_t>(fd - eventcore::detail::first_simulated_fd)] = {};
        --open_count_;
    }
    std::size_t open_count() const noexcept { return open_count_; }
    bool is_full() const noexcept { return open_count_ >= most_; }

 private:
    std::size_t most_;
    std::size_t open_count_ = 0;
    std::vector<entry> entries_;
};

struct machine_parts {
    machine_parts(std::uint64_t seed, const simulation_options& o)
        : options(o), random(seed), descriptors(o.descriptors_max) {}

    const fault_plan& faults() const noexcept { return is_calm ? calm : options.faults; }
    io_result record(const char* what, std::int64_t who, std::int64_t outcome) noexcept {
        log.record(now, what, who, outcome);
        return io_result(outcome);
    }

    simulation_options options;
    random_source random;
    descriptor_table descriptors;
    trace log;
    event_queue events;
    time_point now{std::chrono::seconds(1000)};
    bool is_calm = true;  // while a program starts and ends nothing goes wrong

 private:
    static constexpr fault_plan calm = fault_plan::none();
};

}  // namespace eventcore::testing
