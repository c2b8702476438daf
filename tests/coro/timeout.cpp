#include "eventcore/coro/timeout.hpp"

#include <stdexcept>

#include "catch.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

task<int> takes(duration length) {
    (void)co_await sleep_for(length);
    co_return 1;
}
task<result<int>> answers(duration length) {
    const result<> slept = co_await sleep_for(length);
    if (!slept) co_return slept.error();
    co_return 1;
}
task<> finishes(duration length, bool& ended) {
    (void)co_await sleep_for(length);
    ended = true;
}

}  // namespace

TEST_CASE("a task that ends before the deadline hands over its value") {
    manual_scheduler s;
    CHECK(s.run(with_timeout(10ms, takes(5ms))).value() == 1);
    CHECK(s.run(with_timeout(10ms, answers(5ms))).value() == 1);
    CHECK(s.run(with_timeout(10ms, takes(0ms))).value() == 1);
    bool ended = false;
    CHECK(s.run(with_timeout(10ms, finishes(5ms, ended))).has_value());
    CHECK(s.run(with_deadline(s.now() + 10ms, takes(5ms))).value() == 1);
    CHECK(s.run(with_deadline(no_deadline, takes(5ms))).value() == 1);
    CHECK(s.next_deadline() == no_deadline);
}

TEST_CASE("a task that is too slow is cancelled at the deadline, awaited, and reported as timed out") {
    manual_scheduler s;
    const time_point start = s.now();
    CHECK(s.run(with_timeout(10ms, takes(1h))).error() == errc::timed_out);
    CHECK(s.now() - start == 10ms);
    CHECK(s.run(with_timeout(10ms, answers(1h))).error() == errc::timed_out);
    bool ended = false;
    CHECK(s.run(with_timeout(10ms, finishes(1h, ended))).error() == errc::timed_out);
    CHECK(ended);
}

TEST_CASE("a task that ignores cancellation is waited for") {
    manual_scheduler s;
    const time_point start = s.now();
    bool ended = false;
    auto stubborn = [](bool& e) -> task<> { co_await shield(finishes(50ms, e)); };
    CHECK(s.run(with_timeout(10ms, stubborn(ended))).error() == errc::timed_out);
    CHECK(ended);
    CHECK(s.now() - start == 50ms);
}

TEST_CASE("a result that was won although the deadline passed wins") {
    manual_scheduler s;
    auto makes_it = []() -> task<result<int>> {
        (void)co_await sleep_for(1h);
        co_return 42;
    };
    CHECK(s.run(with_timeout(10ms, makes_it())).value() == 42);
    auto own_error = []() -> task<result<int>> {
        (void)co_await sleep_for(1h);
        co_return errc::closed;
    };
    CHECK(s.run(with_timeout(10ms, own_error())).error() == errc::closed);
}

TEST_CASE("of nested time-outs the earlier one ends the work, and the reason is the same") {
    manual_scheduler s;
    const time_point start = s.now();
    auto inner_first = s.run(with_timeout(1h, with_timeout(5ms, takes(2h))));
    CHECK(inner_first.error() == errc::timed_out);
    CHECK(s.now() - start == 5ms);
    auto outer_first = s.run(with_timeout(5ms, with_timeout(1h, takes(2h))));
    CHECK(outer_first.error() == errc::timed_out);
    CHECK(s.now() - start == 10ms);
    CHECK(s.next_deadline() == no_deadline);
}

TEST_CASE("after an inner time-out the outer work goes on") {
    manual_scheduler s;
    auto retries = []() -> task<int> {
        for (int attempt = 1;; ++attempt) {
            const result<int> r = co_await with_timeout(10ms, takes(duration(25ms) / attempt));
            if (r) co_return attempt;
        }
    };
    CHECK(s.run(with_timeout(1s, retries())).value() == 3);
}

TEST_CASE("the task sees the earlier of both deadlines in its context") {
    manual_scheduler s;
    const time_point start = s.now();
    auto looks = []() -> task<time_point> { co_return (co_await this_context()).deadline(); };
    CHECK(s.run(with_timeout(10ms, looks())).value() == start + 10ms);
    context root(s, start + 3ms);
    CHECK(s.run(root, with_timeout(10ms, looks())).value() == start + 3ms);
}

TEST_CASE("a cancelled surrounding context reaches the task, and its reason is the outcome") {
    manual_scheduler s;
    context root(s);
    started<result<int>> plain(root, with_timeout(1h, takes(2h)));
    started<result<int>> answering(root, with_timeout(1h, answers(2h)));
    root.cancel(errc::closed);
    s.run_ready();
    CHECK(plain.take().error() == errc::closed);
    CHECK(answering.take().error() == errc::closed);
}

TEST_CASE("a deadline that has passed lets the task notice at its first wait") {
    manual_scheduler s;
    CHECK(s.run(with_timeout(0ms, answers(1ms))).error() == errc::timed_out);
    CHECK(s.run(with_timeout(-1h, answers(1ms))).error() == errc::timed_out);
    auto at_once = []() -> task<result<int>> { co_return 3; };
    CHECK(s.run(with_timeout(0ms, at_once())).value() == 3);
}

TEST_CASE("what the task throws passes through, before and after the deadline") {
    manual_scheduler s;
    auto throws_after = [](duration d) -> task<int> {
        (void)co_await sleep_for(d);
        throw std::runtime_error("x");
    };
    CHECK_THROWS_AS(s.run(with_timeout(10ms, throws_after(0ms))), std::runtime_error);
    CHECK_THROWS_AS(s.run(with_timeout(10ms, throws_after(5ms))), std::runtime_error);
    CHECK_THROWS_AS(s.run(with_timeout(10ms, throws_after(1h))), std::runtime_error);
    CHECK(s.next_deadline() == no_deadline);
}

TEST_CASE("destroying a time-out in mid-flight destroys the task and the timer") {
    manual_scheduler s;
    context root(s);
    auto holds = [](counted) -> task<> { (void)co_await sleep_for(1h); };
    {
        started<result<>> work(root, with_timeout(1min, with_timeout(1s, holds(counted(1)))));
        CHECK(counted::alive > 0);
    }
    CHECK(counted::alive == 0);
    CHECK(s.next_deadline() == no_deadline);
}
