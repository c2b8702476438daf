// The parser and the naive reading of the same grammar (reference.hpp) accept the same messages and refuse
// the same.
#include "fuzz.hpp"

#include <string>

#include "reference.hpp"
#include "support/h1_messages.hpp"

using namespace eventcore;
using namespace eventcore::test;
using reference::oddity;

// Bounds are no matter of grammar.
static h1::limits unbounded() {
    h1::limits bounds;
    bounds.request_line_bytes = bounds.field_section_bytes = bounds.trailer_section_bytes = 1 << 30;
    bounds.chunk_extension_bytes = bounds.chunk_overhead_bytes = bounds.trailer_count = 1 << 30;
    bounds.field_count = 2048;
    return bounds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;  // the fields fit their slots then
    std::string_view rest = as_text(data, size);
    const h1_reader ours = read_h1(rest, SIZE_MAX, unbounded());
    for (const h1_message& message : ours.messages()) {
        const reference::message theirs = reference::read(rest);
        must(theirs.why == oddity::fine, "what is accepted is allowed");
        must(theirs.method == message.method && theirs.target == message.target, "the same request line");
        must(theirs.fields == message.fields, "the same fields");
        must(theirs.content == message.content, "the same content");
        must(theirs.is_close == !message.keep_alive, "the same wish to close");
        rest.remove_prefix(theirs.bytes);
    }
    if (ours.end() == h1_end::closed) return 0;
    // What is kept of trailers is bounded whatever the limits are.
    if (ours.refusal() == http::status::request_header_fields_too_large) return 0;
    const reference::message next = reference::read(rest);
    must(next.why != oddity::fine, "what is allowed is accepted");
    // What is broken may be refused before it is complete, but a complete line that is broken must be.
    if (ours.end() == h1_end::waiting) must(next.why == oddity::unfinished, "what is not allowed is refused");
    return 0;
}
