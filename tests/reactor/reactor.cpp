#include "eventcore/reactor/reactor.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/reactors.hpp"

using namespace reactors;

namespace {

struct posted : inbox_item {
    explicit posted(int n) : inbox_item(&arrived), number(n) {}
    static void arrived(inbox_item& item) noexcept { seen.push_back(static_cast<posted&>(item).number); }
    static inline std::vector<int> seen;
    int number;
};

struct stopping_timer : timer {
    explicit stopping_timer(reactor& owner) : timer(&fired), r(owner) {}
    static void fired(timer& t) noexcept { static_cast<stopping_timer&>(t).r.stop(); }
    reactor& r;
};

}  // namespace

TEST_CASE("what another thread posts wakes the loop and arrives in order") {
    const auto r = every_reactor();
    posted::seen.clear();
    std::vector<std::unique_ptr<posted>> items;
    for (int i = 0; i < 1000; ++i) items.push_back(std::make_unique<posted>(i));
    std::thread other([&] {
        for (auto& item : items) r->post(*item);
        r->stop();
    });
    r->run();
    other.join();
    REQUIRE(posted::seen.size() == items.size());
    CHECK(std::is_sorted(posted::seen.begin(), posted::seen.end()));
}

TEST_CASE("a sleeping loop is woken again and again") {
    const auto r = every_reactor();
    struct answer : inbox_item {
        answer() : inbox_item(&arrived) {}
        static void arrived(inbox_item& item) noexcept { ++static_cast<answer&>(item).count; }
        std::atomic<int> count{0};
    } ping;
    std::thread other([&] {
        for (int i = 0; i < 300; ++i) {
            r->post(ping);
            while (ping.count.load() <= i) std::this_thread::yield();
        }
        r->stop();
    });
    r->run();
    other.join();
    CHECK(ping.count == 300);
}

TEST_CASE("stop() before run() ends it after a turn, and a stopped reactor runs again") {
    const auto r = every_reactor();
    r->stop();
    r->stop();
    r->run();
    stopping_timer t(*r);
    r->arm(t, r->now() + 1ms);
    r->run();
    CHECK_FALSE(t.is_armed());
}

TEST_CASE("a reactor opened here runs on another thread, with handles it was given before") {
    auto r = every_reactor();
    pair_of_fds fds = socket_pair();
    write_all(fds.theirs.get(), "x");
    recording h(fds.ours.release());
    h.context = r.get();
    h.then = [](recording& self) {
        if (self.heard(readiness::gone)) return;
        auto& owner = *static_cast<reactor*>(self.context);
        owner.close(self);
        owner.stop();
    };
    REQUIRE(r->watch(h));
    const bool destroyed_there = GENERATE(false, true);
    std::thread home([&] {
        r->run();
        if (destroyed_there) r.reset();
    });
    home.join();
    CHECK(h.heard(readiness::readable | readiness::gone));
    r.reset();
}

TEST_CASE("reactors on several threads do not disturb each other, nor does the end of one") {
    const reactor_kind kind = every_reactor()->kind();
    const auto mine = std::move(reactor::open({.kind = kind}).value());
    settle(*mine);  // bound to this thread, ring registered
    for (int i = 0; i < 3; ++i) {
        auto other = std::move(reactor::open({.kind = kind}).value());
        std::thread([&] { settle(*other); }).join();
        other.reset();  // on this thread
        pair_of_fds fds = socket_pair();
        write_all(fds.theirs.get(), "still here");
        recording h(fds.ours.release());
        REQUIRE(mine->watch(h));
        REQUIRE(turn_until(*mine, [&] { return h.heard(readiness::readable); }));
        close_and_wait(*mine, h);
    }
}

TEST_CASE("timers fire at or after their time, and now() follows the clock") {
    const auto r = every_reactor();
    const time_point begin = r->now();
    stopping_timer t(*r);
    r->arm(t, begin + 5ms);
    r->run();
    CHECK(r->now() >= begin + 5ms);
    CHECK(r->wall_now().time_since_epoch() > std::chrono::hours(24 * 365 * 50));
}

TEST_CASE("a turn with nothing to do sleeps until its time") {
    const auto r = every_reactor();
    const time_point until = std::chrono::steady_clock::now() + 5ms;
    int turns = 0;  // a few more than one: the end of another test's ring may interrupt the wait
    for (; r->now() < until; ++turns) r->turn(until);
    CHECK(turns < 20);
    r->turn(time_point::min());  // only looks
}

TEST_CASE("signals that interrupt the wait are harmless") {
    const auto r = every_reactor();
    struct sigaction ignore_it{}, before{};
    ignore_it.sa_handler = [](int) {};
    REQUIRE(::sigaction(SIGUSR1, &ignore_it, &before) == 0);
    const pthread_t home = ::pthread_self();
    std::atomic<bool> begun{false};
    std::thread other([&] {
        while (!begun) std::this_thread::yield();
        for (int i = 0; i < 50; ++i) {
            ::pthread_kill(home, SIGUSR1);
            std::this_thread::sleep_for(50us);
        }
        r->stop();
    });
    begun = true;
    r->run();
    other.join();
    ::sigaction(SIGUSR1, &before, nullptr);
    SUCCEED();
}

TEST_CASE("the current reactor is the one whose turn it is") {
    const auto r = every_reactor();
    struct look : ready_item {
        look() : ready_item(&run_look) {}
        static void run_look(ready_item& item) noexcept {
            static_cast<look&>(item).seen = &reactor::current();
            static_cast<look&>(item).as_scheduler = scheduler::current();
        }
        reactor* seen = nullptr;
        scheduler* as_scheduler = nullptr;
    } item;
    r->schedule(item);
    r->turn(time_point::min());
    CHECK(item.seen == r.get());
    CHECK(item.as_scheduler == r.get());
    CHECK(scheduler::current() == nullptr);
}

TEST_CASE("destroying a reactor closes what was being closed") {
    auto r = every_reactor();
    pair_of_fds fds = tcp_pair();
    recording h(fds.ours.release());
    REQUIRE(r->watch(h));
    settle(*r);
    r->close(h);
    r.reset();
    CHECK(h.notices == std::vector<std::uint8_t>{readiness::gone});
    CHECK(read_some(fds.theirs.get()) == "(end)");
}

TEST_CASE("sending a file to a peer that is gone kills nobody while the reactor runs") {
    const auto r = every_reactor();
    struct job : ready_item {
        job(reactor& owner, int to, int what) : ready_item(&run_job), r(owner), h(to), file(what) {}
        static void run_job(ready_item& item) noexcept {
            auto& self = static_cast<job&>(item);
            self.first = self.r.send_file(self.h, self.file, 0, 1).error_number();
            self.r.close(self.h);
            self.r.stop();
        }
        reactor& r;
        recording h;
        int file;
        int first = 0;
    };
    pair_of_fds fds = socket_pair();
    char name[] = "/tmp/eventcore-test-XXXXXX";
    const unique_fd file(::mkstemp(name));
    ::unlink(name);
    write_all(file.get(), "x");
    job sending(*r, fds.ours.release(), file.get());
    fds.theirs.reset();
    r->schedule(sending);
    r->run();
    CHECK(sending.first == EPIPE);
    CHECK(sending.h.heard(readiness::gone));
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
}

#if !EVENTCORE_ASAN && !defined(__SANITIZE_THREAD__)  // these stop where memory ends

namespace {

struct counted_handle : io_handle {
    counted_handle() : io_handle(&count) {}
    static void count(io_handle&, std::uint8_t news) noexcept { gone += news == readiness::gone; }
    inline static std::size_t gone = 0;
};

// Nothing can be allocated while it lives.
class no_memory {
 public:
    no_memory() {
        REQUIRE(::getrlimit(RLIMIT_AS, &before_) == 0);
        const rlimit none{0, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_AS, &none) == 0);
        for (std::size_t bytes = std::size_t{1} << 20; bytes >= 16; bytes /= 2)
            while (void* taken = std::malloc(bytes)) {
                *static_cast<void**>(taken) = taken_;
                taken_ = taken;
            }
    }
    ~no_memory() {
        while (taken_) std::free(std::exchange(taken_, *static_cast<void**>(taken_)));
        ::setrlimit(RLIMIT_AS, &before_);
    }

 private:
    rlimit before_{};
    void* taken_ = nullptr;
};

}  // namespace

TEST_CASE("hundreds of handles can go in one turn when there is no memory") {
    const auto r = every_reactor();
    constexpr std::size_t many = 700;
    const auto handles = std::make_unique<counted_handle[]>(many);
    const pair_of_fds one = socket_pair();
    for (std::size_t i = 0; i < many; ++i) {
        handles[i].fd = ::dup(one.ours.get());
        REQUIRE(handles[i].fd >= 0);
        REQUIRE(r->watch(handles[i]));
    }
    counted_handle::gone = 0;
    bool all_gone = false;
    {
        const no_memory while_closing;
        for (std::size_t i = 0; i < many; ++i) r->close(handles[i]);
        all_gone = turn_until(*r, [] { return counted_handle::gone == many; });
    }
    CHECK(all_gone);
}

#endif
