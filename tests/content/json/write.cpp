#include "eventcore/content/json/write.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "eventcore/base/byte_buffer.hpp"

using namespace eventcore;
using json_codec::write;

namespace {

template <class T>
std::string json_of(const T& value) {
    byte_buffer out;
    write(out, value);
    return std::string(out.view());
}

enum class colour { red, green };
struct point {
    int x = 1;
    int y = 2;
};
struct optionals {
    std::optional<int> first;
    int second = 2;
    std::unique_ptr<point> third;
    std::optional<std::string> fourth;
};
struct only_optionals {
    std::optional<int> a, b;
};
struct empty {};
struct message_body {
    std::string_view message;
};
struct tree {
    int value;
    std::vector<tree> children;
};
struct celsius {
    double degrees;
};
class account {
 public:
    explicit account(int number) : number_(number) {}

 private:
    friend struct eventcore::describe<account>;
    int number_;
};

// Room in pieces, each filled to its end: what a chain of buffers would be.
struct counting_sink {
    std::string text;
    std::string piece;
    std::size_t largest = 0;
    char* prepare(std::size_t bytes) {
        largest = bytes > largest ? bytes : largest;
        piece.assign(bytes, '#');
        return piece.data();
    }
    void commit(std::size_t bytes) { text.append(piece, 0, bytes); }
};

}  // namespace

template <>
struct eventcore::describe<account> {
    static constexpr auto members =
        eventcore::members(eventcore::member("account-number", &account::number_));
};
template <>
struct eventcore::describe<celsius> {
    static double to_json(const celsius& value) { return value.degrees; }
};

TEST_CASE("scalars are written as JSON has them") {
    CHECK(json_of(true) == "true");
    CHECK(json_of(false) == "false");
    CHECK(json_of(0) == "0");
    CHECK(json_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(json_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(json_of(static_cast<signed char>(-5)) == "-5");
    CHECK(json_of(static_cast<unsigned char>(200)) == "200");
    CHECK(json_of("text") == "\"text\"");
    CHECK(json_of(std::string_view()) == "\"\"");
    CHECK(json_of(static_cast<const char*>(nullptr)) == "null");
}

TEST_CASE("a double is the shortest text that reads back as itself") {
    CHECK(json_of(0.1) == "0.1");
    CHECK(json_of(0.1f) == "0.1");
    CHECK(json_of(1.0) == "1");
    CHECK(json_of(-0.0) == "-0");
    CHECK(json_of(1e300) == "1e+300");
    CHECK(json_of(5e-324) == "5e-324");
    CHECK(json_of(-std::numeric_limits<double>::max()) == "-1.7976931348623157e+308");
}

TEST_CASE("what JSON numbers cannot say is null") {
    CHECK(json_of(std::nan("")) == "null");
    CHECK(json_of(std::numeric_limits<double>::infinity()) == "null");
    CHECK(json_of(-std::numeric_limits<float>::infinity()) == "null");
}

TEST_CASE("strings are escaped where RFC 8259 demands it and nowhere else") {
    CHECK(json_of("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(json_of("\b\t\n\f\r") == R"("\b\t\n\f\r")");
    CHECK(json_of(std::string("\0\x0b\x1f\x7f", 4)) == "\"\\u0000\\u000b\\u001f\x7f\"");
    CHECK(json_of("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80") == "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"");
}

TEST_CASE("each byte is escaped rightly at each place of a word") {
    for (int byte = 0; byte < 0x80; ++byte) {
        const char c = static_cast<char>(byte);
        const std::string alone = json_of(std::string(1, c));
        const std::string inside = alone.substr(1, alone.size() - 2);
        CHECK((inside.size() == 1) == (byte >= 0x20 && c != '"' && c != '\\'));
        for (std::size_t before = 0; before < 18; ++before)
            for (std::size_t after : {0u, 1u, 7u, 8u, 9u}) {
                const std::string left(before, 'l'), right(after, 'r');
                if (json_of(left + c + right) != "\"" + left + inside + right + "\"") FAIL("byte " << byte);
            }
    }
}

TEST_CASE("bytes that are not UTF-8 become replacement characters, also across blocks") {
    CHECK(json_of("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
    CHECK(json_of("\xC3") == "\"\xEF\xBF\xBD\"");
    CHECK(json_of("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    for (std::size_t before = 240; before < 270; ++before) {  // a block has 256 bytes
        const std::string text = "\n" + std::string(before, 'x') + "\xE2\x82\xAC" + std::string(600, '\x01');
        std::string wanted = "\"\\n" + std::string(before, 'x') + "\xE2\x82\xAC";
        for (int i = 0; i < 600; ++i) wanted += "\\u0001";
        if (json_of(text) != wanted + "\"") FAIL("after " << before);
    }
}

TEST_CASE("containers are arrays and objects") {
    CHECK(json_of(std::vector<int>{}) == "[]");
    CHECK(json_of(std::vector<int>{1, 2, 3}) == "[1,2,3]");
    CHECK(json_of(std::vector<bool>{true, false}) == "[true,false]");
    CHECK(json_of(std::set<std::string>{"b", "a"}) == R"(["a","b"])");
    CHECK(json_of(std::array<double, 2>{0.5, 1.5}) == "[0.5,1.5]");
    const int numbers[] = {4, 5};
    CHECK(json_of(std::span<const int>(numbers)) == "[4,5]");
    CHECK(json_of(std::pair<int, std::string>(1, "x")) == R"([1,"x"])");
    CHECK(json_of(std::tuple<>()) == "[]");
    CHECK(json_of(std::map<std::string, int>{}) == "{}");
    CHECK(json_of(std::map<std::string, point>{{"a\n", {}}, {"b", {3, 4}}}) ==
          R"({"a\n":{"x":1,"y":2},"b":{"x":3,"y":4}})");
}

TEST_CASE("structs are objects, nested and recursive") {
    CHECK(json_of(empty{}) == "{}");
    CHECK(json_of(point{}) == R"({"x":1,"y":2})");
    CHECK(json_of(message_body{"Hello, World!"}) == R"({"message":"Hello, World!"})");
    CHECK(json_of(tree{1, {{2, {}}, {3, {{4, {}}}}}}) ==
          R"({"value":1,"children":[{"value":2,"children":[]},)"
          R"({"value":3,"children":[{"value":4,"children":[]}]}]})");
}

TEST_CASE("an empty optional member is left out, and the commas are right without it") {
    CHECK(json_of(optionals{}) == R"({"second":2})");
    CHECK(json_of(optionals{1, 2, nullptr, "d"}) == R"({"first":1,"second":2,"fourth":"d"})");
    CHECK(json_of(optionals{std::nullopt, 2, std::make_unique<point>(), {}}) ==
          R"({"second":2,"third":{"x":1,"y":2}})");
    CHECK(json_of(only_optionals{}) == "{}");
    CHECK(json_of(only_optionals{{}, 2}) == R"({"b":2})");
}

TEST_CASE("an empty optional that is no member is null") {
    CHECK(json_of(std::optional<int>()) == "null");
    CHECK(json_of(std::vector<std::optional<int>>{1, {}}) == "[1,null]");
    CHECK(json_of(std::map<std::string, std::optional<int>>{{"a", {}}}) == R"({"a":null})");
    CHECK(json_of(std::shared_ptr<point>()) == "null");
    CHECK(json_of(std::optional<std::optional<int>>(std::optional<int>())) == "null");
}

TEST_CASE("an enum is its name, or its number when the value has none") {
    CHECK(json_of(colour::green) == R"("green")");
    CHECK(json_of(static_cast<colour>(77)) == "77");
    CHECK(json_of(static_cast<colour>(-1)) == "-1");
}

TEST_CASE("a variant is what it holds") {
    CHECK(json_of(std::variant<int, std::string>("x")) == R"("x")");
    CHECK(json_of(std::variant<int, point>(point{})) == R"({"x":1,"y":2})");
}

TEST_CASE("describe decides for classes and conversions") {
    CHECK(json_of(account(7)) == R"({"account-number":7})");
    CHECK(json_of(std::vector<celsius>{{1.5}}) == "[1.5]");
}

TEST_CASE("a value is appended to what is there, and takes no block while the buffer has room") {
    byte_buffer out;
    out.append("data: ");
    const std::size_t text_bytes = std::string_view(R"({"message":"Hello, World!"})").size();
    out.prepare(text_bytes);
    const char* const block = out.data();
    const std::size_t capacity = out.capacity();
    write(out, message_body{"Hello, World!"});
    CHECK(out.view() == R"(data: {"message":"Hello, World!"})");
    CHECK(out.data() == block);
    CHECK(out.capacity() == capacity);
}

TEST_CASE("any sink that lends room will do, and a clean string asks for no more than it needs") {
    counting_sink out;
    const std::string text(5000, 'x');
    write(out, std::vector<std::string>{text, "\n"});
    CHECK(out.text == "[\"" + text + "\",\"\\n\"]");
    CHECK(out.largest == text.size() + 2);
}
