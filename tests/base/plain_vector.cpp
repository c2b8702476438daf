#include "eventcore/base/plain_vector.hpp"

#include <cstddef>
#include <cstdint>

#include "catch.hpp"
#include "eventcore/base/config.hpp"

using eventcore::plain_vector;

TEST_CASE("a plain vector keeps its values while it grows") {
    plain_vector<std::uint64_t> values;
    CHECK(values.empty());
    CHECK(values.begin() == values.end());
    for (std::uint64_t i = 0; i < 1000; ++i) values.push_back(i * i);
    REQUIRE(values.size() == 1000);
    std::uint64_t expected = 0;
    for (std::uint64_t value : values) {
        CHECK(value == expected * expected);
        ++expected;
    }
    CHECK(expected == 1000);
    values[7] = 7;
    CHECK(values[7] == 7);
}

TEST_CASE("a cleared plain vector keeps its memory") {
    plain_vector<int> values;
    values.reserve(100);
    const int* const memory = values.begin();
    for (int i = 0; i < 100; ++i) values.push_back(i);
    values.clear();
    CHECK(values.empty());
    for (int i = 0; i < 100; ++i) values.push_back(i);
    CHECK(values.begin() == memory);
    values.reserve(50);
    CHECK(values.size() == 100);
}

TEST_CASE("plain vectors swap what they hold") {
    plain_vector<int> one, other;
    one.push_back(1);
    other.push_back(2);
    other.push_back(3);
    one.swap(other);
    REQUIRE(one.size() == 2);
    REQUIRE(other.size() == 1);
    CHECK(one[1] == 3);
    CHECK(other[0] == 1);
}

TEST_CASE("room is reserved without losing what is there") {
    plain_vector<int> values;
    CHECK(values.try_reserve(10));
    values.push_back(7);
    CHECK(values.try_reserve(1000));
    REQUIRE(values.size() == 1);
    CHECK(values[0] == 7);
    values.clear();
    CHECK(values.try_reserve(100'000));
    CHECK(values.empty());
}

#if !EVENTCORE_ASAN && !defined(__SANITIZE_THREAD__)  // these stop where memory ends

TEST_CASE("a plain vector that finds no room stays as it is") {
    plain_vector<int> values;
    CHECK_FALSE(values.try_reserve(SIZE_MAX / 8));
    values.push_back(7);
    CHECK_FALSE(values.try_reserve(SIZE_MAX / 8));
    REQUIRE(values.size() == 1);
    CHECK(values[0] == 7);
}

#endif
