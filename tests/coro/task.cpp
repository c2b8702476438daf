#include "eventcore/coro/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

task<int> number(int n) { co_return n; }
task<int> number_later(int n) {
    (void)co_await yield();
    co_return n;
}
task<> fails(bool late) {
    if (late) (void)co_await yield();
    throw std::runtime_error("as asked");
}
task<> marks(bool& mark) {
    mark = true;
    co_return;
}
task<int> depth(int levels, bool late) {
    if (levels == 0) {
        if (late) (void)co_await yield();
        co_return 0;
    }
    const int below = co_await depth(levels - 1, late);
    co_return below + 1;
}
task<> holds(counted, event& e) {
    counted local(2);
    (void)co_await e.wait();
}

}  // namespace

TEST_CASE("a task does not start until it is awaited, and one that never is destroys its arguments") {
    bool mark = false;
    { task<> never = marks(mark); }
    CHECK_FALSE(mark);
    event e;
    { task<> never = holds(counted(1), e); }
    CHECK(counted::alive == 0);
}

TEST_CASE("the value of a task reaches whoever awaits it, at once or later") {
    manual_scheduler s;
    auto adds = []() -> task<int> {
        const int now = co_await number(40);
        const int later = co_await number_later(2);
        co_return now + later;
    };
    CHECK(s.run(adds()) == 42);
}

TEST_CASE("values may be move-only, references, and braced") {
    manual_scheduler s;
    auto unique = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    CHECK(*s.run(unique()) == 7);
    int x = 1;
    auto reference = [](int& r) -> task<int&> { co_return r; };
    CHECK(&s.run(reference(x)) == &x);
    struct pair {
        pair(int a, std::string b) : first(a), second(std::move(b)) {}
        int first;
        std::string second;
    };
    auto braced = []() -> task<pair> { co_return {3, "three"}; };
    CHECK(s.run(braced()).second == "three");
    auto failed = []() -> task<result<int>> { co_return errc::closed; };
    CHECK(s.run(failed()).error() == errc::closed);
}

TEST_CASE("an exception passes through every awaiting task, thrown before or after a wait") {
    manual_scheduler s;
    for (const bool late : {false, true}) {
        auto middle = [](bool l) -> task<> { co_await fails(l); };
        auto catches = [&](bool l) -> task<std::string> {
            try {
                co_await middle(l);
            } catch (const std::runtime_error& e) {
                co_return e.what();
            }
            co_return "nothing";
        };
        CHECK(s.run(catches(late)) == "as asked");
        CHECK_THROWS_AS(s.run(middle(late)), std::runtime_error);
    }
}

TEST_CASE("a chain of a thousand tasks returns through all of them") {
    manual_scheduler s;
    CHECK(s.run(depth(1000, false)) == 1000);
    CHECK(s.run(depth(1000, true)) == 1000);
}

TEST_CASE("destroying a waiting task destroys all it waits for") {
    manual_scheduler s;
    context root(s);
    event e;
    {
        auto outer = [&](event& ev) -> task<> {
            counted mine(3);
            co_await holds(counted(1), ev);
        };
        task<> work = outer(e);
        started<void> running(root, std::move(work));
        CHECK_FALSE(running.is_done());
        CHECK(counted::alive >= 3);
    }
    CHECK(counted::alive == 0);
    e.set();
    s.run_ready();
}

TEST_CASE("destroying a task that is about to run takes it out of the ready queue") {
    manual_scheduler s;
    context root(s);
    event e;
    {
        started<void> running(root, holds(counted(1), e));
        e.set();
        CHECK(s.has_ready());
    }
    CHECK_FALSE(s.has_ready());
    CHECK(counted::alive == 0);
}

TEST_CASE("tasks move, and a moved-from task is empty") {
    manual_scheduler s;
    task<int> a = number(1);
    task<int> b = std::move(a);
    CHECK_FALSE(static_cast<bool>(a));
    CHECK(static_cast<bool>(b));
    a = number(2);
    a = std::move(b);
    CHECK(s.run(std::move(a)) == 1);
}

TEST_CASE("every task of a chain sees the context of the root") {
    manual_scheduler s;
    context root(s);
    auto inner = []() -> task<context*> { co_return &co_await this_context(); };
    auto outer = [&]() -> task<context*> {
        (void)co_await yield();
        context* found = co_await inner();
        co_return found;
    };
    CHECK(s.run(root, outer()) == &root);
}

TEST_CASE("the exception of a root can be seen without taking it") {
    manual_scheduler s;
    context root(s);
    struct nothing : ready_item {
        nothing() : ready_item([](ready_item&) noexcept {}) {}
    } flag;
    task<> bad = fails(false);
    CHECK(bad.start(root, flag));
    CHECK(bad.exception() != nullptr);
    task<int> good = number(1);
    CHECK(good.start(root, flag));
    CHECK(good.exception() == nullptr);
}
