// What a task costs: to make, to await, to suspend and resume; and how much memory its frame takes.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/yield.hpp"

namespace {
thread_local std::size_t last_allocation = 0;
}

// Out of line, so that the compiler does not compare new with free().
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    last_allocation = bytes;
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

namespace ec = eventcore;

struct done_flag : ec::ready_item {
    done_flag() : ready_item([](ready_item& i) noexcept { static_cast<done_flag&>(i).done = true; }) {}
    bool done = false;
};

class loop : public ec::scheduler {
 public:
    // Runs it to its end.
    template <class T>
    T finish(ec::task<T> work) {
        const running guard(*this);
        ec::context root(*this);
        done_flag flag;
        if (!work.start(root, flag))
            while (!flag.done) run_turn();
        return work.take();
    }
};

ec::task<int> leaf(int value) { co_return value; }
ec::task<int> layer(int value, int depth) {
    if (depth == 0) co_return co_await leaf(value);
    co_return co_await layer(value, depth - 1);
}
ec::task<int> await_leaf(benchmark::State& state) {
    int sum = 0;
    for (auto _ : state) benchmark::DoNotOptimize(sum += co_await leaf(1));
    co_return sum;
}
ec::task<int> await_four_layers(benchmark::State& state) {
    int sum = 0;
    for (auto _ : state) benchmark::DoNotOptimize(sum += co_await layer(1, 3));
    co_return sum;
}
ec::task<int> suspend(benchmark::State& state) {
    for (auto _ : state) static_cast<void>(co_await ec::yield());
    co_return 0;
}

// Rounded up to the recycler's granule, which is what it takes.
template <class Make>
double frame_bytes(Make make) {
    ec::recycler::release_thread_cache();
    last_allocation = 0;
    const auto made = make();
    return static_cast<double>(last_allocation);
}

void await_ready_task(benchmark::State& state) {
    benchmark::DoNotOptimize(loop().finish(await_leaf(state)));
    state.counters["frame_bytes"] = frame_bytes([] { return leaf(1); });
}
BENCHMARK(await_ready_task);

void await_five_ready_tasks(benchmark::State& state) {
    benchmark::DoNotOptimize(loop().finish(await_four_layers(state)));
    state.counters["frame_bytes"] = frame_bytes([] { return layer(1, 3); });
}
BENCHMARK(await_five_ready_tasks);

void suspend_and_resume(benchmark::State& state) { loop().finish(suspend(state)); }
BENCHMARK(suspend_and_resume);

}  // namespace
