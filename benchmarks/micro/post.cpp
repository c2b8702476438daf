// Handing work to another thread's reactor, while it is awake, while it sleeps, and there and back again.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>
#include <vector>

#include "eventcore/reactor/reactor.hpp"

namespace {

namespace ec = eventcore;

class other_thread {
 public:
    explicit other_thread(ec::reactor_kind kind) : opened_(ec::reactor::open({.kind = kind})) {
        if (opened_) thread_ = std::thread([this] { (*opened_)->run(); });
    }
    ~other_thread() {
        if (!opened_) return;
        (*opened_)->stop();
        thread_.join();
    }
    bool ok() const { return static_cast<bool>(opened_); }
    ec::reactor& home() { return **opened_; }

 private:
    ec::result<ec::owned<ec::reactor>> opened_;
    std::thread thread_;
};

struct counting_item : ec::inbox_item {
    counting_item() : inbox_item([](inbox_item&) noexcept { ran.fetch_add(1, std::memory_order_release); }) {}
    static inline std::atomic<std::int64_t> ran = 0;
};

void wait_for(std::int64_t count) {
    while (counting_item::ran.load(std::memory_order_acquire) < count) std::this_thread::yield();
}

// The sender's part of a post, when a thousand are under way.
void post_a_thousand(benchmark::State& state, ec::reactor_kind kind) {
    other_thread other(kind);
    if (!other.ok()) return state.SkipWithError("no such reactor here");
    std::vector<counting_item> items(1000);
    counting_item::ran = 0;
    std::int64_t sent = 0;
    for (auto _ : state) {
        for (counting_item& item : items) other.home().post(item);
        wait_for(sent += 1000);
    }
    state.SetItemsProcessed(sent);
}
BENCHMARK_CAPTURE(post_a_thousand, epoll, ec::reactor_kind::epoll)->UseRealTime();
BENCHMARK_CAPTURE(post_a_thousand, io_uring, ec::reactor_kind::io_uring)->UseRealTime();

// To a reactor that sleeps in the kernel, until it has run.
void post_and_wait(benchmark::State& state, ec::reactor_kind kind) {
    other_thread other(kind);
    if (!other.ok()) return state.SkipWithError("no such reactor here");
    counting_item item;
    counting_item::ran = 0;
    std::int64_t sent = 0;
    for (auto _ : state) {
        other.home().post(item);
        wait_for(++sent);
    }
}
BENCHMARK_CAPTURE(post_and_wait, epoll, ec::reactor_kind::epoll)->UseRealTime();
BENCHMARK_CAPTURE(post_and_wait, io_uring, ec::reactor_kind::io_uring)->UseRealTime();

}  // namespace
