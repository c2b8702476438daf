// The raw requests of the shared suites through the parser alone, cut at every place. They are no part of the
// project: EVENTCORE_SUITES names the folder that has data/h1_requests_dev.jsonl.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "support/h1_messages.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

struct suite_case {
    std::string id, raw;
    std::vector<std::string> allowed;  // outcomes; a case may allow several
};

std::string from_base64(std::string_view text) {
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        constexpr std::string_view digits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const std::size_t value = digits.find(c);
        if (value == std::string_view::npos) break;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

// The strings behind "name": one, or all of a list. The files are written by one program, in one form.
std::vector<std::string> strings_of(std::string_view line, std::string_view name) {
    std::vector<std::string> found;
    std::size_t at = line.find("\"" + std::string(name) + "\": ");
    if (at == std::string_view::npos) return found;
    at += name.size() + 4;
    const std::size_t end = line[at] == '[' ? line.find(']', at) : line.find('"', at + 1) + 1;
    while ((at = line.find('"', at)) < end) {
        const std::size_t close = line.find('"', at + 1);
        found.emplace_back(line.substr(at + 1, close - at - 1));
        at = close + 1;
    }
    return found;
}

std::vector<suite_case> read_cases() {
    std::vector<suite_case> cases = {
        {"own-1", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", {"AI"}},
        {"own-2", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabx\r\n", {"AR"}},
    };
    const char* const suites = std::getenv("EVENTCORE_SUITES");
    if (!suites) return cases;
    std::ifstream file(std::string(suites) + "/data/h1_requests_dev.jsonl");
    REQUIRE(file);
    for (std::string line; std::getline(file, line);) {
        suite_case one{strings_of(line, "id").at(0), from_base64(strings_of(line, "raw").at(0)), {}};
        for (const char* list : {"ok", "tol"})
            for (const std::string& outcome : strings_of(line, list)) one.allowed.push_back(outcome);
        cases.push_back(one);
    }
    REQUIRE(cases.size() > 800);
    return cases;
}

// "!" says that the connection ends then, which only a server can show.
std::string plain(std::string outcome) {
    std::erase(outcome, '!');
    return outcome;
}

}  // namespace

TEST_CASE("every case of the suites has an outcome it allows, wherever its octets are cut") {
    for (const suite_case& each : read_cases()) {
        INFO(each.id);
        const std::string_view raw = each.raw;
        const h1_reader whole = read_h1(raw);
        CHECK(std::any_of(each.allowed.begin(), each.allowed.end(), [&](const std::string& allowed) {
            return plain(allowed) == plain(whole.outcome());
        }));
        if (raw.size() > 4096) continue;  // cut in pieces below
        bool same = true;
        for (std::size_t cut = 1; cut < raw.size(); ++cut) {
            h1_reader reader;
            reader.feed(raw.substr(0, cut));
            reader.feed(raw.substr(cut));
            same = same && reader == whole;
        }
        CHECK(same);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}})
            CHECK(read_h1(raw, piece) == whole);
    }
}
