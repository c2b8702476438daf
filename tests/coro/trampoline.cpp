#include "eventcore/coro/trampoline.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "catch.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/when_all.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using test::manual_scheduler;

namespace {

constexpr int million = 1'000'000;
constexpr std::size_t flat_bytes = 4096;

// Where the stack was, at its deepest and its shallowest.
class stack_span {
 public:
    [[gnu::noinline]] void mark() {
        // Not the address of a local: AddressSanitizer may keep locals elsewhere.
        const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        lowest_ = std::min(lowest_, here);
        highest_ = std::max(highest_, here);
        ++marks_;
    }
    std::size_t bytes() const { return static_cast<std::size_t>(highest_ - lowest_); }
    int marks() const { return marks_; }

 private:
    std::uintptr_t lowest_ = UINTPTR_MAX, highest_ = 0;
    int marks_ = 0;
};

task<int> ready(stack_span& span) {
    span.mark();
    co_return 1;
}
task<int> waiting(stack_span& span) {
    (void)co_await yield();
    span.mark();
    co_return 1;
}
template <task<int> (*Each)(stack_span&)>
task<int> awaits(int times, stack_span& span) {
    int sum = 0;
    for (int i = 0; i < times; ++i) sum += co_await Each(span);
    co_return sum;
}
task<int> mixed(int times, stack_span& span) {
    int sum = 0;
    for (int i = 0; i < times; ++i) {
        if (i % 2 == 0)
            sum += co_await ready(span);
        else
            sum += co_await waiting(span);
    }
    co_return sum;
}
// Two coroutines that wake each other: every wake comes from within the other one's run.
task<> ping(event& mine, event& other, int times, stack_span& span) {
    for (int i = 0; i < times; ++i) {
        (void)co_await mine.wait();
        mine.reset();
        span.mark();
        other.set();
    }
}

}  // namespace

TEST_CASE("a million awaits of ready tasks keep the stack flat") {
    manual_scheduler s;
    stack_span span;
    CHECK(s.run(awaits<ready>(million, span)) == million);
    CHECK(span.marks() == million);
    CHECK(span.bytes() < flat_bytes);
}

TEST_CASE("a million awaits of tasks that wait keep the stack flat") {
    manual_scheduler s;
    stack_span span;
    CHECK(s.run(awaits<waiting>(million, span)) == million);
    CHECK(span.bytes() < flat_bytes);
}

TEST_CASE("a million awaits of which every other waits keep the stack flat") {
    manual_scheduler s;
    stack_span span;
    CHECK(s.run(mixed(million, span)) == million);
    CHECK(span.bytes() < flat_bytes);
}

TEST_CASE("coroutines that wake each other a million times keep the stack flat") {
    manual_scheduler s;
    stack_span span;
    event a, b;
    a.set();
    auto both = [&]() -> task<> {
        (void)co_await when_all(ping(a, b, million / 2, span), ping(b, a, million / 2, span));
    };
    s.run(both());
    CHECK(span.marks() == million);
    CHECK(span.bytes() < flat_bytes);
}

TEST_CASE("a hundred thousand children that end at once, and as many that wait, keep the stack flat") {
    manual_scheduler s;
    stack_span span;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        for (int i = 0; i < 100'000; ++i) {
            children.spawn([](stack_span* sp) -> task<> { co_await ready(*sp); }, &span);
            children.spawn([](stack_span* sp) -> task<> { co_await waiting(*sp); }, &span);
        }
        co_await children.join();
    };
    s.run(parent());
    CHECK(span.marks() == 200'000);
    CHECK(span.bytes() < flat_bytes);
}

namespace {

// A chain that is woken at its end unwinds link by link through the one loop.
task<int> link(int links, stack_span& span) {
    if (links == 0) {
        (void)co_await yield();
        span.mark();
        co_return 0;
    }
    const int below = co_await link(links - 1, span);
    span.mark();
    co_return below + 1;
}

}  // namespace

TEST_CASE("a chain that ends after a wait unwinds without nesting") {
    manual_scheduler s;
    stack_span span;
    CHECK(s.run(link(1000, span)) == 1000);
    CHECK(span.bytes() < flat_bytes);
}
