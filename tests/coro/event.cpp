#include "eventcore/coro/event.hpp"

#include <memory>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/task.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using test::manual_scheduler;
using test::started;

namespace {

task<std::error_code> waits(event& e, std::vector<int>& order, int name) {
    const result<> r = co_await e.wait();
    order.push_back(name);
    co_return r.error();
}

}  // namespace

TEST_CASE("set() wakes all waiters in the order in which they began to wait") {
    manual_scheduler s;
    context root(s);
    event e;
    std::vector<int> order;
    started<std::error_code> a(root, waits(e, order, 1)), b(root, waits(e, order, 2));
    s.run_ready();
    CHECK(order.empty());
    e.set();
    CHECK(order.empty());  // not from within set()
    s.run_ready();
    CHECK(order == std::vector<int>{1, 2});
    CHECK_FALSE(a.take());
}

TEST_CASE("a set event does not make anyone wait until it is reset") {
    manual_scheduler s;
    context root(s);
    event e;
    std::vector<int> order;
    e.set();
    CHECK(e.is_set());
    started<std::error_code> now(root, waits(e, order, 1));
    CHECK(now.is_done());
    e.reset();
    started<std::error_code> later(root, waits(e, order, 2));
    s.run_ready();
    CHECK_FALSE(later.is_done());
    e.set();
    s.run_ready();
    CHECK(later.is_done());
}

TEST_CASE("a cancelled wait ends with the reason and the others go on waiting") {
    manual_scheduler s;
    context left(s), right(s);
    event e;
    std::vector<int> order;
    started<std::error_code> a(left, waits(e, order, 1)), b(right, waits(e, order, 2));
    left.cancel(errc::closed);
    s.run_ready();
    REQUIRE(a.is_done());
    CHECK(a.take() == errc::closed);
    CHECK_FALSE(b.is_done());
    e.set();
    s.run_ready();
    CHECK(b.is_done());
}

TEST_CASE("a destroyed waiter is forgotten, and so is a destroyed event") {
    manual_scheduler s;
    context root(s);
    std::vector<int> order;
    auto e = std::make_unique<event>();
    { started<std::error_code> gone(root, waits(*e, order, 1)); }
    started<std::error_code> stays(root, waits(*e, order, 2));
    e.reset();
    s.run_ready();
    CHECK_FALSE(stays.is_done());
    root.cancel();
    s.run_ready();
    CHECK(stays.take() == errc::canceled);
}
