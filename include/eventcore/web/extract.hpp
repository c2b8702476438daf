// What a handler may ask for, by parameter type.
//
//   int, std::string, std::string_view, …   the path's parameters, in order (web/text_value.hpp)
//   ec::path<"id", T>                       the path's parameter of that name
//   ec::query<"page", T>                    missing or malformed: 400. optional<T> may be missing, a
//   ec::header<"x-id", T>                   std::vector<T> has all of them, query<"page", int, 1> has a
//   default ec::cookie<"session", T> ec::bytes                               the content, whole ec::json<T>,
//   ec::form<T>                the content, decoded (web/json.hpp, web/form.hpp) ec::body_reader& the
//   content, piece by piece ec::state<T>                            what ec::provide() gave to the router or
//   group ec::request&, ec::context&              everything; cancellation and deadline ec::result<X> any X
//   above that can be refused: the handler sees why
//
// A parameter type of yours joins by specialising ec::extractor.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eventcore/base/fixed_string.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/http/content_type.hpp"
#include "eventcore/http/cookie.hpp"
#include "eventcore/http/percent.hpp"
#include "eventcore/http/query.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/problem.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"
#include "eventcore/web/text_value.hpp"

namespace eventcore {

// Why a parameter could not be made from a request.
class rejection {
 public:
    explicit rejection(response& answer) noexcept : answer_(answer) {}

    // What the client gets, and what a handler that takes ec::result<X> sees.
    void refuse(const problem& p, std::error_code error = errc::invalid_argument) {
        error_ = error;
        set_problem(answer_, p);
    }
    // To add fields to what refuse() made (WWW-Authenticate), or to answer in another form.
    response& answer() noexcept { return answer_; }
    std::error_code error() const noexcept { return error_; }
    void set_error(std::error_code error) noexcept { error_ = error; }

 private:
    response& answer_;
    std::error_code error_ = errc::invalid_argument;
};

//     template <>
//     struct eventcore::extractor<session> {
//         static std::optional<session> extract(request& req, rejection& why);   // empty: why.refuse(…) was
//         called static constexpr ec::body_use body = ec::body_use::none;               // these are optional
//         static constexpr std::string_view media_type = "";                     // of the content it reads
//     };
template <class T>
struct extractor;

template <class T>
concept has_extractor = requires(request& req, rejection& why) {
    { extractor<T>::extract(req, why) } -> std::same_as<std::optional<T>>;
};

namespace detail {

// A value with a name; reads like the value.
template <class T>
class named_value {
 public:
    using value_type = T;

    explicit named_value(T v) : value(std::move(v)) {}
    const T& operator*() const noexcept { return value; }
    const T* operator->() const noexcept { return &value; }
    operator const T&() const noexcept { return value; }

    T value;
};

template <class T>
struct wanted_value {  // exactly one
    using element = T;
    static constexpr bool is_required = true, is_list = false;
};
template <class T>
struct wanted_value<std::optional<T>> {
    using element = T;
    static constexpr bool is_required = false, is_list = false;
};
template <class T>
struct wanted_value<std::vector<T>> {
    using element = T;
    static constexpr bool is_required = false, is_list = true;
};

}  // namespace detail

template <fixed_string Name, class T = std::string_view>
class path : public detail::named_value<T> {
 public:
    using detail::named_value<T>::named_value;
};

template <fixed_string Name, class T = std::string_view, auto... Default>
class query : public detail::named_value<T> {
 public:
    using detail::named_value<T>::named_value;
};

template <fixed_string Name, class T = std::string_view, auto... Default>
class header : public detail::named_value<T> {
 public:
    using detail::named_value<T>::named_value;
};

template <fixed_string Name, class T = std::string_view, auto... Default>
class cookie : public detail::named_value<T> {
 public:
    using detail::named_value<T>::named_value;
};

// The content as it was sent, whatever its type; valid until the handler has finished.
class bytes {
 public:
    explicit bytes(std::string_view content) noexcept : content_(content) {}
    std::string_view view() const noexcept { return content_; }
    operator std::string_view() const noexcept { return content_; }
    const char* data() const noexcept { return content_.data(); }
    std::size_t size() const noexcept { return content_.size(); }
    bool empty() const noexcept { return content_.empty(); }

 private:
    std::string_view content_;
};

// A reference to what ec::provide() put into the router or group around the route: the innermost T.
template <class T>
class state {
 public:
    explicit state(T& object) noexcept : object_(&object) {}
    T& operator*() const noexcept { return *object_; }
    T* operator->() const noexcept { return object_; }
    operator T&() const noexcept { return *object_; }

 private:
    T* object_;
};

// Where a parameter's value comes from.
enum class parameter_source : std::uint8_t {
    path,
    query,
    header,
    cookie,
    content,
    stream,
    request,
    context,
    state,
    other,
    unknown,
};

namespace detail {

struct value_place {
    parameter_source source;
    std::string_view name;
};

inline void refuse_value(rejection& why, const value_place& place, std::string_view detail) {
    why.refuse(problem{http::status::bad_request, detail, {}, place.name});
}

// Refuses content of another media type with 415. "application/json" stands for every JSON type. A missing
// Content-Type is another type: what no browser form can send must not be accepted from one by accident.
inline bool require_media_type(request& req, rejection& why, std::string_view wanted) {
    const auto field = req.header(http::field_id::content_type);
    const auto sent = field ? http::parse_content_type(*field) : std::nullopt;
    if (sent && (sent->is(wanted) || (wanted == "application/json" && sent->is_json()))) return true;
    why.refuse(problem{http::status::unsupported_media_type, wanted, {}, {}}, errc::not_supported);
    return false;
}

// The values of one name, one after the other.
class value_finder {
 public:
    value_finder(request& req, const value_place& place) noexcept
        : req_(req),
          place_(place),
          pairs_(place.source == parameter_source::query ? req.query() : std::string_view{}) {}

    // Empty when there are no more; is_malformed() when the text could not be decoded.
    std::optional<std::string_view> next() {
        if (place_.source == parameter_source::query) return next_pair();
        if (place_.source == parameter_source::header) return next_field();
        return index_++ == 0 ? http::find_cookie(req_.fields(), place_.name) : std::nullopt;
    }
    bool is_malformed() const noexcept { return malformed_; }

 private:
    std::optional<std::string_view> next_pair() {
        while (const auto pair = pairs_.next()) {
            if (!http::encoded_equals(pair->name, place_.name)) continue;
            const auto decoded = http::percent_decode(pair->value, req_.memory(), http::plus_sign::space);
            malformed_ = !decoded;
            return decoded;
        }
        return std::nullopt;
    }
    std::optional<std::string_view> next_field() {
        const http::field_list fields = req_.fields();
        const http::field_id id = http::find_field_id(place_.name);
        while (index_ < fields.size()) {
            const http::field_view field = fields[index_++];
            if (field.id != id) continue;
            if (id != http::field_id::unknown || equal_ignoring_case(field.name, place_.name))
                return field.value;
        }
        return std::nullopt;
    }

    request& req_;
    const value_place place_;
    http::query_reader pairs_;
    std::size_t index_ = 0;
    bool malformed_ = false;
};

inline constexpr std::string_view text_missing = "a required value is missing";
inline constexpr std::string_view text_malformed = "a value does not have the form it must have";

template <class T>
std::optional<std::vector<T>> find_values(request& req, rejection& why, const value_place& place) {
    std::vector<T> all;
    value_finder finder(req, place);
    while (const auto text = finder.next()) {
        std::optional<T> value = from_text<T>(*text);
        if (!value) return refuse_value(why, place, text_malformed), std::nullopt;
        all.push_back(std::move(*value));
    }
    if (finder.is_malformed()) return refuse_value(why, place, text_malformed), std::nullopt;
    return all;
}

// query, header and cookie: Result is one of them.
template <class Result, class T, auto... Default>
std::optional<Result> find_value(request& req, rejection& why, const value_place& place) {
    using wanted = wanted_value<T>;
    using element = typename wanted::element;
    if constexpr (wanted::is_list) {
        auto all = find_values<element>(req, why, place);
        if (!all) return std::nullopt;
        return Result(std::move(*all));
    } else {
        value_finder finder(req, place);
        const auto text = finder.next();
        if (text) {
            std::optional<element> value = from_text<element>(*text);
            if (value) return Result(T(std::move(*value)));
        }
        if (text || finder.is_malformed()) return refuse_value(why, place, text_malformed), std::nullopt;
        if constexpr (sizeof...(Default) == 1)
            return Result(T(Default...));
        else if constexpr (!wanted::is_required)
            return Result(T{});
        else
            return refuse_value(why, place, text_missing), std::nullopt;
    }
}

template <parameter_source Source, class Result, fixed_string Name, class T, auto... Default>
struct named_extractor {
    static_assert(
        text_value<typename wanted_value<T>::element>,
        "eventcore: a query, header or cookie value is a number, bool, text, or a type with from_path");
    static_assert(sizeof...(Default) <= 1,
                  "eventcore: a query, header or cookie value has at most one default");
    static constexpr parameter_source source = Source;
    static constexpr std::string_view name = Name.view();
    static constexpr bool is_required = wanted_value<T>::is_required && sizeof...(Default) == 0;
    using value_type = typename wanted_value<T>::element;
    static std::optional<Result> extract(request& req, rejection& why) {
        return find_value<Result, T, Default...>(req, why, {source, name});
    }
};

}  // namespace detail

template <fixed_string Name, class T, auto... Default>
struct extractor<query<Name, T, Default...>>
    : detail::named_extractor<parameter_source::query, query<Name, T, Default...>, Name, T, Default...> {};

template <fixed_string Name, class T, auto... Default>
struct extractor<header<Name, T, Default...>>
    : detail::named_extractor<parameter_source::header, header<Name, T, Default...>, Name, T, Default...> {};

template <fixed_string Name, class T, auto... Default>
struct extractor<cookie<Name, T, Default...>>
    : detail::named_extractor<parameter_source::cookie, cookie<Name, T, Default...>, Name, T, Default...> {};

template <>
struct extractor<bytes> {
    static constexpr body_use body = body_use::whole;
    static std::optional<bytes> extract(request& req, rejection&) { return bytes(req.content()); }
};

template <has_extractor X>
struct extractor<result<X>> : extractor<X> {
    static std::optional<result<X>> extract(request& req, rejection&) {
        response unused;
        rejection why(unused);
        if (std::optional<X> value = extractor<X>::extract(req, why)) return result<X>(std::move(*value));
        return result<X>(why.error());
    }
};

}  // namespace eventcore
