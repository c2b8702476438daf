// A route is a value: ec::get<"/users/{id}">(handler). The pattern is a template argument, so that pattern
// and handler are checked against each other when the program is compiled.
#pragma once

#include <type_traits>
#include <utility>

#include "eventcore/base/fixed_string.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/web/endpoint.hpp"
#include "eventcore/web/pattern.hpp"
#include "eventcore/web/route_table.hpp"

namespace eventcore {

namespace detail {

template <fixed_string Pattern, method_set Methods, class H>
struct route_item {
    H handler;
};

template <fixed_string Pattern>
constexpr bool check_pattern_text() {
    using error = pattern_error;
    constexpr error found = check_pattern(Pattern.view());
    static_assert(found != error::no_leading_slash, "eventcore: a path pattern begins with '/'");
    static_assert(found != error::empty_segment, "eventcore: a path pattern has no empty segment ('//')");
    static_assert(found != error::unclosed_brace, "eventcore: '{' without '}' in a path pattern");
    static_assert(found != error::nested_brace, "eventcore: '{' inside '{' in a path pattern");
    static_assert(found != error::closing_brace, "eventcore: '}' without '{' in a path pattern");
    static_assert(found != error::partial_segment,
                  "eventcore: a path parameter is a whole segment: \"/{name}/\"");
    static_assert(found != error::bad_name,
                  "eventcore: a path parameter needs a name of letters, digits and '_'");
    static_assert(found != error::unknown_constraint,
                  "eventcore: a path parameter can be {name:int}, {name:uint} or {name:uuid}");
    static_assert(found != error::tail_not_last,
                  "eventcore: {name...} takes the rest of the path, so it comes last in a pattern");
    static_assert(found != error::duplicate_name, "eventcore: a path pattern names two parameters alike");
    static_assert(
        found != error::forbidden_character,
        "eventcore: a path pattern is plain text: no '?', '#', '%', '\\', space or control character");
    static_assert(found != error::dot_segment, "eventcore: a path pattern has no '.' or '..' segment");
    static_assert(found != error::too_many_segments, "eventcore: a path pattern has at most 32 segments");
    static_assert(found != error::too_many_parameters, "eventcore: a path pattern has at most 16 parameters");
    return found == error::none;
}

template <class>
inline constexpr bool never = false;

constexpr bool allows_content(method_set methods) {
    return (methods & ~(set_of(http::method::get) | set_of(http::method::head))) != 0;
}

// How a handler wants the content. One that takes only the request gets it whole when it cannot wait, and
// pulls it when it can.
template <class Facts>
constexpr body_use content_use(method_set methods, bool is_async) {
    body_use use = body_use::none;
    bool takes_request = false;
    for (std::size_t i = 0; i < Facts::count; ++i) {
        if (Facts::all[i].body != body_use::none) use = Facts::all[i].body;
        takes_request |= Facts::all[i].source == parameter_source::request;
    }
    if (use != body_use::none || !takes_request || !allows_content(methods)) return use;
    return is_async ? body_use::stream : body_use::whole;
}

// What is wrong with a handler for a route, the most helpful thing first.
enum class handler_fault : std::uint8_t {
    none,
    unknown_parameter,
    mutable_reference,
    dangling,
    count,
    name,
    body_of_get,
    two_bodies,
};

// What does not depend on the route.
template <class Facts>
constexpr handler_fault check_signature(bool is_async) {
    std::size_t bodies = 0;
    for (std::size_t i = 0; i < Facts::count; ++i) {
        const parameter_facts& facts = Facts::all[i];
        if (!facts.is_known) return handler_fault::unknown_parameter;
        if (is_async && facts.dangles) return handler_fault::dangling;
        if (!facts.is_bindable) return handler_fault::mutable_reference;
        bodies += facts.body != body_use::none;
    }
    return bodies > 1 ? handler_fault::two_bodies : handler_fault::none;
}

template <class Facts>
constexpr handler_fault check_parameters(std::string_view pattern, method_set methods, bool is_async) {
    const handler_fault error = check_signature<Facts>(is_async);
    if (error != handler_fault::none) return error;
    std::uint8_t places[Facts::count + 1]{};
    const place_error place = find_places(pattern, Facts::all.data(), Facts::count, places);
    if (place == place_error::name) return handler_fault::name;
    if (place == place_error::count) return handler_fault::count;
    bool has_body = false;
    for (std::size_t i = 0; i < Facts::count; ++i) has_body |= Facts::all[i].body != body_use::none;
    return has_body && !allows_content(methods) ? handler_fault::body_of_get : handler_fault::none;
}

constexpr std::string_view to_string(handler_fault error) {
    switch (error) {
        case handler_fault::count:
            return "the handler and the path pattern disagree on how many path parameters there are";
        case handler_fault::name: return "the path pattern has no parameter with this name";
        default: return "this handler does not fit its route";
    }
}

template <handler_fault Found>
constexpr bool report_handler_fault() {
    using error = handler_fault;
    static_assert(Found != error::unknown_parameter,
                  "eventcore: this handler has a parameter that cannot be filled from a request");
    static_assert(
        Found != error::dangling,
        "eventcore: a coroutine handler takes its values by value; a reference would dangle after the "
        "first co_await");
    static_assert(Found != error::mutable_reference,
                  "eventcore: a handler takes its values by value or by const reference");
    static_assert(
        Found != error::count,
        "eventcore: the handler and the path pattern disagree on how many path parameters there are");
    static_assert(Found != error::name, "eventcore: the path pattern has no parameter with this name");
    static_assert(Found != error::two_bodies,
                  "eventcore: a request has one body; this handler asks for it twice");
    static_assert(Found != error::body_of_get,
                  "eventcore: the content of a GET or HEAD request has no meaning (RFC 9110, 9.3.1)");
    return Found == error::none;
}

// Only the handler, whatever its route.
template <class H>
constexpr bool check_handler() {
    using found = signature_of<H>;
    if constexpr (std::is_void_v<typename found::type>) {
        static_assert(never<H>,
                      "eventcore: a handler is a function or a lambda with concrete parameter types");
        return false;
    } else if constexpr (!found::is_const) {
        static_assert(never<H>,
                      "eventcore: a handler may run on several threads, so it is no mutable lambda; keep "
                      "what changes in ec::provide()");
        return false;
    } else {
        constexpr bool good = respondable<typename awaited<typename found::type::result>::type>;
        static_assert(good, "eventcore: the value this handler returns cannot become a response");
        return good;
    }
}

template <fixed_string Pattern, method_set Methods, class H, class Scope>
constexpr bool check_route() {
    if constexpr (!check_pattern_text<Pattern>() || !check_handler<H>()) {
        return false;
    } else {
        using sig = typename signature_of<H>::type;
        constexpr bool is_async = is_task_v<typename sig::result>;
        return report_handler_fault<check_parameters<facts_for<Scope, sig>>(Pattern.view(), Methods,
                                                                            is_async)>();
    }
}

// What a handler of the user's becomes; another kind of handler (web/websocket.hpp) has its own.
template <class H>
struct handler_form {
    template <class T>
    static constexpr H convert(T&& handler) {
        return std::forward<T>(handler);
    }
};

template <fixed_string Pattern, method_set Methods, class H>
constexpr auto make_route(H&& handler) {
    using form = handler_form<std::decay_t<H>>;
    using type = decltype(form::convert(std::forward<H>(handler)));
    return route_item<Pattern, Methods, type>{form::convert(std::forward<H>(handler))};
}

}  // namespace detail

template <fixed_string Pattern, class H>
constexpr auto get(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::get)>(std::forward<H>(handler));
}
template <fixed_string Pattern, class H>
constexpr auto post(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::post)>(std::forward<H>(handler));
}
template <fixed_string Pattern, class H>
constexpr auto put(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::put)>(std::forward<H>(handler));
}
template <fixed_string Pattern, class H>
constexpr auto patch(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::patch)>(std::forward<H>(handler));
}
template <fixed_string Pattern, class H>
constexpr auto del(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::delete_)>(std::forward<H>(handler));
}
// Without one, GET routes answer HEAD.
template <fixed_string Pattern, class H>
constexpr auto head(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::head)>(std::forward<H>(handler));
}
// Without one, the routes of a path answer OPTIONS.
template <fixed_string Pattern, class H>
constexpr auto options(H&& handler) {
    return detail::make_route<Pattern, set_of(http::method::options)>(std::forward<H>(handler));
}
// Every method that has no route of its own, also methods nobody has heard of; but TRACE (405) only by name.
template <fixed_string Pattern, class H>
constexpr auto any(H&& handler) {
    return detail::make_route<Pattern, every_method>(std::forward<H>(handler));
}
// One of several methods: route<"/", method::put, method::patch>(handler).
template <fixed_string Pattern, http::method... Methods, class H>
constexpr auto route(H&& handler) {
    static_assert(((Methods != http::method::other) && ... && (sizeof...(Methods) != 0)),
                  "eventcore: name the methods of a route; ec::any is for all others");
    return detail::make_route<Pattern, static_cast<method_set>((0 | ... | set_of(Methods)))>(
        std::forward<H>(handler));
}

}  // namespace eventcore
