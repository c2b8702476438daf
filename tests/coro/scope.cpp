#include "eventcore/coro/scope.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

task<> notes(std::vector<int>& order, int ms) {
    const result<> slept = co_await sleep_for(std::chrono::milliseconds(ms));
    order.push_back(slept ? ms : -ms);
}
task<> throws_after(int ms) {
    (void)co_await sleep_for(std::chrono::milliseconds(ms));
    throw std::runtime_error("after " + std::to_string(ms));
}
task<> holds(counted, event* e) {
    counted local(1);
    (void)co_await e->wait();
}

}  // namespace

TEST_CASE("children start at once, run side by side, and join() waits for all") {
    manual_scheduler s;
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn(notes(order, 30));
        children.spawn(notes(order, 10));
        order.push_back(0);
        CHECK(children.running() == 2);
        co_await children.join();
        order.push_back(99);
        CHECK(children.running() == 0);
    };
    s.run(parent());
    CHECK(order == std::vector<int>{0, 10, 30, 99});
}

TEST_CASE("a child that does not wait has ended when spawn() returns, and join() does not wait for it") {
    manual_scheduler s;
    context root(s);
    auto parent = [&]() -> task<int> {
        int x = 0;
        scope children(co_await this_context());
        children.spawn([](int* p) -> task<> {
            *p = 5;
            co_return;
        }, &x);
        const int seen = x;
        co_await children.join();
        co_return seen;
    };
    started<int> work(root, parent());
    REQUIRE(work.is_done());
    CHECK(work.take() == 5);
}

TEST_CASE("the arguments of a spawned function live as long as the child") {
    manual_scheduler s;
    std::string heard;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        // The coroutine takes references: they refer to the copies that the scope keeps.
        auto by_reference = [](const std::string& text, std::string&& more, std::string& out) -> task<> {
            (void)co_await yield();
            out = text + more;
        };
        {
            std::string text = "a text that is too long for the small string buffer, ";
            children.spawn(by_reference, text, std::string(100, 'x'), std::ref(heard));
            text.assign("changed");
        }
        co_await children.join();
    };
    s.run(parent());
    CHECK(heard == "a text that is too long for the small string buffer, " + std::string(100, 'x'));
}

TEST_CASE("move-only arguments are moved into the child") {
    manual_scheduler s;
    int heard = 0;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn([](std::unique_ptr<int> p, int* out) -> task<> {
            (void)co_await yield();
            *out = *p;
        }, std::make_unique<int>(8), &heard);
        co_await children.join();
    };
    s.run(parent());
    CHECK(heard == 8);
}

TEST_CASE("children may spawn siblings into the scope while it is being joined") {
    manual_scheduler s;
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn([](scope& all, std::vector<int>& o) -> task<> {
            (void)co_await sleep_for(5ms);
            all.spawn(notes(o, 20));
            o.push_back(5);
        }, std::ref(children), std::ref(order));
        co_await children.join();
        order.push_back(99);
    };
    s.run(parent());
    CHECK(order == std::vector<int>{5, 20, 99});
}

TEST_CASE("the first failure cancels the siblings and is rethrown when all have ended") {
    manual_scheduler s;
    const time_point start = s.now();
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn(notes(order, 5));
        children.spawn(throws_after(10));
        children.spawn(throws_after(20));  // is cancelled at 10 and throws too; the first failure counts
        children.spawn(notes(order, 30));
        co_await children.join();
    };
    CHECK_THROWS_WITH(s.run(parent()), "after 10");
    CHECK(order == std::vector<int>{5, -30});
    CHECK(s.now() - start == 10ms);
}

TEST_CASE("a child that fails at once cancels its siblings, and join() rethrows") {
    manual_scheduler s;
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn(notes(order, 5));
        children.spawn([]() -> task<> {
            throw std::runtime_error("at once");
            co_return;
        });
        children.spawn(notes(order, 6));
        co_await children.join();
    };
    CHECK_THROWS_WITH(s.run(parent()), "at once");
    CHECK(order == std::vector<int>{-6, -5});  // the later one does not even begin to wait
}

TEST_CASE("cancel() asks the children to end; join() still waits for them") {
    manual_scheduler s;
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn(notes(order, 1000));
        (void)co_await sleep_for(1ms);
        children.cancel();
        order.push_back(0);
        co_await children.join();
        const result<> mine = co_await sleep_for(1ms);  // the parent itself is not cancelled
        order.push_back(mine ? 1 : -1);
    };
    s.run(parent());
    CHECK(order == std::vector<int>{0, -1000, 1});
}

TEST_CASE("cancelling the parent reaches children and grandchildren, and join() waits for them") {
    manual_scheduler s;
    context root(s);
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn([](std::vector<int>* o) -> task<> {
            scope grandchildren(co_await this_context());
            grandchildren.spawn(notes(*o, 1));
            grandchildren.spawn(notes(*o, 2));
            co_await grandchildren.join();
            o->push_back(-3);
        }, &order);
        co_await children.join();
        order.push_back(99);
    };
    started<void> work(root, parent());
    root.cancel();
    s.run_ready();
    REQUIRE(work.is_done());
    CHECK(order == std::vector<int>{-1, -2, -3, 99});
}

TEST_CASE("a scope left without join() cancels and destroys its children where they wait") {
    manual_scheduler s;
    event never;
    auto parent = [&]() -> task<> {
        scope children(co_await this_context());
        children.spawn(holds, counted(1), &never);
        children.spawn(holds(counted(2), &never));
        children.spawn([](event* e) -> task<> {
            (void)co_await with_timeout(1h, holds(counted(3), e));
        }, &never);
        CHECK(counted::alive >= 6);
        (void)co_await yield();
        throw std::runtime_error("before join");
    };
    CHECK_THROWS_WITH(s.run(parent()), "before join");
    CHECK(counted::alive == 0);
    CHECK(s.next_deadline() == no_deadline);
}

TEST_CASE("destroying a parent that joins destroys the children, at every point of their lives") {
    manual_scheduler s;
    for (int turns = 0; turns < 12; ++turns) {
        event never;
        context root(s);
        auto parent = [](event* e) -> task<> {
            scope children(co_await this_context());
            children.spawn(holds, counted(1), e);
            children.spawn([]() -> task<> {
                counted local(2);
                for (int i = 0; i < 4; ++i) (void)co_await yield();
            });
            children.spawn([]() -> task<> {
                for (int i = 0; i < 6; ++i) (void)co_await yield();
                throw std::runtime_error("x");
            });
            co_await children.join();
        };
        {
            started<void> work(root, parent(&never));
            for (int i = 0; i < turns; ++i) s.run_turn();
        }
        CHECK(counted::alive == 0);
        CHECK_FALSE(s.has_ready());
    }
}

TEST_CASE("a joiner may be destroyed before the scope it joins") {
    manual_scheduler s;
    context root(s);
    event e;
    scope children(root);
    children.spawn(holds(counted(1), &e));
    auto joins = [](scope& c) -> task<> { co_await c.join(); };
    { started<void> joiner(root, joins(children)); }
    e.set();
    s.run_ready();
    CHECK(children.running() == 0);
    CHECK(counted::alive == 0);
}

TEST_CASE("with_scope ends when its body and all that it spawned have ended") {
    manual_scheduler s;
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        co_await with_scope([&](scope& children) -> task<> {
            children.spawn(notes(order, 20));
            (void)co_await sleep_for(10ms);
            order.push_back(10);
        });
        order.push_back(99);
    };
    s.run(parent());
    CHECK(order == std::vector<int>{10, 20, 99});
}

TEST_CASE("a body of with_scope that throws cancels what it spawned, waits and throws") {
    manual_scheduler s;
    context root(s);
    std::vector<int> order;
    auto parent = [&]() -> task<> {
        co_await with_scope([&](scope& children) -> task<> {
            children.spawn(notes(order, 20));
            (void)co_await sleep_for(10ms);
            throw std::runtime_error("body");
        });
    };
    CHECK_THROWS_WITH(s.run(parent()), "body");
    CHECK(order == std::vector<int>{-20});
    order.clear();
    { started<void> destroyed(root, parent()); }
    CHECK(order.empty());
}
