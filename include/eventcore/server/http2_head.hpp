// The head of an HTTP/2 request, field by field, into the same form as that of an HTTP/1.1 request: a handler
// cannot tell them apart (RFC 9113, 8.3.1 and 8.2.3). The library below has refused what RFC 9113 calls
// malformed; here is what RFC 9110 and the server's limits ask of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/scan.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/http/target.hpp"

namespace eventcore {

class http2_head {
    static_assert(std::is_trivially_copyable_v<http::field_slot>);

 public:
    explicit http2_head(const h1::limits& limits) noexcept : limits_(limits) {}
    http2_head(const http2_head&) = delete;
    http2_head& operator=(const http2_head&) = delete;
    ~http2_head() { release(); }

    // A pseudo-header field or a field, in the order of the field section. What is over a limit is counted,
    // not kept. Throws std::bad_alloc.
    void add(std::string_view name, std::string_view value);
    // All field lines so far as RFC 9113, 10.5.1 counts them; those over the limit too.
    std::uint64_t list_bytes() const noexcept { return list_bytes_; }
    // The field section is complete: fills `out`, whose views live until reset(). ok, or the status that
    // refuses the request; `out` then has what was understood. Throws std::bad_alloc.
    http::status finish(bool is_without_content, http::request_head& out);
    // After finish(): an extended CONNECT that asks for a WebSocket (RFC 8441, section 5). To the application
    // it is the GET that asks for one over HTTP/1.1.
    bool asks_for_tunnel() const noexcept { return is_tunnel_; }
    void reset() noexcept;
    // The same, and holds no memory until there is another.
    void release() noexcept {
        text_.release();
        recycler::deallocate(std::exchange(slots_, nullptr), slots_bytes());
        reset();
    }

 private:
    struct piece {
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
    };
    static constexpr std::size_t kept_bytes = 4096;

    piece keep(std::string_view text) {
        const piece kept{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
        text_.append(text);
        return kept;
    }
    std::string_view view(piece p) const noexcept { return text_.view().substr(p.offset, p.length); }
    static piece value_of(const http::field_slot& slot) noexcept {
        return {slot.value_offset, slot.value_length};
    }
    // With room for a Host of our own.
    std::size_t slots_bytes() const noexcept {
        return (std::size_t{limits_.field_count} + 1) * sizeof(http::field_slot);
    }
    http::field_slot& next_slot() {
        if (!slots_) slots_ = static_cast<http::field_slot*>(recycler::allocate(slots_bytes()));
        return slots_[count_++];
    }
    void add_pseudo(std::string_view name, std::string_view value);
    void add_slot(http::field_id id, std::string_view name, std::string_view value);
    void add_crumb(std::string_view value);
    void join_cookies();
    void refuse(http::status why) noexcept {
        if (refusal_ == http::status::ok) refusal_ = why;
    }
    void note_expect(std::string_view value) noexcept;
    http::status check_host();
    http::status check_protocol(http::request_head& out) noexcept;

    const h1::limits& limits_;
    http::field_slot* slots_ = nullptr;
    byte_buffer text_;
    byte_buffer crumbs_;  // of the cookie, but for the first
    piece method_, path_, authority_, protocol_;
    std::uint64_t list_bytes_ = 0;
    std::uint64_t content_length_ = 0;
    std::uint32_t section_bytes_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t host_ = 0;    // its slot, plus 1; 0: none
    std::uint32_t cookie_ = 0;  // the same
    http::status refusal_ = http::status::ok;
    bool has_content_length_ = false;
    bool expects_continue_ = false;
    bool is_tunnel_ = false;
};

// ---- definitions ----

inline void http2_head::add(std::string_view name, std::string_view value) {
    constexpr std::size_t entry_extra_bytes = 32, line_extra_bytes = 4;
    list_bytes_ += name.size() + value.size() + entry_extra_bytes;
    if (refusal_ != http::status::ok) return;
    if (!name.empty() && name.front() == ':') return add_pseudo(name, value);
    section_bytes_ += static_cast<std::uint32_t>(name.size() + value.size() + line_extra_bytes);
    if (section_bytes_ > limits_.field_section_bytes)
        return refuse(http::status::request_header_fields_too_large);
    if (name.size() > UINT16_MAX) return refuse(http::status::request_header_fields_too_large);
    const http::field_id id = http::find_field_id(name);
    switch (id) {
        case http::field_id::cookie:
            if (cookie_ != 0) return add_crumb(value);
            cookie_ = count_ + 1;
            break;
        case http::field_id::host:
            if (host_ != 0) return refuse(http::status::bad_request);
            host_ = count_ + 1;
            break;
        case http::field_id::content_length: {
            const auto length = parse_decimal(value, UINT64_MAX);
            if (!length || has_content_length_) return refuse(http::status::bad_request);
            content_length_ = *length;
            has_content_length_ = true;
            break;
        }
        case http::field_id::expect: note_expect(value); break;
        default: break;
    }
    if (count_ == limits_.field_count) return refuse(http::status::request_header_fields_too_large);
    add_slot(id, name, value);
}

inline void http2_head::add_pseudo(std::string_view name, std::string_view value) {
    if (value.size() > limits_.request_line_bytes) return refuse(http::status::uri_too_long);
    switch (name.size()) {  // the library lets no others through
        case 5: path_ = keep(value); return;
        case 7:
            if (name[1] == 'm') method_ = keep(value);  // and not the scheme
            return;
        case 9: protocol_ = keep(value); return;
        case 10: authority_ = keep(value); return;
        default: return;
    }
}

inline void http2_head::add_slot(http::field_id id, std::string_view name, std::string_view value) {
    http::field_slot& slot = next_slot();
    slot.name_offset = keep(name).offset;
    slot.name_length = static_cast<std::uint16_t>(name.size());
    const piece kept = keep(value);
    slot.value_offset = kept.offset;
    slot.value_length = kept.length;
    slot.id = id;
    slot.flags = 0;
}

// RFC 9113, 8.2.3: cookies may come in several field lines, and are one to whoever reads them. They are
// joined when all are there: one by one, with other fields in between, each would be copied for the next.
inline void http2_head::add_crumb(std::string_view value) {
    crumbs_.append("; ");
    crumbs_.append(value);
}

inline void http2_head::join_cookies() {
    if (crumbs_.empty()) return;
    http::field_slot& slot = slots_[cookie_ - 1];
    text_.prepare(slot.value_length + crumbs_.size());
    slot.value_offset = keep(view(value_of(slot))).offset;
    text_.append(crumbs_.view());
    slot.value_length += static_cast<std::uint32_t>(crumbs_.size());
    crumbs_.release();
}

inline void http2_head::note_expect(std::string_view value) noexcept {
    http::for_each_list_member(value, [&](std::string_view member) {
        if (!equal_ignoring_case(member, "100-continue"))
            return refuse(http::status::expectation_failed), false;
        return expects_continue_ = true;
    });
}

// What a handler finds in Host is the authority, whichever of the two the client has sent.
inline http::status http2_head::check_host() {
    if (authority_.length == 0) {
        if (host_ == 0) return http::status::bad_request;
        authority_ = value_of(slots_[host_ - 1]);
    } else if (host_ == 0) {
        constexpr std::string_view name = "host";
        const piece kept = keep(name);
        next_slot() = {kept.offset,          authority_.offset,
                       authority_.length,    static_cast<std::uint16_t>(name.size()),
                       http::field_id::host, 0};
    } else if (!equal_ignoring_case(view(value_of(slots_[host_ - 1])), view(authority_))) {
        return http::status::bad_request;  // two that differ: RFC 9113, 8.3.1
    }
    return http::is_valid_host(view(authority_)) ? http::status::ok : http::status::bad_request;
}

// The library has seen to it that the method is CONNECT, and that scheme, path and authority are there (RFC
// 8441, section 4).
inline http::status http2_head::check_protocol(http::request_head& out) noexcept {
    if (!equal_ignoring_case(view(protocol_), "websocket")) return http::status::not_implemented;
    if (has_content_length_) return http::status::bad_request;  // what follows is no content
    is_tunnel_ = true;
    out.verb = http::method::get;
    out.method_text = http::to_string(http::method::get);
    out.target = view(path_);
    out.framing = http::body_framing::none;
    return http::status::ok;
}

inline http::status http2_head::finish(bool is_without_content, http::request_head& out) {
    const bool is_good = refusal_ == http::status::ok;
    join_cookies();
    const http::status host = is_good ? check_host() : refusal_;
    out.method_text = view(method_);
    out.verb = http::parse_method(out.method_text);
    out.target = view(out.verb == http::method::connect ? authority_ : path_);
    out.authority = view(authority_);
    out.path = out.query = {};
    out.has_query = false;
    out.form = http::target_form::origin;
    out.fields = http::field_list(text_.data(), slots_, count_);
    if (out.verb == http::method::connect) is_without_content = true;  // what follows would be a tunnel's
    out.content_length = is_without_content ? 0 : content_length_;
    out.framing = is_without_content     ? http::body_framing::none
                  : !has_content_length_ ? http::body_framing::chunked
                  : content_length_ != 0 ? http::body_framing::content_length
                                         : http::body_framing::none;
    out.minor_version = 1;
    out.keep_alive = true;
    out.expects_continue = expects_continue_ && out.has_body();
    out.has_upgrade = false;
    if (host != http::status::ok) return host;
    if (protocol_.length > 0) {
        const http::status why = check_protocol(out);
        if (why != http::status::ok) return why;
    }
    if (!is_token(out.method_text)) return http::status::bad_request;
    const auto parts = http::parse_target(out.verb, out.target, limits_.accept_unescaped_target);
    if (!parts || parts->form == http::target_form::absolute) return http::status::bad_request;
    out.form = parts->form;
    out.path = parts->path;
    out.query = parts->query;
    out.has_query = parts->has_query;
    return http::status::ok;
}

inline void http2_head::reset() noexcept {
    if (text_.capacity() > kept_bytes)
        text_.release();
    else
        text_.clear();
    crumbs_.release();
    method_ = path_ = authority_ = protocol_ = {};
    list_bytes_ = content_length_ = 0;
    section_bytes_ = count_ = host_ = cookie_ = 0;
    refusal_ = http::status::ok;
    has_content_length_ = expects_continue_ = is_tunnel_ = false;
}

}  // namespace eventcore
