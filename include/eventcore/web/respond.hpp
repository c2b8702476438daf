// What a handler may give back. Anything that converts to ec::response will do; a type becomes a responder of
// its own by specialising ec::responder.
//
//   nothing                           204
//   string literal, string(_view)     200 text/plain; a literal or view must outlive the response
//   ec::status                        that status, no content
//   ec::json{value}                   200 application/json (web/json.hpp)
//   std::optional<X>                  X, or 404
//   ec::result<X>                     X, or the error as application/problem+json (web/problem.hpp)
//   std::pair<ec::status, X>          X with that status
//   ec::file_region                   the bytes, sent from the page cache
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/base/result.hpp"
#include "eventcore/web/problem.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

//     template <>
//     struct eventcore::responder<picture> {
//         static void respond(picture&& value, request& req, response& out);   // `out` is an empty 200
//         static constexpr std::string_view media_type = "image/png";          // optional: for descriptions
//     };
template <class T>
struct responder;

template <class T>
concept has_responder = requires(T&& value, request& req, response& out) {
    responder<T>::respond(static_cast<T&&>(value), req, out);
};

template <class T>
concept respondable = std::is_void_v<T> || has_responder<T> || std::is_convertible_v<T, response>;

// Makes the response for a value that is respondable.
template <class T>
void respond(T&& value, request& req, response& out) {
    using value_type = std::remove_cvref_t<T>;
    if constexpr (has_responder<value_type>)
        responder<value_type>::respond(value_type(std::forward<T>(value)), req, out);
    else
        out = static_cast<response>(std::forward<T>(value));
}

template <>
struct responder<response> {
    static void respond(response&& value, request&, response& out) { out = std::move(value); }
};

template <>
struct responder<http::status> {
    static void respond(http::status value, request&, response& out) { out.code(value); }
};

template <>
struct responder<std::string_view> {
    static constexpr std::string_view media_type = response::plain_text;
    static void respond(std::string_view value, request&, response& out) { out.set_view(value, media_type); }
};

template <>
struct responder<const char*> {
    static constexpr std::string_view media_type = response::plain_text;
    static void respond(const char* value, request&, response& out) { out.set_view(value, media_type); }
};

template <>
struct responder<std::string> {
    static constexpr std::string_view media_type = response::plain_text;
    static void respond(std::string&& value, request&, response& out) {
        out.set_text(std::move(value), media_type);
    }
};

template <>
struct responder<file_region> {
    static constexpr std::string_view media_type = "application/octet-stream";
    static void respond(file_region&& value, request&, response& out) {
        out.set_file(std::move(value), media_type);
    }
};

namespace detail {

template <class T>
constexpr std::string_view media_type_of() {
    if constexpr (requires { responder<T>::media_type; })
        return responder<T>::media_type;
    else
        return {};
}

}  // namespace detail

template <respondable X>
struct responder<std::optional<X>> {
    static constexpr std::string_view media_type = detail::media_type_of<X>();
    static void respond(std::optional<X>&& value, request& req, response& out) {
        if (value)
            eventcore::respond(std::move(*value), req, out);
        else
            out.code(http::status::not_found);
    }
};

template <respondable X>
struct responder<result<X>> {
    static constexpr std::string_view media_type = detail::media_type_of<X>();
    static void respond(result<X>&& value, request& req, response& out) {
        if (!value) return set_problem(out, value.error());
        if constexpr (std::is_void_v<X>)
            out.code(http::status::no_content);
        else
            eventcore::respond(*std::move(value), req, out);
    }
};

template <respondable X>
struct responder<std::pair<http::status, X>> {
    static constexpr std::string_view media_type = detail::media_type_of<X>();
    static void respond(std::pair<http::status, X>&& value, request& req, response& out) {
        eventcore::respond(std::move(value.second), req, out);
        out.code(value.first);
    }
};

}  // namespace eventcore
