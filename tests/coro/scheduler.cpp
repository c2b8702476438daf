#include "eventcore/coro/scheduler.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using test::manual_scheduler;

namespace {

struct item : ready_item {
    item(std::vector<int>& l, int n) : ready_item(&ran), log(&l), name(n) {}
    static void ran(ready_item& i) noexcept {
        auto& self = static_cast<item&>(i);
        self.log->push_back(self.name);
        if (self.then) self.on->schedule(*self.then);
    }
    std::vector<int>* log;
    int name;
    scheduler* on = nullptr;
    item* then = nullptr;
};

struct message : inbox_item {
    message(std::vector<int>& l, int n) : inbox_item(&ran), log(&l), name(n) {}
    static void ran(inbox_item& i) noexcept {
        auto* self = static_cast<message*>(&i);
        self->log->push_back(self->name);
        delete self;
    }
    std::vector<int>* log;
    int name;
};

struct waking_scheduler : manual_scheduler {
    void wake() noexcept override { ++wakes; }
    std::atomic<int> wakes{0};
};

}  // namespace

TEST_CASE("ready items run in the order of scheduling; what they schedule runs in the next turn") {
    manual_scheduler s;
    std::vector<int> log;
    item a(log, 1), b(log, 2), c(log, 3);
    a.on = &s;
    a.then = &c;
    s.schedule(a);
    s.schedule(b);
    s.run_turn();
    CHECK(log == std::vector<int>{1, 2});
    CHECK(s.has_ready());
    s.run_turn();
    CHECK(log == std::vector<int>{1, 2, 3});
}

TEST_CASE("what may be held until the next look is let go before the inbox, behind it and at the end") {
    manual_scheduler s;
    std::vector<int> log;
    struct holder : item {
        holder(std::vector<int>& l, int n, scheduler& at) : item(l, n) { at.before_next_look(*this); }
    };
    struct holding : inbox_item {
        holding(scheduler& s, std::vector<int>& l) : inbox_item(&ran), at(s), log(l) {}
        static void ran(inbox_item& i) noexcept {
            auto& self = static_cast<holding&>(i);
            self.log.push_back(2);
            self.held.emplace(self.log, 3, self.at);
        }
        scheduler& at;
        std::vector<int>& log;
        std::optional<holder> held;
    };
    struct late : ready_item {
        late(scheduler& s, std::vector<int>& l) : ready_item(&ran), at(s), log(l) {}
        static void ran(ready_item& i) noexcept {
            auto& self = static_cast<late&>(i);
            self.log.push_back(4);
            self.held.emplace(self.log, 5, self.at);
        }
        scheduler& at;
        std::vector<int>& log;
        std::optional<holder> held;
    };
    holder first(log, 1, s);
    holding posted(s, log);
    late ready(s, log);
    s.post(posted);
    s.schedule(ready);
    s.run_turn();
    CHECK(log == std::vector<int>{1, 2, 3, 4, 5});
    s.run_turn();
    CHECK(log.size() == 5);
}

TEST_CASE("a ready item that is destroyed does not run") {
    manual_scheduler s;
    std::vector<int> log;
    {
        item gone(log, 1);
        s.schedule(gone);
    }
    CHECK_FALSE(s.has_ready());
    s.run_turn();
    CHECK(log.empty());
}

TEST_CASE("posted items run in the order of posting and may delete themselves") {
    manual_scheduler s;
    std::vector<int> log;
    for (int i = 0; i < 5; ++i) s.post(*new message(log, i));
    s.run_turn();
    CHECK(log == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a poster wakes a sleeping scheduler once, and an awake one not at all") {
    waking_scheduler s;
    std::vector<int> log;
    s.post(*new message(log, 1));
    CHECK(s.wakes == 0);
    CHECK_FALSE(s.prepare_sleep());  // something is in the inbox
    s.run_turn();
    CHECK(s.prepare_sleep());
    s.post(*new message(log, 2));
    s.post(*new message(log, 3));
    CHECK(s.wakes == 1);
    s.end_sleep();
    s.run_turn();
    CHECK(log == std::vector<int>{1, 2, 3});
}

TEST_CASE("many threads post, one runs: nothing is lost and each poster's order is kept") {
    waking_scheduler s;
    std::vector<int> log;
    constexpr int each = 5000, posters = 3;
    std::vector<std::thread> threads;
    for (int p = 0; p < posters; ++p)
        threads.emplace_back([&s, &log, p] {
            for (int i = 0; i < each; ++i) s.post(*new message(log, p * each + i));
        });
    while (log.size() < each * posters) {
        if (s.prepare_sleep()) s.end_sleep();
        s.run_turn();
    }
    for (std::thread& t : threads) t.join();
    std::vector<int> next(posters, 0);
    bool in_order = true;
    for (const int name : log) {
        int& expected = next[static_cast<std::size_t>(name / each)];
        in_order = in_order && name % each == expected;
        ++expected;
    }
    CHECK(in_order);
}

TEST_CASE("the scheduler that runs is the thread's current one, also when nested") {
    manual_scheduler outer, inner;
    CHECK(scheduler::current() == nullptr);
    {
        const scheduler::running a(outer);
        CHECK(scheduler::current() == &outer);
        {
            const scheduler::running b(inner);
            CHECK(scheduler::current() == &inner);
        }
        CHECK(scheduler::current() == &outer);
    }
    CHECK(scheduler::current() == nullptr);
}
