// A scheduler for tests: nothing but coroutines and virtual time, driven by hand.
#pragma once

#include <optional>
#include <stdexcept>
#include <utility>

#include "eventcore/coro/context.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/coro/task.hpp"

namespace eventcore::test {

// A task that has been started and ends some time. Destroying it destroys what the task waits for.
template <class T>
class started {
 public:
    started(context& c, task<T> work) : work_(std::move(work)) { flag_.done = work_.start(c, flag_); }
    bool is_done() const { return flag_.done; }
    T take() { return work_.take(); }

 private:
    struct done_flag : ready_item {
        done_flag() : ready_item([](ready_item& i) noexcept { static_cast<done_flag&>(i).done = true; }) {}
        bool done = false;
    };
    done_flag flag_;
    task<T> work_;
};

class manual_scheduler : public scheduler {
 public:
    manual_scheduler() { set_time(time_point(std::chrono::hours(1000))); }

    void set_time(time_point t) { set_now(t, wall_time_point(t.time_since_epoch())); }
    // Runs turns at the present time until nobody is ready.
    void run_ready() {
        const running guard(*this);
        do run_turn();
        while (has_ready());
    }
    // Moves time forward, stopping wherever a timer wants to fire.
    void advance(duration length) {
        const time_point end = now() + length;
        run_ready();
        while (next_deadline() <= end) {
            set_time(next_deadline());
            run_ready();
        }
        set_time(end);
        run_ready();
    }
    // Runs a started task to its end in virtual time; throws when it waits for something that cannot happen.
    template <class T>
    T finish(started<T>& work) {
        run_ready();
        while (!work.is_done()) {
            if (next_deadline() == no_deadline) throw std::logic_error("the task waits for ever");
            set_time(next_deadline());
            run_ready();
        }
        return work.take();
    }
    template <class T>
    T run(context& c, task<T> work) {
        started<T> root(c, std::move(work));
        return finish(root);
    }
    template <class T>
    T run(task<T> work) {
        context root(*this);
        return run(root, std::move(work));
    }
};

}  // namespace eventcore::test
