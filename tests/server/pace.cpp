#include "eventcore/server/pace.hpp"

#include "catch.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

constexpr ec::time_point at(ec::duration since) { return ec::time_point(1h) + since; }

}  // namespace

TEST_CASE("content may be waited for as long as the grace, and what arrives pays for more") {
    ec::receive_pace pace;
    pace.start(5s, 30s, 100);
    CHECK(pace.wait(at(0s)) == at(5s));
    CHECK(pace.wait(at(1s)) == at(5s));  // the same wait
    pace.arrived(at(2s), 100);           // 3 s are left, and 1 s more
    CHECK(pace.wait(at(10s)) == at(14s));
}

TEST_CASE("content that drips is waited for no longer in all than it pays for") {
    ec::receive_pace pace;
    pace.start(5s, 30s, 240);
    ec::time_point now = at(0s), end;
    int pieces = 0;
    for (; (end = pace.wait(now)) > now + 100ms; ++pieces) pace.arrived(now += 100ms, 1);
    CHECK(now > at(4900ms));
    CHECK(now < at(5500ms));
    CHECK(pieces > 40);
}

TEST_CASE("however much came, one wait has an end") {
    ec::receive_pace pace;
    pace.start(5s, 30s, 240);
    for (int i = 0; i < 10; ++i) pace.arrived(at(0s), UINT64_MAX);
    CHECK(pace.wait(at(1s)) == at(31s));
}

TEST_CASE("no rate is asked for when it is 0, and a grace longer than the time-out is none") {
    ec::receive_pace none;
    none.start(5s, 30s, 0);
    for (int i = 0; i < 100; ++i) {
        CHECK(none.wait(at(i * 29s)) == at(i * 29s + 30s));
        none.arrived(at(i * 29s + 29s), 1);
    }
    ec::receive_pace pace;
    pace.start(5s, 1s, 240);
    CHECK(pace.wait(at(0s)) == at(1s));
}

TEST_CASE("waiting that overran its end costs no more than there was") {
    ec::receive_pace pace;
    pace.start(5s, 30s, 240);
    CHECK(pace.wait(at(0s)) == at(5s));
    pace.arrived(at(100s), 240);
    CHECK(pace.wait(at(100s)) == at(101s));
}

TEST_CASE("a client that takes nothing is given up after the whole time-out") {
    ec::send_pace pace;
    CHECK(pace.deadline() == ec::no_deadline);
    pace.wait(at(0s), 30s);
    pace.wait(at(3s), 30s);  // known
    CHECK(pace.deadline() == at(15s));
    CHECK(pace.keeps_up(at(15s), 7000, 30s, 0));
    CHECK(pace.deadline() == at(30s));
    CHECK_FALSE(pace.keeps_up(at(30s), 7000, 30s, 0));
}

TEST_CASE("a client that takes too little is given up, one that takes enough is not") {
    ec::send_pace slow, fast;
    slow.wait(at(0s), 30s);
    fast.wait(at(0s), 30s);
    CHECK(slow.keeps_up(at(15s), 15, 30s, 240));
    CHECK_FALSE(slow.keeps_up(at(30s), 30, 30s, 240));
    for (int i = 1; i < 100; ++i)
        REQUIRE(fast.keeps_up(at(i * 15s), static_cast<std::uint64_t>(i) * 240 * 15, 30s, 240));
    fast.stop();
    CHECK(fast.deadline() == ec::no_deadline);
}

TEST_CASE("only differences count, so the bytes before the wait may be any number") {
    ec::send_pace pace;
    pace.wait(at(0s), 2s);
    CHECK(pace.keeps_up(at(1s), UINT64_MAX - 100, 2s, 240));
    CHECK(pace.keeps_up(at(2s), 400, 2s, 240));
}
