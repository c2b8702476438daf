#include "eventcore/web/middleware/rate_limit.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "eventcore/web/router.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::status;
using ec::test::get;

namespace {

constexpr ec::time_point at(ec::duration since) { return ec::time_point(1h) + since; }

int taken(const ec::rate_limiter& limiter, std::uint64_t key, ec::time_point now, int tries) {
    int passed = 0;
    for (int i = 0; i < tries; ++i) passed += limiter.take(key, now) == 0s;
    return passed;
}

}  // namespace

TEST_CASE("a key may take its burst at once, and then as many as come back") {
    const ec::rate_limiter limiter({.requests = 10, .per = 1s, .burst = 3});
    CHECK(taken(limiter, 1, at(0s), 10) == 3);
    CHECK(taken(limiter, 1, at(50ms), 10) == 0);
    CHECK(taken(limiter, 1, at(110ms), 10) == 1);
    CHECK(taken(limiter, 1, at(10s), 10) == 3);
    CHECK(taken(limiter, 2, at(10s), 10) == 3);
    int passed = 0;
    for (int i = 0; i < 10'000; ++i) passed += limiter.take(7U, at(i * 1ms)) == 0s;
    CHECK(passed >= 102);
    CHECK(passed <= 103);
}

TEST_CASE("a refusal says how long to wait, and that is enough") {
    const ec::rate_limiter limiter({.requests = 1, .per = 60s});
    CHECK(limiter.take(1U, at(0s)) == 0s);
    const ec::duration wait = limiter.take(1U, at(20s));
    CHECK(wait > 39s);
    CHECK(wait <= 40s + 1ms);
    CHECK(limiter.take(1U, at(20s) + wait) == 0s);
}

TEST_CASE("a price may be more than one, and one above the burst is never paid") {
    const ec::rate_limiter limiter({.requests = 10, .per = 1s});
    CHECK(limiter.take(1U, at(0s), 8) == 0s);
    CHECK(limiter.take(1U, at(0s), 3) > 0s);
    CHECK(limiter.take(1U, at(0s), 2) == 0s);
    CHECK(limiter.take(1U, at(100s), 11) > 0s);
    CHECK(limiter.take(std::string_view("a"), at(0s), 10) == 0s);
    CHECK(limiter.take(std::string_view("b"), at(0s), 10) == 0s);
    CHECK(limiter.take(std::string_view("a"), at(0s)) > 0s);
}

TEST_CASE("a flood of keys does not let a key go that is at its limit") {
    const ec::rate_limiter limiter({.requests = 100, .per = 100s, .keys = 1024});
    for (std::uint64_t key = 0; key < 20; ++key) REQUIRE(taken(limiter, key, at(0s), 200) == 100);
    int refused = 0;
    for (std::uint64_t key = 1000; key < 500'000; ++key) refused += limiter.take(key, at(1ms)) != 0s;
    CHECK(refused <= 5);  // one in 2^27 is taken for another key: 0.07 of these
    int passed = 0;
    for (std::uint64_t key = 0; key < 20; ++key) passed += taken(limiter, key, at(2ms), 1);
    CHECK(passed == 0);
}

TEST_CASE("time that wraps around its bits is still time") {
    const ec::rate_limiter limiter({.requests = 2, .per = 10s});
    const ec::time_point wrap = ec::time_point(ec::duration((std::int64_t{1} << 44) * 1024));
    CHECK(taken(limiter, 1, wrap - 1s, 5) == 2);
    CHECK(taken(limiter, 1, wrap + 1s, 5) == 0);
    CHECK(taken(limiter, 1, wrap + 5s, 5) == 1);
    CHECK(taken(limiter, 1, wrap + 24h * 100, 5) == 2);
    CHECK(taken(limiter, 1, wrap + 24h * 250, 5) == 2);
}

TEST_CASE("many threads take no more than there is") {
    const ec::rate_limiter limiter({.requests = 1000, .per = 1000s});
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; ++i)
                passed.fetch_add(static_cast<int>(limiter.take(7U, at(0s)) == 0s) +
                                 static_cast<int>(limiter.take(8U + static_cast<unsigned>(i), at(0s)) == 0s));
        });
    for (std::thread& t : threads) t.join();
    CHECK(passed == 1000 + 4 * 5000);
}

TEST_CASE("a rate limit answers 429 with Retry-After, for the routes it covers") {
    auto app = ec::router(ec::get<"/free">([] { return "free"; }),
                          ec::group<"/api">(ec::use(ec::rate_limit({.requests = 2, .per = 60s})),
                                            ec::get<"/">([] { return "paid"; })));
    for (int i = 0; i < 2; ++i) CHECK(get(app.application(), "/api").content == "paid");
    const ec::test::answer refused = get(app.application(), "/api");
    CHECK(refused.code == status::too_many_requests);
    CHECK(refused.field("retry-after") == "30");
    CHECK(refused.content_type == "application/problem+json");
    CHECK(get(app.application(), "/free").code == status::ok);
}

TEST_CASE("the key may be anything about the request, and several routers share a limiter") {
    const auto account = [](const ec::request& req) { return req.header("x-account").value_or("nobody"); };
    const ec::rate_limiter shared({.requests = 1, .per = 60s});
    auto one = ec::router(ec::use(ec::rate_limit(shared, account)), ec::get<"/">([] { return "1"; }));
    auto two = ec::router(ec::use(ec::rate_limit(shared, account)), ec::get<"/">([] { return "2"; }));
    CHECK(get(one.application(), "/", {{"X-Account", "a"}}).code == status::ok);
    CHECK(get(two.application(), "/", {{"X-Account", "a"}}).code == status::too_many_requests);
    CHECK(get(two.application(), "/", {{"X-Account", "b"}}).code == status::ok);
    CHECK(get(one.application(), "/").code == status::ok);
    CHECK(get(two.application(), "/").code == status::too_many_requests);
}
