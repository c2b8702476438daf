// Runs of octets that a grammar of HTTP allows, 16 at a time where the CPU can (SSE2, which every x86-64
// has).
//
// Every function returns the first place in [first, last) that does not belong to the run, or last. None
// reads a byte outside [first, last). Measured: wider registers behind a run-time check do not pay for runs
// as short as those of HTTP.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/http/field_name.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace eventcore::http {

// tchar: method names and field names.
inline const char* skip_token(const char* first, const char* last) noexcept;

// What a field value may hold: HTAB, SP, VCHAR, obs-text (RFC 9110, 5.5).
inline const char* skip_field_value(const char* first, const char* last) noexcept;

// Finds the ends of the lines in [first, last), one after the other. Looks 64 octets ahead: where a line ends
// is known before what stands in it, so that the CPU reads several lines at once. May read from `readable`
// on, which is not behind `first`.
class line_end_finder;

// What a path or a query may hold: pchar, "/", "?" (RFC 3986, 3.3 and 3.4). Whether a "%" is followed by two
// hexadecimal digits is not looked at; `has_percent` says whether there is one to look at.
struct target_run {
    const char* last;
    const char* question;  // the first "?", or null
    bool has_percent;
};
inline target_run skip_target(const char* first, const char* last) noexcept;

// reg-name of RFC 3986, 3.2.2, without its "%": unreserved and sub-delims. Looks ahead up to `readable`,
// which is not before `last`.
inline const char* skip_host(const char* first, const char* last, const char* readable) noexcept;

// Whether [first, last) is a short name or IPv4 address of the common octets, maybe with a port of up to four
// digits: what nearly every Host field is. False says nothing.
inline bool is_plain_host(const char* first, const char* last, const char* readable) noexcept;

// Reads the beginning of a field line: a known name of up to fifteen octets, then a colon. Which name, and
// its length; `unknown` says nothing. Spares nearly every line the question whether its name is a token.
inline field_id find_usual_name(const char* line, const char* last, std::size_t& length) noexcept;

// find_field_id() for a name that is known to be a token. Looks at no byte from `last` on.
inline field_id find_field_id_of_token(const char* name, std::size_t length, const char* last) noexcept;

// What RFC 3986 forbids in a path or a query and some user agents send all the same.
constexpr bool is_lenient_target_octet(char c) {
    return c == '"' || c == '<' || c == '>' || c == '[' || c == '\\' || c == ']' || c == '^' || c == '`' ||
           c == '{' || c == '|' || c == '}' || static_cast<unsigned char>(c) >= 0x80;
}

namespace detail {

constexpr bool is_field_octet(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet >= 0x20 && octet != 0x7f) || c == '\t';
}

constexpr std::array<bool, 256> make_target_table() {
    std::array<bool, 256> table{};
    for (char c : std::string_view(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
inline constexpr std::array<bool, 256> target_table = make_target_table();
constexpr bool is_target_octet(char c) { return target_table[static_cast<unsigned char>(c)]; }

constexpr std::array<bool, 256> make_host_table() {
    std::array<bool, 256> table = target_table;
    for (char c : std::string_view(":@/?%")) table[static_cast<unsigned char>(c)] = false;
    return table;
}
inline constexpr std::array<bool, 256> host_table = make_host_table();
constexpr bool is_host_octet(char c) { return host_table[static_cast<unsigned char>(c)]; }

inline target_run skip_target_slowly(const char* at, const char* last, target_run run) noexcept {
    for (; at != last && is_target_octet(*at); ++at) {
        if (*at == '?' && !run.question) run.question = at;
        run.has_percent |= *at == '%';
    }
    run.last = at;
    return run;
}

#if defined(__SSE2__)

// The number of the lowest bit that is set; there is one.
inline int first_bit(unsigned bits) noexcept { return __builtin_ctz(bits); }

inline __m128i load16(const char* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline __m128i all16(int octet) noexcept { return _mm_set1_epi8(static_cast<char>(octet)); }
inline unsigned bits_of(__m128i lanes) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(lanes)); }
// Lanes with first <= octet <= last, as unsigned numbers.
inline __m128i in_range(__m128i octets, int first, int last) noexcept {
    const __m128i distance = _mm_sub_epi8(octets, all16(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(distance, all16(last - first)), distance);
}

// The octets that names are nearly always made of: letters, digits, "-".
inline unsigned common_token_bits(__m128i octets) noexcept {
    const __m128i letter = in_range(_mm_or_si128(octets, all16(0x20)), 'a', 'z');
    const __m128i digit = in_range(octets, '0', '9');
    return bits_of(_mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(octets, all16('-'))));
}

// The octets that paths are mostly made of: those, "." and "/" (with "-" they are neighbours), and "_".
inline unsigned common_path_bits(__m128i octets) noexcept {
    const __m128i letter = in_range(_mm_or_si128(octets, all16(0x20)), 'a', 'z');
    const __m128i digit_or_mark = in_range(octets, '-', '9');
    return bits_of(_mm_or_si128(_mm_or_si128(letter, digit_or_mark), _mm_cmpeq_epi8(octets, all16('_'))));
}

// The digits.
inline unsigned digit_bits(__m128i octets) noexcept { return bits_of(in_range(octets, '0', '9')); }

// Exact, and a cheaper one that also reports HTAB and obs-text: 0x7f + 1 and all above are negative.
inline unsigned rare_field_bits(__m128i octets) noexcept {
    return bits_of(_mm_cmplt_epi8(_mm_add_epi8(octets, all16(1)), all16(0x21)));
}
inline unsigned bad_field_bits(__m128i octets) noexcept {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(octets, all16(0x1f)), octets);
    const __m128i tab = _mm_cmpeq_epi8(octets, all16('\t'));
    return bits_of(_mm_or_si128(_mm_andnot_si128(tab, control), _mm_cmpeq_epi8(octets, all16(0x7f))));
}

// The same of 64 octets, and of the fewer that are left: the last of these once more with octets before them.
inline std::uint64_t rare_field_bits64(const char* at) noexcept {
    const auto bits = [&](int from) { return std::uint64_t{rare_field_bits(load16(at + from))} << from; };
    return bits(0) | bits(16) | bits(32) | bits(48);
}
[[gnu::noinline]] inline std::uint64_t rare_field_bits_of_rest(const char* readable, const char* first,
                                                               const char* last) noexcept {
    std::uint64_t bits = 0;
    const char* at = first;
    for (; last - at >= 16; at += 16) bits |= std::uint64_t{rare_field_bits(load16(at))} << (at - first);
    if (at == last) return bits;
    if (last - readable >= 16) {
        const std::uint64_t end = rare_field_bits(load16(last - 16)) >> (16 - (last - at));
        return bits | end << (at - first);
    }
    for (; at != last; ++at)
        if (!is_field_octet(*at)) bits |= std::uint64_t{1} << (at - first);
    return bits;
}

// Everything outside target_table: up to SP and from 0x80 on (both below 0x21 as signed numbers), then
//   " #    <   >    [ { \ | ] }    ^ ` DEL
//   22 23  3c  3e   5b … 7d        5e 60 7f
inline unsigned bad_target_bits(__m128i octets) noexcept {
    const __m128i low = _mm_cmplt_epi8(octets, all16(0x21));
    const __m128i quote = _mm_cmpeq_epi8(_mm_or_si128(octets, all16(1)), all16('#'));
    const __m128i angle = _mm_cmpeq_epi8(_mm_or_si128(octets, all16(2)), all16('>'));
    const __m128i bracket = in_range(_mm_or_si128(octets, all16(0x20)), '{', '}');
    const __m128i caret = _mm_cmpeq_epi8(octets, all16('^'));
    const __m128i grave = _mm_cmpeq_epi8(octets, all16('`'));
    const __m128i rubout = _mm_cmpeq_epi8(octets, all16(0x7f));
    const __m128i left = _mm_or_si128(_mm_or_si128(low, quote), _mm_or_si128(angle, bracket));
    return bits_of(_mm_or_si128(left, _mm_or_si128(caret, _mm_or_si128(grave, rubout))));
}

// For each field_id its name in lower case and a colon, as far as they fit; and for the first 16 octets which
// bits count: not the one that makes a letter small, and none behind the colon.
struct folded_field_names {
    char text[field_name_count + 1][field_name_bytes_max];
    unsigned char mask[field_name_count + 1][16];
};
constexpr folded_field_names make_folded_field_names() {
    folded_field_names folded{};
    for (std::size_t i = 1; i <= field_name_count; ++i) {
        const std::string_view name = field_names[i - 1];
        for (std::size_t k = 0; k <= name.size() && k < field_name_bytes_max; ++k) {
            const char octet = k < name.size() ? to_lower(name[k]) : ':';
            folded.text[i][k] = octet;
            if (k < 16) folded.mask[i][k] = octet >= 'a' && octet <= 'z' ? 0xdf : 0xff;
        }
    }
    return folded;
}
alignas(32) inline constexpr folded_field_names lower_field_names = make_folded_field_names();

// 16 octets of a token against 16 of a known name. Setting the bit of the lower case is exact here: no other
// tchar than a letter becomes one of a-z, 0-9 or "-".
inline unsigned different_bits(const char* token, const char* known) noexcept {
    const __m128i folded = _mm_or_si128(load16(token), all16(0x20));
    return ~bits_of(_mm_cmpeq_epi8(folded, load16(known)));
}

#endif

}  // namespace detail

inline const char* skip_token(const char* first, const char* last) noexcept {
#if defined(__SSE2__)
    while (last - first >= 16) {
        const unsigned rare = detail::common_token_bits(detail::load16(first)) ^ 0xffffu;
        if (rare == 0) {
            first += 16;
            continue;
        }
        first += detail::first_bit(rare);
        if (!is_tchar(*first)) return first;
        ++first;
    }
#endif
    while (first != last && is_tchar(*first)) ++first;
    return first;
}

[[gnu::always_inline]] inline const char* skip_field_value(const char* first, const char* last) noexcept {
#if defined(__SSE2__)
    if (last - first >= 16) {
        do {
            const __m128i octets = detail::load16(first);
            if (const unsigned rare = detail::rare_field_bits(octets); rare != 0) {
                const char* const at = first + detail::first_bit(rare);
                if (*at == '\r') return at;  // the end of nearly every value
                const unsigned bad = detail::bad_field_bits(octets);
                if (bad != 0) return first + detail::first_bit(bad);
            }
            first += 16;
        } while (last - first >= 16);
        // The rest, once more with some of the good octets before it.
        const unsigned bad = detail::bad_field_bits(detail::load16(last - 16));
        return bad != 0 ? last - 16 + detail::first_bit(bad) : last;
    }
#endif
    while (first != last && detail::is_field_octet(*first)) ++first;
    return first;
}

#if defined(__SSE2__)

class line_end_finder {
 public:
    line_end_finder(const char* readable, const char* first, const char* last) noexcept
        : readable_(readable), window_(first), last_(last), bits_(bits_of_window()) {}

    // The first octet that no field value may hold, or last. `line` is `first` at first, then two behind what
    // was returned, where CR LF stood.
    const char* find(const char* line) noexcept;

 private:
    static constexpr int window_bytes = 64;
    std::uint64_t bits_of_window() const noexcept {
        return last_ - window_ >= window_bytes ? detail::rare_field_bits64(window_)
                                               : detail::rare_field_bits_of_rest(readable_, window_, last_);
    }

    const char* readable_;
    const char* window_;
    const char* last_;
    std::uint64_t bits_;  // of the window: where an octet is rare, from the present line on
};

[[gnu::always_inline]] inline const char* line_end_finder::find(const char* line) noexcept {
    for (;;) {
        while (bits_ == 0) {
            if (last_ - window_ <= window_bytes) return last_;
            window_ += window_bytes;
            bits_ = bits_of_window();
            if (line > window_) bits_ &= ~std::uint64_t{1};  // the LF of the line before
        }
        const char* const at = window_ + __builtin_ctzll(bits_);
        bits_ &= bits_ - 1;
        if (*at == '\r') {
            bits_ &= bits_ - 1;  // the LF; if it is none, nobody asks again
            return at;
        }
        if (!detail::is_field_octet(*at)) return at;
    }
}

#else

class line_end_finder {
 public:
    line_end_finder(const char*, const char*, const char* last) noexcept : last_(last) {}
    const char* find(const char* line) noexcept { return skip_field_value(line, last_); }

 private:
    const char* last_;
};

#endif

inline target_run skip_target(const char* first, const char* last) noexcept {
    target_run run{first, nullptr, false};
#if defined(__SSE2__)
    // Most targets are short, and made of nothing but letters, digits and - . / _ up to the space.
    if (last - first >= 16) {
        const unsigned rare = detail::common_path_bits(detail::load16(first)) ^ 0xffffu;
        const char* const at = first + detail::first_bit(rare | 0x8000u);
        if (rare != 0 && *at == ' ') return {at, nullptr, false};
    }
    while (last - first >= 16) {
        const __m128i octets = detail::load16(first);
        const unsigned bad = detail::bad_target_bits(octets) | 0x10000u;
        const unsigned before_bad = (bad & (0u - bad)) - 1;
        const unsigned question = detail::bits_of(_mm_cmpeq_epi8(octets, detail::all16('?'))) & before_bad;
        const unsigned percent = detail::bits_of(_mm_cmpeq_epi8(octets, detail::all16('%'))) & before_bad;
        if (question != 0 && !run.question) run.question = first + detail::first_bit(question);
        run.has_percent |= percent != 0;
        if (before_bad != 0xffff) {
            run.last = first + detail::first_bit(bad);
            return run;
        }
        first += 16;
    }
#endif
    return detail::skip_target_slowly(first, last, run);
}

inline const char* skip_host(const char* first, const char* last, const char* readable) noexcept {
#if defined(__SSE2__)
    while (first != last && readable - first >= 16) {
        const __m128i octets = detail::load16(first);
        const unsigned dot = detail::bits_of(_mm_cmpeq_epi8(octets, detail::all16('.')));
        const unsigned rare = (detail::common_token_bits(octets) | dot) ^ 0xffffu;
        const int run = rare != 0 ? detail::first_bit(rare) : 16;
        if (last - first <= run) return last;
        first += run;
        if (rare == 0) continue;
        if (!detail::is_host_octet(*first)) return first;
        ++first;
    }
#else
    static_cast<void>(readable);
#endif
    while (first != last && detail::is_host_octet(*first)) ++first;
    return first;
}

[[gnu::always_inline]] inline bool is_plain_host(const char* first, const char* last,
                                                 const char* readable) noexcept {
#if defined(__SSE2__)
    const auto size = static_cast<std::size_t>(last - first);
    if (size - 1 > 15 || readable - first < 16) return false;
    const __m128i octets = detail::load16(first);
    const unsigned inside = (1u << size) - 1;
    const unsigned dot = detail::bits_of(_mm_cmpeq_epi8(octets, detail::all16('.')));
    const unsigned other = ~(detail::common_token_bits(octets) | dot) & inside;
    if (other == 0) return true;
    const unsigned name = (other & (0u - other)) - 1;  // the octets before the first other one
    const auto colon = static_cast<std::size_t>(detail::first_bit(other));
    const unsigned port = inside & ~(name << 1 | 1);
    return name != 0 && first[colon] == ':' && size - colon <= 5 && (port & ~detail::digit_bits(octets)) == 0;
#else
    static_cast<void>(first), static_cast<void>(last), static_cast<void>(readable);
    return false;
#endif
}

[[gnu::always_inline]] inline field_id find_usual_name(const char* line, const char* last,
                                                       std::size_t& length) noexcept {
#if defined(__SSE2__)
    if (last - line < 16) return field_id::unknown;
    const __m128i octets = detail::load16(line);
    const unsigned colons = detail::bits_of(_mm_cmpeq_epi8(octets, detail::all16(':')));
    length = static_cast<std::size_t>(detail::first_bit(colons | 0x10000u));
    if (length - detail::field_name_bytes_min > 15 - detail::field_name_bytes_min) return field_id::unknown;
    const std::uint8_t id = detail::field_name_places[detail::field_name_place(line, length)].id;
    const auto& known = detail::lower_field_names;
    const __m128i difference = _mm_xor_si128(octets, detail::load16(known.text[id]));
    const __m128i counts = _mm_load_si128(reinterpret_cast<const __m128i*>(known.mask[id]));
    const __m128i same = _mm_cmpeq_epi8(_mm_and_si128(difference, counts), _mm_setzero_si128());
    return detail::bits_of(same) == 0xffff ? static_cast<field_id>(id) : field_id::unknown;
#else
    static_cast<void>(line), static_cast<void>(last), static_cast<void>(length);
    return field_id::unknown;
#endif
}

[[gnu::always_inline]] inline field_id find_field_id_of_token(const char* name, std::size_t length,
                                                              const char* last) noexcept {
#if defined(__SSE2__)
    const bool is_usual =
        length - detail::field_name_bytes_min <= detail::field_name_bytes_max - detail::field_name_bytes_min;
    if (is_usual && last - name >= 16) {
        const auto candidate = detail::field_name_places[detail::field_name_place(name, length)];
        if (candidate.length != length) return field_id::unknown;
        const char* known = detail::lower_field_names.text[candidate.id];
        const unsigned wanted = length >= 16 ? 0xffffu : (1u << length) - 1;
        if ((detail::different_bits(name, known) & wanted) != 0) return field_id::unknown;
        if (length > 16 && (detail::different_bits(name + length - 16, known + length - 16) & 0xffffu) != 0)
            return field_id::unknown;
        return static_cast<field_id>(candidate.id);
    }
#else
    static_cast<void>(last);
#endif
    return find_field_id({name, length});
}

}  // namespace eventcore::http
