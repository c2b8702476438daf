// How much of a request the HTTP/1.1 codecs accept before they refuse it. Every bound has a default that real
// clients do not meet; the status a refusal gets stands next to it.
#pragma once

#include <cstdint>

namespace eventcore::h1 {

struct limits {
    std::uint32_t request_line_bytes = 8 * 1024;     // 414
    std::uint32_t field_count = 100;                 // 431; also bounded by the slots the caller gives
    std::uint32_t field_section_bytes = 16 * 1024;   // 431; all field lines and the empty line
    std::uint32_t trailer_count = 32;                // 431
    std::uint32_t trailer_section_bytes = 4 * 1024;  // 431
    std::uint32_t chunk_extension_bytes = 4 * 1024;  // 400; of one body

    // Framing a chunked body may carry beyond 8 bytes for each byte of content: 400. Keeps a flood of leading
    // zeros, extensions and empty lines from costing more than it brings.
    std::uint32_t chunk_overhead_bytes = 16 * 1024;

    // Leniency, off by default: accept in path and query the octets of is_lenient_target_octet(), which RFC
    // 3986 forbids and browsers send unescaped when an address is typed by hand ("|", "^", "{", "[", obs-text
    // …).
    bool accept_unescaped_target = false;
};

}  // namespace eventcore::h1
