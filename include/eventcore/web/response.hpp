// What a handler answers: a status, fields, and content that is text, bytes, a file or a stream.
//
//   return ec::response{ec::status::created, "made"};
//   return ec::html("<h1>Hello</h1>");
//   ec::response r = …;  r.set("cache-control", "no-store");
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/web/content.hpp"

namespace eventcore {

using http::status;

class response {
 public:
    using content_kind = eventcore::content_kind;

    response() noexcept {}
    response(http::status code) noexcept : status_(code) {}
    // text/plain; charset=utf-8. The literal is not copied.
    template <std::size_t N>
    response(const char (&literal)[N]) noexcept : response(status::ok, literal) {}
    template <std::size_t N>
    response(http::status code, const char (&literal)[N]) noexcept
        : status_(code), content_type_(plain_text), content_(std::string_view(literal, N - 1)) {}
    response(std::string text) : response(status::ok, std::move(text)) {}
    response(http::status code, std::string text)
        : status_(code), content_type_(plain_text), content_(std::move(text)) {}
    // `value` is anything that can be a response on its own; only its status is replaced.
    template <class T>
        requires(std::is_constructible_v<response, T &&> && !std::is_convertible_v<T &&, std::string> &&
                 !std::is_same_v<std::remove_cvref_t<T>, http::status>)
    response(http::status code, T&& value) : response(std::forward<T>(value)) {
        status_ = code;
    }

    // `media_type` must outlive the response: a literal. Use set("content-type", …) for one made at run time.
    static response from_view(std::string_view bytes, std::string_view media_type) noexcept {
        return response(response_content(bytes), media_type);
    }
    static response from_text(std::string text, std::string_view media_type) noexcept {
        return response(response_content(std::move(text)), media_type);
    }
    static response from_buffer(byte_buffer bytes, std::string_view media_type) noexcept {
        return response(response_content(std::move(bytes)), media_type);
    }
    static response from_file(file_region region, std::string_view media_type) noexcept {
        return response(response_content(std::move(region)), media_type);
    }
    // `produce(body_writer&) -> task<>` runs when the head has been sent. It may capture by value.
    template <class F>
    static response from_stream(F produce, std::string_view media_type) {
        static_assert(
            std::is_invocable_r_v<task<>, F&, body_writer&>,
            "eventcore: a stream is written by a coroutine function: ec::task<> f(ec::body_writer& out)");
        return response(response_content(body_producer(std::move(produce))), media_type);
    }

    // 101 over HTTP/1.1, 200 to an extended CONNECT; the fields are those of `code`'s head.
    static response from_tunnel(http::status code, tunnel_ptr t) noexcept {
        response made{response_content(std::move(t)), std::string_view{}};
        made.status_ = code;
        return made;
    }

    // The same in place, keeping status and fields: what responders use, because a response is big to move.
    void set_view(std::string_view bytes, std::string_view media_type) noexcept {
        content_ = response_content(bytes), content_type_ = media_type;
    }
    void set_text(std::string text, std::string_view media_type) noexcept {
        content_ = response_content(std::move(text)), content_type_ = media_type;
    }
    void set_buffer(byte_buffer bytes, std::string_view media_type) noexcept {
        content_ = response_content(std::move(bytes)), content_type_ = media_type;
    }
    void set_file(file_region region, std::string_view media_type) noexcept {
        content_ = response_content(std::move(region)), content_type_ = media_type;
    }

    http::status code() const noexcept { return status_; }
    response& code(http::status s) noexcept { return status_ = s, *this; }

    // Sets or adds a field. A name that is no token, or a value with CR, LF, NUL or another control character
    // throws std::system_error(errc::invalid_argument), which a server answers with 500: no response
    // splitting.
    response& set(std::string_view name, std::string_view value) {
        return fields_.set(name, value).value(), *this;
    }
    response& add(std::string_view name, std::string_view value) {
        return fields_.add(name, value).value(), *this;
    }
    http::fields& fields() noexcept { return fields_; }
    const http::fields& fields() const noexcept { return fields_; }

    // Empty when there is none, or when it was set as a field.
    std::string_view content_type() const noexcept { return content_type_; }
    // `media_type` must outlive the response.
    response& content_type(std::string_view media_type) noexcept { return content_type_ = media_type, *this; }

    content_kind kind() const noexcept { return content_.kind(); }
    bool has_known_length() const noexcept { return kind() < content_kind::stream; }
    std::uint64_t content_length() const noexcept {
        return kind() == content_kind::file ? content_.file().length : content_.bytes().size();
    }
    // The bytes of a view, text or buffer; empty for the other kinds.
    std::string_view content() const noexcept { return content_.bytes(); }
    // Only for content_kind::file.
    file_region& file() noexcept { return content_.file(); }
    // Only for content_kind::stream.
    task<> start_stream(body_writer& out) { return content_.producer().start(out); }

    // Only for content_kind::tunnel.
    tunnel& take_tunnel() noexcept { return content_.tunnel().give_up(); }

    // Back to 200 without fields and content.
    void reset() noexcept {
        status_ = status::ok;
        content_type_ = {};
        if (!fields_.empty()) fields_ = http::fields();
        content_.clear();
    }

    static constexpr std::string_view plain_text = "text/plain; charset=utf-8";

 private:
    response(response_content content, std::string_view media_type) noexcept
        : content_type_(media_type), content_(std::move(content)) {}

    http::status status_ = status::ok;
    std::string_view content_type_;
    http::fields fields_;
    response_content content_;
};

// text/html; charset=utf-8.
inline response html(std::string text) {
    return response::from_text(std::move(text), "text/html; charset=utf-8");
}
template <std::size_t N>
response html(const char (&literal)[N]) {
    return response::from_view({literal, N - 1}, "text/html; charset=utf-8");
}

// Content written by a coroutine function `ec::task<> f(ec::body_writer& out)`; sent chunked over HTTP/1.1.
template <class F>
response stream(F produce, std::string_view media_type = "application/octet-stream") {
    return response::from_stream(std::move(produce), media_type);
}

}  // namespace eventcore
