// Every pattern that our guides call safe on g++ 12 (docs, and the rule list of the design), held by a run.
//
// g++ 12 destroys some temporaries of a full expression with co_await twice, or never. Each pattern runs to
// its end, and is destroyed at every one of its waits; `counted` and AddressSanitizer notice what goes wrong.
// The patterns that are NOT safe are not here: they would crash.
#include "eventcore/coro/task.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/coro/when_all.hpp"
#include "eventcore/coro/when_any.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/counted.hpp"
#include "support/manual_scheduler.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using test::counted;
using test::manual_scheduler;
using test::started;

namespace {

const std::string long_text = "a text that does not fit the small string buffer";

// Completes, then is destroyed after each number of turns until it has time to complete.
void hold(task<> (*pattern)()) {
    const auto balanced = [] { return counted::alive == 0; };
    {
        manual_scheduler s;
        s.run(pattern());
    }
    REQUIRE(balanced());
    for (int turns = 0;; ++turns) {
        manual_scheduler s;
        context root(s);
        started<void> work(root, pattern());
        for (int i = 0; i < turns; ++i) s.run_turn();
        if (work.is_done()) break;
        REQUIRE(turns < 50);
    }
    REQUIRE(balanced());
    {
        manual_scheduler s;  // cancelled at its first wait
        context root(s);
        started<void> work(root, pattern());
        root.cancel();
        s.run_ready();
    }
    REQUIRE(balanced());
    { task<> never_started = pattern(); }
    REQUIRE(balanced());
}

task<counted> later(int value) {
    counted made(value);
    (void)co_await yield();
    co_return std::move(made);
}
task<int> trivial_later(int value) {
    (void)co_await yield();
    co_return value;
}
task<int> by_reference(const counted& c) {
    (void)co_await yield();
    co_return c.value();
}
task<int> by_value(counted c) {
    (void)co_await yield();
    co_return c.value();
}
task<int> by_rvalue(counted&& c) {
    (void)co_await yield();
    co_return c.value();
}
task<int> with_default(counted a, counted b = counted(3), std::string text = long_text) {
    (void)co_await yield();
    co_return a.value() + b.value() + static_cast<int>(text.size());
}
task<std::pair<counted, counted>> pair_later(std::pair<counted, counted> p) {
    (void)co_await yield();
    co_return std::move(p);
}
task<std::tuple<counted, std::string>> tuple_later(std::tuple<counted, std::string> t) {
    (void)co_await yield();
    co_return std::move(t);
}
task<std::vector<counted>> vector_later(std::vector<counted> v) {
    (void)co_await yield();
    co_return std::move(v);
}
task<std::string> text_later(std::string text) {
    (void)co_await yield();
    co_return text;
}
task<result<counted>> result_later(int value) {
    (void)co_await yield();
    if (value < 0) co_return errc::malformed;
    co_return counted(value);
}
template <class Callable>
task<int> calls(Callable f) {
    (void)co_await yield();
    co_return f();
}
template <class... Ts>
task<int> sum_of(Ts... values) {
    (void)co_await yield();
    co_return (values.value() + ...);
}
task<int> by_value_for_ever(counted c) {
    for (;;) {
        const result<> go_on = co_await yield();
        if (!go_on) co_return c.value();
    }
}
int throws_int() { throw std::runtime_error("argument"); }
counted throws_counted() { throw std::runtime_error("argument"); }

struct with_constructor {
    explicit with_constructor(counted c, std::string t = long_text) : one(std::move(c)), text(std::move(t)) {}
    counted one;
    std::string text;
};
task<int> takes_constructed(with_constructor w) {
    (void)co_await yield();
    co_return w.one.value() + static_cast<int>(w.text.size());
}
struct trivial_options {
    int count = 1;
    std::string_view name = {};
    duration timeout = 5s;
};
static_assert(std::is_trivially_destructible_v<trivial_options>);
task<int> takes_options(counted c, trivial_options o) {
    (void)co_await yield();
    co_return c.value() + o.count + static_cast<int>(o.name.size());
}
struct record {
    counted one;
    std::string text;
};
struct constructed_record {
    constructed_record(counted a, std::string b) : one(std::move(a)), text(std::move(b)) {}
    counted one;
    std::string text;
};

}  // namespace

TEST_CASE("g++ 12: temporaries as arguments, by reference, value and rvalue") {
    hold([]() -> task<> {
        const int reference = co_await by_reference(counted(1));
        const int value = co_await by_value(counted(2));
        const int rvalue = co_await by_rvalue(counted(3));
        counted named(4);
        const int moved = co_await by_value(std::move(named));
        CHECK(reference + value + rvalue + moved == 10);
    });
}

TEST_CASE("g++ 12: default arguments") {
    hold([]() -> task<> {
        const int n = co_await with_default(counted(1));
        CHECK(n == 4 + static_cast<int>(long_text.size()));
    });
}

TEST_CASE("g++ 12: pairs and tuples as arguments, structured bindings of what comes back") {
    hold([]() -> task<> {
        auto [a, b] = co_await pair_later({counted(1), counted(2)});
        auto [c, text] = co_await tuple_later(std::make_tuple(counted(3), long_text));
        auto both = co_await pair_later(std::make_pair(std::move(a), std::move(b)));
        CHECK(both.first.value() + both.second.value() + c.value() == 6);
        CHECK(text == long_text);
    });
}

TEST_CASE("g++ 12: co_await under && and ||") {
    hold([]() -> task<> {
        const bool both = co_await by_value(counted(1)) == 1 && co_await by_value(counted(2)) == 2;
        const bool either = co_await by_value(counted(1)) == 2 || co_await by_reference(counted(2)) == 2;
        const bool first_only = co_await by_value(counted(0)) != 0 && co_await by_value(counted(2)) == 2;
        CHECK((both && either && !first_only));
    });
}

TEST_CASE("g++ 12: range-for over what is awaited") {
    hold([]() -> task<> {
        std::vector<counted> three;
        for (int i = 1; i <= 3; ++i) three.push_back(counted(i));
        int sum = 0;
        for (const counted& c : co_await vector_later(std::move(three))) {
            sum += c.value();
            (void)co_await yield();
        }
        CHECK(sum == 6);
    });
}

TEST_CASE("g++ 12: if, while and switch with an initialiser") {
    hold([]() -> task<> {
        int sum = 0;
        if (counted c = co_await later(1); c.value() == 1) sum += co_await by_value(std::move(c));
        int left = 3;
        while (const int n = co_await trivial_later(left)) sum += n, --left;
        while (auto r = co_await result_later(left--)) sum += r->value();
        switch (const counted c = co_await later(2); c.value()) {
            case 2: sum += co_await by_reference(c); break;
            default: FAIL("another value came back");
        }
        CHECK(sum == 1 + 6 + 0 + 2);
    });
}

TEST_CASE("g++ 12: exceptions from arguments, before the first wait, and after it") {
    hold([]() -> task<> {
        int caught = 0;
        try {
            (void)co_await trivial_later(throws_int());
        } catch (const std::runtime_error&) {
            ++caught;
        }
        try {
            (void)co_await sum_of(counted(1), throws_counted(), counted(2));
        } catch (const std::runtime_error&) {
            ++caught;
        }
        auto at_once = [](counted) -> task<counted> {
            throw std::runtime_error("before the first wait");
            co_return counted(0);
        };
        auto after = [](counted c) -> task<counted> {
            (void)co_await yield();
            if (c.value() == 2) throw std::runtime_error("after a wait");
            co_return c;
        };
        try {
            (void)co_await at_once(counted(1));
        } catch (const std::runtime_error&) {
            ++caught;
        }
        try {
            (void)co_await after(counted(2));
        } catch (const std::runtime_error&) {
            ++caught;
        }
        CHECK(caught == 4);
    });
}

TEST_CASE("g++ 12: tasks that are never started") {
    hold([]() -> task<> {
        task<int> never = by_value(counted(1));
        task<counted> nor_this = later(2);
        (void)co_await yield();
        nor_this = later(3);
    });
}

TEST_CASE("g++ 12: member functions and lambdas as coroutines") {
    hold([]() -> task<> {
        struct object {
            explicit object(int v) : mine(v) {}
            task<int> adds(counted c) const {
                (void)co_await yield();
                co_return mine.value() + c.value();
            }
            counted mine;
        };
        object o(1);
        const int from_member = co_await o.adds(counted(2));
        const int from_temporary = co_await object(3).adds(counted(4));
        counted outside(5);
        auto captures_reference = [&outside](counted c) -> task<int> {
            (void)co_await yield();
            co_return outside.value() + c.value();
        };
        const int from_lambda = co_await captures_reference(counted(6));
        // The lambda object is a local of this frame and outlives the coroutine that uses its captures.
        auto captures_value = [own = counted(7)](counted c) -> task<int> {
            (void)co_await yield();
            co_return own.value() + c.value();
        };
        const int from_owner = co_await captures_value(counted(8));
        CHECK(from_member + from_temporary + from_lambda + from_owner == 3 + 7 + 11 + 15);
    });
}

TEST_CASE("g++ 12: parameter packs") {
    hold([]() -> task<> {
        const int n = co_await sum_of(counted(1), counted(2), counted(3));
        CHECK(n == 6);
    });
}

TEST_CASE("g++ 12: a named local is returned") {
    hold([]() -> task<> {
        auto named = []() -> task<counted> {
            counted local(1);
            (void)co_await yield();
            co_return local;
        };
        auto chosen = [](bool first) -> task<counted> {
            counted a(1), b(2);
            (void)co_await yield();
            if (first) co_return a;
            co_return b;
        };
        const counted one = co_await named();
        const counted two = co_await chosen(false);
        CHECK(one.value() + two.value() == 3);
    });
}

TEST_CASE("g++ 12: string concatenation with what is awaited") {
    hold([]() -> task<> {
        const std::string text =
            long_text + co_await text_later("x" + long_text) + "y" + co_await text_later("z");
        CHECK(text == long_text + "x" + long_text + "yz");
    });
}

TEST_CASE("g++ 12: a lambda that owns something is named first, or its task is") {
    hold([]() -> task<> {
        auto owner = [c = counted(1), t = long_text] { return c.value() + static_cast<int>(t.size()); };
        const int named = co_await calls(std::move(owner));
        auto work = calls([c = counted(2)] { return c.value(); });
        const int from_task = co_await std::move(work);
        std::function<int()> f = [c = counted(3)] { return c.value(); };
        const int from_function = co_await calls(std::move(f));
        CHECK(named + from_task + from_function == 6 + static_cast<int>(long_text.size()));
    });
}

TEST_CASE("g++ 12: a lambda with trivial captures may be a temporary") {
    hold([]() -> task<> {
        counted c(1);
        const std::string_view view = long_text;
        int n = 2;
        const int sum = co_await calls([&c, view, n, p = &n] {
            return c.value() + static_cast<int>(view.size()) + n + *p;
        });
        CHECK(sum == 5 + static_cast<int>(long_text.size()));
    });
}

TEST_CASE("g++ 12: temporaries of types with a constructor, and trivial option structs") {
    hold([]() -> task<> {
        const int constructed = co_await takes_constructed(with_constructor(counted(1)));
        const int braced = co_await takes_constructed(with_constructor{counted(1), long_text});
        const int designated = co_await takes_options(counted(1), {.count = 2, .name = "abc"});
        const int defaults = co_await takes_options(counted(1), {});
        const int plain = co_await takes_options(counted(1), trivial_options{.count = 5});
        CHECK(constructed == braced);
        CHECK(designated + defaults + plain == 6 + 2 + 6);
    });
}

TEST_CASE("g++ 12: if/else where the value is not trivial, ?: where it is") {
    hold([]() -> task<> {
        for (const bool first : {true, false}) {
            counted c(0);
            if (first)
                c = co_await later(1);
            else
                c = co_await later(2);
            const int n = first ? co_await trivial_later(1) : co_await trivial_later(2);
            const int one_arm = first ? co_await trivial_later(1) : 2;
            CHECK(c.value() == n);
            CHECK(one_arm == n);
        }
    });
}

TEST_CASE("g++ 12: what goes into braces is awaited into names first") {
    hold([]() -> task<> {
        auto makes = []() -> task<record> {
            counted one = co_await later(1);
            std::string text = co_await text_later(long_text);
            co_return record{std::move(one), std::move(text)};
        };
        counted a = co_await later(2);
        std::string b = co_await text_later(long_text);
        record local{std::move(a), std::move(b)};
        counted for_new = co_await later(3);
        const std::unique_ptr<counted> made(new counted(std::move(for_new)));
        const record from = co_await makes();
        CHECK(local.one.value() + made->value() + from.one.value() == 6);
        CHECK(from.text == local.text);
    });
}

TEST_CASE("g++ 12: co_await as the argument of make_unique, push_back and emplace_back") {
    hold([]() -> task<> {
        auto made = std::make_unique<counted>(co_await later(1));
        std::vector<counted> all;
        all.push_back(co_await later(2));
        all.emplace_back(co_await later(3));
        all.emplace_back(co_await trivial_later(4));
        CHECK(made->value() + all[0].value() + all[1].value() + all[2].value() == 10);
    });
}

TEST_CASE("g++ 12: a container is built before it is passed") {
    hold([]() -> task<> {
        std::vector<counted> built{counted(1), counted(2)};
        const std::vector<counted> back = co_await vector_later(std::move(built));
        CHECK(back.size() == 2);
    });
}

TEST_CASE("g++ 12: co_return with braces") {
    hold([]() -> task<> {
        auto braced = []() -> task<constructed_record> {
            (void)co_await yield();
            co_return {counted(1), long_text};
        };
        const constructed_record r = co_await braced();
        CHECK(r.one.value() == 1);
        CHECK(r.text == long_text);
    });
}

TEST_CASE("g++ 12: our own combinators with temporaries") {
    hold([]() -> task<> {
        const auto both = co_await when_all(by_value(counted(1)), later(2));
        CHECK(std::get<0>(both) + std::get<1>(both).value() == 3);
        const auto first = co_await when_any(later(3), by_value_for_ever(counted(4)));
        (void)first;
        const result<counted> timed = co_await with_timeout(1h, later(5));
        CHECK((!timed || timed->value() == 5));
        const counted shielded = co_await shield(later(6));
        CHECK(shielded.value() == 6);
        int sum = 0;
        co_await with_scope([&sum](scope& children) -> task<> {
            children.spawn([](counted c, int* out) -> task<> {
                (void)co_await yield();
                *out += c.value();
            }, counted(7), &sum);
            sum += co_await by_value(counted(8));
        });
        CHECK(sum == 15);
    });
}
