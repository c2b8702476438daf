#include "eventcore/reactor/offload.hpp"

#include <thread>
#include <atomic>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/task.hpp"
#include "reactor/reactors.hpp"
#include "support/manual_scheduler.hpp"

using namespace reactors;

namespace {

// Runs a task to its end on a real reactor.
template <class T>
T run(reactor& r, context& c, task<T> work) {
    test::started<T> root(c, std::move(work));
    REQUIRE(turn_until(r, [&] { return root.is_done(); }));
    return root.take();
}
template <class T>
T run(reactor& r, task<T> work) {
    context root(r);
    return run(r, root, std::move(work));
}

// A door that jobs wait at until the test opens it.
class gate {
 public:
    void open() {
        open_.store(true);
        open_.notify_all();
    }
    void wait() {
        entered_.fetch_add(1);
        entered_.notify_all();
        open_.wait(false);
    }
    void until_entered(int count) {
        for (int now = entered_.load(); now < count; now = entered_.load()) entered_.wait(now);
    }

 private:
    std::atomic<bool> open_{false};
    std::atomic<int> entered_{0};
};

task<result<std::thread::id>> where_it_runs() {
    const result<std::thread::id> where = co_await blocking([] { return std::this_thread::get_id(); });
    co_return where;
}
task<result<int>> wait_at(gate* g, int answer) {
    const result<int> got = co_await blocking([g, answer] {
        g->wait();
        return answer;
    });
    co_return got;
}
task<> store(task<result<int>> work, result<int>* to) { *to = co_await std::move(work); }

}  // namespace

TEST_CASE("an offloaded function runs on another thread and its value comes home") {
    const auto r = every_reactor();
    offload_pool pool(*r);
    const result<std::thread::id> where = run(*r, where_it_runs());
    REQUIRE(where);
    CHECK(*where != std::this_thread::get_id());
}

TEST_CASE("without a pool an offloaded function runs in place") {
    test::manual_scheduler home;
    CHECK(*home.run(where_it_runs()) == std::this_thread::get_id());
}

TEST_CASE("an exception of an offloaded function is thrown at home") {
    const auto r = every_reactor();
    offload_pool pool(*r);
    auto throwing = []() -> task<std::string> {
        try {
            (void)co_await cpu([]() -> int { throw std::runtime_error("no"); });
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "nothing was thrown";
    };
    CHECK(run(*r, throwing()) == "no");
}

TEST_CASE("a result is handed on as it is, and void becomes success") {
    test::manual_scheduler home;
    auto failing = []() -> task<std::error_code> {
        const result<int> got = co_await blocking([]() -> result<int> { return errc::not_found; });
        co_return got.error();
    };
    auto nothing = []() -> task<bool> {
        const result<> got = co_await blocking([] {});
        co_return got.has_value();
    };
    CHECK(home.run(failing()) == errc::not_found);
    CHECK(home.run(nothing()));
}

TEST_CASE("the safe forms of g++ 12: a closure named first, and a call named first") {
    const auto r = every_reactor();
    offload_pool pool(*r);
    auto named = []() -> task<std::string> {
        const std::string text(100, 'x');
        auto copy = [text] { return text; };
        result<std::string> first = co_await blocking(std::move(copy));
        auto call = blocking([text] { return text; });
        result<std::string> second = co_await call;
        co_return *first + *second;
    };
    CHECK(run(*r, named()) == std::string(200, 'x'));
}

TEST_CASE("a full queue refuses, and what was accepted still runs") {
    const auto r = every_reactor();
    offload_pool pool(*r, {.threads = 1, .queue_count = 2});
    gate g;
    context root(*r);
    result<int> got[4] = {errc::closed, errc::closed, errc::closed, errc::closed};
    scope children(root);
    children.spawn(store(wait_at(&g, 0), &got[0]));
    g.until_entered(1);
    for (int i = 1; i < 4; ++i) children.spawn(store(wait_at(&g, i), &got[i]));
    settle(*r);
    CHECK(got[3].error() == errc::overloaded);
    g.open();
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    for (int i = 0; i < 3; ++i) CHECK(*got[i] == i);
}

TEST_CASE("a cancelled job that waits is withdrawn; one that runs is waited for") {
    const auto r = every_reactor();
    offload_pool pool(*r, {.threads = 1});
    gate g;
    context root(*r);
    result<int> running = errc::closed, waiting = errc::closed;
    scope children(root);
    children.spawn(store(wait_at(&g, 1), &running));
    g.until_entered(1);
    children.spawn(store(wait_at(&g, 2), &waiting));
    children.cancel(errc::timed_out);
    REQUIRE(turn_until(*r, [&] { return children.running() == 1; }));
    CHECK(waiting.error() == errc::timed_out);
    CHECK(running.error() == errc::closed);  // not ended
    g.open();
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(*running == 1);
}

TEST_CASE("a frame that is destroyed while its function runs waits for the function") {
    const auto r = every_reactor();
    offload_pool pool(*r);
    std::atomic<bool> begun{false}, ended{false};
    auto slow = [](std::atomic<bool>* b, std::atomic<bool>* e) -> task<> {
        std::string local(1000, 'l');
        (void)co_await blocking([&] {
            b->store(true);
            b->notify_all();
            std::this_thread::sleep_for(5ms);
            local.assign(500, 'm');  // the frame is still there
            e->store(true);
        });
    };
    context root(*r);
    {
        scope children(root);
        children.spawn(slow(&begun, &ended));
        begun.wait(false);
    }
    CHECK(ended.load());
    settle(*r);
}

TEST_CASE("a frame that is destroyed after its function ended, but before home heard of it, is safe") {
    const auto r = every_reactor();
    offload_pool pool(*r, {.threads = 1});
    context root(*r);
    gate open_gate;
    open_gate.open();
    result<int> got = errc::closed;
    for (int i = 0; i < 50; ++i) {
        scope children(root);
        children.spawn(store(wait_at(&open_gate, i), &got));
        open_gate.until_entered(i + 1);
    }
    settle(*r);
    CHECK(got.error() == errc::closed);
}

TEST_CASE("a pool that stops ends its threads, and tells those who waited") {
    const auto r = every_reactor();
    gate g;
    context root(*r);
    result<int> running = errc::closed, waiting = errc::closed;
    scope children(root);
    {
        offload_pool pool(*r, {.threads = 1});
        children.spawn(store(wait_at(&g, 1), &running));
        g.until_entered(1);
        children.spawn(store(wait_at(&g, 2), &waiting));
        g.open();
        pool.stop();
    }
    CHECK(offload_pool::of(*r) == nullptr);
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(*running == 1);
    const bool ran_or_was_told = waiting.has_value() ? *waiting == 2 : waiting.error() == errc::canceled;
    CHECK(ran_or_was_told);
}

TEST_CASE("jobs that compute leave a thread to jobs that wait") {
    const auto r = every_reactor();
    offload_pool pool(*r, {.threads = 2});
    gate g;
    context root(*r);
    scope children(root);
    result<int> computed[3] = {errc::closed, errc::closed, errc::closed}, blocked = errc::closed;
    auto compute = [](gate* at, int answer) -> task<result<int>> {
        const result<int> got = co_await cpu([at, answer] {
            at->wait();
            return answer;
        });
        co_return got;
    };
    for (int i = 0; i < 3; ++i) children.spawn(store(compute(&g, i), &computed[i]));
    g.until_entered(1);
    gate open_gate;
    open_gate.open();
    children.spawn(store(wait_at(&open_gate, 7), &blocked));
    REQUIRE(turn_until(*r, [&] { return blocked.has_value(); }));
    CHECK(*blocked == 7);
    g.open();
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    for (int i = 0; i < 3; ++i) CHECK(*computed[i] == i);
}

TEST_CASE("many jobs from two reactors' threads all come home") {
    auto worker = [] {
        const auto opened = reactor::open();
        reactor& r = **opened;
        offload_pool pool(r, {.threads = 3});
        context root(r);
        scope children(root);
        int sum = 0;
        auto one = [](int n, int* to) -> task<> {
            const result<int> got = co_await blocking([n] { return n; });
            *to += got.value();
        };
        for (int i = 1; i <= 500; ++i) children.spawn(one(i, &sum));
        for (int i = 0; i < 5000 && children.running() > 0; ++i)
            r.turn(std::chrono::steady_clock::now() + 20ms);
        return sum;
    };
    std::atomic<int> other{0};
    std::thread second([&] { other = worker(); });
    const int mine = worker();
    second.join();
    CHECK(mine == 125250);
    CHECK(other == 125250);
}
