#include "eventcore/http/fields.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::http;

namespace {

std::vector<std::string> members_of(std::string_view list) {
    std::vector<std::string> members;
    for_each_list_member(list, [&](std::string_view member) {
        members.emplace_back(member);
        return true;
    });
    return members;
}

std::string lines_of(const fields& f) {
    std::string lines;
    for (auto i = f.begin(); i != f.end(); ++i) lines += i.line();
    return lines;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a field list finds lines by number and by name in any case") {
    const char text[] = "Hostexample.orgX-IdaX-IDb";
    const field_slot slots[] = {{0, 4, 11, 4, field_id::host, 0},
                                {15, 19, 1, 4, field_id::unknown, 0},
                                {20, 24, 1, 4, field_id::unknown, 0}};
    const field_list list(text, slots, 3);
    CHECK(list.size() == 3);
    CHECK(list.find(field_id::host) == "example.org");
    CHECK(list.find("hOST") == "example.org");
    CHECK(list.find("x-id") == "a");
    CHECK(list[2].value == "b");
    CHECK_FALSE(list.find("x-other"));
    CHECK_FALSE(list.contains(field_id::cookie));
    CHECK(list.count(field_id::host) == 1);
    std::string seen;
    for (const field_view field : list) seen += field.name;
    CHECK(seen == "HostX-IdX-ID");
    CHECK(field_list().empty());
}

TEST_CASE("fields keep their order and their spelling") {
    fields f;
    REQUIRE(f.add("X-One", "1"));
    REQUIRE(f.add(field_id::server, "me"));
    REQUIRE(f.add("x-one", "2"));
    CHECK(f.size() == 3);
    CHECK(lines_of(f) == "X-One: 1\r\nServer: me\r\nx-one: 2\r\n");
    CHECK(f.find("X-ONE") == "1");
    CHECK(f.find(field_id::server) == "me");
    CHECK((*f.begin()).id == field_id::unknown);
}

TEST_CASE("whitespace around a value is dropped and an empty value is a value") {
    fields f;
    REQUIRE(f.add("a", " \tb c\t "));
    REQUIRE(f.add("d", "  "));
    CHECK(lines_of(f) == "a: b c\r\nd: \r\n");
    CHECK(f.find("d") == "");
}

TEST_CASE("nothing that could end a line gets into fields") {
    fields f;
    for (std::string_view value :
         {std::string_view("a\r\nSet-Cookie: x"), std::string_view("a\nb"), std::string_view("a\rb"),
          std::string_view("a\0b", 3), std::string_view("\x7f"), std::string_view("\x1b[2J")}) {
        CHECK(f.add("x", value).error() == errc::invalid_argument);
        CHECK(f.set("x", value).error() == errc::invalid_argument);
    }
    for (std::string_view name : {"", "a b", "a:", "a\r\nb", "\x80", "a\t", "(x)"})
        CHECK(f.add(name, "v").error() == errc::invalid_argument);
    CHECK(f.empty());
    CHECK(f.add("utf-8", "\xc3\xa9\t ok").has_value());
}

TEST_CASE("fields refuse what is too large") {
    fields f;
    CHECK(f.add(std::string(fields::name_bytes_max + 1, 'n'), "v").error() == errc::too_large);
    CHECK(f.add("n", std::string(fields::value_bytes_max + 1, 'v')).error() == errc::too_large);
    const std::string big(fields::value_bytes_max, 'v');
    while (f.add("n", big)) {
    }
    CHECK(f.lines_bytes() <= fields::total_bytes_max);
    CHECK(f.size() == fields::total_bytes_max / fields::value_bytes_max - 1);
}

TEST_CASE("set leaves one line of a name and remove none") {
    fields f;
    REQUIRE(f.add("A", "1"));
    REQUIRE(f.add("B", "2"));
    REQUIRE(f.add("a", "3"));
    REQUIRE(f.add("C", "4"));
    REQUIRE(f.set("a", "5"));
    CHECK(lines_of(f) == "B: 2\r\nC: 4\r\na: 5\r\n");
    REQUIRE(f.set("D", "6"));
    CHECK(f.remove("b") == 1);
    CHECK(f.remove("b") == 0);
    CHECK(f.remove("") == 0);
    CHECK(lines_of(f) == "C: 4\r\na: 5\r\nD: 6\r\n");
    CHECK(f.remove("D") == 1);
    CHECK(f.remove("C") == 1);
    CHECK(f.remove("a") == 1);
    CHECK(f.empty());
}

TEST_CASE("a failed set changes nothing") {
    fields f;
    REQUIRE(f.add("A", "1"));
    CHECK_FALSE(f.set("A", "x\ny"));
    CHECK(lines_of(f) == "A: 1\r\n");
}

TEST_CASE("values and names may be views into the fields themselves") {
    fields f;
    REQUIRE(f.add("name", std::string(50, 'v')));
    for (int i = 0; i < 20; ++i) REQUIRE(f.add("copy", *f.find("name")));  // grows more than once
    for (const field_view field : f) CHECK(field.value == std::string(50, 'v'));
    REQUIRE(f.set("name", *f.find("copy")));
    REQUIRE(f.add("last", "x"));
    CHECK(f.find("name") == std::string(50, 'v'));
    CHECK(f.remove((*f.begin()).name) == 20);
    CHECK(f.size() == 2);
}

TEST_CASE("fields can be moved and used again") {
    fields f;
    REQUIRE(f.add("A", "1"));
    fields g = std::move(f);
    CHECK(g.find("A") == "1");
    f = fields();
    CHECK(f.empty());
    REQUIRE(f.add("B", "2"));
    g.clear();
    CHECK(g.begin() == g.end());
}

TEST_CASE("a list is split at its commas") {
    CHECK(members_of("a, b ,,c,") == names{"a", "b", "c"});
    CHECK(members_of("").empty());
    CHECK(members_of(" , ,").empty());
    CHECK(members_of(R"("a,b", "c\",d", e)") == names{R"("a,b")", R"("c\",d")", "e"});
    CHECK(members_of(R"(a, "unfinished, b)") == names{"a", R"("unfinished, b)"});
    CHECK(members_of("\"\\") == names{"\"\\"});
    CHECK(list_contains("keep-alive, Upgrade", "upgrade"));
    CHECK_FALSE(list_contains("keep-alives", "keep-alive"));
}
