// The chunked decoder: however the octets are cut, the same content, trailers and end; it agrees with the
// naive reading of the grammar; and what the encoder writes comes back.
#include "fuzz.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "eventcore/http/h1/chunked.hpp"
#include "reference.hpp"

using namespace eventcore;
using namespace eventcore::test;
using reference::oddity;

namespace {

struct decoded {
    h1::chunk_status state = h1::chunk_status::need_more;
    http::status refusal = http::status::ok;
    std::size_t consumed = 0;  // at the end: of all octets
    std::string content;
    std::string trailers;
    bool operator==(const decoded&) const = default;
};

// What is given again, with more behind it, lies in memory of exactly its size.
decoded decode(std::string_view bytes, std::size_t piece, const h1::limits& bounds) {
    h1::chunked_decoder decoder;
    http::fields trailers;
    decoded out;
    std::size_t given = 0;
    while (true) {
        const std::size_t size = given - out.consumed;
        const std::unique_ptr<char[]> copy(new char[size]);
        bytes.copy(copy.get(), size, out.consumed);
        const h1::chunk_step step = decoder.step(copy.get(), size, bounds, &trailers);
        must(step.consumed <= size, "no more is consumed than there is");
        out.consumed += step.consumed;
        out.content += step.data;
        out.state = step.state;
        out.refusal = step.refusal;
        if (step.state == h1::chunk_status::data) continue;
        if (step.state != h1::chunk_status::need_more || given == bytes.size()) break;
        given += std::min(piece, bytes.size() - given);
    }
    for (const http::field_view field : trailers)
        out.trailers.append(field.name).append(": ").append(field.value) += '\n';
    if (out.state != h1::chunk_status::end) out.consumed = 0;
    must((out.state == h1::chunk_status::end) == decoder.is_done(), "is_done() says so");
    return out;
}

void check_round_trip(const std::string& content, std::size_t chunk) {
    std::string encoded;
    for (std::size_t at = 0; at < content.size(); at += chunk) {
        const std::string piece = content.substr(at, chunk);
        char header[h1::chunk_header_bytes_max];
        encoded.append(header, h1::write_chunk_header(header, piece.size())).append(piece) += h1::chunk_end;
    }
    encoded += h1::last_chunk;
    const decoded back = decode(encoded, SIZE_MAX, {});
    must(back.state == h1::chunk_status::end && back.content == content, "what was encoded comes back");
    must(back.consumed == encoded.size(), "all of it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(data, size);
    const h1::limits usual;
    const decoded whole = decode(bytes, SIZE_MAX, usual);
    if (size <= 512) must(decode(bytes, 1, usual) == whole, "octet by octet the same");
    must(decode(bytes, 1 + (size == 0 ? 0 : data[size / 2] % 61), usual) == whole, "in pieces the same");

    h1::limits wide;
    wide.trailer_section_bytes = wide.chunk_extension_bytes = wide.chunk_overhead_bytes = 1 << 30;
    wide.trailer_count = 1 << 30;
    const decoded ours = decode(bytes, SIZE_MAX, wide);
    if (ours.refusal != http::status::request_header_fields_too_large) {
        std::string_view rest = bytes;
        std::string content;
        const oddity why = reference::take_chunks(rest, content);
        must((ours.state == h1::chunk_status::end) == (why == oddity::fine), "the grammar decides");
        if (ours.state == h1::chunk_status::need_more) must(why == oddity::unfinished, "no early promise");
        if (why == oddity::fine) {
            must(ours.content == content, "the same content");
            must(ours.consumed == bytes.size() - rest.size(), "the same end");
        }
    }
    if (size != 0) check_round_trip(std::string(bytes.substr(1)), 1 + data[0]);
    return 0;
}
