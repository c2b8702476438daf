#include "eventcore/base/parse_number.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "catch.hpp"

using namespace eventcore;

static_assert(parse_decimal<int>("42") == 42);
static_assert(parse_hex("fF") == 255U);

namespace {

template <class Integer>
void check_limits() {
    using limits = std::numeric_limits<Integer>;
    const std::string most = std::to_string(limits::max());
    CHECK(parse_decimal<Integer>(most) == limits::max());
    CHECK(parse_decimal<Integer>("000" + most) == limits::max());
    std::string beyond = most;
    ++beyond.back();  // no maximum ends in 9
    CHECK_FALSE(parse_decimal<Integer>(beyond));
    CHECK_FALSE(parse_decimal<Integer>(most + "0"));
    CHECK_FALSE(parse_decimal<Integer>("99999999999999999999999999"));
    if (!std::is_signed_v<Integer>) return;
    const std::string least = std::to_string(limits::min());
    CHECK(parse_decimal<Integer>(least) == limits::min());
    beyond = least;
    ++beyond.back();
    CHECK_FALSE(parse_decimal<Integer>(beyond));
}

}  // namespace

TEST_CASE("decimal numbers end where their type ends") {
    check_limits<std::uint8_t>();
    check_limits<std::int8_t>();
    check_limits<std::uint16_t>();
    check_limits<std::int16_t>();
    check_limits<std::uint32_t>();
    check_limits<std::int32_t>();
    check_limits<std::uint64_t>();
    check_limits<std::int64_t>();
}

TEST_CASE("a decimal number is digits and nothing else") {
    for (const char* text :
         {"", "-", "+1", " 1", "1 ", "1a", "0x1", "1.0", "1e3", "--1", "1,000", "\xd9\xa1"}) {
        INFO(text);
        CHECK_FALSE(parse_decimal<int>(text));
    }
    CHECK_FALSE(parse_decimal<unsigned>("-1"));
    CHECK_FALSE(parse_decimal<unsigned>("-0"));
    CHECK(parse_decimal<int>("-1") == -1);
    CHECK(parse_decimal<int>("0") == 0);
    CHECK_FALSE(parse_decimal<int>(std::string_view("1\0", 2)));
}

TEST_CASE("a hexadecimal number is digits of either case, up to 64 bits") {
    CHECK(parse_hex("0") == 0U);
    CHECK(parse_hex("deadBEEF") == 0xdeadbeefU);
    CHECK(parse_hex("ffffffffffffffff") == std::numeric_limits<std::uint64_t>::max());
    CHECK(parse_hex("00000000000000000001") == 1U);
    CHECK_FALSE(parse_hex("10000000000000000"));
    for (const char* text : {"", "g", "0x1", " 1", "1 ", "-1", "+1", "1;"}) {
        INFO(text);
        CHECK_FALSE(parse_hex(text));
    }
}

TEST_CASE("a decimal number may have any bound") {
    using eventcore::parse_decimal;
    for (std::uint64_t most : {0u, 1u, 5u, 9u, 10u, 99u, 255u, 256u, 65535u})
        for (std::uint64_t value = 0; value < 700; ++value)
            CHECK(parse_decimal(std::to_string(value), most).has_value() == (value <= most));
    CHECK(parse_decimal("18446744073709551615", UINT64_MAX) == UINT64_MAX);
    CHECK_FALSE(parse_decimal("18446744073709551616", UINT64_MAX));
    CHECK_FALSE(parse_decimal("-1", 10));
    CHECK_FALSE(parse_decimal("", 10));
}

TEST_CASE("is_int64 agrees with parse_decimal") {
    for (const char* text : {"", "-", "0", "-0", "9223372036854775807", "9223372036854775808",
                             "-9223372036854775808", "-9223372036854775809", "--1", "+1", "1x", " 1"})
        CHECK(eventcore::is_int64(text) == eventcore::parse_decimal<std::int64_t>(text).has_value());
}
