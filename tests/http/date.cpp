#include "eventcore/http/date.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::http;

namespace {

constexpr unix_seconds example = 784'111'777;  // RFC 9110, 5.6.7
constexpr unix_seconds now = 1'700'000'000;    // November 2023

std::string written(unix_seconds time) {
    std::string text(date_bytes, '?');
    write_date(text.data(), time);
    return text;
}

}  // namespace

TEST_CASE("an IMF-fixdate is written") {
    CHECK(written(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(written(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(written(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
    CHECK(written(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
    CHECK(written(4'107'542'400) == "Mon, 01 Mar 2100 00:00:00 GMT");
    CHECK(written(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
    CHECK(written(INT64_MIN) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("a time point is rounded down to its second") {
    CHECK(to_unix_seconds(wall_time_point(std::chrono::milliseconds(1'999))) == 1);
    CHECK(to_unix_seconds(wall_time_point(std::chrono::milliseconds(-1))) == -1);
}

TEST_CASE("the three formats are read") {
    CHECK(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == example);
    CHECK(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == example);
    CHECK(parse_date("Sun Nov  6 08:49:37 1994", now) == example);
    CHECK(parse_date("Wed Nov 16 08:49:37 1994", now) == example + 10 * 86'400);
}

TEST_CASE("a two-digit year is at most fifty years in the future") {
    CHECK(written(*parse_date("Sunday, 01-Jan-73 00:00:00 GMT", now)).substr(12, 4) == "2073");
    CHECK(written(*parse_date("Sunday, 01-Jan-74 00:00:00 GMT", now)).substr(12, 4) == "1974");
    CHECK(written(*parse_date("Sunday, 01-Jan-00 00:00:00 GMT", now)).substr(12, 4) == "2000");
}

TEST_CASE("what is written is read back") {
    for (unix_seconds time = -70'000'000'000; time < 253'402'300'799; time += 86'400 * 37 + 12'345) {
        if (time < -62'167'219'200) continue;
        if (parse_date(written(time), now) != time) FAIL(written(time));
    }
}

TEST_CASE("what is no date, or a day that does not exist, is refused") {
    for (const char* text :
         {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 19x4 08:49:37 GMT", "Sun Nov  6 08:49:37 94",
          "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "784111777"})
        CHECK_FALSE(parse_date(text, now));
}
