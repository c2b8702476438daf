// Looks at the workers from outside: names a handler that holds its loop, and ends a process that cannot end
// by itself because of one.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/plain_vector.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/statistics.hpp"
#include "eventcore/server/worker.hpp"

namespace eventcore {

// A thread of its own, since a worker that is held cannot look. It reads what the workers publish anyhow,
// twice per stall_after.
class watchdog {
 public:
    watchdog(owning_list<worker>& workers, const server_options& options)
        : workers_(workers), options_(options) {
        named_.reserve(workers.size());
        for (std::size_t i = 0; i < workers.size(); ++i) named_.push_back(no_deadline);
    }
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    ~watchdog() { stop(); }

    // Once all workers run. False: there is no thread to be had.
    [[nodiscard]] bool start() noexcept {
        return thread_.start([](void* self) { static_cast<watchdog*>(self)->look_until_stopped(); }, this);
    }
    void stop() noexcept {
        if (!thread_.is_joinable()) return;
        {
            const lock_guard lock(mutex_);
            is_over_ = true;
            changed_.notify_one();
        }
        thread_.join();
    }
    // Any thread: the process ends, with status 1, if the workers have not ended after `length`.
    void expect_end_within(duration length) noexcept {
        const lock_guard lock(mutex_);
        const time_point until = saturating_add(std::chrono::steady_clock::now(), length);
        if (until < exit_at_) exit_at_ = until;
        changed_.notify_one();
    }

 private:
    void look_until_stopped() noexcept {
        const lock_guard lock(mutex_);
        while (!is_over_) {
            changed_.wait_for(mutex_, time_to_wait());
            const time_point now = std::chrono::steady_clock::now();
            if (options_.stall_after > duration::zero()) name_stalled(now);
            if (now >= exit_at_) exit(now);
        }
    }
    duration time_to_wait() const noexcept {
        constexpr duration longest = std::chrono::seconds(1);
        const duration half = options_.stall_after / 2;
        const duration usual = half > duration::zero() && half < longest ? half : longest;
        if (exit_at_ == no_deadline) return usual;
        const duration left = exit_at_ - std::chrono::steady_clock::now();
        return left < usual ? (left > duration::zero() ? left : duration(1)) : usual;
    }
    // Once per turn.
    void name_stalled(time_point now) noexcept {
        for (worker& w : workers_)
            w.look_at_turn([&](const worker::turn& turn) {
                if (turn.since == no_deadline || now - turn.since < options_.stall_after) return;
                if (std::exchange(named_[w.index()], turn.since) == turn.since) return;
                w.counters.limit(server_limit::loop_time).add();
                tell("a worker's loop is held", w, turn, now);
            });
    }
    void exit(time_point now) noexcept {
        exit_at_ = no_deadline;
        bool all_have_ended = true;
        for (worker& w : workers_)
            w.look_at_turn([&](const worker::turn& turn) {
                if (turn.has_ended) return;
                all_have_ended = false;
                tell("a worker does not end", w, turn, now);
            });
        if (all_have_ended) return;
        options_.log.error("the process ends without its workers");
        std::_Exit(1);
    }
    void tell(std::string_view what, const worker& w, const worker::turn& turn, time_point now) noexcept {
        const duration busy = turn.since == no_deadline ? duration::zero() : now - turn.since;
        const std::string_view route = turn.route.empty() ? std::string_view("(none)") : turn.route;
        options_.log.error(
            what,
            {{"worker", w.index()}, {"route", route}, {"milliseconds", busy / std::chrono::milliseconds(1)}});
    }

    owning_list<worker>& workers_;
    const server_options& options_;
    plain_vector<time_point> named_;  // the turn of each worker that was named last
    mutex mutex_;                     // guards what follows
    condition changed_;
    bool is_over_ = false;
    time_point exit_at_ = no_deadline;
    thread thread_;
};

}  // namespace eventcore
