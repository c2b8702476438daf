#include "eventcore/base/error.hpp"

#include <cerrno>
#include <set>
#include <string>

#include "catch.hpp"

using namespace eventcore;

TEST_CASE("an errc is an error code of our category, with a text of its own") {
    const std::error_code e = errc::timed_out;
    CHECK(e == errc::timed_out);
    CHECK(e != errc::closed);
    CHECK(std::string(e.category().name()) == "eventcore");
    std::set<std::string> texts;
    constexpr int last = static_cast<int>(errc::outside_directory);
    for (int value = 1; value <= last; ++value)
        texts.insert(std::error_code(value, eventcore_category()).message());
    CHECK(texts.size() == static_cast<std::size_t>(last));
    CHECK(texts.count("unknown") == 0);
    CHECK(std::error_code(12345, eventcore_category()).message() == "unknown");
}

TEST_CASE("an errno keeps its own category") {
    CHECK(system_error(ECONNRESET) == std::errc::connection_reset);
    CHECK(system_error(ECONNRESET) != make_error_code(errc::closed));
}
