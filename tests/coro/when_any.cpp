#include "eventcore/coro/when_any.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
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

task<int> number(int ms, std::vector<int>& ended) {
    const result<> slept = co_await sleep_for(std::chrono::milliseconds(ms));
    ended.push_back(slept ? ms : -ms);
    co_return ms;
}
task<> pause(int ms) { (void)co_await sleep_for(std::chrono::milliseconds(ms)); }
task<int> throws_after(int ms) {
    (void)co_await sleep_for(std::chrono::milliseconds(ms));
    throw std::runtime_error("after " + std::to_string(ms));
}

}  // namespace

TEST_CASE("when_any tells which task ended first and with what; the others are cancelled and awaited") {
    manual_scheduler s;
    const time_point start = s.now();
    std::vector<int> ended;
    auto first = s.run(when_any(number(30, ended), number(10, ended), pause(20)));
    CHECK(first.index() == 1);
    CHECK(std::get<1>(first) == 10);
    CHECK(ended == std::vector<int>{10, -30});
    CHECK(s.now() - start == 10ms);
    auto pause_first = s.run(when_any(number(30, ended), pause(1)));
    CHECK(pause_first.index() == 1);
}

TEST_CASE("when_any waits for a loser that cannot be cancelled") {
    manual_scheduler s;
    const time_point start = s.now();
    std::vector<int> ended;
    auto first = s.run(when_any(shield(number(50, ended)), pause(5)));
    CHECK(first.index() == 1);
    CHECK(ended == std::vector<int>{50});
    CHECK(s.now() - start == 50ms);
}

TEST_CASE("when_any over a vector hands back index and value, also move-only ones") {
    manual_scheduler s;
    auto unique = [](int ms) -> task<std::unique_ptr<int>> {
        (void)co_await sleep_for(std::chrono::milliseconds(ms));
        co_return std::make_unique<int>(ms);
    };
    std::vector<task<std::unique_ptr<int>>> tasks;
    for (const int ms : {30, 20, 10}) tasks.push_back(unique(ms));
    const auto first = s.run(when_any(std::move(tasks)));
    CHECK(first.index == 2);
    CHECK(*first.value == 10);
    std::vector<task<>> pauses;
    for (const int ms : {30, 10, 20}) pauses.push_back(pause(ms));
    CHECK(s.run(when_any(std::move(pauses))).index == 1);
}

TEST_CASE("a task that is ready at once wins, and those after it are not started") {
    manual_scheduler s;
    context root(s);
    std::vector<int> ended;
    started<std::variant<int, int>> work(root, when_any(number(0, ended), number(10, ended)));
    REQUIRE(work.is_done());
    CHECK(work.take().index() == 0);
    CHECK(ended == std::vector<int>{0});
    started<std::variant<int, int>> later(root, when_any(number(10, ended), number(0, ended)));
    s.run_ready();
    REQUIRE(later.is_done());
    CHECK(later.take().index() == 1);
    CHECK(ended == std::vector<int>{0, 0, -10});
}

TEST_CASE("when the first to end threw, that is rethrown; what losers throw is dropped") {
    manual_scheduler s;
    std::vector<int> ended;
    CHECK_THROWS_WITH(s.run(when_any(number(30, ended), throws_after(10))), "after 10");
    CHECK(ended == std::vector<int>{-30});
    auto first = s.run(when_any(number(5, ended), throws_after(10)));
    CHECK(first.index() == 0);
    std::vector<task<int>> tasks;
    tasks.push_back(throws_after(20));
    tasks.push_back(throws_after(10));
    CHECK_THROWS_WITH(s.run(when_any(std::move(tasks))), "after 10");
}

TEST_CASE("cancelling the parent ends when_any") {
    manual_scheduler s;
    context root(s);
    std::vector<int> ended;
    started<std::variant<int, int>> work(root, when_any(number(10, ended), number(20, ended)));
    root.cancel();
    s.run_ready();
    CHECK(work.is_done());
    CHECK(ended == std::vector<int>{-10, -20});
}

TEST_CASE("destroying when_any in mid-flight destroys its tasks") {
    manual_scheduler s;
    context root(s);
    auto holds = [](counted, int m) -> task<counted> {
        (void)co_await sleep_for(std::chrono::milliseconds(m));
        co_return counted(m);
    };
    {
        std::vector<task<counted>> tasks;
        tasks.push_back(holds(counted(1), 10));
        started<winner<counted>> vector(root, when_any(std::move(tasks)));
        auto two = when_any(holds(counted(3), 10), holds(counted(4), 20));
        started<std::variant<counted, counted>> pack(root, std::move(two));
        auto shielded = [&]() -> task<> { co_await shield(pause(100)); };
        auto stubborn = when_any(holds(counted(5), 10), shielded());
        started<std::variant<counted, std::monostate>> cancelled(root, std::move(stubborn));
        s.advance(10ms);
        CHECK_FALSE(cancelled.is_done());
    }
    CHECK(counted::alive == 0);
    CHECK(s.next_deadline() == no_deadline);
}
