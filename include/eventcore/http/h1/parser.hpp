// Reads the head of an HTTP/1.1 request (RFC 9112, sections 2, 3, 5 and 6) where it lies: no copy, no
// allocation.
//
//     request_parser parser;
//     parse_outcome o = parser.parse(base, size, limits, slots, head);   // need_more: receive and call again
//
// The caller owns the bytes. Between calls for one request they may grow at the end and move as a whole: the
// parser keeps offsets. Bytes in front of the line that was incomplete are never looked at again, and whether
// and how a request is refused depends on its bytes only, never on how they were cut into reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/error.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/http/field_name.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/scan.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/http/target.hpp"

namespace eventcore::h1 {

enum class parse_status : std::uint8_t { complete, need_more, error };

struct parse_outcome {
    parse_status state = parse_status::need_more;
    http::status refusal = http::status::ok;  // error: what to answer before closing the connection
    std::uint32_t head_bytes = 0;             // complete: the content begins here

    // errc::too_large where a limit was passed, errc::not_supported for what a server may lack, else
    // malformed.
    errc error() const noexcept {
        switch (refusal) {
            case http::status::uri_too_long:
            case http::status::request_header_fields_too_large: return errc::too_large;
            case http::status::not_implemented:
            case http::status::http_version_not_supported:
            case http::status::expectation_failed: return errc::not_supported;
            default: return errc::malformed;
        }
    }
};

// Where the field lines are noted. The memory is the caller's, need not be initialised, and must stay between
// the calls for one request.
struct slot_storage {
    http::field_slot* first = nullptr;
    std::uint32_t count = 0;
};

class request_parser {
 public:
    request_parser() noexcept {}  // not defaulted: g++ 12 clears a defaulted one with the slow "rep stos"

    // Looks at [base, base + size), which starts with the first byte of the request. `out` is written when
    // the outcome is complete and not before.
    parse_outcome parse(const char* base, std::size_t size, const limits& bounds, slot_storage slots,
                        http::request_head& out) noexcept;

    // Ready for the next request. After an error nothing else may be parsed on the connection.
    void reset() noexcept { *this = request_parser(); }

    // Whether any octet of the request itself has been seen; an empty line in front of it is none.
    bool has_started() const noexcept { return phase_ != phase::before; }

 private:
    enum class phase : std::uint8_t { before, request_line, fields };

    // What is known about the field lines so far.
    struct fact {
        static constexpr std::uint16_t host = 1, content_length = 2, transfer_encoding = 4;
        static constexpr std::uint16_t chunked_last = 8, other_coding = 16;
        static constexpr std::uint16_t close = 32, keep_alive = 64, connection_upgrade = 128, upgrade = 256;
        static constexpr std::uint16_t expect_continue = 512;
    };
    static constexpr http::status fine = http::status::ok;
    // The line could not be read to its end: it is incomplete, or it ends where it must not.
    static constexpr http::status broken = http::status::bad_request;

    // What there is to read, up to `last`.
    struct text {
        const char* base;
        const char* last;
        std::uint32_t offset(const char* p) const noexcept { return static_cast<std::uint32_t>(p - base); }
        std::string_view piece(std::uint32_t first, std::uint32_t end) const noexcept {
            return {base + first, end - first};
        }
    };

    // Each parse_ function reads from `at` and returns where it ended, or null with the reason in reason_.
    const char* parse_start(text in, const char* at, http::line_end_finder& ends,
                            const limits& bounds) noexcept;
    const char* parse_method(text in, const char* at) noexcept;
    const char* parse_request_target(text in, const char* at, const limits& bounds) noexcept;
    const char* parse_version(const char* at, const char* end) noexcept;
    const char* parse_fields(text in, const char* at, http::line_end_finder& ends, const limits& bounds,
                             slot_storage slots) noexcept;
    const char* parse_field_line(text in, const char* at, const char* end, http::field_slot& slot) noexcept;
    const char* fail(http::status reason) noexcept { return reason_ = reason, nullptr; }

    http::status note_field(text in, const http::field_slot& slot) noexcept;
    http::status note_host(text in, const http::field_slot& slot) noexcept;
    http::status note_transfer_encoding(std::string_view value) noexcept;
    http::status note_connection(std::string_view value) noexcept;
    http::status note_expect(std::string_view value) noexcept;
    http::status check_head() const noexcept;
    void fill(text in, const limits& bounds, const http::field_slot* slots,
              http::request_head& out) const noexcept;

    static bool is_line_end(text in, const char* end) noexcept {
        return in.last - end >= 2 && std::memcmp(end, "\r\n", 2) == 0;
    }
    bool is_line_complete(text in) const noexcept;
    parse_outcome stop(text in, const limits& bounds) noexcept;
    parse_outcome too_long(text in) const noexcept;
    static parse_outcome refuse(http::status reason) noexcept { return {parse_status::error, reason, 0}; }
    bool has(std::uint16_t facts) const noexcept { return (facts_ & facts) != 0; }

    std::uint64_t content_length_ = 0;
    // Invariant: line_ <= scanned_ or scanned_ == 0; [line_, scanned_) holds no line end and no control
    // octet.
    std::uint32_t line_ = 0;
    std::uint32_t scanned_ = 0;
    std::uint32_t method_ = 0;  // the method is [method_, target_ - 1)
    std::uint32_t target_ = 0;  // the target is [target_, target_end_)
    std::uint32_t target_end_ = 0;
    std::uint32_t question_ = 0;  // origin-form: where its query begins, or 0
    std::uint32_t field_section_ = 0;
    std::uint32_t host_ = 0;
    std::uint32_t host_length_ = 0;
    std::uint32_t field_count_ = 0;
    std::uint16_t facts_ = 0;
    http::status reason_ = broken;  // why the line at line_ is refused if it is complete
    phase phase_ = phase::before;
    http::method verb_ = http::method::other;
    http::target_form form_ = http::target_form::origin;
    std::uint8_t minor_version_ = 1;
};

inline parse_outcome request_parser::parse(const char* base, std::size_t size, const limits& bounds,
                                           slot_storage slots, http::request_head& out) noexcept {
    const text in{base, base + (size < UINT32_MAX ? size : UINT32_MAX)};
    if (scanned_ > line_ && !is_line_complete(in)) return stop(in, bounds);
    // RFC 9112, 2.2: one empty line before the request line is ignored, some clients send it after content.
    if (phase_ == phase::before && line_ == 0 && is_line_end(in, base)) line_ = 2;
    const char* at = base + line_;
    http::line_end_finder ends(base, at, in.last);
    if (phase_ != phase::fields) {
        at = parse_start(in, at, ends, bounds);
        if (!at) return stop(in, bounds);
    }
    at = parse_fields(in, at, ends, bounds, slots);
    if (!at) return stop(in, bounds);
    if (const http::status checked = check_head(); checked != fine) return refuse(checked);
    fill(in, bounds, slots.first, out);
    return {parse_status::complete, fine, in.offset(at)};
}

// Whether what could not be read last time has come to its end since.
inline bool request_parser::is_line_complete(text in) const noexcept {
    const char* end = http::skip_field_value(in.base + scanned_, in.last);
    return end != in.last && (*end != '\r' || in.last - end >= 2);
}

// Everything that is not "go on with the next line" ends here. reason_ counts only if the line at line_ is
// complete, so that it does not matter in how many pieces the line came.
[[gnu::cold, gnu::noinline]] inline parse_outcome request_parser::stop(text in,
                                                                       const limits& bounds) noexcept {
    const char* const from = in.base + (scanned_ > line_ ? scanned_ : line_);
    const char* const end = http::skip_field_value(from, in.last);
    const bool in_fields = phase_ == phase::fields;
    const std::uint32_t start = in_fields ? field_section_ : line_;
    const std::uint32_t most = in_fields ? bounds.field_section_bytes : bounds.request_line_bytes;
    if (in.offset(end) - start > most) return too_long(in);
    if (end == in.last || (*end == '\r' && in.last - end == 1)) {
        scanned_ = in.offset(end);
        return {};
    }
    return refuse(*end == '\r' && end[1] == '\n' ? reason_ : http::status::bad_request);
}

inline parse_outcome request_parser::too_long(text in) const noexcept {
    if (phase_ == phase::fields) return refuse(http::status::request_header_fields_too_large);
    // Only what looks like a request line is answered with 414 (URI Too Long).
    constexpr std::ptrdiff_t method_bytes_max = 64;
    const char* line = in.base + line_;
    const char* last = in.last - line > method_bytes_max ? line + method_bytes_max : in.last;
    const char* end = http::skip_token(line, last);
    const bool has_method = end != line && end != last && *end == ' ';
    return refuse(has_method ? http::status::uri_too_long : http::status::bad_request);
}

[[gnu::always_inline]] inline const char* request_parser::parse_start(text in, const char* at,
                                                                      http::line_end_finder& ends,
                                                                      const limits& bounds) noexcept {
    if (at == in.last || *at == '\r') return fail(broken);
    phase_ = phase::request_line;
    const char* const end = ends.find(at);
    if (!is_line_end(in, end)) return fail(broken);
    method_ = in.offset(at);
    if (!(at = parse_method(in, at))) return nullptr;
    if (!(at = parse_request_target(in, at, bounds))) return nullptr;
    if (!(at = parse_version(at, end))) return nullptr;
    if (in.offset(end) - line_ > bounds.request_line_bytes) return fail(http::status::uri_too_long);
    phase_ = phase::fields;
    line_ = field_section_ = in.offset(at);
    return at;
}

inline const char* request_parser::parse_method(text in, const char* at) noexcept {
    if (in.last - at >= 4 && std::memcmp(at, "GET ", 4) == 0) {
        verb_ = http::method::get;
        return at + 4;
    }
    const char* end = http::skip_token(at, in.last);
    if (end == at || end == in.last || *end != ' ') return fail(broken);
    verb_ = http::parse_method({at, static_cast<std::size_t>(end - at)});
    return end + 1;
}

inline const char* request_parser::parse_request_target(text in, const char* at,
                                                        const limits& bounds) noexcept {
    target_ = in.offset(at);
    if (at != in.last && *at == '/' && verb_ != http::method::connect) {
        const http::target_run run = http::skip_target(at, in.last);
        if (run.last != in.last && *run.last == ' ' && !run.has_percent) {
            form_ = http::target_form::origin;
            question_ = run.question ? in.offset(run.question) + 1 : 0;
            target_end_ = in.offset(run.last);
            return run.last + 1;
        }
    }
    const char* end = at;
    while (end != in.last && *end != ' ' && *end != '\r' && *end != '\n') ++end;
    if (end == in.last || *end != ' ') return fail(broken);
    const std::string_view target{at, static_cast<std::size_t>(end - at)};
    const auto parts = http::parse_target(verb_, target, bounds.accept_unescaped_target);
    if (!parts) return fail(broken);
    form_ = parts->form;
    question_ = parts->has_query ? in.offset(parts->query.data()) : 0;
    target_end_ = in.offset(end);
    return end + 1;
}

// HTTP-version, up to `end`, where CR LF is. A minor version above 1 is read as 1 (RFC 9110, 2.5).
inline const char* request_parser::parse_version(const char* at, const char* end) noexcept {
    const char* const version = end - 8;
    if (version != at) return fail(broken);
    if (std::memcmp(version, "HTTP/1.1", 8) == 0) {
        minor_version_ = 1;
        return end + 2;
    }
    const bool good = std::memcmp(version, "HTTP/", 5) == 0 && is_digit(version[5]) && version[6] == '.' &&
                      is_digit(version[7]);
    if (!good) return fail(broken);
    if (version[5] != '1') return fail(http::status::http_version_not_supported);
    minor_version_ = version[7] == '0' ? 0 : 1;
    return end + 2;
}

inline const char* request_parser::parse_fields(text in, const char* at, http::line_end_finder& ends,
                                                const limits& bounds, slot_storage slots) noexcept {
    http::field_slot* slot = slots.first + field_count_;
    http::field_slot* const slots_end =
        slots.first + (slots.count < bounds.field_count ? slots.count : bounds.field_count);
    const char* const section = in.base + field_section_;
    const char* line = at;
    reason_ = broken;
    for (;; ++slot) {
        line = at;
        const char* const end = ends.find(line);
        if (!is_line_end(in, end)) {
            at = nullptr;
            break;
        }
        if (end == line) {
            at += 2;
            break;
        }
        const bool is_full = slot == slots_end;
        at = is_full ? fail(http::status::request_header_fields_too_large)
                     : parse_field_line(in, line, end, *slot);
        if (!at) break;
        if (slot->id != http::field_id::unknown && slot->id <= http::field_id::upgrade) {
            if (const http::status noted = note_field(in, *slot); noted != fine) {
                at = fail(noted);
                break;
            }
        }
    }
    // Past the last line is past the others too, and where a line is incomplete stop() looks at the limit.
    line_ = in.offset(line);
    field_count_ = static_cast<std::uint32_t>(slot - slots.first);
    if (!at) return nullptr;
    if (static_cast<std::size_t>(at - section) > bounds.field_section_bytes)
        return fail(http::status::request_header_fields_too_large);
    return at;
}

// field-name ":" OWS field-value OWS, up to `end`, where CR LF is. A line that begins with whitespace
// (obs-fold) has no name.
[[gnu::always_inline]] inline const char* request_parser::parse_field_line(text in, const char* at,
                                                                           const char* end,
                                                                           http::field_slot& slot) noexcept {
    std::size_t name_length = 0;
    slot.id = http::find_usual_name(at, in.last, name_length);
    if (slot.id == http::field_id::unknown) {
        const char* const colon = http::skip_token(at, in.last);
        if (colon == at || colon == in.last || *colon != ':') return fail(broken);
        name_length = static_cast<std::size_t>(colon - at);
        if (name_length > UINT16_MAX) return fail(http::status::request_header_fields_too_large);
        slot.id = http::find_field_id_of_token(at, name_length, in.last);
    }

    // A field line has no control octet but HTAB, so what is not above SP is OWS, or the CR at the end.
    const auto is_above_space = [](char c) { return static_cast<unsigned char>(c) > ' '; };
    const char* value = at + name_length + 1;
    value += *value == ' ';
    while (!is_above_space(*value) && value != end) ++value;
    const char* value_end = end;
    while (!is_above_space(value_end[-1]) && value_end != value) --value_end;

    slot.name_offset = in.offset(at);
    slot.name_length = static_cast<std::uint16_t>(name_length);
    slot.value_offset = in.offset(value);
    slot.value_length = static_cast<std::uint32_t>(value_end - value);
    slot.flags = 0;
    return end + 2;
}

[[gnu::always_inline]] inline http::status request_parser::note_field(text in,
                                                                      const http::field_slot& slot) noexcept {
    if (slot.id == http::field_id::host) return note_host(in, slot);
    const std::string_view value = in.piece(slot.value_offset, slot.value_offset + slot.value_length);
    switch (slot.id) {
        case http::field_id::connection: return note_connection(value);
        case http::field_id::transfer_encoding: return note_transfer_encoding(value);
        case http::field_id::expect: return note_expect(value);
        case http::field_id::upgrade: facts_ |= fact::upgrade; return fine;
        default: break;
    }
    // Content-Length. RFC 9112, 6.3 would let equal values pass; nobody needs that but who hides a request.
    const auto length = parse_decimal(value, UINT64_MAX);
    if (!length || has(fact::content_length)) return http::status::bad_request;
    content_length_ = *length;
    facts_ |= fact::content_length;
    return fine;
}

inline http::status request_parser::note_host(text in, const http::field_slot& slot) noexcept {
    const std::string_view value = in.piece(slot.value_offset, slot.value_offset + slot.value_length);
    const bool is_good = http::is_plain_host(value.data(), value.data() + value.size(), in.last) ||
                         http::is_valid_host(value, in.last);
    if (has(fact::host) || !is_good) return http::status::bad_request;
    facts_ |= fact::host;
    host_ = slot.value_offset;
    host_length_ = slot.value_length;
    return fine;
}

// Only notes what the codings are; several field lines make one list, which check_head() judges.
inline http::status request_parser::note_transfer_encoding(std::string_view value) noexcept {
    facts_ |= fact::transfer_encoding;
    bool good = true;
    http::for_each_list_member(value, [&](std::string_view coding) {
        if (has(fact::chunked_last)) return good = false;  // chunked must be last, and once
        if (equal_ignoring_case(coding, "chunked")) {
            facts_ |= fact::chunked_last;
            return true;
        }
        std::size_t end = 0;
        while (end < coding.size() && is_tchar(coding[end])) ++end;
        const std::string_view after = trim_ows(coding.substr(end));
        good = end != 0 && (after.empty() || after.front() == ';') &&
               !equal_ignoring_case(coding.substr(0, end), "chunked");
        facts_ |= fact::other_coding;
        return good;
    });
    return good ? fine : http::status::bad_request;
}

inline http::status request_parser::note_connection(std::string_view value) noexcept {
    if (value.size() == 10 && (std::memcmp(value.data(), "keep-alive", 10) == 0 ||
                               std::memcmp(value.data(), "Keep-Alive", 10) == 0)) {
        facts_ |= fact::keep_alive;
        return fine;
    }
    http::for_each_list_member(value, [&](std::string_view option) {
        if (equal_ignoring_case(option, "close")) facts_ |= fact::close;
        if (equal_ignoring_case(option, "keep-alive")) facts_ |= fact::keep_alive;
        if (equal_ignoring_case(option, "upgrade")) facts_ |= fact::connection_upgrade;
        return true;
    });
    return fine;
}

inline http::status request_parser::note_expect(std::string_view value) noexcept {
    bool understood = true;
    http::for_each_list_member(value, [&](std::string_view member) {
        understood = equal_ignoring_case(member, "100-continue");
        facts_ |= fact::expect_continue;
        return understood;
    });
    return understood ? fine : http::status::expectation_failed;
}

// What only the whole header section tells (RFC 9112, 3.2 and 6.3).
inline http::status request_parser::check_head() const noexcept {
    if (!has(fact::host) && minor_version_ != 0) return http::status::bad_request;
    if (!has(fact::transfer_encoding)) return fine;
    if (has(fact::content_length) || minor_version_ == 0) return http::status::bad_request;
    if (!has(fact::chunked_last)) return http::status::bad_request;
    return has(fact::other_coding) ? http::status::not_implemented : fine;
}

inline void request_parser::fill(text in, const limits& bounds, const http::field_slot* slots,
                                 http::request_head& out) const noexcept {
    out.method_text = in.piece(method_, target_ - 1);
    out.target = in.piece(target_, target_end_);
    out.authority = in.piece(host_, host_ + host_length_);
    out.form = form_;
    out.has_query = question_ != 0;
    if (form_ == http::target_form::origin) {
        out.path = in.piece(target_, out.has_query ? question_ - 1 : target_end_);
        out.query = out.has_query ? in.piece(question_, target_end_) : std::string_view{};
    } else if (const auto parts = http::parse_target(verb_, out.target, bounds.accept_unescaped_target)) {
        out.path = parts->path;
        out.query = parts->query;
        // RFC 9112, 3.2.2: the authority of an absolute-form target replaces the Host field.
        if (!parts->authority.empty()) out.authority = parts->authority;
    }
    out.fields = http::field_list(in.base, slots, field_count_);
    out.verb = verb_;
    out.minor_version = minor_version_;
    out.content_length = content_length_;
    out.framing = content_length_ != 0 ? http::body_framing::content_length : http::body_framing::none;
    if ((facts_ & ~fact::host) == 0 && minor_version_ != 0) {
        out.keep_alive = true;
        out.expects_continue = out.has_upgrade = false;
        return;
    }
    if (has(fact::chunked_last)) out.framing = http::body_framing::chunked;
    out.keep_alive = !has(fact::close) && (minor_version_ != 0 || has(fact::keep_alive));
    // RFC 9110, 10.1.1: in a 1.0 request, and where no content follows, 100-continue means nothing.
    out.expects_continue = has(fact::expect_continue) && minor_version_ != 0 && out.has_body();
    out.has_upgrade = has(fact::upgrade) && has(fact::connection_upgrade) && minor_version_ != 0;
}

}  // namespace eventcore::h1
