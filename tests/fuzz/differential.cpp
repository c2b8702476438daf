// Our reading of a connection against Debian's http-parser (libhttp-parser-dev). Where both accept a message
// they must understand the same; where one refuses what the other accepts there must be a reason we know,
// found by the naive reading of the grammar (reference.hpp). Where files are replayed, the reasons
// are counted on stderr at the end.
//
// This is what request smuggling is made of: two parsers that accept, and disagree.
#include "fuzz.hpp"

#include <http_parser.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "reference.hpp"
#include "support/h1_messages.hpp"

using namespace eventcore;
using namespace eventcore::test;
using reference::oddity;

namespace {

struct their_message {
    std::string method, url, content;
    owned_fields fields;
    int minor_version = 0;
    bool is_complete = false;
};

struct their_reading {
    std::vector<their_message> messages;
    http_errno error = HPE_OK;
    bool has_upgraded = false;
    bool in_value = false, in_trailers = false;
};

their_reading& of(http_parser* p) { return *static_cast<their_reading*>(p->data); }

http_parser_settings settings() {
    http_parser_settings s;
    http_parser_settings_init(&s);
    s.on_message_begin = [](http_parser* p) {
        of(p).messages.emplace_back();
        of(p).in_trailers = of(p).in_value = false;
        return 0;
    };
    s.on_url = [](http_parser* p, const char* at, size_t size) {
        of(p).messages.back().url.append(at, size);
        return 0;
    };
    s.on_header_field = [](http_parser* p, const char* at, size_t size) {
        their_reading& r = of(p);
        if (r.in_trailers) return 0;
        owned_fields& fields = r.messages.back().fields;
        if (fields.empty() || std::exchange(r.in_value, false)) fields.emplace_back();
        fields.back().first.append(at, size);
        return 0;
    };
    s.on_header_value = [](http_parser* p, const char* at, size_t size) {
        their_reading& r = of(p);
        if (r.in_trailers) return 0;
        r.in_value = true;
        r.messages.back().fields.back().second.append(at, size);
        return 0;
    };
    s.on_headers_complete = [](http_parser* p) {
        their_message& m = of(p).messages.back();
        m.method = http_method_str(static_cast<http_method>(p->method));
        m.minor_version = p->http_minor;
        of(p).in_trailers = true;
        return 0;
    };
    s.on_body = [](http_parser* p, const char* at, size_t size) {
        of(p).messages.back().content.append(at, size);
        return 0;
    };
    s.on_message_complete = [](http_parser* p) {
        of(p).messages.back().is_complete = true;
        return 0;
    };
    return s;
}

their_reading read_theirs(std::string_view bytes) {
    static const http_parser_settings callbacks = settings();
    their_reading reading;
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &reading;
    http_parser_execute(&parser, &callbacks, bytes.data(), bytes.size());
    reading.error = HTTP_PARSER_ERRNO(&parser);
    reading.has_upgraded = parser.upgrade;
    while (!reading.messages.empty() && !reading.messages.back().is_complete) reading.messages.pop_back();
    return reading;
}

// How often each reason explained a disagreement.
struct tally {
    std::size_t refused_by_us[32] = {};
    std::size_t refused_by_them[64] = {};
    std::size_t agreed = 0;
    ~tally() {
        std::fprintf(stderr, "messages both accepted and understood alike: %zu\n", agreed);
        for (std::size_t i = 0; i < 32; ++i)
            if (refused_by_us[i]) std::fprintf(stderr, "we refuse, reason %zu: %zu\n", i, refused_by_us[i]);
        for (std::size_t i = 0; i < 64; ++i)
            if (refused_by_them[i])
                std::fprintf(stderr, "they refuse, %s: %zu\n", http_errno_name(static_cast<http_errno>(i)),
                             refused_by_them[i]);
    }
} counts;

// After the head of a CONNECT, or of a request to upgrade, they read no further; we answer first.
bool hands_over(const h1_message& m) { return m.verb == http::method::connect || m.has_upgrade; }

void compare(const h1_message& ours, const their_message& theirs) {
    must(ours.method == theirs.method, "the same method");
    must(ours.target == theirs.url, "the same target");
    must(hands_over(ours) || ours.content == theirs.content, "the same content");
    must(ours.fields.size() == theirs.fields.size(), "as many fields");
    for (std::size_t i = 0; i < ours.fields.size(); ++i) {
        must(ours.fields[i].first == theirs.fields[i].first, "the same name");
        must(ours.fields[i].second == reference::trim(theirs.fields[i].second), "the same value");
    }
    must(ours.minor_version == (theirs.minor_version == 0 ? 0 : 1), "the same version");
    ++counts.agreed;
}

bool has_name_like_transfer_encoding(const h1_message& m) {
    constexpr std::string_view name = "transfer-encoding";
    for (const auto& field : m.fields)
        if (field.first.size() > name.size() && starts_with_ignoring_case(field.first, name)) return true;
    return false;
}

// Why they may refuse a message that we accept; each is known, and no danger: who refuses cannot be fooled.
bool is_explained(const h1_message& m, http_errno error) {
    switch (error) {
        case HPE_INVALID_METHOD:
            return m.verb == http::method::other;  // they know a list, we any token
        // They spell URLs by rules of their own: no obs characters, no empty port, no "?" behind an
        // authority, no IPvFuture. The URL of absolute-form and authority-form is not what we compare them
        // for.
        case HPE_INVALID_URL: return m.form != http::target_form::origin;
        case HPE_INVALID_CONSTANT: return true;  // a method that begins like one they know, an odd version
        case HPE_INVALID_VERSION:
            return m.minor_version == 1;  // 1.2 to 1.9: RFC 9110, 2.5 reads them as 1.1
        // Extensions and quoted strings in chunks; a trailer they take for framing.
        case HPE_INVALID_CHUNK_SIZE: return m.framing == http::body_framing::chunked;
        case HPE_STRICT: return m.framing == http::body_framing::chunked;
        case HPE_HEADER_OVERFLOW: return true;
        // A name that only begins with "Transfer-Encoding" counts as that one, for them; and they do not
        // ignore the empty members of a list (RFC 9110, 5.6.1.2).
        case HPE_INVALID_TRANSFER_ENCODING:
            return has_name_like_transfer_encoding(m) || m.framing == http::body_framing::chunked;
        // A tab behind the number: whitespace to us (RFC 9110, 5.6.3), not to them.
        case HPE_INVALID_CONTENT_LENGTH: return m.framing != http::body_framing::chunked;
        case HPE_UNEXPECTED_CONTENT_LENGTH: return has_name_like_transfer_encoding(m);
        default: return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(data, size);
    h1::limits wide;
    wide.request_line_bytes = wide.field_section_bytes = wide.trailer_section_bytes = 1 << 20;
    wide.chunk_extension_bytes = wide.chunk_overhead_bytes = 1 << 20;
    wide.field_count = 2048;
    wide.trailer_count = 2048;
    const h1_reader ours = read_h1(bytes, SIZE_MAX, wide);
    const their_reading theirs = read_theirs(bytes);
    const std::size_t both = std::min(ours.messages().size(), theirs.messages.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < both; ++i) {
        compare(ours.messages()[i], theirs.messages[i]);
        if (hands_over(ours.messages()[i])) return 0;
        at += reference::read(bytes.substr(at)).bytes;
    }
    if (ours.messages().size() > both) {
        if (theirs.has_upgraded) return 0;  // for HTTP/1.0 too, where Upgrade means nothing to us
        must(theirs.error != HPE_OK, "whoever does not accept what is complete refuses it");
        const bool known = is_explained(ours.messages()[both], theirs.error);
        must(known, http_errno_description(theirs.error));
        ++counts.refused_by_them[theirs.error];
    } else if (theirs.messages.size() > both && ours.end() != h1_end::closed) {
        if (ours.refusal() == http::status::request_header_fields_too_large) return 0;
        const bool was_handed_over = theirs.has_upgraded && theirs.messages.size() == both + 1;
        const oddity why = reference::read(bytes.substr(at)).why;
        const bool has_reason = why != oddity::fine && why != oddity::unfinished;
        // Its head is good; its content is still to come, or broken, and they have not looked at it.
        if (was_handed_over && (ours.end() == h1_end::waiting || !has_reason)) return 0;
        must(ours.end() == h1_end::refused, "whoever does not accept what is complete refuses it");
        must(has_reason, "we have a reason in the grammar");
        ++counts.refused_by_us[static_cast<std::size_t>(why)];
    }
    return 0;
}
