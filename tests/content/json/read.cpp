#include "eventcore/content/json/read.hpp"

#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "catch.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/content/json/write.hpp"

using namespace eventcore;
using namespace eventcore::json_codec;

namespace {

enum class colour { red, green, blue };
struct item {
    std::string name;
    int count = 0;
};
struct order {
    std::vector<item> items;
    std::optional<std::string> note;
};
struct tree {
    int value = 0;
    std::vector<tree> children;
    std::unique_ptr<tree> next;
};
struct closed {
    int a = 0;
};
struct user {
    std::string name;
    int age = 18;
};
// Text in JSON, a class in C++; never empty.
class identifier {
 public:
    identifier() = default;
    explicit identifier(std::string_view text) : text_(text) {}
    const std::string& text() const { return text_; }

 private:
    std::string text_;
};
struct seconds {
    int count = 0;
};

template <class T>
read_error failure(std::string_view text, const read_options& options = {}) {
    T value{};
    return read(text, value, options);
}
template <class T>
read_errc reason(std::string_view text, const read_options& options = {}) {
    return failure<T>(text, options).reason;
}
template <class T>
std::string pointer(std::string_view text) {
    const read_error error = failure<T>(text);
    return error ? error.pointer : "(accepted)";
}
template <class T>
T value_of(std::string_view text) {
    T value{};
    const read_error error = read(text, value);
    INFO(error.message());
    REQUIRE_FALSE(error);
    return value;
}
template <class T>
std::string json_of(const T& value) {
    byte_buffer out;
    write(out, value);
    return std::string(out.view());
}
// Reading and writing again gives the same text.
template <class T>
bool returns(std::string_view text) {
    return json_of(value_of<T>(text)) == text;
}

}  // namespace

template <>
struct eventcore::describe<closed> {
    static constexpr bool refuse_unknown_members = true;
};
template <>
struct eventcore::describe<user> {
    static constexpr auto members = eventcore::members(eventcore::member("user-name", &user::name),
                                                       eventcore::defaulted_member("age", &user::age));
};
template <>
struct eventcore::describe<identifier> {
    static std::string_view to_json(const identifier& id) { return id.text(); }
    static std::optional<identifier> from_json(std::string_view text) {
        if (text.empty()) return std::nullopt;
        return identifier(text);
    }
};
template <>
struct eventcore::describe<seconds> {
    static int to_json(const seconds& value) { return value.count; }
    static result<seconds> from_json(int count) {
        if (count < 0) return errc::invalid_argument;
        return seconds{count};
    }
};

TEST_CASE("what is written is read back the same") {
    CHECK(returns<bool>("true"));
    CHECK(returns<std::int64_t>("-9223372036854775808"));
    CHECK(returns<std::uint64_t>("18446744073709551615"));
    CHECK(returns<double>("0.1"));
    CHECK(returns<double>("-1.7976931348623157e+308"));
    CHECK(returns<double>("5e-324"));
    CHECK(returns<std::string>(R"("a\"\\\u0000\n")"));
    CHECK(returns<colour>(R"("blue")"));
    CHECK(returns<std::vector<bool>>("[true,false,true]"));
    CHECK(returns<std::list<int>>("[3,2,1]"));
    CHECK(returns<std::set<std::string>>(R"(["a","b"])"));
    CHECK(returns<std::array<int, 2>>("[1,2]"));
    CHECK(returns<std::pair<std::string, int>>(R"(["a",1])"));
    CHECK(returns<std::tuple<int, bool, std::tuple<>>>("[1,false,[]]"));
    CHECK(returns<std::map<std::string, std::vector<int>>>(R"({"":[],"a":[1]})"));
    CHECK(returns<std::unordered_map<std::string, int>>(R"({"a":1})"));
    CHECK(returns<order>(R"({"items":[{"name":"x","count":1},{"name":"y","count":2}],"note":"n"})"));
    CHECK(returns<order>(R"({"items":[]})"));
    CHECK(returns<tree>(
        R"({"value":1,"children":[{"value":2,"children":[],"next":{"value":3,"children":[]}}]})"));
    CHECK(returns<std::vector<std::optional<int>>>("[1,null]"));
}

TEST_CASE("members are found in any order, and white space is nothing") {
    const auto read_back =
        value_of<order>(" { \"note\" : null ,\r\n\t\"items\" : [ { \"count\" : 2 , \"name\" : \"\" } ] } ");
    CHECK(read_back.items.at(0).count == 2);
    CHECK_FALSE(read_back.note);
}

TEST_CASE("the error points at the value that is wrong") {
    CHECK(pointer<order>(R"({"items":[{"name":"a","count":1},{"name":2,"count":1}]})") == "/items/1/name");
    CHECK(pointer<order>(R"({"items":[{"name":"a"}]})") == "/items/0/count");
    CHECK(pointer<order>(R"({"items":{}})") == "/items");
    CHECK(pointer<order>(R"([])").empty());
    CHECK(pointer<std::map<std::string, item>>(R"({"a/b":{"name":"","count":"1"}})") == "/a~1b/count");
    CHECK(pointer<std::pair<int, std::array<int, 2>>>("[1,[2,true]]") == "/1/1");
    const read_error error = failure<order>(R"({"items":[{"name":"a","count":"many"}]})");
    CHECK(error.offset == 30);
    CHECK(error.message() == "expected a number, found a string (at /items/0/count, byte 30)");
}

TEST_CASE("an error in the text itself points as far as the text could be read") {
    CHECK(pointer<order>(R"({"items":[{"name":"a","count":01}]})") == "/items/0/count");
    CHECK(pointer<order>(R"({"items":[{"name":"\x","count":1}]})") == "/items/0/name");
    CHECK(pointer<order>(R"({"skipped":[1,{"a":tru}],"items":[]})") == "/skipped/1/a");
    CHECK(pointer<order>(R"({"items":[],"other":{"a":1,"a":2}})") == "/other/a");
}

TEST_CASE("each kind of failure has its reason") {
    CHECK(reason<int>("1") == read_errc::none);
    CHECK(reason<int>("") == read_errc::malformed);
    CHECK(reason<int>("1 2") == read_errc::malformed);
    CHECK(reason<std::string>("\"\xFF\"") == read_errc::invalid_utf8);
    CHECK(reason<std::string>("\"long\"", {.bytes = 5}) == read_errc::too_large);
    CHECK(reason<std::vector<int>>("[1,2,3]", {.values = 3}) == read_errc::too_large);
    CHECK(reason<tree>(R"({"value":1,"children":[]})", {.depth = 1}) == read_errc::too_deep);
    CHECK(reason<order>(R"({"items":[],"items":[]})") == read_errc::duplicate_member);
    CHECK(reason<order>("{}") == read_errc::missing_member);
    CHECK(reason<order>(R"({"items":[],"x":1})", {.refuse_unknown_members = true}) ==
          read_errc::unknown_member);
    CHECK(reason<int>("\"1\"") == read_errc::wrong_type);
    CHECK(reason<std::array<int, 2>>("[1]") == read_errc::wrong_length);
    CHECK(reason<std::tuple<>>("[1]") == read_errc::wrong_length);
    CHECK(reason<int>("1.5") == read_errc::not_an_integer);
    CHECK(reason<std::int8_t>("128") == read_errc::out_of_range);
    CHECK(reason<colour>("\"pink\"") == read_errc::unknown_enumerator);
    CHECK(reason<identifier>("\"\"") == read_errc::invalid_value);
}

TEST_CASE("a value of another type is refused, never converted") {
    CHECK(reason<bool>("1") == read_errc::wrong_type);
    CHECK(reason<bool>("null") == read_errc::wrong_type);
    CHECK(reason<double>("\"1\"") == read_errc::wrong_type);
    CHECK(reason<double>("null") == read_errc::wrong_type);
    CHECK(reason<std::string>("1") == read_errc::wrong_type);
    CHECK(reason<std::string>("null") == read_errc::wrong_type);
    CHECK(reason<colour>("1") == read_errc::wrong_type);
    CHECK(reason<std::vector<int>>("{}") == read_errc::wrong_type);
    CHECK(reason<std::array<int, 1>>("1") == read_errc::wrong_type);
    CHECK(reason<std::map<std::string, int>>("[]") == read_errc::wrong_type);
    CHECK(reason<item>("null") == read_errc::wrong_type);
    CHECK(reason<identifier>("1") == read_errc::wrong_type);
    CHECK(reason<int>("true") == read_errc::wrong_type);
    CHECK(reason<std::string>("[]") == read_errc::wrong_type);
}

TEST_CASE("integers are exact at the ends of their types") {
    CHECK(value_of<std::int8_t>("-128") == -128);
    CHECK(reason<std::int8_t>("-129") == read_errc::out_of_range);
    CHECK(value_of<std::uint8_t>("255") == 255);
    CHECK(reason<std::uint8_t>("256") == read_errc::out_of_range);
    CHECK(reason<std::uint8_t>("-1") == read_errc::out_of_range);
    CHECK(value_of<std::int64_t>("9223372036854775807") == INT64_MAX);
    CHECK(reason<std::int64_t>("9223372036854775808") == read_errc::out_of_range);
    CHECK(reason<std::int64_t>("-9223372036854775809") == read_errc::out_of_range);
    CHECK(reason<std::uint64_t>("18446744073709551616") == read_errc::out_of_range);
    CHECK(reason<std::uint64_t>("-1") == read_errc::out_of_range);
    CHECK(reason<int>("100000000000000000000000000") == read_errc::out_of_range);
}

TEST_CASE("an integer may be spelled with a fraction or an exponent, when it is one") {
    CHECK(value_of<int>("1e3") == 1000);
    CHECK(value_of<int>("1.0") == 1);
    CHECK(value_of<int>("-2.50e1") == -25);
    CHECK(value_of<unsigned>("-0") == 0);
    CHECK(value_of<int>("-0.0") == 0);
    CHECK(reason<int>("1e-1") == read_errc::not_an_integer);
    CHECK(value_of<std::uint64_t>("9007199254740992.0") == 9007199254740992u);
    CHECK(reason<std::uint64_t>("9007199254740994.0") ==
          read_errc::out_of_range);  // a double may have rounded
    CHECK(reason<int>("1e300") == read_errc::out_of_range);
    CHECK(reason<unsigned>("-1.0") == read_errc::out_of_range);
    CHECK(reason<std::int8_t>("1.28e2") == read_errc::out_of_range);
}

TEST_CASE("doubles take every number they can hold") {
    CHECK(value_of<double>("100000000000000000000") == 1e20);
    CHECK(value_of<double>("18446744073709551615") == 18446744073709551615.0);
    CHECK(value_of<double>("-5") == -5.0);
    CHECK(std::signbit(value_of<double>("-0")));
    CHECK(value_of<double>("1e-400") == 0.0);
    CHECK(reason<double>("1e400") == read_errc::out_of_range);
    CHECK(reason<double>("-1e400") == read_errc::out_of_range);
    CHECK(value_of<float>("3.4e38") == 3.4e38f);
    CHECK(reason<float>("3.5e38") == read_errc::out_of_range);
}

TEST_CASE("optional members may be absent or null, others may not") {
    CHECK_FALSE(value_of<order>(R"({"items":[]})").note);
    CHECK_FALSE(value_of<order>(R"({"items":[],"note":null})").note);
    CHECK(reason<order>(R"({"items":null})") == read_errc::wrong_type);
    CHECK(pointer<item>(R"({"count":1})") == "/name");
    using deep = std::optional<std::optional<std::unique_ptr<std::optional<int>>>>;
    CHECK(****value_of<deep>("5") == 5);
    CHECK_FALSE(value_of<deep>("null"));
    std::optional<int> reused = 3;
    CHECK_FALSE(read("null", reused));
    CHECK_FALSE(reused);
}

TEST_CASE("names that the struct does not have are skipped, unless it or the caller says otherwise") {
    CHECK(value_of<item>(R"({"name":"a","new":{"x":[1,{}]},"count":3})").count == 3);
    CHECK(failure<item>(R"({"name":"a","new":1,"count":3})", {.refuse_unknown_members = true}).pointer ==
          "/new");
    CHECK(pointer<std::vector<closed>>(R"([{"a":1},{"a":1,"b":2}])") == "/1/b");
    CHECK(value_of<closed>(R"({"a":1})").a == 1);
}

TEST_CASE("describe renames, defaults and converts") {
    CHECK(value_of<user>(R"({"user-name":"Ada"})").age == 18);
    CHECK(value_of<user>(R"({"user-name":"Ada","age":36})").age == 36);
    CHECK(pointer<user>(R"({"name":"Ada"})") == "/user-name");
    CHECK(value_of<identifier>(R"("abc")").text() == "abc");
    CHECK(returns<std::vector<identifier>>(R"(["a","b"])"));
    CHECK(value_of<seconds>("5").count == 5);
    CHECK(reason<seconds>("-5") == read_errc::invalid_value);
    CHECK(reason<seconds>("1.5") == read_errc::not_an_integer);
}

TEST_CASE("a container that is read into is emptied first") {
    std::vector<int> numbers = {1, 2, 3};
    std::map<std::string, int> map = {{"old", 1}};
    std::set<int> set = {9};
    CHECK_FALSE(read("[4]", numbers));
    CHECK_FALSE(read(R"({"new":2})", map));
    CHECK_FALSE(read("[1,1]", set));
    CHECK(numbers == std::vector<int>{4});
    CHECK(map == std::map<std::string, int>{{"new", 2}});
    CHECK(set == std::set<int>{1});
}

TEST_CASE("the struct's recursion ends where the depth limit is") {
    const auto nested = [](std::size_t levels) {  // an object and an array for each level, then one of each
        std::string text;
        for (std::size_t i = 0; i < levels; ++i) text += R"({"value":1,"children":[)";
        text += R"({"value":2,"children":[]})";
        for (std::size_t i = 0; i < levels; ++i) text += "]}";
        return text;
    };
    CHECK(reason<tree>(nested(31)) == read_errc::none);  // 64 levels
    CHECK(reason<tree>(nested(32)) == read_errc::too_deep);
    CHECK(reason<tree>(nested(255), {.depth = depth_max}) == read_errc::none);
}
