// Where frames begin in what an HTTP/2 client sends (RFC 9113, 4.1): the library ignores some of them without
// a word, and those too have to be counted.
//
// Pure: bytes in, frame headers out, however they were cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventcore {

struct http2_frame_header {
    static constexpr std::size_t bytes = 9;

    std::uint32_t length = 0;  // of the payload
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::int32_t stream = 0;
};

class http2_frames {
 public:
    // Bytes in front of the first frame: the client's preface.
    explicit http2_frames(std::size_t preface_bytes) noexcept : skip_(preface_bytes) {}

    // Looks at `bytes`, which follow those of the last call, up to the end of a frame header, or to their own
    // end: how many that were. True in `is_header`: of a header, and `out` is it.
    std::size_t next(std::string_view bytes, http2_frame_header& out, bool& is_header) noexcept {
        is_header = false;
        std::size_t at = skip_ < bytes.size() ? skip_ : bytes.size();
        skip_ -= at;
        while (at < bytes.size() && have_ < http2_frame_header::bytes)
            header_[have_++] = static_cast<unsigned char>(bytes[at++]);
        if (have_ < http2_frame_header::bytes) return at;
        have_ = 0;
        out.length = number(0) >> 8;
        out.type = header_[3];
        out.flags = header_[4];
        out.stream = static_cast<std::int32_t>(number(5) & 0x7fff'ffff);
        skip_ = out.length;
        is_header = true;
        return at;
    }

 private:
    std::uint32_t number(std::size_t at) const noexcept {
        const unsigned char* const b = header_ + at;
        return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
    }

    std::size_t skip_;  // of the payload that is being passed
    std::uint8_t have_ = 0;
    unsigned char header_[http2_frame_header::bytes] = {};
};

}  // namespace eventcore
