// ec::json<T>: a value that comes from, or becomes, a JSON text. Any aggregate will do; see
// content/json/reflect.hpp for what else (ec::describe).
//
//   ec::post<"/users">([](ec::json<new_user> in) { return ec::json{make_user(in->name)}; })
//
// Input that is no JSON, or does not fit T, is answered with 400 and the JSON pointer of what is wrong;
// content of another type with 415. A handler that wants to see that itself takes ec::result<ec::json<T>>.
// Programs that read JSON link the component eventcore::json.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/content/json/read.hpp"
#include "eventcore/content/json/write.hpp"
#include "eventcore/web/extract.hpp"
#include "eventcore/web/respond.hpp"

namespace eventcore {

template <class T>
class json {
 public:
    using value_type = T;

    explicit json(T v) : value(std::move(v)) {}
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    T* operator->() noexcept { return &value; }
    const T* operator->() const noexcept { return &value; }

    // For ec::response{ec::status::created, ec::json{value}}.
    operator response() const {
        byte_buffer text;
        json_codec::write(text, value);
        return response::from_buffer(std::move(text), "application/json");
    }

    T value;
};

template <class T>
struct responder<json<T>> {
    static constexpr std::string_view media_type = "application/json";
    static void respond(json<T>&& value, request&, response& out) {
        byte_buffer text;
        json_codec::write(text, value.value);
        out.set_buffer(std::move(text), media_type);
    }
};

namespace detail {

inline void refuse_json(rejection& why, const json_codec::read_error& error) {
    const std::error_code code = error.code();
    const auto status = code == errc::too_large ? http::status::content_too_large : http::status::bad_request;
    why.refuse(problem{status, error.detail, error.pointer, {}}, code);
}

}  // namespace detail

template <class T>
struct extractor<json<T>> {
    using value_type = T;
    static constexpr body_use body = body_use::whole;
    static constexpr std::string_view media_type = "application/json";

    static std::optional<json<T>> extract(request& req, rejection& why) {
        if (!detail::require_media_type(req, why, media_type)) return std::nullopt;
        json<T> made{T{}};
        if (const json_codec::read_error error = json_codec::read(req.content(), made.value)) {
            detail::refuse_json(why, error);
            return std::nullopt;
        }
        return made;
    }
};

}  // namespace eventcore
