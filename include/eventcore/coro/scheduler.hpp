// Where coroutines live: a ready queue, timers, the time of this turn, and an inbox other threads may post
// to.
//
// A scheduler makes no system call and reads no clock. A reactor is a scheduler that also waits for the
// kernel; a test may drive a bare one by hand with set_now() and run_ready(). Everything but post() belongs
// to the one thread that runs it, its home.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/coro/timer_wheel.hpp"

namespace eventcore {

// Something to run soon on its home thread. Leaves the queue when destroyed.
class ready_item : public list_node {
 public:
    using run_function = void (*)(ready_item&) noexcept;
    explicit ready_item(run_function function) noexcept : run_(function) {}
    void run() noexcept { run_(*this); }

 private:
    run_function run_;
};

// Something another thread hands over. Must live until it has run; may delete itself in `run`.
class inbox_item {
 public:
    using run_function = void (*)(inbox_item&) noexcept;
    explicit inbox_item(run_function run) noexcept : run_(run) {}

 private:
    friend class scheduler;
    inbox_item* next_ = nullptr;
    run_function run_;
};

class scheduler {
 public:
    scheduler() noexcept = default;
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    // The scheduler this thread runs, or null.
    static scheduler* current() noexcept { return current_; }

    // The time at which this turn of the loop began.
    time_point now() const noexcept { return now_; }
    wall_time_point wall_now() const noexcept { return wall_now_; }

    // Runs `item` later in this turn, after what is queued already.
    void schedule(ready_item& item) noexcept { ready_.push_back(item); }

    // Runs `item` before anything more is heard from outside this thread: before the kernel is asked again,
    // and on either side of the inbox. For what may be held so long and no longer.
    void before_next_look(ready_item& item) noexcept { until_next_look_.push_back(item); }

    // Fires `t` at `when` or within a tick after it; moves it when it is armed already.
    void arm(timer& t, time_point when) noexcept { timers_.arm(t, when); }
    void disarm(timer& t) noexcept { timers_.disarm(t); }

    // Any thread: runs `item` on the home thread, in the order of posting. Wakes it when it sleeps.
    void post(inbox_item& item) noexcept {
        inbox_item* first = inbox_.load(std::memory_order_relaxed);
        do item.next_ = first;
        while (!inbox_.compare_exchange_weak(first, &item, std::memory_order_seq_cst,
                                             std::memory_order_relaxed));
        const bool may_sleep = sleeping_.load(std::memory_order_seq_cst);
        if (may_sleep && sleeping_.exchange(false, std::memory_order_seq_cst)) wake();
    }

    // ---- for a watchdog on another thread ----

    // When the turn that is running began; no_deadline while none is.
    time_point busy_since() const noexcept {
        return time_point(duration(busy_since_.load(std::memory_order_relaxed)));
    }
    // What runs in it, if it has a name: the pattern of a route. Where the text lies is for whoever set it.
    const std::string_view* activity() const noexcept { return activity_.load(std::memory_order_relaxed); }
    // Says so for the life of this object.
    class working_on {
     public:
        working_on(scheduler& s, const std::string_view* name) noexcept : scheduler_(s) {
            s.activity_.store(name, std::memory_order_relaxed);
        }
        ~working_on() { scheduler_.activity_.store(nullptr, std::memory_order_relaxed); }
        working_on(const working_on&) = delete;
        working_on& operator=(const working_on&) = delete;

     private:
        scheduler& scheduler_;
    };

    // ---- for whoever drives the loop ----

    // Makes this the thread's scheduler for the life of the guard.
    class running {
     public:
        explicit running(scheduler& s) noexcept : outer_(current_) { current_ = &s; }
        ~running() { current_ = outer_; }
        running(const running&) = delete;
        running& operator=(const running&) = delete;

     private:
        scheduler* outer_;
    };

    void set_now(time_point steady, wall_time_point wall) noexcept {
        now_ = steady, wall_now_ = wall;
        busy_since_.store(steady.time_since_epoch().count(), std::memory_order_relaxed);
    }
    // Before waiting for the kernel: the turn is over.
    void set_idle() noexcept {
        busy_since_.store(no_deadline.time_since_epoch().count(), std::memory_order_relaxed);
    }
    bool has_ready() const noexcept { return !ready_.empty(); }
    // When the next timer wants to fire; no_deadline when none is armed.
    time_point next_deadline() const noexcept { return timers_.next_deadline(); }

    // Fires due timers, runs what other threads posted and what is ready now. What those make ready runs in
    // the next turn, so that the kernel is looked at in between however busy coroutines keep each other.
    void run_turn() noexcept {
        let_go();
        timers_.advance(now_);
        drain_inbox();
        let_go();
        intrusive_list<ready_item> batch;
        batch.splice_back(ready_);
        while (!batch.empty()) batch.pop_front().run();
        let_go();
    }

    // Before a blocking wait: true when the inbox is empty and posters will wake() from now on.
    bool prepare_sleep() noexcept {
        sleeping_.store(true, std::memory_order_seq_cst);
        if (inbox_.load(std::memory_order_seq_cst) == nullptr) return true;
        sleeping_.store(false, std::memory_order_relaxed);
        return false;
    }
    void end_sleep() noexcept { sleeping_.store(false, std::memory_order_relaxed); }

 protected:
    ~scheduler() = default;
    // Any thread: ends the wait of a sleeping home thread. Called at most once per sleep.
    virtual void wake() noexcept {}

 private:
    void let_go() noexcept {
        while (!until_next_look_.empty()) until_next_look_.pop_front().run();
    }
    void drain_inbox() noexcept {
        if (inbox_.load(std::memory_order_relaxed) == nullptr) return;
        inbox_item* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
        inbox_item* oldest = nullptr;  // the inbox is a stack; reverse it into the order of posting
        while (newest) {
            inbox_item* next = newest->next_;
            newest->next_ = oldest;
            oldest = newest;
            newest = next;
        }
        while (oldest) {
            inbox_item* next = oldest->next_;  // read first: the item may delete itself
            oldest->run_(*oldest);
            oldest = next;
        }
    }

    inline static constinit thread_local scheduler* current_ = nullptr;

    std::atomic<duration::rep> busy_since_{no_deadline.time_since_epoch().count()};
    std::atomic<const std::string_view*> activity_{nullptr};
    time_point now_{};
    wall_time_point wall_now_{};
    intrusive_list<ready_item> ready_;
    intrusive_list<ready_item> until_next_look_;
    timer_wheel timers_;
    alignas(64) std::atomic<inbox_item*> inbox_{nullptr};
    std::atomic<bool> sleeping_{false};
};

}  // namespace eventcore
