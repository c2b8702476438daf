#include "eventcore/coro/context.hpp"

#include <memory>
#include <vector>

#include "catch.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::manual_scheduler;

namespace {

struct listener : cancel_listener {
    listener() : cancel_listener(&fired) {}
    static void fired(cancel_listener& l, std::error_code why) noexcept {
        auto& self = static_cast<listener&>(l);
        ++self.times;
        self.reason = why;
        if (self.destroys) self.destroys->reset();
    }
    int times = 0;
    std::error_code reason{};
    std::unique_ptr<listener>* destroys = nullptr;
};

}  // namespace

TEST_CASE("cancelling a context tells its listeners once, with the first reason") {
    manual_scheduler s;
    context c(s);
    listener l;
    c.listen(l);
    CHECK_FALSE(c.is_cancelled());
    c.cancel(errc::timed_out);
    c.cancel(errc::closed);
    CHECK(l.times == 1);
    CHECK(l.reason == errc::timed_out);
    CHECK(c.reason() == errc::timed_out);
}

TEST_CASE("cancellation goes down the tree and not up") {
    manual_scheduler s;
    context root(s);
    child_context left(root), right(root), below_left(left);
    left.cancel(errc::closed);
    CHECK(below_left.reason() == errc::closed);
    CHECK_FALSE(root.is_cancelled());
    CHECK_FALSE(right.is_cancelled());
    root.cancel();
    CHECK(right.reason() == errc::canceled);
    CHECK(left.reason() == errc::closed);
}

TEST_CASE("a child made below a cancelled context is cancelled from the start") {
    manual_scheduler s;
    context root(s);
    root.cancel(errc::timed_out);
    child_context child(root);
    CHECK(child.reason() == errc::timed_out);
}

TEST_CASE("a child that is gone is not told") {
    manual_scheduler s;
    context root(s);
    {
        child_context child(root);
    }
    root.cancel();
    CHECK(root.is_cancelled());
}

TEST_CASE("a child has the earlier of its own deadline and its parent's, and the same home") {
    manual_scheduler s;
    const time_point t = s.now();
    context root(s, t + 10s);
    child_context sooner(root, t + 1s), later(root, t + 20s), same(root);
    CHECK(sooner.deadline() == t + 1s);
    CHECK(later.deadline() == t + 10s);
    CHECK(same.deadline() == t + 10s);
    CHECK(&same.home() == &s);
}

TEST_CASE("a listener may destroy another while it is told") {
    manual_scheduler s;
    context c(s);
    listener first;
    auto second = std::make_unique<listener>();
    first.destroys = &second;
    c.listen(first);
    c.listen(*second);
    c.cancel();
    CHECK(first.times == 1);
    CHECK_FALSE(second);
}

TEST_CASE("a context can be used again after reset") {
    manual_scheduler s;
    context c(s, s.now() + 1s);
    c.cancel();
    c.reset();
    CHECK_FALSE(c.is_cancelled());
    CHECK(c.deadline() == no_deadline);
    listener l;
    c.listen(l);
    c.cancel(errc::closed);
    CHECK(l.reason == errc::closed);
}
