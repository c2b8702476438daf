#include "eventcore/http/query.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::http;

namespace {

std::string pairs_of(std::string_view query) {
    std::string out;
    query_reader reader(query);
    while (const auto pair = reader.next())
        out.append(pair->name).append("=").append(pair->value).append(";");
    return out;
}

}  // namespace

TEST_CASE("pairs are read from left to right and empty ones skipped") {
    CHECK(pairs_of("a=1&b=2") == "a=1;b=2;");
    CHECK(pairs_of("&&a&=b&c=&d=e=f&") == "a=;=b;c=;d=e=f;");
    CHECK(pairs_of("").empty());
    CHECK(pairs_of("a;b=1") == "a;b=1;");
}

TEST_CASE("the first value of a name is found and decoded") {
    arena storage;
    const auto found = find_query_value("x=0&a+b=1+%2B&a+b=2", "a b", storage);
    CHECK(found.outcome == query_outcome::found);
    CHECK(found.value == "1 +");
    CHECK(find_query_value("%61=1", "a", storage).value == "1");
    CHECK(find_query_value("flag&x=1", "flag", storage).outcome == query_outcome::found);
    CHECK(find_query_value("ab=1&=2", "a", storage).outcome == query_outcome::missing);
    CHECK(find_query_value("", "a", storage).outcome == query_outcome::missing);
}

TEST_CASE("a value with a broken escape is malformed, and a broken name matches nothing") {
    arena storage;
    CHECK(find_query_value("a=%", "a", storage).outcome == query_outcome::malformed);
    CHECK(find_query_value("a=%00", "a", storage).outcome == query_outcome::malformed);
    CHECK(find_query_value("a%=1&a=2", "a", storage).value == "2");
    CHECK(find_query_value("%zz=1", "%zz", storage).outcome == query_outcome::missing);
}

TEST_CASE("a form is checked as a whole") {
    CHECK(is_well_formed_query("a=%41+b&c"));
    CHECK_FALSE(is_well_formed_query("a=%4"));
    CHECK_FALSE(is_well_formed_query("a=1&%zz=2"));
    CHECK_FALSE(is_well_formed_query("a=%00"));
    CHECK_FALSE(is_well_formed_query(std::string_view("a\0", 2)));
}
