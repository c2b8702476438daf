#include "eventcore/coro/when_all.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

task<int> number(int ms) {
    const result<> slept = co_await sleep_for(std::chrono::milliseconds(ms));
    co_return slept ? ms : -ms;
}
task<std::unique_ptr<int>> unique(int ms) {
    (void)co_await sleep_for(std::chrono::milliseconds(ms));
    co_return std::make_unique<int>(ms);
}
task<> nothing(bool& done) {
    (void)co_await yield();
    done = true;
}
task<int> throws_after(int ms) {
    (void)co_await sleep_for(std::chrono::milliseconds(ms));
    throw std::runtime_error("after " + std::to_string(ms));
}
task<int> notes_end(int ms, std::vector<int>& ended) {
    const int n = co_await number(ms);
    ended.push_back(n);
    co_return n;
}

}  // namespace

TEST_CASE("when_all runs its tasks side by side and hands back their values in order") {
    manual_scheduler s;
    const time_point start = s.now();
    bool done = false;
    auto all = [&]() -> task<> {
        auto values = co_await when_all(number(20), unique(10), nothing(done), number(0));
        CHECK(std::get<0>(values) == 20);
        CHECK(*std::get<1>(values) == 10);
        CHECK(std::get<3>(values) == 0);
        static_assert(std::is_same_v<std::tuple_element_t<2, decltype(values)>, std::monostate>);
    };
    s.run(all());
    CHECK(done);
    CHECK(s.now() - start == 20ms);
}

TEST_CASE("when_all of ready tasks does not wait, and of none it is done") {
    manual_scheduler s;
    context root(s);
    started<std::tuple<int, int>> two(root, when_all(number(0), number(0)));
    CHECK(two.is_done());
    started<std::tuple<>> none(root, when_all());
    CHECK(none.is_done());
    started<std::vector<int>> empty(root, when_all(std::vector<task<int>>()));
    REQUIRE(empty.is_done());
    CHECK(empty.take().empty());
    started<void> empty_void(root, when_all(std::vector<task<>>()));
    CHECK(empty_void.is_done());
}

TEST_CASE("when_all over a vector keeps the order of the tasks") {
    manual_scheduler s;
    std::vector<task<int>> tasks;
    for (const int ms : {30, 10, 20}) tasks.push_back(number(ms));
    CHECK(s.run(when_all(std::move(tasks))) == std::vector<int>{30, 10, 20});
    bool a = false, b = false;
    std::vector<task<>> voids;
    voids.push_back(nothing(a));
    voids.push_back(nothing(b));
    s.run(when_all(std::move(voids)));
    CHECK((a && b));
}

TEST_CASE("a failure in when_all cancels the siblings, waits for them and is rethrown") {
    manual_scheduler s;
    const time_point start = s.now();
    std::vector<int> ended;
    auto three = when_all(notes_end(5, ended), throws_after(10), notes_end(50, ended));
    CHECK_THROWS_WITH(s.run(std::move(three)), "after 10");
    CHECK(ended == std::vector<int>{5, -50});
    CHECK(s.now() - start == 10ms);
    ended.clear();
    std::vector<task<int>> tasks;
    tasks.push_back(notes_end(50, ended));
    tasks.push_back(throws_after(10));
    CHECK_THROWS_WITH(s.run(when_all(std::move(tasks))), "after 10");
    CHECK(ended == std::vector<int>{-50});
}

TEST_CASE("a task after one that failed at once is not started") {
    manual_scheduler s;
    std::vector<int> ended;
    auto fails_now = []() -> task<int> {
        throw std::runtime_error("now");
        co_return 0;
    };
    CHECK_THROWS_WITH(s.run(when_all(notes_end(50, ended), fails_now(), notes_end(60, ended))), "now");
    CHECK(ended == std::vector<int>{-50});
}

TEST_CASE("cancelling the parent reaches every task of when_all") {
    manual_scheduler s;
    context root(s);
    started<std::tuple<int, int>> work(root, when_all(number(10), number(20)));
    root.cancel();
    s.run_ready();
    REQUIRE(work.is_done());
    CHECK(work.take() == std::tuple(-10, -20));
    started<std::tuple<int, int>> late(root, when_all(number(10), number(20)));
    CHECK(late.is_done());
}

TEST_CASE("destroying when_all in mid-flight destroys its tasks, ended or not") {
    manual_scheduler s;
    for (int ms = 0; ms < 25; ms += 8) {
        context root(s);
        auto holds = [](counted, int m) -> task<counted> {
            (void)co_await sleep_for(std::chrono::milliseconds(m));
            co_return counted(m);
        };
        {
            std::vector<task<counted>> tasks;
            tasks.push_back(holds(counted(1), 10));
            tasks.push_back(holds(counted(2), 20));
            started<std::vector<counted>> vector(root, when_all(std::move(tasks)));
            auto two = when_all(holds(counted(3), 10), holds(counted(4), 20));
            started<std::tuple<counted, counted>> pack(root, std::move(two));
            s.advance(std::chrono::milliseconds(ms));
        }
        CHECK(counted::alive == 0);
        CHECK(s.next_deadline() == no_deadline);
    }
}
