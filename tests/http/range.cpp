#include "eventcore/http/range.hpp"

#include "catch.hpp"

using namespace eventcore::http;

namespace {

// A representation of 1000 bytes, unless a test says otherwise.
constexpr bool gives(std::string_view field, byte_range wanted) {
    const auto choice = choose_range(field, 1000);
    return choice.outcome == range_outcome::partial && choice.range == wanted;
}
constexpr bool is_ignored(std::string_view field) {
    return choose_range(field, 1000).outcome == range_outcome::whole;
}
constexpr bool is_refused(std::string_view field) {
    return choose_range(field, 1000).outcome == range_outcome::unsatisfiable;
}

}  // namespace

TEST_CASE("the examples of RFC 9110, 14.1.2 are understood") {
    CHECK(gives("bytes=0-499", {0, 499}));
    CHECK(gives("bytes=500-999", {500, 999}));
    CHECK(gives("bytes=-500", {500, 999}));
    CHECK(gives("bytes=0-0", {0, 0}));
    CHECK(gives("Bytes=990-", {990, 999}));
}

TEST_CASE("a last position past the end means to the end") {
    CHECK(gives("bytes=900-5000", {900, 999}));
    CHECK(gives("bytes=900-99999999999999999999", {900, 999}));
    CHECK(gives("bytes=-5000", {0, 999}));
}

TEST_CASE("a range that is not understood is ignored") {
    for (const char* field : {"", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b",
                              "bytes=0-99999999999999999999x", "bytes= 0-1", "bytes=5-2", "bytes=0-1,5-6"})
        CHECK(is_ignored(field));
}

TEST_CASE("a range that lies behind the end cannot be satisfied") {
    CHECK(is_refused("bytes=1000-"));
    CHECK(is_refused("bytes=-0"));
    CHECK(choose_range("bytes=0-", 0).outcome == range_outcome::unsatisfiable);
    CHECK(choose_range("bytes=-5", 0).outcome == range_outcome::whole);
}
