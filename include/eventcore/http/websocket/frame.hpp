// WebSocket frames (RFC 6455, section 5): headers in and out, and masking.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace eventcore::websockets {

enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};
constexpr bool is_control(opcode code) { return (static_cast<std::uint8_t>(code) & 8) != 0; }

// Why a connection ends (section 7.4.1 and the IANA registry). Applications have 4000 to 4999.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    none = 1005,      // never sent: the Close frame had no code
    abnormal = 1006,  // never sent: there was no Close frame
    invalid_data = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    extension_missing = 1010,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
};

// Whether a Close frame may carry it. What nobody has registered yet is refused.
constexpr bool may_be_sent(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

using mask_key = std::array<char, 4>;

struct frame_header {
    std::uint64_t payload_bytes = 0;
    opcode code = opcode::continuation;
    bool is_final = false;       // FIN
    bool is_compressed = false;  // RSV1 (RFC 7692, section 6)
    bool is_masked = false;
    mask_key mask{};
};

inline constexpr std::size_t frame_header_bytes_max = 14;
inline constexpr std::size_t control_payload_bytes_max = 125;

enum class header_status : std::uint8_t { complete, incomplete, error };

// A header at the front of `bytes`. complete: `header_bytes` long. An error is one of the frame alone: a
// reserved bit or opcode, a length that is not in its shortest form or has its top bit set, a control frame
// that is fragmented or long. It is told as early as the bytes allow.
constexpr header_status parse_frame_header(std::string_view bytes, frame_header& header,
                                           std::size_t& header_bytes);

// Writes the header of a frame that a server sends, which is never masked; returns its end. Room:
// frame_header_bytes_max.
constexpr char* write_frame_header(char* to, opcode code, std::uint64_t payload_bytes, bool is_compressed,
                                   bool is_final = true);

// Masks or unmasks in place. `offset`: how many bytes of the payload have been before these.
constexpr void apply_mask(char* bytes, std::size_t size, mask_key mask, std::uint64_t offset = 0);

// ---- definitions ----

namespace detail {

constexpr bool is_known(std::uint8_t code) { return code <= 2 || (code >= 8 && code <= 10); }

constexpr std::uint64_t read_number(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

constexpr bool is_allowed(const frame_header& header, std::uint8_t length) {
    if (!is_control(header.code)) return true;
    return header.is_final && !header.is_compressed && length <= control_payload_bytes_max;
}

}  // namespace detail

constexpr header_status parse_frame_header(std::string_view bytes, frame_header& header,
                                           std::size_t& header_bytes) {
    if (bytes.empty()) return header_status::incomplete;
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    if ((first & 0x30) != 0 || !detail::is_known(first & 15)) return header_status::error;
    header.code = static_cast<opcode>(first & 15);
    header.is_final = (first & 0x80) != 0;
    header.is_compressed = (first & 0x40) != 0;
    if (bytes.size() < 2) return header_status::incomplete;
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    const auto length = static_cast<std::uint8_t>(second & 0x7F);
    header.is_masked = (second & 0x80) != 0;
    if (!detail::is_allowed(header, length)) return header_status::error;

    const std::size_t number_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
    header_bytes = 2 + number_bytes + (header.is_masked ? 4 : 0);
    if (length == 127 && bytes.size() > 2 && (bytes[2] & 0x80) != 0) return header_status::error;
    if (bytes.size() < header_bytes) return header_status::incomplete;
    header.payload_bytes = number_bytes ? detail::read_number(bytes.substr(2, number_bytes)) : length;
    if (length == 126 && header.payload_bytes < 126) return header_status::error;
    if (length == 127 && header.payload_bytes < 65536) return header_status::error;
    if (header.is_masked) {
        const char* const mask = bytes.data() + 2 + number_bytes;
        header.mask = {mask[0], mask[1], mask[2], mask[3]};
    }
    return header_status::complete;
}

constexpr char* write_frame_header(char* to, opcode code, std::uint64_t payload_bytes, bool is_compressed,
                                   bool is_final) {
    *to++ = static_cast<char>((is_final ? 0x80 : 0) | (is_compressed ? 0x40 : 0) | static_cast<int>(code));
    const unsigned number_bytes = payload_bytes < 126 ? 0 : payload_bytes < 65536 ? 2 : 8;
    *to++ = static_cast<char>(number_bytes == 0 ? payload_bytes : number_bytes == 2 ? 126U : 127U);
    for (unsigned i = number_bytes; i-- > 0;) *to++ = static_cast<char>(payload_bytes >> (8 * i));
    return to;
}

constexpr void apply_mask(char* bytes, std::size_t size, mask_key mask, std::uint64_t offset) {
    const mask_key turned{mask[offset % 4], mask[(offset + 1) % 4], mask[(offset + 2) % 4],
                          mask[(offset + 3) % 4]};
    std::size_t at = 0;
    if (!std::is_constant_evaluated()) {
        std::uint32_t half = 0;
        std::memcpy(&half, turned.data(), 4);
        const std::uint64_t key = std::uint64_t{half} << 32 | half;
        for (; size - at >= 32; at += 32) {  // the compiler makes vectors of the four
            std::uint64_t words[4];
            std::memcpy(words, bytes + at, 32);
            for (std::uint64_t& word : words) word ^= key;
            std::memcpy(bytes + at, words, 32);
        }
        for (; size - at >= 8; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + at, 8);
            word ^= key;
            std::memcpy(bytes + at, &word, 8);
        }
    }
    for (; at < size; ++at) bytes[at] = static_cast<char>(bytes[at] ^ turned[at % 4]);
}

}  // namespace eventcore::websockets
