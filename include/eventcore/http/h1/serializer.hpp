// Writes the head of an HTTP/1.1 response (RFC 9112, section 4) into memory the caller has reserved.
//
//     char* to = buffer.prepare(response_head_bytes(head));
//     buffer.commit(write_response_head(to, head) - to);
//
// Whatever frames the message is the library's: Content-Length, Transfer-Encoding, Connection, Keep-Alive,
// Upgrade and Date set by a handler are left out, the ones below are written. Names and values were checked
// when they were put into `fields`, so no response can be split here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "eventcore/base/assert.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/status.hpp"

namespace eventcore::h1 {

// How the client learns where the content ends.
enum class content_framing : std::uint8_t {
    none,            // nothing is said: 1xx, 204, 304 without a known length
    content_length,  // response_head::content_length
    chunked,         // Transfer-Encoding: chunked
    until_close,     // HTTP/1.0 clients, when the length is not known
};

enum class connection_option : std::uint8_t {
    implied,     // what the version implies, so nothing is written
    close,       // the last response on this connection
    keep_alive,  // to an HTTP/1.0 client that asked for it
    upgrade,     // with 101 (Switching Protocols) or 426 (Upgrade Required)
};

// The views live until the head is written. `date` is 29 bytes (http::write_date) or empty; `server` and
// `content_type` are empty or valid field values, and give way to those in `fields`. `ending`, if any, is
// what write_head_ending() has made of `server` and `date`: servers need it again and again.
struct response_head {
    response_head() noexcept {}  // not defaulted: g++ 12 clears a defaulted one with the slow "rep stos"

    http::status code = http::status::ok;
    content_framing framing = content_framing::content_length;
    connection_option connection = connection_option::implied;
    std::uint64_t content_length = 0;
    std::string_view date{};
    std::string_view server{};
    std::string_view content_type{};
    std::string_view ending{};
    std::string_view upgrade{};  // with connection_option::upgrade: the protocols
    const http::fields* fields = nullptr;
};

// What may follow a response head.
struct content_rules {
    content_framing framing = content_framing::none;
    bool sends_content = false;  // false: not one byte, whatever the handler returned
};

// Decides it (RFC 9110, 6.4.1; RFC 9112, 6.1 and 6.3). A HEAD response says what GET would have said and
// sends nothing; 1xx, 204 and the answer that opens a tunnel must not even say a length. `has_known_length`:
// content_length is right.
constexpr content_rules rules_for(http::method request_method, http::status code, std::uint8_t minor_version,
                                  bool has_known_length);

// An upper bound of what write_response_head() writes.
inline std::size_t response_head_bytes(const response_head& head) noexcept;

// Returns the end of what it wrote.
inline char* write_response_head(char* to, const response_head& head) noexcept;

// The end of a response head: Server, Date and the empty line; at most head_ending_bytes(). Returns the end
// of what it wrote.
inline char* write_head_ending(char* to, std::string_view server, std::string_view date) noexcept;
constexpr std::size_t head_ending_bytes(std::string_view server) noexcept { return server.size() + 64; }

// The whole of an interim response that has no fields.
inline constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

// Fields a handler does not decide about.
constexpr bool is_framing_field(http::field_id id) {
    switch (id) {
        case http::field_id::content_length:
        case http::field_id::transfer_encoding:
        case http::field_id::connection:
        case http::field_id::keep_alive:
        case http::field_id::upgrade:
        case http::field_id::date: return true;
        default: return false;
    }
}

namespace detail {

inline char* put(char* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
}
// The same for what is mostly 16 to 32 bytes long, as media types are: two moves instead of a call.
inline char* put_short(char* to, std::string_view text) noexcept {
    if (text.size() < 16 || text.size() > 32) return put(to, text);
    char first[16], last[16];
    std::memcpy(first, text.data(), 16);
    std::memcpy(last, text.data() + text.size() - 16, 16);
    std::memcpy(to, first, 16);
    std::memcpy(to + text.size() - 16, last, 16);
    return to + text.size();
}
template <std::size_t N>
char* put(char* to, const char (&literal)[N]) noexcept {
    std::memcpy(to, literal, N - 1);
    return to + N - 1;
}

inline constexpr char digit_pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

inline char* put_decimal(char* to, std::uint64_t value) noexcept {
    if (value < 100) {
        if (value < 10) return *to = static_cast<char>('0' + value), to + 1;
        std::memcpy(to, digit_pairs + value * 2, 2);
        return to + 2;
    }
    char digits[20];
    std::size_t first = sizeof digits;
    while (value >= 100) {
        first -= 2;
        std::memcpy(digits + first, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        std::memcpy(digits + first, digit_pairs + value * 2, 2);
    } else {
        digits[--first] = static_cast<char>('0' + value);
    }
    std::memcpy(to, digits + first, sizeof digits - first);
    return to + (sizeof digits - first);
}

inline char* put_status_line(char* to, http::status code) noexcept {
    if (code == http::status::ok) return put(to, "HTTP/1.1 200 OK\r\n");
    if (!http::is_valid(code)) code = http::status::internal_server_error;
    const auto number = http::code_of(code);
    to = put(to, "HTTP/1.1 ");
    to[0] = static_cast<char>('0' + number / 100);
    to[1] = static_cast<char>('0' + number / 10 % 10);
    to[2] = static_cast<char>('0' + number % 10);
    to[3] = ' ';  // RFC 9112, 4: there even when no phrase follows
    return put(put(to + 4, http::reason_phrase(code)), "\r\n");
}

inline char* put_connection(char* to, const response_head& head) noexcept {
    switch (head.connection) {
        case connection_option::implied: return to;
        case connection_option::close: return put(to, "Connection: close\r\n");
        case connection_option::keep_alive: return put(to, "Connection: keep-alive\r\n");
        case connection_option::upgrade: break;
    }
    to = put(to, "Connection: Upgrade\r\nUpgrade: ");
    return put(put(to, head.upgrade), "\r\n");
}

inline char* put_framing(char* to, const response_head& head) noexcept {
    switch (head.framing) {
        case content_framing::content_length:
            to = put(to, "Content-Length: ");
            return put(put_decimal(to, head.content_length), "\r\n");
        case content_framing::chunked: return put(to, "Transfer-Encoding: chunked\r\n");
        case content_framing::none:
        case content_framing::until_close: break;
    }
    return to;
}

inline char* put_date(char* to, std::string_view date) noexcept {
    EVENTCORE_ASSERT(date.size() == 29, "a Date has 29 bytes");
    to = put(to, "Date: ");
    std::memcpy(to, date.data(), 29);
    return put(to + 29, "\r\n");
}

// Everything but the views and the fields, at its longest: a status line has 13 bytes and a phrase and CR LF,
// a length 20 digits.
inline constexpr std::size_t reason_phrase_bytes_max = 40;
inline constexpr std::size_t head_bytes_fixed =
    13 + reason_phrase_bytes_max + 2 + sizeof "Content-Length: \r\n" + 20 +
    sizeof "Connection: Upgrade\r\nUpgrade: \r\n" + sizeof "Date: \r\n" + 29 + sizeof "Server: \r\n" +
    sizeof "Content-Type: \r\n" + sizeof "\r\n";

}  // namespace detail

constexpr content_rules rules_for(http::method request_method, http::status code, std::uint8_t minor_version,
                                  bool has_known_length) {
    if (http::is_informational(code) || code == http::status::no_content) return {};
    if (request_method == http::method::connect && http::is_successful(code)) return {};  // a tunnel follows
    const bool is_bodiless = request_method == http::method::head || code == http::status::not_modified;
    if (has_known_length) return {content_framing::content_length, !is_bodiless};
    if (code == http::status::not_modified) return {};
    const auto framing = minor_version == 0 ? content_framing::until_close : content_framing::chunked;
    return {framing, !is_bodiless};
}

inline std::size_t response_head_bytes(const response_head& head) noexcept {
    return detail::head_bytes_fixed + head.server.size() + head.content_type.size() + head.upgrade.size() +
           (head.fields ? head.fields->lines_bytes() : 0);
}

inline char* write_response_head(char* to, const response_head& head) noexcept {
    to = detail::put_status_line(to, head.code);
    to = detail::put_connection(to, head);
    bool has_own_server = false, has_content_type = head.content_type.empty();
    if (head.fields && !head.fields->empty()) {
        for (auto field = head.fields->begin(); field != head.fields->end(); ++field) {
            const http::field_id id = field.id();
            if (is_framing_field(id)) continue;
            has_own_server |= id == http::field_id::server;
            has_content_type |= id == http::field_id::content_type;
            to = detail::put(to, field.line());
        }
    }
    if (!has_content_type) {
        to = detail::put(to, "Content-Type: ");
        to = detail::put(detail::put_short(to, head.content_type), "\r\n");
    }
    to = detail::put_framing(to, head);
    if (!has_own_server && !head.ending.empty()) return detail::put(to, head.ending);
    return write_head_ending(to, has_own_server ? std::string_view{} : head.server, head.date);
}

inline char* write_head_ending(char* to, std::string_view server, std::string_view date) noexcept {
    if (!server.empty()) to = detail::put(detail::put(detail::put(to, "Server: "), server), "\r\n");
    if (!date.empty()) to = detail::put_date(to, date);
    return detail::put(to, "\r\n");
}

}  // namespace eventcore::h1
