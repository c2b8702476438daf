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
    std::int32_t dependency = 0;  // PRIORITY's, of 5 octets: the stream it names
};

class http2_frames {
 public:
    // Bytes in front of the first frame: the client's preface.
    explicit http2_frames(std::size_t preface_bytes) noexcept : skip_(preface_bytes) {}

    // Looks at `bytes`, which follow those of the last call, up to the end of a frame header, or to their own
    // end: how many that were. True in `is_header`: of a header, and `out` is it. A PRIORITY's has the stream
    // that is depended on as its last field.
    std::size_t next(std::string_view bytes, http2_frame_header& out, bool& is_header) noexcept {
        is_header = false;
        std::size_t at = skip_ < bytes.size() ? skip_ : bytes.size();
        skip_ -= at;
        while (at < bytes.size() && have_ < wanted())
            header_[have_++] = static_cast<unsigned char>(bytes[at++]);
        if (have_ < wanted()) return at;
        out.length = number(0) >> 8;
        out.type = header_[3];
        out.flags = header_[4];
        out.stream = static_cast<std::int32_t>(number(5) & 0x7fff'ffff);
        out.dependency = is_priority() ? static_cast<std::int32_t>(number(9) & 0x7fff'ffff) : 0;
        skip_ = out.length + http2_frame_header::bytes - have_;
        have_ = 0;
        is_header = true;
        return at;
    }

 private:
    static constexpr std::size_t dependency_bytes = 4;

    bool is_priority() const noexcept {
        constexpr std::uint8_t priority = 2;  // RFC 9113, 6.3
        return have_ >= http2_frame_header::bytes && header_[3] == priority && number(0) >> 8 == 5;
    }
    std::size_t wanted() const noexcept {
        return http2_frame_header::bytes + (is_priority() ? dependency_bytes : 0);
    }
    std::uint32_t number(std::size_t at) const noexcept {
        const unsigned char* const b = header_ + at;
        return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
    }

    std::size_t skip_;  // of the payload that is being passed
    std::uint8_t have_ = 0;
    unsigned char header_[http2_frame_header::bytes + dependency_bytes] = {};
};

}  // namespace eventcore
