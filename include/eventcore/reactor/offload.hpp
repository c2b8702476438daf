// Running a function that blocks, or computes for long, beside the reactor: co_await blocking(f), cpu(f).
//
//   auto resolve = [name] { return slow_lookup(name); };
//   result<entry> found = co_await blocking(std::move(resolve));
//
// The function runs on a thread of the worker's pool; the coroutine goes on at home with what it returned. A
// result<T> comes back as it is, any other T as result<T>, an exception is thrown again at home.
//
// g++ 12 destroys a closure twice when it is written inside the co_await expression and captures something
// that is not trivially destructible. Name it first, as above; or name the call: auto call = blocking([…] {
// … }); co_await call; (Captures by reference, numbers and views are fine in place.)
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/reactor/simulated_kernel.hpp"

namespace eventcore {

enum class offload_kind : std::uint8_t {
    blocking,  // waits for a disk, a lock, a library: any thread of the pool
    cpu,       // computes: never all threads at once, so that what blocks briefly is not stuck behind it
};

struct offload_options {
    unsigned threads = 2;         // started when first needed; at least 1
    unsigned queue_count = 1024;  // jobs that wait for a thread; one more is refused with errc::overloaded
};

// Something a pool runs. Lives in the frame of the coroutine that waits for it.
class offload_job : public list_node {
 public:
    using job_function = void (*)(offload_job&) noexcept;
    offload_job(job_function run, job_function done) noexcept : run_(run), done_(done) {}

 private:
    friend class offload_pool;
    enum class state : std::uint8_t { idle, queued, running, finished };
    job_function run_;   // on a thread of the pool
    job_function done_;  // at home, once, after run or when the pool stopped before it ran; unless withdrawn
    state state_ = state::idle;  // guarded by the pool's mutex
    offload_kind kind_ = offload_kind::blocking;
    bool has_run_ = false;
};

// The threads beside one worker. Made, used, stopped and destroyed on the home thread of `home`, which takes
// a turn after that to throw away what the threads had posted.
class offload_pool {
 public:
    explicit offload_pool(scheduler& home, offload_options options = {})
        : home_(home), options_(options), bell_(new doorbell(*this)), next_in_thread_(first_in_thread_) {
        if (options_.threads == 0) options_.threads = 1;
        cpu_threads_ = options_.threads > 1 ? options_.threads - 1 : 1;
        first_in_thread_ = this;
    }
    offload_pool(const offload_pool&) = delete;
    offload_pool& operator=(const offload_pool&) = delete;
    ~offload_pool() {
        stop();
        offload_pool** at = &first_in_thread_;
        while (*at && *at != this) at = &(*at)->next_in_thread_;
        EVENTCORE_ASSERT(*at, "a pool is destroyed on its home thread");
        *at = next_in_thread_;
        bell_->abandon();
    }

    // The pool of this thread that serves `home`, or null: then offloaded functions run in place, which is
    // what a test without threads wants.
    static offload_pool* of(const scheduler& home) noexcept {
        offload_pool* pool = first_in_thread_;
        while (pool && &pool->home_ != &home) pool = pool->next_in_thread_;
        return pool;
    }

    // Errors: errc::overloaded (queue full, or no thread can be started), errc::canceled (stopped).
    result<> submit(offload_job& job, offload_kind kind);
    // True: the job had not begun, and will not; done is not called. False: it runs, or has run.
    bool withdraw(offload_job& job) noexcept;
    // Blocks while the job runs. Afterwards the pool does not know it any more, and done is not called.
    void wait_for(offload_job& job) noexcept;
    static bool has_run(const offload_job& job) noexcept { return job.has_run_; }

    // Ends the threads after the jobs they run. Jobs that still wait are told done without having run.
    void stop() noexcept;

 private:
    // What the pool's threads post to the home thread. The inbox cannot give it back, so it lives until it
    // has run, even when the pool is gone by then.
    class doorbell : public inbox_item {
     public:
        explicit doorbell(offload_pool& pool) noexcept : inbox_item(&rung), pool_(&pool) {}
        // Under the pool's mutex; true when it has to be posted.
        bool ring() noexcept { return !std::exchange(is_posted_, true); }
        void abandon() noexcept {
            pool_ = nullptr;
            if (!is_posted_) delete this;
        }

     private:
        static void rung(inbox_item& item) noexcept {
            auto& self = static_cast<doorbell&>(item);
            if (!self.pool_) return delete &self;
            {
                const lock_guard lock(self.pool_->mutex_);
                self.is_posted_ = false;
            }
            self.pool_->deliver();
        }
        offload_pool* pool_;
        bool is_posted_ = false;
    };

    // In a simulation there are no threads: calls that the kernel plans begin the jobs and end them.
    struct simulated_turn : simulated_call {
        explicit simulated_turn(offload_pool& pool) noexcept : simulated_call(&come), owner(pool) {}
        static void come(simulated_call& call) noexcept {
            static_cast<simulated_turn&>(call).owner.take_simulated_turn();
        }
        offload_pool& owner;
    };

    void take_simulated_turn() noexcept;
    void plan_simulated_turn() noexcept;
    void run_to_end(offload_job& job) noexcept;

    void start_thread_if_needed();
    void thread_main() noexcept;
    offload_job* next_job() noexcept;
    void deliver() noexcept;

    inline static constinit thread_local offload_pool* first_in_thread_ = nullptr;

    scheduler& home_;
    offload_options options_;
    doorbell* bell_;
    offload_pool* next_in_thread_;
    unsigned cpu_threads_;
    owning_list<thread> threads_;  // home thread only

    mutex mutex_;  // guards what follows, and the state of every job
    condition work_or_stop_;
    condition job_finished_;
    intrusive_list<offload_job> blocking_;
    intrusive_list<offload_job> cpu_;
    intrusive_list<offload_job> finished_;
    unsigned queued_count_ = 0;
    unsigned started_threads_ = 0;
    unsigned idle_threads_ = 0;
    unsigned running_cpu_ = 0;
    bool prefer_cpu_ = false;
    bool is_stopping_ = false;

    simulated_kernel* simulated_ = simulated_kernel::current();
    simulated_turn simulated_turn_{*this};
    intrusive_list<offload_job> simulated_running_;
};

namespace detail {

template <class T>
struct offload_outcome {
    using type = result<T>;
};
template <class T>
struct offload_outcome<result<T>> {
    using type = result<T>;
};

}  // namespace detail

// The awaitable behind blocking() and cpu().
template <class F>
class offload_call final : public suspension, private offload_job {
    using returned = std::invoke_result_t<F&>;
    static_assert(!std::is_reference_v<returned>,
                  "eventcore: an offloaded function returns a value, not a reference");

 public:
    using outcome = typename detail::offload_outcome<returned>::type;

    offload_call(F f, offload_kind kind)
        : suspension(&cancelled), offload_job(&run, &done), f_(std::move(f)), kind_(kind) {}
    ~offload_call() {
        if (is_pending()) pool_->wait_for(*this);  // the function may use what lives in the dying frame
    }

    bool await_ready() noexcept {
        if (ctx().is_cancelled()) return false;
        pool_ = offload_pool::of(ctx().home());
        if (!pool_) run(*this);
        return pool_ == nullptr;
    }
    bool await_suspend(std::coroutine_handle<> coroutine) {
        if (!suspend(coroutine)) return false;
        const result<> accepted = pool_->submit(*this, kind_);
        if (!accepted) complete(accepted.error());
        return true;
    }
    outcome await_resume() {
        if (exception_) std::rethrow_exception(exception_);
        if (returned_) return std::move(*returned_);
        return error();
    }

 private:
    static void run(offload_job& job) noexcept {
        auto& self = static_cast<offload_call&>(job);
        try {
            if constexpr (std::is_void_v<returned>) {
                self.f_();
                self.returned_.emplace();
            } else {
                self.returned_.emplace(self.f_());
            }
        } catch (...) {
            self.exception_ = std::current_exception();
        }
    }
    static void done(offload_job& job) noexcept {
        auto& self = static_cast<offload_call&>(job);
        self.complete(offload_pool::has_run(job) ? std::error_code{} : make_error_code(errc::canceled));
    }
    static void cancelled(suspension& waiting, std::error_code reason) noexcept {
        auto& self = static_cast<offload_call&>(waiting);
        if (self.pool_->withdraw(self)) self.complete(reason);  // else done() comes, with what it returned
    }

    F f_;
    offload_kind kind_;
    offload_pool* pool_ = nullptr;
    std::optional<outcome> returned_;
    std::exception_ptr exception_;
};

// For functions that wait: files, locks, libraries without an asynchronous interface. When the context is
// cancelled a function that has not begun does not run; one that runs is waited for, and its value returned.
template <class F>
[[nodiscard]] offload_call<F> blocking(F f) {
    return offload_call<F>(std::move(f), offload_kind::blocking);
}

// For functions that compute: compression, password hashes, rendering.
template <class F>
[[nodiscard]] offload_call<F> cpu(F f) {
    return offload_call<F>(std::move(f), offload_kind::cpu);
}

// ---- definitions ----

inline result<> offload_pool::submit(offload_job& job, offload_kind kind) {
    const lock_guard lock(mutex_);
    EVENTCORE_ASSERT(job.state_ == offload_job::state::idle, "a job is submitted once");
    if (is_stopping_) return errc::canceled;
    if (queued_count_ >= options_.queue_count) return errc::overloaded;
    start_thread_if_needed();
    if (started_threads_ == 0) return errc::overloaded;
    job.kind_ = kind;
    job.state_ = offload_job::state::queued;
    (kind == offload_kind::cpu ? cpu_ : blocking_).push_back(job);
    ++queued_count_;
    work_or_stop_.notify_one();
    return {};
}

inline void offload_pool::start_thread_if_needed() {
    if (simulated_) {
        started_threads_ = simulated_->has_threads() ? options_.threads : 0;
        return plan_simulated_turn();
    }
    if (idle_threads_ > queued_count_ || threads_.size() >= options_.threads) return;
    sigset_t all, before;  // signals belong to the program's own threads
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread& fresh = threads_.emplace_back();
    const auto run = [](void* self) { static_cast<offload_pool*>(self)->thread_main(); };
    // Refused: the threads there are will do; without any, submit() refuses.
    if (fresh.start(run, this)) ++started_threads_;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

inline bool offload_pool::withdraw(offload_job& job) noexcept {
    const lock_guard lock(mutex_);
    if (job.state_ != offload_job::state::queued) return false;
    job.unlink();
    job.state_ = offload_job::state::idle;
    --queued_count_;
    return true;
}

inline void offload_pool::wait_for(offload_job& job) noexcept {
    const lock_guard lock(mutex_);
    if (simulated_ && job.state_ == offload_job::state::running) run_to_end(job);
    while (job.state_ == offload_job::state::running) job_finished_.wait(mutex_);
    if (job.state_ == offload_job::state::queued) --queued_count_;
    job.unlink();
    job.state_ = offload_job::state::idle;
}

inline void offload_pool::stop() noexcept {
    {
        const lock_guard lock(mutex_);
        is_stopping_ = true;
        blocking_.for_each([](offload_job& job) { job.state_ = offload_job::state::finished; });
        cpu_.for_each([](offload_job& job) { job.state_ = offload_job::state::finished; });
        finished_.splice_back(blocking_);
        finished_.splice_back(cpu_);
        queued_count_ = 0;
        work_or_stop_.notify_all();
    }
    while (!simulated_running_.empty()) {
        const lock_guard lock(mutex_);
        run_to_end(simulated_running_.pop_front());
    }
    if (simulated_) simulated_->forget(simulated_turn_);
    for (thread& t : threads_)
        if (t.is_joinable()) t.join();
    threads_.clear();
    started_threads_ = 0;
    deliver();
}

// Under the mutex. The kinds take turns; cpu jobs leave one thread of several to the others.
inline offload_job* offload_pool::next_job() noexcept {
    const bool may_cpu = !cpu_.empty() && running_cpu_ < cpu_threads_;
    const bool may_block = !blocking_.empty();
    if (!may_cpu && !may_block) return nullptr;
    const bool take_cpu = may_cpu && (prefer_cpu_ || !may_block);
    prefer_cpu_ = !take_cpu;
    running_cpu_ += take_cpu ? 1 : 0;
    --queued_count_;
    offload_job& job = (take_cpu ? cpu_ : blocking_).pop_front();
    job.state_ = offload_job::state::running;
    return &job;
}

inline void offload_pool::thread_main() noexcept {
    const lock_guard lock(mutex_);
    while (true) {
        offload_job* job = next_job();
        if (!job) {
            if (is_stopping_) return;
            ++idle_threads_;
            work_or_stop_.wait(mutex_);
            --idle_threads_;
            continue;
        }
        run_to_end(*job);
        job_finished_.notify_all();
        if (bell_->ring()) home_.post(*bell_);
    }
}

// Under the mutex, but not while the job runs.
inline void offload_pool::run_to_end(offload_job& job) noexcept {
    mutex_.unlock();
    job.run_(job);
    mutex_.lock();
    job.has_run_ = true;
    job.state_ = offload_job::state::finished;
    job.unlink();
    finished_.push_back(job);
    if (job.kind_ == offload_kind::cpu) --running_cpu_;
}

inline void offload_pool::plan_simulated_turn() noexcept {
    if (!simulated_turn_.is_planned) simulated_->call_later(simulated_turn_);
}

// What one thread of the pool might do next, whichever: begin a job that waits, or end one that runs. The
// function itself is called at the end, so that what it sees is as late as it can be.
inline void offload_pool::take_simulated_turn() noexcept {
    {
        const lock_guard lock(mutex_);
        std::size_t running = 0;
        simulated_running_.for_each([&](offload_job&) { ++running; });
        const bool may_begin = running < options_.threads && queued_count_ > 0;
        offload_job* begun = may_begin && (running == 0 || simulated_->choose(2) == 0) ? next_job() : nullptr;
        if (begun) {
            simulated_running_.push_back(*begun);
        } else if (running > 0) {
            for (std::size_t skipped = simulated_->choose(running); skipped > 0; --skipped)
                simulated_running_.push_back(simulated_running_.pop_front());
            run_to_end(simulated_running_.pop_front());
        }
        if (queued_count_ > 0 || !simulated_running_.empty()) plan_simulated_turn();
    }
    deliver();
}

// At home: tells the owners of finished jobs. done() only schedules coroutines, so no job is destroyed by it.
inline void offload_pool::deliver() noexcept {
    intrusive_list<offload_job> batch;
    {
        const lock_guard lock(mutex_);
        batch.splice_back(finished_);
        batch.for_each([](offload_job& job) { job.state_ = offload_job::state::idle; });
    }
    while (!batch.empty()) {
        offload_job& job = batch.pop_front();
        job.done_(job);
    }
}

}  // namespace eventcore
