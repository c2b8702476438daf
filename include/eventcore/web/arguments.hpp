// From a request to a handler's arguments: how each parameter type is filled, decided once per signature.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/web/extract.hpp"
#include "eventcore/web/pattern.hpp"
#include "eventcore/web/signature.hpp"

namespace eventcore::detail {

// What handlers' values are taken from. `places` has one number per parameter: the index of a path value or
// of a state; `objects` are the handler and then the scope's objects.
struct argument_source {
    request& req;
    const std::uint8_t* places;
    const void* const* objects;
    response& answer;  // of a refusal
};

// ---- one parameter, known by its type without reference and const ----

template <class V>
struct parameter {
    static constexpr parameter_source source = has_extractor<V> ? parameter_source::other
                                               : text_value<V>  ? parameter_source::path
                                                                : parameter_source::unknown;
    static constexpr std::string_view name{};
    static constexpr bool is_positional = source == parameter_source::path;
    using value_type = V;

    static bool fill(std::optional<V>& slot, const argument_source& from, std::uint8_t place) {
        if constexpr (has_extractor<V>) {
            rejection why(from.answer);
            slot = extractor<V>::extract(from.req, why);
        } else {
            slot = from_text<V>(from.req.path_parameters()[place]);
            if (!slot) from.answer.code(http::status::not_found);
        }
        return slot.has_value();
    }
};

template <fixed_string Name, class T>
struct parameter<path<Name, T>> {
    static constexpr parameter_source source =
        text_value<T> ? parameter_source::path : parameter_source::unknown;
    static constexpr std::string_view name = Name.view();
    static constexpr bool is_positional = false;
    using value_type = T;
    static bool fill(std::optional<path<Name, T>>& slot, const argument_source& from, std::uint8_t place) {
        std::optional<T> value = from_text<T>(from.req.path_parameters()[place]);
        if (value)
            slot.emplace(std::move(*value));
        else
            from.answer.code(http::status::not_found);
        return slot.has_value();
    }
};

template <class T>
struct parameter<state<T>> {
    static constexpr parameter_source source = parameter_source::state;
    static constexpr std::string_view name{};
    static constexpr bool is_positional = false;
    using value_type = T;
    static bool fill(std::optional<state<T>>& slot, const argument_source& from, std::uint8_t place) {
        slot.emplace(*static_cast<T*>(const_cast<void*>(from.objects[place])));
        return true;
    }
};

// Parameters that are references to what lives longer than the handler.
template <class V, parameter_source Source>
struct reference_parameter {
    static constexpr parameter_source source = Source;
    static constexpr std::string_view name{};
    static constexpr bool is_positional = false;
    using value_type = V;
};
template <>
struct parameter<request> : reference_parameter<request, parameter_source::request> {
    static request& find(request& req) { return req; }
};
template <>
struct parameter<context> : reference_parameter<context, parameter_source::context> {
    static context& find(request& req) { return req.ctx(); }
};
template <>
struct parameter<body_reader> : reference_parameter<body_reader, parameter_source::stream> {
    static body_reader& find(request& req) { return req.body(); }
};

template <class V>
concept lasting = requires(request& req) { parameter<V>::find(req); };

// ---- what is known about a parameter, as values ----

struct parameter_facts {
    parameter_source source = parameter_source::unknown;
    std::string_view name;
    std::uint8_t state_place = 0;  // among the objects; 0: there is no such state
    body_use body = body_use::none;
    bool is_positional = false;
    bool is_known = false;
    bool dangles = false;     // in a coroutine: a reference to something that ends with the first suspension
    bool is_bindable = true;  // not a mutable reference to a temporary
};

template <class V>
constexpr parameter_source source_of() {
    if constexpr (requires { extractor<V>::source; })
        return extractor<V>::source;
    else if constexpr (requires { extractor<V>::body; } && has_extractor<V>)
        return extractor<V>::body == body_use::none ? parameter_source::other : parameter_source::content;
    else
        return parameter<V>::source;
}

template <class V>
constexpr body_use body_of() {
    if constexpr (std::is_same_v<V, body_reader>)
        return body_use::stream;
    else if constexpr (requires { extractor<V>::body; })
        return extractor<V>::body;
    else
        return body_use::none;
}

template <class V>
constexpr std::string_view name_of() {
    if constexpr (requires { extractor<V>::name; })
        return extractor<V>::name;
    else
        return parameter<V>::name;
}

// Scope::template place_of_state<T>() is the place of a state among the objects, or 0.
template <class Scope, class A>
constexpr parameter_facts facts_of() {
    using V = std::remove_cvref_t<A>;
    constexpr bool is_reference = std::is_reference_v<A>;
    constexpr bool is_mutable_reference =
        std::is_lvalue_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>;
    parameter_facts facts;
    facts.source = source_of<V>();
    facts.name = name_of<V>();
    facts.body = body_of<V>();
    facts.is_positional = parameter<V>::is_positional;
    facts.is_known = lasting<V> ? std::is_lvalue_reference_v<A> : facts.source != parameter_source::unknown;
    facts.dangles = is_reference && !lasting<V>;
    facts.is_bindable = lasting<V> || !is_mutable_reference;
    if constexpr (parameter<V>::source == parameter_source::state)
        facts.state_place = Scope::template place_of_state<typename parameter<V>::value_type>();
    return facts;
}

template <class Scope, class Signature>
struct facts_for;
template <class Scope, class R, class... Args>
struct facts_for<Scope, signature<R, Args...>> {
    static constexpr std::array<parameter_facts, sizeof...(Args) + 1> all{facts_of<Scope, Args>()...};
    static constexpr std::size_t count = sizeof...(Args);
};

enum class place_error : std::uint8_t { none, count, name };

// Finds the place of each parameter for a pattern.
constexpr place_error find_places(std::string_view pattern, const parameter_facts* facts, std::size_t count,
                                  std::uint8_t* places) {
    std::size_t positional = 0;
    for (std::size_t i = 0; i < count; ++i) {
        places[i] = facts[i].state_place;
        if (facts[i].is_positional) {
            places[i] = static_cast<std::uint8_t>(positional++);
        } else if (facts[i].source == parameter_source::path) {
            const std::size_t found = find_parameter(pattern, facts[i].name);
            if (found == pattern_parameters_max) return place_error::name;
            places[i] = static_cast<std::uint8_t>(found);
        }
    }
    return positional == 0 || positional == count_parameters(pattern) ? place_error::none
                                                                      : place_error::count;
}

// ---- the arguments of one call ----

template <std::size_t I, class A>
struct argument {
    using V = std::remove_cvref_t<A>;
    std::optional<V> slot;
    bool fill(const argument_source& from) { return parameter<V>::fill(slot, from, from.places[I]); }
    A&& get(request&) noexcept { return static_cast<A&&>(*slot); }
};
template <std::size_t I, class A>
    requires lasting<std::remove_cvref_t<A>>
struct argument<I, A> {
    bool fill(const argument_source&) noexcept { return true; }
    A get(request& req) noexcept { return parameter<std::remove_cvref_t<A>>::find(req); }
};

template <class Indices, class Signature>
struct argument_list;
template <std::size_t... I, class R, class... Args>
struct argument_list<std::index_sequence<I...>, signature<R, Args...>> : argument<I, Args>... {
    // False when a value could not be made; the answer is then in from.answer.
    bool fill([[maybe_unused]] const argument_source& from) {
        return (static_cast<argument<I, Args>&>(*this).fill(from) && ...);
    }
    template <class H>
    R call(const H& handler, [[maybe_unused]] request& req) {
        return handler(static_cast<argument<I, Args>&>(*this).get(req)...);
    }
};
template <class Signature>
using arguments = argument_list<std::make_index_sequence<Signature::count>, Signature>;

}  // namespace eventcore::detail
