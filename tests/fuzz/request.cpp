// The head parser and the content of a whole connection: however bytes are cut, the same is understood; what
// is accepted obeys the grammar, and means the same when it is written again.
#include "fuzz.hpp"

#include <algorithm>
#include <string>

#include "eventcore/base/ascii.hpp"
#include "support/h1_messages.hpp"

using namespace eventcore;
using namespace eventcore::test;

namespace {

bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet <= 0x20 || octet == 0x7f;
    });
}

void check_fields(const owned_fields& fields) {
    for (const auto& [name, value] : fields) {
        must(is_token(name), "a field name is a token");
        must(http::is_field_value(value), "a field value has no control octet");
        must(trim_ows(value).size() == value.size(), "a field value has no whitespace at its ends");
    }
}

std::size_t count(const owned_fields& fields, std::string_view wanted) {
    return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), [&](const auto& field) {
        return equal_ignoring_case(field.first, wanted);
    }));
}

void check(const h1_message& m) {
    must(is_token(m.method), "a method is a token");
    must(!m.target.empty() && is_clean(m.target), "a target has no space and no control octet");
    must(is_clean(m.authority) && http::is_valid_host(m.authority), "an authority is a host and a port");
    must(m.authority.find('@') == std::string::npos, "an authority has no user");
    must(http::has_valid_escapes(m.path, true), "the escapes of a path are well-formed");
    must(m.form == http::target_form::authority ? m.path.empty() : m.path == "*" || m.path[0] == '/',
         "a path begins with a slash");
    must((m.form == http::target_form::authority) == (m.verb == http::method::connect), "CONNECT alone");
    must(m.path != "*" || m.verb == http::method::options, "an asterisk is for OPTIONS alone");
    check_fields(m.fields);
    check_fields(m.trailers);
    must(count(m.fields, "host") == 1 || (m.minor_version == 0 && count(m.fields, "host") == 0), "one Host");
    const bool has_length = count(m.fields, "content-length") != 0;
    must(count(m.fields, "content-length") <= 1, "one Content-Length");
    const bool has_coding = count(m.fields, "transfer-encoding") != 0;
    must(!has_length || !has_coding, "Content-Length or Transfer-Encoding");
    must(has_coding == (m.framing == http::body_framing::chunked), "Transfer-Encoding means chunked");
    must(!has_coding || m.minor_version == 1, "HTTP/1.0 has no Transfer-Encoding");
    must(m.framing != http::body_framing::content_length || m.content.size() == m.content_length, "length");
    must(m.framing != http::body_framing::none || m.content.empty(), "no content without framing");
    must(m.framing == http::body_framing::chunked || m.trailers.empty(), "trailers follow chunks");
}

std::string written(const h1_message& m) {
    std::string text = m.method + ' ' + m.target + " HTTP/1." + std::to_string(m.minor_version) + "\r\n";
    for (const auto& [name, value] : m.fields) text += name + ": " + value + "\r\n";
    text += "\r\n";
    if (m.framing != http::body_framing::chunked) return text + m.content;
    if (!m.content.empty()) {
        char header[h1::chunk_header_bytes_max];
        text.append(header, h1::write_chunk_header(header, m.content.size())).append(m.content) += "\r\n";
    }
    text += "0\r\n";
    for (const auto& [name, value] : m.trailers) text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(data, size);
    const h1_reader whole = read_h1(bytes);
    if (size <= 512) must(read_h1(bytes, 1) == whole, "octet by octet the same is understood");
    const std::size_t piece = size == 0 ? 1 : 1 + data[size / 2] % 61;
    must(read_h1(bytes, piece) == whole, "in pieces the same is understood");
    h1::limits wide;
    wide.request_line_bytes = wide.field_section_bytes = wide.trailer_section_bytes = 1 << 20;
    for (const h1_message& message : whole.messages()) {
        check(message);
        const h1_reader again = read_h1(written(message), SIZE_MAX, wide);
        must(again.messages().size() == 1 && again.messages().front() == message, "written again, the same");
    }
    return 0;
}
