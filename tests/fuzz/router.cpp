// Routing: lines of patterns, then a path. A table made of the patterns chooses the route that a naive search
// chooses by the rule of the documentation: literal before constrained parameter before parameter before
// tail, segment by segment from the left.
#include "fuzz.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "eventcore/base/parse_number.hpp"
#include "eventcore/http/percent.hpp"
#include "eventcore/web/runtime_router.hpp"
#include "reference.hpp"
#include "support/fake_exchange.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

constexpr std::size_t patterns_max = 24;

std::vector<std::string> split_raw(std::string_view path) {
    std::vector<std::string> all;
    if (path == "/") return {""};
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        all.emplace_back(path.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

std::string decode(const std::string& text) {
    std::string out(text.size(), '\0');
    out.resize(http::percent_decode(text, out.data()).value_or(0));
    return out;
}

bool is_uuid(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !reference::is_hex(text[i])) return false;
    }
    return text.size() == 36;
}

// In the order of preference; none does not match.
constexpr char literal = '0', uuid = '1', unsigned_number = '2', number = '3', any = '4', tail = '5',
               none = '6';

char kind_of(const std::string& pattern, const std::string& segment) {
    if (pattern.empty() || pattern.front() != '{') return decode(segment) == pattern ? literal : none;
    if (segment.empty()) return none;
    if (pattern.ends_with("...}") || pattern[1] == '*') return tail;
    const std::size_t colon = pattern.find(':');
    const std::string value = decode(segment);
    if (colon == std::string::npos) return any;
    const std::string name = pattern.substr(colon + 1, pattern.size() - colon - 2);
    if (name == "uuid") return is_uuid(value) ? uuid : none;
    if (name == "uint") return parse_decimal<std::uint64_t>(value) ? unsigned_number : none;
    return parse_decimal<std::int64_t>(value) ? number : none;
}

// The kinds of its segments, or empty when it does not match.
std::string rank(const std::string& pattern, const std::vector<std::string>& path) {
    const std::vector<std::string> segments = split_raw(pattern);
    std::string kinds;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (i == path.size()) return {};
        const char kind = kind_of(segments[i], path[i]);
        if (kind == none) return {};
        kinds += kind;
        if (kind != tail) continue;
        std::string rest;
        for (std::size_t k = i; k < path.size(); ++k) rest += (k == i ? "" : "/") + path[k];
        return has_escaped_slash(rest) ? std::string() : kinds;
    }
    return segments.size() == path.size() ? kinds : std::string();
}

std::string route_of(request& r) { return std::string(r.route()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> lines(1);
    for (const char c : as_text(data, size)) {
        if (c == '\n' && lines.size() <= patterns_max)
            lines.emplace_back();
        else
            lines.back() += c;
    }
    const std::string path = lines.back();
    lines.pop_back();
    runtime_router table;
    std::vector<std::string> known;
    for (const std::string& pattern : lines) {
        const bool added = table.add(http::method::get, pattern, route_of).has_value();
        must(added || !table.why().empty(), "a refusal has a reason");
        if (added) known.push_back(pattern);
    }
    if (!reference::is_path_and_query(path) || path.empty() || path.front() != '/') return 0;
    const std::string_view plain = std::string_view(path).substr(0, path.find('?'));
    const answer got = call(table.application(), "GET", path);
    const std::vector<std::string> segments = split_raw(plain);
    const bool climbs = std::any_of(segments.begin(), segments.end(), [](const std::string& segment) {
        const std::string text = decode(segment);
        return text == "." || text == "..";
    });
    if (climbs) return must(got.code == http::status::bad_request, "no dot segment is routed"), 0;
    const std::string* best = nullptr;
    std::string best_rank;
    for (const std::string& pattern : known) {
        const std::string now = rank(pattern, segments);
        if (now.empty() || (best && best_rank <= now)) continue;
        best = &pattern;
        best_rank = now;
    }
    must(got.code == (best ? http::status::ok : http::status::not_found), "found when something matches");
    if (best) must(got.content == *best, "the best match wins");
    return 0;
}
