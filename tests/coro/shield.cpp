#include "eventcore/coro/shield.hpp"

#include <stdexcept>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

task<int> commit(int value) {
    const result<> slept = co_await sleep_for(10ms);
    co_return slept ? value : -1;
}

}  // namespace

TEST_CASE("shielded work runs to its end although the surrounding context is cancelled, and is awaited") {
    manual_scheduler s;
    context root(s);
    auto outer = []() -> task<int> {
        const int committed = co_await shield(commit(5));
        const result<> after = co_await sleep_for(1h);  // no longer shielded
        co_return after ? -2 : committed;
    };
    started<int> work(root, outer());
    root.cancel();
    s.run_ready();
    CHECK_FALSE(work.is_done());
    s.advance(10ms);
    REQUIRE(work.is_done());
    CHECK(work.take() == 5);
}

TEST_CASE("shielded work begins also under a context that is cancelled already") {
    manual_scheduler s;
    context root(s);
    root.cancel();
    CHECK(s.run(root, shield(commit(6))) == 6);
}

TEST_CASE("shielded work has the same home, no deadline, and may have a time-out of its own") {
    manual_scheduler s;
    context root(s, s.now() + 1ms);
    auto looks = [&]() -> task<bool> {
        context& c = co_await this_context();
        co_return &c.home() == &s && c.deadline() == no_deadline;
    };
    CHECK(s.run(root, shield(looks())));
    const result<int> late = s.run(root, shield(with_timeout(5ms, commit(7))));
    CHECK(late.error() == errc::timed_out);
}

TEST_CASE("what shielded work throws passes through") {
    manual_scheduler s;
    auto throws = []() -> task<> {
        (void)co_await sleep_for(1ms);
        throw std::runtime_error("x");
    };
    CHECK_THROWS_AS(s.run(shield(throws())), std::runtime_error);
}

TEST_CASE("destroying whoever awaits shielded work destroys it too") {
    manual_scheduler s;
    context root(s);
    auto holds = [](counted) -> task<> { (void)co_await sleep_for(1h); };
    { started<void> work(root, shield(holds(counted(1)))); }
    CHECK(counted::alive == 0);
    CHECK(s.next_deadline() == no_deadline);
}
