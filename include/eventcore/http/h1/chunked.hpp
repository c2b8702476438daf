// The chunked transfer coding (RFC 9112, section 7): decoded where the bytes lie, encoded into memory.
//
//     chunk_step s = decoder.step(data, size, limits, &trailers);
//
// s.consumed bytes are done with; the rest must be given again, with more behind it when s.state is
// need_more. Inside the body every byte is consumed at once; only a trailer line is kept by the caller until
// it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/http/scan.hpp"
#include "eventcore/http/status.hpp"

namespace eventcore::h1 {

enum class chunk_status : std::uint8_t {
    need_more,  // nothing more can be said about these bytes
    data,       // `data` is content; call again with what follows `consumed`
    end,        // the body and its trailers are over; what follows `consumed` is the next request
    error,      // answer `refusal` and close
};

struct chunk_step {
    chunk_status state = chunk_status::need_more;
    http::status refusal = http::status::ok;
    std::size_t consumed = 0;
    std::string_view data{};  // a view into the bytes that were given
};

// Strict: CR LF everywhere, a size that fits 64 bits (zeros before it count as overhead), extensions by their
// grammar and bounded, no field that frames or routes a message among the trailers.
class chunked_decoder {
 public:
    // `trailers`, if any, gets the trailer fields, which are never merged into the header section.
    chunk_step step(const char* data, std::size_t size, const limits& bounds,
                    http::fields* trailers = nullptr);

    void reset() noexcept { *this = chunked_decoder(); }
    bool is_done() const noexcept { return phase_ == phase::done; }

 private:
    enum class phase : std::uint8_t {
        size,             // before or inside the digits
        after_size,       // BWS that only a ";" may follow
        extension_name,   // after ";"
        after_name,       // BWS that only "=" or ";" may follow
        extension_value,  // after "="
        quoted,           // inside a quoted string
        quoted_pair,      // after "\" in it
        after_quoted,     // "=" "..." is complete
        size_lf,          // after the CR that ends the line
        content,
        content_cr,
        content_lf,
        trailers,
        done,
    };

    bool take(char c) noexcept;
    bool take_size(char c) noexcept;
    bool take_extension(char c) noexcept;
    bool take_delimiter(char c) noexcept;
    bool end_size_line() noexcept;
    chunk_step take_content(const char* data, std::size_t begin, std::size_t size) noexcept;
    chunk_step take_trailers(const char* data, std::size_t begin, std::size_t size, const limits& bounds,
                             http::fields* trailers);
    http::status take_trailer_line(std::string_view line, http::fields* trailers);
    bool is_over(const limits& bounds) const noexcept {
        return extension_bytes_ > bounds.chunk_extension_bytes ||
               overhead_bytes_ > bounds.chunk_overhead_bytes + content_bytes_ * 8;
    }
    static chunk_step refuse(http::status reason) noexcept { return {chunk_status::error, reason, 0, {}}; }

    std::uint64_t remaining_ = 0;       // of the current chunk
    std::uint64_t content_bytes_ = 0;   // of the whole body; saturates far above every limit on bodies
    std::uint64_t overhead_bytes_ = 0;  // everything else
    std::uint32_t extension_bytes_ = 0;
    std::uint32_t trailer_bytes_ = 0;
    std::uint32_t trailer_count_ = 0;
    std::uint32_t scanned_ = 0;  // of the incomplete trailer line: no line end in its first scanned_ bytes
    phase phase_ = phase::size;
    bool has_digit_ = false;      // the size has one
    bool token_started_ = false;  // the extension name or value has a character
    bool token_ended_ = false;    // an unquoted value was followed by BWS
};

// Fields that may not come in a trailer section (RFC 9110, 6.5.1): they frame the message, route it,
// authenticate its sender or say how to process content that has already been processed.
constexpr bool is_forbidden_in_trailers(http::field_id id) {
    switch (id) {
        case http::field_id::host:
        case http::field_id::content_length:
        case http::field_id::transfer_encoding:
        case http::field_id::connection:
        case http::field_id::expect:
        case http::field_id::upgrade:
        case http::field_id::trailer:
        case http::field_id::te:
        case http::field_id::authorization:
        case http::field_id::proxy_authorization:
        case http::field_id::cookie: return true;
        default: return false;
    }
}

// Encoding: chunk header, content, chunk_end; at last last_chunk.
inline constexpr std::size_t chunk_header_bytes_max = 18;  // 16 digits, CR LF
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";  // without trailers

// Writes size CR LF and returns the end of it. `size` is not 0: that would be the last chunk.
inline char* write_chunk_header(char* to, std::uint64_t size) noexcept {
    char digits[16];
    std::size_t first = sizeof digits;
    do digits[--first] = "0123456789abcdef"[size & 15];
    while ((size >>= 4) != 0);
    std::memcpy(to, digits + first, sizeof digits - first);
    to += sizeof digits - first;
    std::memcpy(to, "\r\n", 2);
    return to + 2;
}

inline chunk_step chunked_decoder::step(const char* data, std::size_t size, const limits& bounds,
                                        http::fields* trailers) {
    std::size_t at = 0;
    while (phase_ < phase::trailers) {
        if (phase_ == phase::content) {
            if (at == size) return {chunk_status::need_more, http::status::ok, at, {}};
            return take_content(data, at, size);
        }
        if (at == size) return {chunk_status::need_more, http::status::ok, at, {}};
        ++overhead_bytes_;
        if (!take(data[at++]) || is_over(bounds)) return refuse(http::status::bad_request);
    }
    if (phase_ == phase::done) return {chunk_status::end, http::status::ok, at, {}};
    return take_trailers(data, at, size, bounds, trailers);
}

inline chunk_step chunked_decoder::take_content(const char* data, std::size_t begin,
                                                std::size_t size) noexcept {
    const std::size_t there = size - begin;
    const std::size_t taken = remaining_ < there ? static_cast<std::size_t>(remaining_) : there;
    remaining_ -= taken;
    content_bytes_ += taken;
    if (content_bytes_ > UINT64_MAX / 16) content_bytes_ = UINT64_MAX / 16;
    if (remaining_ == 0) phase_ = phase::content_cr;
    return {chunk_status::data, http::status::ok, begin + taken, {data + begin, taken}};
}

inline bool chunked_decoder::take(char c) noexcept {
    switch (phase_) {
        case phase::size: return take_size(c);
        case phase::size_lf: return c == '\n' && end_size_line();
        case phase::content_cr: phase_ = phase::content_lf; return c == '\r';
        case phase::content_lf: phase_ = phase::size; return c == '\n';
        default: ++extension_bytes_; return take_extension(c);
    }
}

inline bool chunked_decoder::take_size(char c) noexcept {
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (remaining_ >> 60 != 0) return false;
        remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
        return has_digit_ = true;
    }
    if (!has_digit_) return false;
    if (c == '\r') return phase_ = phase::size_lf, true;
    ++extension_bytes_;
    phase_ = phase::after_size;
    return is_ows(c) || take_delimiter(c);
}

inline bool chunked_decoder::end_size_line() noexcept {
    has_digit_ = false;
    phase_ = remaining_ == 0 ? phase::trailers : phase::content;
    return true;
}

// The end of an extension: another one, or the end of the line.
inline bool chunked_decoder::take_delimiter(char c) noexcept {
    token_started_ = token_ended_ = false;
    phase_ = c == ';' ? phase::extension_name : phase::size_lf;
    return c == ';' || c == '\r';
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
inline bool chunked_decoder::take_extension(char c) noexcept {
    switch (phase_) {
        case phase::after_size: return is_ows(c) || (c == ';' && take_delimiter(c));
        case phase::extension_name:
            if (is_tchar(c)) return token_started_ = true;
            if (!token_started_) return is_ows(c);
            phase_ = phase::after_name;
            if (is_ows(c)) return token_ended_ = true;
            [[fallthrough]];
        case phase::after_name:
            if (is_ows(c)) return true;
            if (c == '\r' && token_ended_) return false;  // BWS at the end of a line belongs to nothing
            if (c != '=') return take_delimiter(c);
            token_started_ = token_ended_ = false;
            phase_ = phase::extension_value;
            return true;
        case phase::extension_value:
            if (is_tchar(c) && !token_ended_) return token_started_ = true;
            if (token_started_ && is_ows(c)) return token_ended_ = true;
            if (token_started_) return (c == ';' || !token_ended_) && take_delimiter(c);
            if (c == '"') return phase_ = phase::quoted, true;
            return is_ows(c);
        case phase::quoted:
            phase_ = c == '"' ? phase::after_quoted : c == '\\' ? phase::quoted_pair : phase::quoted;
            return http::is_field_value({&c, 1});
        case phase::quoted_pair: phase_ = phase::quoted; return http::is_field_value({&c, 1});
        case phase::after_quoted:
            if (is_ows(c)) return token_ended_ = true;
            return (c == ';' || !token_ended_) && take_delimiter(c);
        default: return false;
    }
}

inline chunk_step chunked_decoder::take_trailers(const char* data, std::size_t begin, std::size_t size,
                                                 const limits& bounds, http::fields* trailers) {
    for (;;) {
        const char* const line = data + begin;
        const char* const last = data + size;
        const char* const end = http::skip_field_value(line + scanned_, last);
        const auto length = static_cast<std::size_t>(end - line);
        if (trailer_bytes_ + length > bounds.trailer_section_bytes)
            return refuse(http::status::request_header_fields_too_large);
        if (end == last || (*end == '\r' && last - end == 1)) {
            scanned_ = static_cast<std::uint32_t>(length);
            return {chunk_status::need_more, http::status::ok, begin, {}};
        }
        if (*end != '\r' || end[1] != '\n') return refuse(http::status::bad_request);
        scanned_ = 0;
        begin += length + 2;
        trailer_bytes_ += static_cast<std::uint32_t>(length + 2);
        if (length == 0) {
            phase_ = phase::done;
            return {chunk_status::end, http::status::ok, begin, {}};
        }
        if (++trailer_count_ > bounds.trailer_count)
            return refuse(http::status::request_header_fields_too_large);
        const http::status taken = take_trailer_line({line, length}, trailers);
        if (taken != http::status::ok) return refuse(taken);
    }
}

inline http::status chunked_decoder::take_trailer_line(std::string_view line, http::fields* trailers) {
    const std::size_t colon = index_of(line, ':');
    const std::string_view name = line.substr(0, colon);
    if (colon == line.size() || !is_token(name)) return http::status::bad_request;
    if (is_forbidden_in_trailers(http::find_field_id(name))) return http::status::bad_request;
    if (!trailers) return http::status::ok;
    // The line is well-formed, so only its size can be refused.
    const result<> added = trailers->add(name, line.substr(colon + 1));
    return added ? http::status::ok : http::status::request_header_fields_too_large;
}

}  // namespace eventcore::h1
