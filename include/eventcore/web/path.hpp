// A request's path cut into segments: split first, then percent-decoded, so that "%2F" never separates
// anything (RFC 3986, 2.2 and 3.3).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/ascii.hpp"
#include "eventcore/http/percent.hpp"

namespace eventcore {

struct path_segment {
    const char* text;      // decoded
    const char* received;  // where it begins in the path as sent
    std::uint32_t size;    // of text
    std::uint32_t hash;    // of text
    std::uint64_t head;    // load_word() of text: all of it when it is short

    std::string_view view() const noexcept { return {text, size}; }
};

enum class path_outcome : std::uint8_t {
    ok,
    not_absolute,  // does not begin with "/"
    dot_segment,   // "." or "..", encoded or not: refused, never resolved, so that nothing climbs
    malformed,     // a "%" that is no escape, or an escaped NUL
};

// Segments past the deepest pattern are checked but not kept: only a tail can match them.
struct split_path {
    static constexpr std::size_t segments_max = 33;

    path_segment segments[segments_max];  // uninitialised past count
    std::size_t count;
    const char* end;   // of the path as sent
    bool is_complete;  // there are no more segments than those kept
    bool has_escapes;
};

// Memory for decoded segments comes from `memory`, which is touched only when there is a "%".
inline path_outcome split(std::string_view path, arena& memory, split_path& out);

// Whether there is an escaped "/" in a text whose escapes are well-formed.
constexpr bool has_escaped_slash(std::string_view text) {
    for (std::size_t i = index_of(text, '%'); i < text.size(); i = index_of(text, '%', i + 3))
        if (text[i + 1] == '2' && to_lower(text[i + 2]) == 'f') return true;
    return false;
}

namespace detail {

// At most eight bytes as a little-endian number, zeros above them.
constexpr std::uint64_t load_word(const char* from, std::size_t bytes) {
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
        std::uint64_t word = 0;
        if (bytes >= 8) {
            std::memcpy(&word, from, 8);
            return word;
        }
        if (bytes >= 4) {
            std::uint32_t low = 0, high = 0;
            std::memcpy(&low, from, 4);
            std::memcpy(&high, from + bytes - 4, 4);
            return low | std::uint64_t{high} << (8 * (bytes - 4));
        }
    }
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes && i < 8; ++i)
        word |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
    return word;
}

constexpr std::uint64_t hash_step(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 29;
}
constexpr std::uint32_t hash_result(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 7); }

// What the search below computes while it looks for the end of a segment.
constexpr std::uint32_t hash_segment(std::string_view text) {
    std::uint64_t hash = 0;
    std::size_t at = 0;
    for (; text.size() - at >= 8; at += 8) hash = hash_step(hash, load_word(text.data() + at, 8));
    return hash_result(hash_step(hash, load_word(text.data() + at, text.size() - at)));
}

// Of a whole path: its first and last eight bytes and its length. Two multiplications, however long it is.
constexpr std::uint32_t hash_path(std::string_view path) {
    const std::size_t words = path.size() < 8 ? path.size() : 8;
    const std::uint64_t first = load_word(path.data(), words);
    const std::uint64_t last = load_word(path.data() + path.size() - words, words);
    const std::uint64_t mixed = (first * 0x9e3779b97f4a7c15U) ^ ((last + path.size()) * 0xc2b2ae3d27d4eb4fU);
    return static_cast<std::uint32_t>(mixed >> 32);
}

// Equal paths of up to sixteen bytes are told by two words; few are longer.
inline bool is_same_path(std::string_view a, std::string_view b) noexcept {
    const std::size_t bytes = a.size();
    if (bytes != b.size()) return false;
    if (bytes - 8 > 8) return bytes == 0 || std::memcmp(a.data(), b.data(), bytes) == 0;
    const std::size_t tail = bytes - 8;
    return load_word(a.data(), 8) == load_word(b.data(), 8) &&
           load_word(a.data() + tail, 8) == load_word(b.data() + tail, 8);
}

// The high bit of the lowest byte that equals `wanted`; bits above that byte mean nothing.
constexpr std::uint64_t find_byte(std::uint64_t word, char wanted) {
    const std::uint64_t different = word ^ 0x0101010101010101U * static_cast<unsigned char>(wanted);
    return (different - 0x0101010101010101U) & ~different & 0x8080808080808080U;
}
constexpr std::uint64_t low_bytes(std::uint64_t word, unsigned bytes) {
    return bytes == 0 ? 0 : word & (~std::uint64_t{0} >> (64 - 8 * bytes));
}

struct segment_end {
    const char* at;
    std::uint64_t head;
    std::uint32_t hash;
    bool has_percent;
};

// The word at `at`, where `path` is what it ends in: fewer than eight bytes are the end of the last eight.
inline std::uint64_t load_word_of(std::string_view path, const char* at) noexcept {
    const char* const last = path.data() + path.size();
    const auto left = static_cast<std::size_t>(last - at);
    if (left >= 8 || left == 0 || path.size() < 8 || std::endian::native != std::endian::little)
        return load_word(at, left);
    return load_word(last - 8, 8) >> (8 * (8 - left));
}

// Eight bytes at a time; never reads outside `path`.
inline segment_end find_segment_end(std::string_view path, const char* at) noexcept {
    const char* const begin = at;
    const char* const last = path.data() + path.size();
    std::uint64_t hash = 0, percent = 0, head = 0;
    while (true) {
        const auto left = static_cast<std::size_t>(last - at);
        std::uint64_t word = load_word_of(path, at);
        const std::uint64_t slash = find_byte(word, '/');
        unsigned bytes = slash ? static_cast<unsigned>(std::countr_zero(slash)) / 8 : 8;
        if (bytes > left) bytes = static_cast<unsigned>(left);
        if (bytes < 8) word = low_bytes(word, bytes);
        percent |= find_byte(word, '%');
        if (at == begin) head = word;
        hash = hash_step(hash, word);
        at += bytes;
        if (bytes < 8) return {at, head, hash_result(hash), percent != 0};
    }
}

inline bool is_dot_segment(const char* text, std::size_t size) noexcept {
    return size != 0 && size <= 2 && text[0] == '.' && text[size - 1] == '.';
}

inline path_outcome decode_segment(path_segment& segment, arena& memory) {
    const std::optional<std::string_view> decoded = http::percent_decode(segment.view(), memory);
    if (!decoded) return path_outcome::malformed;
    segment.text = decoded->data();
    segment.size = static_cast<std::uint32_t>(decoded->size());
    segment.hash = hash_segment(*decoded);
    segment.head = load_word(decoded->data(), decoded->size());
    return path_outcome::ok;
}

// Whether texts are equal whose first eight bytes and whose lengths are.
inline bool equal_tails(const char* a, const char* b, std::size_t bytes) noexcept {
    return bytes <= 8 || std::memcmp(a + 8, b + 8, bytes - 8) == 0;
}

}  // namespace detail

inline path_outcome split(std::string_view path, arena& memory, split_path& out) {
    out.count = 0;
    out.is_complete = true;
    out.has_escapes = false;
    if (path.empty() || path.front() != '/') return path_outcome::not_absolute;
    const char* at = path.data();
    const char* const last = at + path.size();
    out.end = last;
    while (at != last) {
        const char* const begin = at + 1;
        const detail::segment_end end = detail::find_segment_end(path, begin);
        path_segment segment{begin, begin, static_cast<std::uint32_t>(end.at - begin), end.hash, end.head};
        at = end.at;
        if (end.has_percent) {
            out.has_escapes = true;
            if (const path_outcome outcome = detail::decode_segment(segment, memory);
                outcome != path_outcome::ok)
                return outcome;
        }
        if (detail::is_dot_segment(segment.text, segment.size)) return path_outcome::dot_segment;
        if (out.count < split_path::segments_max)
            out.segments[out.count++] = segment;
        else
            out.is_complete = false;
    }
    return path_outcome::ok;
}

}  // namespace eventcore
