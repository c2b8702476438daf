#include "eventcore/coro/yield.hpp"

#include <vector>

#include "catch.hpp"
#include "eventcore/coro/task.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using test::manual_scheduler;
using test::started;

TEST_CASE("coroutines that yield take turns") {
    manual_scheduler s;
    context root(s);
    std::vector<int> order;
    auto counts = [](std::vector<int>& o, int name) -> task<> {
        for (int i = 0; i < 3; ++i) {
            o.push_back(name);
            (void)co_await yield();
        }
    };
    started<void> a(root, counts(order, 1)), b(root, counts(order, 2));
    s.run_ready();
    CHECK(order == std::vector<int>{1, 2, 1, 2, 1, 2});
}

TEST_CASE("a loop that yields learns of its cancellation, before and while it is in the queue") {
    manual_scheduler s;
    context root(s);
    auto forever = [](int& rounds) -> task<std::error_code> {
        for (;;) {
            const result<> go_on = co_await yield();
            if (!go_on) co_return go_on.error();
            ++rounds;
        }
    };
    int rounds = 0;
    started<std::error_code> work(root, forever(rounds));
    s.run_turn();
    s.run_turn();
    CHECK(rounds == 2);
    root.cancel(errc::timed_out);
    s.run_ready();
    REQUIRE(work.is_done());
    CHECK(work.take() == errc::timed_out);
    CHECK(rounds == 2);
    started<std::error_code> late(root, forever(rounds));
    REQUIRE(late.is_done());
    CHECK(late.take() == errc::timed_out);
}

TEST_CASE("destroying a coroutine that has yielded takes it out of the queue") {
    manual_scheduler s;
    context root(s);
    auto once = []() -> task<> { (void)co_await yield(); };
    { started<void> work(root, once()); }
    CHECK_FALSE(s.has_ready());
}
