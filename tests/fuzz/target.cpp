// Targets, hosts, percent-encoding, queries and path segments: each against its grammar, and each way back.
#include "fuzz.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "eventcore/http/percent.hpp"
#include "eventcore/http/query.hpp"
#include "eventcore/http/target.hpp"
#include "eventcore/web/path.hpp"
#include "reference.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

// Lies at the end of its memory, so that a sanitizer sees reads behind it.
std::vector<char> exact(std::string_view text) { return {text.begin(), text.end()}; }

void check_path(std::string_view path) {
    arena memory;
    split_path split_up;
    const path_outcome outcome = split(path, memory, split_up);
    must(outcome == path_outcome::ok || outcome == path_outcome::dot_segment, "a path of a target splits");
    if (outcome != path_outcome::ok) return;
    std::size_t at = 1;
    for (std::size_t i = 0; i < split_up.count; ++i) {
        const std::string_view segment = split_up.segments[i].view();
        const std::size_t end = std::min(path.find('/', at), path.size());
        std::string decoded(end - at, '\0');
        const auto size = http::percent_decode(path.substr(at, end - at), decoded.data());
        must(size && std::string_view(decoded).substr(0, *size) == segment, "a segment is decoded once");
        must(segment != "." && segment != "..", "no segment climbs");
        must(segment.find('\0') == std::string_view::npos, "no NUL gets through");
        at = end + 1;
    }
    if (split_up.is_complete) must(at == path.size() + 1, "every segment is there");
}

void check_target(http::method verb, std::string_view target) {
    const std::string_view name = verb == http::method::other ? "BREW" : http::to_string(verb);
    const auto parts = http::parse_target(verb, target);
    must(parts.has_value() == reference::is_target(name, target), "the grammar decides");
    must(parts.has_value() <= http::parse_target(verb, target, true).has_value(), "leniency only adds");
    if (!parts || parts->form == http::target_form::authority || parts->path == "*") return;
    std::string again(parts->path);
    if (parts->has_query) again.append("?").append(parts->query);
    must(target.size() >= again.size() || again == "/", "the parts are of the target");
    if (parts->form == http::target_form::origin) must(again == target, "nothing is lost");
    check_path(parts->path);
}

void check_percent(std::string_view text) {
    std::string encoded(http::percent_encoded_bytes(text), '\0');
    char* const end = http::percent_encode(text, encoded.data());
    must(end == encoded.data() + encoded.size(), "as long as was said");
    std::string decoded(encoded.size(), '\0');
    const auto size = http::percent_decode(encoded, decoded.data());
    must(size.has_value() == (text.find('\0') == std::string_view::npos), "only NUL does not come back");
    if (size) must(std::string_view(decoded).substr(0, *size) == text, "what was encoded comes back");
    std::string once(text.size(), '\0');
    const auto plain = http::percent_decode(text, once.data());
    if (plain) must(*plain <= text.size(), "decoding never grows");
}

void check_query(std::string_view query) {
    arena memory;
    bool all_decode = true;
    http::query_reader reader(query);
    while (const auto pair = reader.next()) {
        const auto name = http::percent_decode(pair->name, memory, http::plus_sign::space);
        const auto value = http::percent_decode(pair->value, memory, http::plus_sign::space);
        all_decode = all_decode && name && value;
        if (!name) continue;
        must(http::encoded_equals(pair->name, *name), "a name equals itself, decoded");
        const http::query_value found = http::find_query_value(query, *name, memory);
        must(found.outcome != http::query_outcome::missing, "what is there is found");
    }
    must(all_decode == http::is_well_formed_query(query), "well-formed means that all of it decodes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::vector<char> memory = exact(as_text(data + 1, size - 1));
    const std::string_view text{memory.data(), memory.size()};
    const auto verb = static_cast<http::method>(data[0] % (static_cast<unsigned>(http::method::other) + 1));
    check_target(verb, text);
    must(http::is_valid_host(text) == reference::is_authority(text), "the grammar of hosts decides");
    must(http::is_ipv6_address(text) == reference::is_ipv6(text), "inet_pton() decides about IPv6");
    check_percent(text);
    check_query(text);
    return 0;
}
