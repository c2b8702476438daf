// Threads and locks on POSIX (pthreads(7)). The standard's do the same, but <thread>, <mutex> and
// <condition_variable> cost every program that includes a server 0.15 s of compile time and hundreds of
// functions.
#pragma once

#include <pthread.h>
#include <time.h>

#include <cstdint>
#include <ctime>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/clock.hpp"

namespace eventcore {

class thread {
 public:
    using main_function = void (*)(void* argument);

    thread() noexcept = default;
    thread(const thread&) = delete;
    thread& operator=(const thread&) = delete;
    ~thread() { EVENTCORE_ASSERT(!is_joinable_, "a thread was not joined"); }

    // False: the system refuses another thread. `run` must not throw.
    [[nodiscard]] bool start(main_function run, void* argument) noexcept {
        EVENTCORE_ASSERT(!is_joinable_, "a thread was started twice");
        run_ = run;
        argument_ = argument;
        is_joinable_ = ::pthread_create(&id_, nullptr, &main, this) == 0;
        return is_joinable_;
    }
    bool is_joinable() const noexcept { return is_joinable_; }
    void join() noexcept {
        ::pthread_join(id_, nullptr);
        is_joinable_ = false;
    }
    pthread_t id() const noexcept { return id_; }

 private:
    static void* main(void* opaque) {
        auto* self = static_cast<thread*>(opaque);
        self->run_(self->argument_);
        return nullptr;
    }

    pthread_t id_{};
    main_function run_ = nullptr;
    void* argument_ = nullptr;
    bool is_joinable_ = false;
};

class mutex {
 public:
    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    ~mutex() { ::pthread_mutex_destroy(&native_); }
    void lock() noexcept { ::pthread_mutex_lock(&native_); }
    void unlock() noexcept { ::pthread_mutex_unlock(&native_); }

 private:
    friend class condition;
    pthread_mutex_t native_ = PTHREAD_MUTEX_INITIALIZER;
};

// Locked for the life of this object.
class lock_guard {
 public:
    explicit lock_guard(mutex& m) noexcept : mutex_(m) { m.lock(); }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;
    ~lock_guard() { mutex_.unlock(); }

 private:
    mutex& mutex_;
};

class condition {
 public:
    condition() noexcept = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition() { ::pthread_cond_destroy(&native_); }
    // `m` is locked by the caller, and again on return, which may be without a reason.
    void wait(mutex& m) noexcept { ::pthread_cond_wait(&native_, &m.native_); }
    // As wait(), for `length` at most; by the wall clock, so a jump of it makes the wait shorter or longer.
    void wait_for(mutex& m, duration length) noexcept {
        timespec until{};
        ::clock_gettime(CLOCK_REALTIME, &until);
        const std::int64_t nanoseconds = until.tv_nsec + length.count();
        until.tv_sec += static_cast<std::time_t>(nanoseconds / 1'000'000'000);
        until.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
        ::pthread_cond_timedwait(&native_, &m.native_, &until);
    }
    void notify_one() noexcept { ::pthread_cond_signal(&native_); }
    void notify_all() noexcept { ::pthread_cond_broadcast(&native_); }

 private:
    pthread_cond_t native_ = PTHREAD_COND_INITIALIZER;
};

}  // namespace eventcore
