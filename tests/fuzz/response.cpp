// What is sent: whatever a handler puts into a response, the head has the bytes that were reserved for it,
// one line for each field that was taken, and nothing that a recipient could read as the end of the head or
// another message.
#include "fuzz.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "eventcore/base/ascii.hpp"
#include "eventcore/http/h1/serializer.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

// Takes choices off the front of the input.
struct choices {
    std::string_view left;
    unsigned number(unsigned below) {
        if (left.empty()) return 0;
        const auto value = static_cast<unsigned char>(left.front());
        left.remove_prefix(1);
        return value % below;
    }
    std::string_view text() {
        const std::size_t wanted = number(256);  // first: it takes from what is left
        const std::size_t size = std::min(wanted, left.size());
        const std::string_view taken = left.substr(0, size);
        left.remove_prefix(size);
        return taken;
    }
};

// The same as http::fields, with strings.
void model_add(lines& model, std::string_view name, std::string_view value) {
    model.emplace_back(name, trim_ows(value));
}
std::size_t model_remove(lines& model, std::string_view name) {
    const std::string wanted(name);
    return static_cast<std::size_t>(
        std::erase_if(model, [&](const auto& line) { return equal_ignoring_case(line.first, wanted); }));
}

void fill(choices& from, http::fields& fields, lines& model) {
    while (from.left.size() > 2) {
        const unsigned what = from.number(8);
        const std::string_view name = from.text(), value = from.text();
        const bool good = is_token(name) && http::is_field_value(trim_ows(value)) &&
                          name.size() <= http::fields::name_bytes_max;
        if (what < 5) {
            must(fields.add(name, value).has_value() == good, "a line is taken when it is well-formed");
            if (good) model_add(model, name, value);
        } else if (what < 7) {
            must(fields.set(name, value).has_value() == good, "as with add()");
            if (good) model_remove(model, name);
            if (good) model_add(model, name, value);
        } else {
            must(fields.remove(name) == (name.empty() ? 0 : model_remove(model, name)),
                 "as many as there were");
        }
    }
    std::size_t at = 0;
    must(fields.size() == model.size(), "as many lines");
    for (const http::field_view field : fields) {
        must(field.name == model[at].first && field.value == model[at].second, "the same lines");
        ++at;
    }
    for (const auto& [name, value] : model) must(fields.find(name).has_value(), "every line is found");
}

void check_head(std::string_view text, const h1::response_head& head, const lines& model) {
    must(text.size() >= 4 && text.find("\r\n\r\n") == text.size() - 4, "the head ends once, at its end");
    must(text.substr(0, 9) == "HTTP/1.1 " && text[12] == ' ', "a status line begins it");
    lines read;
    std::string_view rest = text.substr(text.find("\r\n") + 2);
    for (; rest != "\r\n"; rest.remove_prefix(rest.find("\r\n") + 2)) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        must(line.find_first_of("\r\n") == std::string_view::npos, "no line break inside a line");
        const std::size_t colon = line.find(": ");
        must(colon != std::string_view::npos && is_token(line.substr(0, colon)), "each line has a name");
        read.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    const auto count = [&](http::field_id id) {
        return std::count_if(read.begin(), read.end(),
                             [&](const auto& line) { return http::find_field_id(line.first) == id; });
    };
    using enum http::field_id;
    must(count(content_length) == (head.framing == h1::content_framing::content_length),
         "one length, or none");
    must(count(transfer_encoding) == (head.framing == h1::content_framing::chunked), "one coding, or none");
    must(count(connection) == (head.connection != h1::connection_option::implied), "one Connection, or none");
    must(count(date) == !head.date.empty(), "one Date");
    for (const auto& line : model)
        if (!h1::is_framing_field(http::find_field_id(line.first)))
            must(std::find(read.begin(), read.end(), line) != read.end(), "what the handler said is said");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    choices from{as_text(data, size)};
    h1::response_head head;
    head.code = static_cast<http::status>(from.number(256) * 4 + from.number(4));
    head.connection = static_cast<h1::connection_option>(from.number(4));
    const auto verb = static_cast<http::method>(from.number(10));
    const bool has_length = from.number(2) != 0;
    const h1::content_rules rules =
        h1::rules_for(verb, head.code, static_cast<std::uint8_t>(from.number(2)), has_length);
    must(!rules.sends_content || verb != http::method::head, "HEAD gets no content");
    must(!rules.sends_content || rules.framing != h1::content_framing::none, "content is framed");
    head.framing = rules.framing;
    head.content_length = UINT64_MAX >> from.number(64);
    if (from.number(2) != 0) head.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    if (from.number(2) != 0) head.server = "EventCore";
    if (from.number(2) != 0) head.content_type = "text/plain; charset=utf-8";
    if (head.connection == h1::connection_option::upgrade) head.upgrade = "websocket";
    http::fields fields;
    lines model;
    fill(from, fields, model);
    head.fields = &fields;
    std::vector<char> memory(h1::response_head_bytes(head));
    char* const end = h1::write_response_head(memory.data(), head);
    const auto written = static_cast<std::size_t>(end - memory.data());
    must(written <= memory.size(), "no more than was reserved");
    check_head({memory.data(), written}, head, model);
    return 0;
}
