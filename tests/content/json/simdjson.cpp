#include "eventcore/content/json/simdjson.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/content/json/read.hpp"

using namespace eventcore::json_codec;

namespace {

read_error parse(std::string_view text, const read_options& options = {}) {
    read_error error;
    const bool accepted =
        link_the_component_eventcore_json::parse(text, options, error, [](const node&) { return true; });
    CHECK(accepted == !error);
    return error;
}
read_errc reason(std::string_view text, const read_options& options = {}) {
    return parse(text, options).reason;
}
bool accepts(std::string_view text) { return !parse(text); }

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}

// One line of JSON describes one text of the JSON parsing test suite.
struct suite_case {
    std::string name;
    std::string expect;  // y: accept, n: refuse, i: either
    std::string raw;     // base64
};
std::string from_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0, count = 0;
    for (char c : text) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<unsigned>(alphabet.find(c));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 255);
    }
    return bytes;
}

}  // namespace

TEST_CASE("the tape has every value in the order of the text") {
    read_error error;
    const bool accepted = link_the_component_eventcore_json::parse(
        R"( {"a":[1,-2,0.5,"x\ty"],"\u0062":{"c":true,"d":null}} )", {}, error, [](const node& root) {
            REQUIRE(root.kind() == node_kind::object);
            CHECK(root.child_count() == 2);
            CHECK(root.offset() == 1);
            const node* name = root.first_child();
            CHECK(name->as_string() == "a");
            const node& array = name[1];
            REQUIRE(array.kind() == node_kind::array);
            CHECK(array.child_count() == 4);
            CHECK(array.offset() == 6);
            const node* element = array.first_child();
            CHECK(element[0].as_natural() == 1);
            CHECK(element[1].as_negative() == -2);
            CHECK(element[2].as_real() == 0.5);
            CHECK(element[3].as_string() == "x\ty");
            CHECK(element[3].offset() == 16);
            name = array.next();
            CHECK(name->as_string() == "b");
            CHECK(name[1].kind() == node_kind::object);
            CHECK(name[1].first_child()[1].as_boolean());
            CHECK(name[1].first_child()[3].kind() == node_kind::null);
            CHECK(name[1].next() == root.next());
            return true;
        });
    CHECK(accepted);
    CHECK_FALSE(error);
}

TEST_CASE("what the user of the tape answers is the answer") {
    read_error error;
    CHECK_FALSE(link_the_component_eventcore_json::parse("1", {}, error, [](const node&) { return false; }));
}

TEST_CASE("texts that are JSON are accepted") {
    for (const char* text :
         {"null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "\"\"", "[]", "{}", " [ ] ", "\t{\n}\r",
          "[[],{},[[]]]", R"({"":{"":""}})", R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", "\"\x7f\"",
          "123456789012345678901234567890", "0.000000000000000000000000000001"}) {
        INFO(text);
        CHECK(accepts(text));
    }
}

TEST_CASE("texts that are not JSON are refused") {
    for (const char* text : {" ",
                             "nul",
                             "nulll",
                             "True",
                             "truex",
                             "+1",
                             "01",
                             "-",
                             "-01",
                             "1.",
                             ".5",
                             "1e",
                             "1e+",
                             "0x10",
                             "1_000",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "'a'",
                             "\"a",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\t\"",
                             "[1,]",
                             "[,1]",
                             "[1 2]",
                             "[1",
                             "1]",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{1:2}",
                             "{\"a\" 1}",
                             "{\"a\":1 \"b\":2}",
                             "[1}",
                             "{\"a\":1]",
                             "[] []",
                             "1 1",
                             "\"a\"x",
                             "[\"a\"x]",
                             "[1x]",
                             "{}x",
                             "/**/1",
                             "[1]//",
                             "\"\\ud800\"",
                             "\"\\udc00\\ud800\"",
                             "\xEF\xBB\xBF{}"}) {
        INFO(text);
        CHECK(reason(text) == read_errc::malformed);
    }
    CHECK(reason("") == read_errc::malformed);
    CHECK(reason(std::string_view("1\0", 2)) == read_errc::malformed);
    CHECK(reason(std::string_view("[1\0]", 4)) == read_errc::malformed);
}

TEST_CASE("bytes that are not UTF-8 are refused and located") {
    for (const char* text : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"",
                             "\"\xE2\x82\"", "\"\x80\""}) {
        CHECK(reason(text) == read_errc::invalid_utf8);
        CHECK(parse(text).offset == 1);
    }
    CHECK(accepts("\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\""));
}

TEST_CASE("errors are located in the text") {
    CHECK(parse(R"({"a":nul})").offset == 5);
    CHECK(parse(R"([1,2,03])").offset == 5);
    CHECK(parse(R"([1,"a)").offset == 3);
    CHECK(parse("[1,\"ab\ncd\"]").offset == 6);
    CHECK(parse(R"(["\"", "\u12"])").offset == 7);
    CHECK(parse("[1] 2").offset <= 5);
    CHECK(parse("1 2").offset == 2);
    CHECK(parse(R"({"a":1,"b":2,"a":3})").offset == 13);
    CHECK(parse(R"({"a":{"b":[0,{"c":1e999}]}})").pointer == "/a/b/1/c");
}

TEST_CASE("nesting is limited before it can hurt") {
    CHECK(accepts(repeated("[", 64) + repeated("]", 64)));
    CHECK(reason(repeated("[", 65) + repeated("]", 65)) == read_errc::too_deep);
    CHECK(reason(repeated("{\"a\":", 65) + "1" + repeated("}", 65)) == read_errc::too_deep);
    CHECK(reason(repeated("[", 1'000'000) + repeated("]", 1'000'000)) == read_errc::too_deep);
    CHECK(reason(repeated("[{\"a\":", 500'000) + "]") == read_errc::too_deep);
    CHECK(reason(repeated("[", 1'000'000)) != read_errc::none);
    CHECK_FALSE(parse(repeated("[", depth_max) + repeated("]", depth_max), {.depth = depth_max}));
    CHECK(reason("[]", {.depth = 0}) == read_errc::too_deep);
    CHECK(reason("1", {.depth = 0}) == read_errc::none);
}

TEST_CASE("size and number of values are limited") {
    CHECK(reason("[1]", {.bytes = 3}) == read_errc::none);
    CHECK(reason("[1] ", {.bytes = 3}) == read_errc::too_large);
    CHECK(reason("[1,2]", {.values = 3}) == read_errc::none);
    CHECK(reason("[1,2]", {.values = 2}) == read_errc::too_large);
    CHECK(reason("[" + repeated("1,", 1'200'000) + "1]") == read_errc::too_large);
}

TEST_CASE("a name may stand once in an object, also when it is spelled differently") {
    CHECK(accepts(R"([{"a":1},{"a":1}])"));
    CHECK(accepts(R"({"a":{"a":1}})"));
    CHECK(reason(R"({"a":1,"b":2,"a":1})") == read_errc::duplicate_member);
    CHECK(reason(R"({"a":1,"\u0061":1})") == read_errc::duplicate_member);
    CHECK(parse(R"([0,{"x":{"a/b":1,"a\/b":1}}])").pointer == "/1/x/a~1b");
    std::string many = "{";
    for (int i = 0; i < 1000; ++i) many += "\"n" + std::to_string(i) + "\":0,";
    CHECK(accepts(many + "\"end\":0}"));
    CHECK(parse(many + "\"n500\":0}").pointer == "/n500");
}

TEST_CASE("a parser is used again after every outcome, and inside itself") {
    for (int round = 0; round < 3; ++round) {
        CHECK(accepts("[1,2,3]"));
        CHECK_FALSE(accepts("[1,2"));
        CHECK_FALSE(accepts("{\"a\":\"\\q\"}"));
        CHECK(accepts("\"" + std::string(300'000, 'x') + "\""));
        CHECK(accepts("\"" + repeated("\\u00e9", 30'000) + "\""));
    }
    read_error error;
    std::string outer;
    CHECK(link_the_component_eventcore_json::parse(R"(["out\ter"])", {}, error, [&](const node& root) {
        const bool inner = accepts(R"(["something\telse"])");
        outer = root.first_child()->as_string();
        return inner;
    }));
    CHECK(outer == "out\ter");
}

TEST_CASE("every prefix of a text, and every text with one byte changed, is handled") {
    const std::string text = R"({"a":[1,-2.5e3,"x\n\u00e9é",{"b":null}],"c":true})";
    for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(accepts(std::string(text, 0, size)));
    std::size_t accepted = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        for (int byte = 0; byte < 256; ++byte) {
            std::string changed = text;
            changed[at] = static_cast<char>(byte);
            accepted += accepts(changed);
        }
    CHECK(accepted > text.size());
}

// The texts are not part of the project: EVENTCORE_SUITES names the folder that has data/json_parsing.jsonl.
TEST_CASE("the JSON parsing test suite agrees, but for duplicate names") {
    const char* const suites = std::getenv("EVENTCORE_SUITES");
    std::vector<suite_case> cases = {{"y_own.json", "y", "WzFd"}, {"n_own.json", "n", "WzFdLA=="}};
    if (suites) {
        std::ifstream file(std::string(suites) + "/data/json_parsing.jsonl");
        REQUIRE(file);
        for (std::string line; std::getline(file, line);) {
            const read_error error = read(line, cases.emplace_back());
            INFO(error.message());
            REQUIRE_FALSE(error);
        }
        REQUIRE(cases.size() > 300);
    }
    for (const suite_case& each : cases) {
        const read_errc outcome = reason(from_base64(each.raw), {.depth = depth_max});
        INFO(each.name);
        if (each.name.find("duplicated_key") != std::string::npos)
            CHECK(outcome == read_errc::duplicate_member);
        else if (each.expect == "y")
            CHECK(outcome == read_errc::none);
        else if (each.expect == "n")
            CHECK(outcome != read_errc::none);
    }
}
