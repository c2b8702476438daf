#include "eventcore/coro/sleep.hpp"

#include <vector>

#include "catch.hpp"
#include "eventcore/coro/task.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::manual_scheduler;
using test::started;

namespace {

task<std::error_code> sleeps(duration length) {
    const result<> r = co_await sleep_for(length);
    co_return r.error();
}

}  // namespace

TEST_CASE("a sleep ends at its time and not before") {
    manual_scheduler s;
    context root(s);
    started<std::error_code> work(root, sleeps(20ms));
    s.advance(19ms);
    CHECK_FALSE(work.is_done());
    s.advance(1ms);
    REQUIRE(work.is_done());
    CHECK_FALSE(work.take());
}

TEST_CASE("a sleep until a time that has passed does not wait") {
    manual_scheduler s;
    context root(s);
    auto past = [](time_point t) -> task<bool> {
        const result<> r = co_await sleep_until(t);
        co_return r.has_value();
    };
    started<bool> until(root, past(s.now()));
    CHECK(until.is_done());
    started<std::error_code> zero(root, sleeps(0ms));
    CHECK(zero.is_done());
    started<std::error_code> negative(root, sleeps(-5s));
    CHECK(negative.is_done());
}

TEST_CASE("sleepers wake in the order of their times") {
    manual_scheduler s;
    context root(s);
    std::vector<int> order;
    auto notes = [](std::vector<int>& o, int ms) -> task<> {
        (void)co_await sleep_for(std::chrono::milliseconds(ms));
        o.push_back(ms);
    };
    started<void> a(root, notes(order, 30)), b(root, notes(order, 10)), c(root, notes(order, 20));
    s.advance(1s);
    CHECK(order == std::vector<int>{10, 20, 30});
}

TEST_CASE("a cancelled sleep ends at once with the reason") {
    manual_scheduler s;
    context root(s);
    started<std::error_code> work(root, sleeps(1h));
    root.cancel(errc::closed);
    CHECK_FALSE(work.is_done());  // not from within cancel()
    s.run_ready();
    REQUIRE(work.is_done());
    CHECK(work.take() == errc::closed);
    CHECK(s.next_deadline() == no_deadline);
}

TEST_CASE("a sleep under a cancelled context does not begin, whatever its length") {
    manual_scheduler s;
    context root(s);
    root.cancel();
    for (const duration d : {duration(1h), duration(0)}) {
        started<std::error_code> work(root, sleeps(d));
        REQUIRE(work.is_done());
        CHECK(work.take() == errc::canceled);
    }
}

TEST_CASE("a sleep that has ended cannot be cancelled any more") {
    manual_scheduler s;
    context root(s);
    started<std::error_code> work(root, sleeps(5ms));
    s.set_time(s.now() + 5ms);
    s.run_turn();  // fires the timer and runs the sleeper
    root.cancel();
    s.run_ready();
    REQUIRE(work.is_done());
    CHECK_FALSE(work.take());
}

TEST_CASE("a sleep for ever waits until it is cancelled") {
    manual_scheduler s;
    context root(s);
    started<std::error_code> work(root, sleeps(duration::max()));
    s.advance(24h * 365);
    CHECK_FALSE(work.is_done());
    root.cancel();
    s.run_ready();
    CHECK(work.is_done());
}

TEST_CASE("a destroyed sleeper leaves no timer behind") {
    manual_scheduler s;
    context root(s);
    { started<std::error_code> work(root, sleeps(5ms)); }
    CHECK(s.next_deadline() == no_deadline);
    s.advance(10ms);
}
