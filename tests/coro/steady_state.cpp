// In the steady state coroutines do not call the heap: frames and children come from the thread's recycler.
#include "eventcore/base/recycler.hpp"

#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/coro/when_all.hpp"
#include "eventcore/coro/when_any.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/count_allocations.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using ::test::allocations;
using eventcore::test::manual_scheduler;
using ::test::releases;

namespace {

task<int> ready() { co_return 1; }
task<int> waiting(duration d) {
    (void)co_await yield();
    (void)co_await sleep_for(d);
    co_return 1;
}
task<> adds(int* sum, int n) {
    *sum += n;
    (void)co_await yield();
    *sum += n;
}

// Everything that a request may use to wait.
task<int> one_request() {
    int sum = co_await ready();
    sum += co_await waiting(2ms);
    const std::tuple<int, int> both = co_await when_all(ready(), waiting(1ms));
    sum += std::get<0>(both) + std::get<1>(both);
    const std::variant<int, int> first = co_await when_any(waiting(1h), waiting(1ms));
    sum += static_cast<int>(first.index());
    const result<int> in_time = co_await with_timeout(10ms, waiting(1ms));
    sum += in_time.has_value() ? 1 : 0;
    const result<int> too_late = co_await with_timeout(10ms, waiting(1h));
    sum += too_late.has_value() ? 0 : 1;
    sum += co_await shield(waiting(1ms));
    scope children(co_await this_context());
    children.spawn(adds, &sum, 1);
    children.spawn(adds(&sum, 1));
    co_await children.join();
    event e;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn([](event* ev) -> task<> { (void)co_await ev->wait(); }, &e);
        e.set();
        co_return;
    });
    co_return sum;
}

}  // namespace

TEST_CASE("in the steady state no await, combinator, child or timer calls the heap") {
    manual_scheduler s;
    context root(s);
    for (int warm_up = 0; warm_up < 3; ++warm_up) REQUIRE(s.run(root, one_request()) == 12);
    const std::size_t allocated = allocations, released = releases;
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += s.run(root, one_request());
    const std::size_t more = allocations - allocated, back = releases - released;
    CHECK(sum == 1200);
    CHECK(more == back);
    // Under AddressSanitizer the recycler hands everything back to the heap, so that a stale frame is seen.
    if (!EVENTCORE_ASAN)
        CHECK(more == 0);
    else
        CHECK(more > 0);
}

TEST_CASE("a vector of tasks costs its own storage and nothing else") {
    manual_scheduler s;
    context root(s);
    const auto run_once = [&] {
        std::vector<task<>> tasks;
        tasks.reserve(8);
        int sum = 0;
        for (int i = 0; i < 8; ++i) tasks.push_back(adds(&sum, 1));
        s.run(root, when_all(std::move(tasks)));
        return sum;
    };
    for (int warm_up = 0; warm_up < 3; ++warm_up) REQUIRE(run_once() == 16);
    const std::size_t allocated = allocations;
    (void)run_once();
    if (!EVENTCORE_ASAN) CHECK(allocations - allocated == 1);
    recycler::release_thread_cache();
}
