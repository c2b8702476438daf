#include "eventcore/base/result.hpp"

#include <memory>
#include <string>
#include <utility>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE("a result is a value or the reason why there is none") {
    const result<int> good = 5;
    const result<int> bad = errc::closed;
    const result<int> from_errno = std::make_error_code(std::errc::broken_pipe);
    CHECK(good.has_value());
    CHECK(*good == 5);
    CHECK_FALSE(good.error());
    CHECK_FALSE(bad);
    CHECK(bad.error() == errc::closed);
    CHECK(from_errno.error() == std::errc::broken_pipe);
    CHECK(bad.value_or(7) == 7);
    CHECK(good.value_or(7) == 5);
}

TEST_CASE("value() of a failed result throws the reason") {
    result<std::string> bad = errc::timed_out;
    try {
        (void)bad.value();
        FAIL("nothing was thrown");
    } catch (const std::system_error& e) {
        CHECK(e.code() == errc::timed_out);
    }
    const result<> nothing = errc::timed_out;
    CHECK_THROWS_AS(nothing.value(), std::system_error);
}

TEST_CASE("results copy, move and change sides") {
    const std::string text(100, 'x');
    result<std::string> a = text;
    result<std::string> b = a;
    CHECK(*b == *a);
    result<std::string> c = std::move(a);
    CHECK(*c == text);
    c = errc::malformed;
    CHECK(c.error() == errc::malformed);
    c = b;
    CHECK(*c == text);
    b = std::move(c);
    CHECK(b->size() == 100);
    result<std::string>& same = b;
    b = same;
    CHECK(*b == text);
}

TEST_CASE("a result may hold what only moves") {
    result<std::unique_ptr<int>> a = std::make_unique<int>(3);
    result<std::unique_ptr<int>> b = std::move(a);
    const std::unique_ptr<int> out = *std::move(b);
    CHECK(*out == 3);
    result<std::unique_ptr<int>> c = std::make_unique<int>(4);
    CHECK(*std::move(c).value() == 4);
}

TEST_CASE("a result of nothing is success unless it says otherwise") {
    CHECK(result<>().has_value());
    CHECK(result<>(std::error_code{}).has_value());
    CHECK_FALSE(result<>(errc::canceled));
    result<>().value();
}

TEST_CASE("a value of the error's own type is still a value") {
    const result<bool> no = false;
    CHECK(no.has_value());
    CHECK_FALSE(*no);
}
