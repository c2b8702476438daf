// The members of a struct, by name and by reference, without macros: any aggregate of up to 64 members, and
// any type that has a describe. JSON is written and read through this; nothing here knows JSON.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/content/json/bind.hpp"

namespace eventcore {

// Specialise it for a type that is no plain aggregate, or whose members have other names on the wire. A class
// lets it at private members with `friend struct eventcore::describe<point>;`.
//
//     template <>
//     struct eventcore::describe<point> {
//         static constexpr auto members = eventcore::members(eventcore::member("x", &point::x_),
//                                                            eventcore::defaulted_member("y", &point::y_));
//     };
//
// Instead of `members` it may hold `enumerators` (enumerators.hpp) or to_json and from_json, functions to and
// from a type that already has a JSON form (a time as text, say):
//
//         static std::string to_json(const point&);
//         static std::optional<point> from_json(std::string_view);   // empty: not a point
//
// and, for a struct, `static constexpr bool refuse_unknown_members = true;`.
template <class T>
struct describe {};

template <class Object, class Value>
struct described_member {
    std::string_view name;
    Value Object::* pointer;
    bool defaulted;
};

// A member that input must have (unless it is optional by its type).
template <class Object, class Value>
constexpr described_member<Object, Value> member(std::string_view name, Value Object::* pointer) {
    return {name, pointer, false};
}
// A member that keeps its value when input does not have it.
template <class Object, class Value>
constexpr described_member<Object, Value> defaulted_member(std::string_view name, Value Object::* pointer) {
    return {name, pointer, true};
}

namespace json_codec::detail {

template <std::size_t I, class T>
struct leaf {
    T value;
};
template <class Indices, class... Ts>
struct flat_tuple;
template <std::size_t... I, class... Ts>
struct flat_tuple<std::index_sequence<I...>, Ts...> : leaf<I, Ts>... {};

template <std::size_t I, class T>
constexpr const T& get(const leaf<I, T>& from) {
    return from.value;
}
template <class... Ts>
using flat_tuple_of = flat_tuple<std::index_sequence_for<Ts...>, Ts...>;

}  // namespace json_codec::detail

template <class... Ts>
constexpr json_codec::detail::flat_tuple_of<Ts...> members(Ts... described) {
    return {{described}...};
}

}  // namespace eventcore

namespace eventcore::json_codec {

template <class T>
concept described = requires { describe<T>::members; };

template <class T>
concept reflectable = described<T> || (std::is_aggregate_v<T> && std::is_class_v<T>);

// How many members T has. A type that cannot be reflected is refused with a sentence.
template <reflectable T>
constexpr std::size_t member_count();

// Their names in order, each a view of static storage.
template <reflectable T>
constexpr std::array<std::string_view, member_count<T>()> member_names();

// visit(first member, second member, …); T may be const.
template <class T, class F>
    requires reflectable<std::remove_const_t<T>>
constexpr decltype(auto) visit_members(T& object, F&& visit);

// May member I be absent from input, whatever its type?
template <reflectable T>
constexpr std::array<bool, member_count<T>() + 1> members_defaulted();

namespace detail {

// Stands for a value of any type but T itself, which would be a copy and not the first member. Never called,
// but clang may compile the constructors that would call it.
template <class T>
struct any_but {
    template <class U>
        requires(!std::is_same_v<U, T>)
    operator U() const noexcept {
        __builtin_unreachable();
    }
};
template <class T>
struct any_base_of {
    template <class U>
        requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
    operator U() const noexcept {
        __builtin_unreachable();
    }
};
template <class T, std::size_t>
using any_but_at = any_but<T>;

template <class T, std::size_t... I>
constexpr bool takes_braced(std::index_sequence<I...>) {
    return requires { T{any_but_at<T, I>{}...}; };
}
// Parentheses do not reach into an array member, braces do.
template <class T, std::size_t... I>
constexpr bool takes_in_parentheses(std::index_sequence<I...>) {
    return requires { T(any_but_at<T, I>{}...); };
}
template <class T, std::size_t N>
constexpr bool takes = takes_braced<T>(std::make_index_sequence<N>{});

// With Low initialisers T is fine, with High it is not.
template <class T, std::size_t Low, std::size_t High>
constexpr std::size_t count_between() {
    if constexpr (High - Low == 1)
        return Low;
    else if constexpr (takes<T, (Low + High) / 2>)
        return count_between<T, (Low + High) / 2, High>();
    else
        return count_between<T, Low, (Low + High) / 2>();
}
template <class T, std::size_t High = 1>
constexpr std::size_t count_by_doubling() {
    if constexpr (!takes<T, High>)
        return count_between<T, High / 2, High>();
    else if constexpr (High > member_count_max)
        return High;
    else
        return count_by_doubling<T, High * 2>();
}
// A member without a default makes the small counts fail too: try them all.
template <class T, std::size_t... I>
constexpr std::size_t count_one_by_one(std::index_sequence<I...>) {
    std::size_t largest = 0;
    ((largest = takes<T, I> ? I : largest), ...);
    return largest;
}

template <class T>
constexpr std::size_t count_initialisers() {
    if constexpr (takes<T, 0>)
        return count_by_doubling<T>();
    else
        return count_one_by_one<T>(std::make_index_sequence<member_count_max + 2>{});
}

// One sentence for a struct that cannot be reflected, and then a count that leads to no other error.
template <class T>
constexpr std::size_t count_members() {
    if constexpr (requires { T{any_base_of<T>{}}; }) {
        static_assert(!std::is_class_v<T>,
                      "eventcore: a struct with a base class cannot be reflected; write an "
                      "eventcore::describe for it");
        return 0;
    } else {
        constexpr std::size_t count = count_initialisers<T>();
        constexpr bool has_array = count > 1 && !takes_in_parentheses<T>(std::make_index_sequence<count>{});
        static_assert(!has_array,
                      "eventcore: a struct with a C array cannot be reflected; use std::array instead");
        static_assert(has_array || count <= member_count_max,
                      "eventcore: a struct with more than 64 members cannot be reflected; nest some of them");
        static_assert(
            count > 0 || std::is_empty_v<T>,
            "eventcore: the members of this struct cannot be counted (a reference member, or one that "
            "anything converts to); write an eventcore::describe for it");
        return has_array || count > member_count_max ? 0 : count;
    }
}

template <class Indices, class... Ts>
constexpr std::size_t tuple_size(const flat_tuple<Indices, Ts...>*) {
    return sizeof...(Ts);
}

// An object that is declared and never defined: only the addresses of its members are taken, as template
// arguments, because a compiler spells those out in __PRETTY_FUNCTION__.
template <class T>
struct holder {
    T value;
};
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wundefined-var-template"
#pragma GCC diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
struct never_defined {
    static const holder<T> object;
};
template <class Member>
struct address {
    Member* pointer;
};
template <class Member>
address(Member*) -> address<Member>;

template <class T>
constexpr auto member_addresses() {
    return bind_members<count_members<T>()>(never_defined<T>::object.value, [](auto&... members) {
        return flat_tuple_of<decltype(&members)...>{{&members}...};
    });
}
#pragma GCC diagnostic pop

constexpr bool is_identifier_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}
// The last identifier (or number) in what a compiler printed.
constexpr std::string_view last_word(std::string_view printed) {
    std::size_t end = printed.size();
    while (end > 0 && !is_identifier_char(printed[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_identifier_char(printed[begin - 1])) --begin;
    return printed.substr(begin, end - begin);
}

// g++:   "constexpr auto …printed() [with auto Address = address<const int>{(& ….value.user::name)}]"
// clang: "auto …printed() [Address = address<const int>{&object.value.name}]"
template <auto Address>
constexpr auto printed() {
    return __PRETTY_FUNCTION__;
}

template <class T, std::size_t... I>
constexpr auto reflected_names(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{
        last_word(printed<address{get<I>(member_addresses<T>())}>())...};
}
template <class T, std::size_t... I>
constexpr auto described_names(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{std::string_view(get<I>(describe<T>::members).name)...};
}
template <class T>
constexpr auto names_where_found() {
    constexpr auto indices = std::make_index_sequence<member_count<T>()>{};
    if constexpr (described<T>)
        return described_names<T>(indices);
    else
        return reflected_names<T>(indices);
}

// The names again, in storage of their own: the long texts above then need not be in the program. Each name
// stands there as ,"name": so that a writer copies it in one go.
template <std::size_t Members, std::size_t Bytes>
struct key_table {
    std::array<char, Bytes + 1> text{};
    std::array<std::uint32_t, Members + 1> begin{};  // key I is text[begin[I], begin[I + 1])

    constexpr std::string_view key(std::size_t i) const {
        return {text.data() + begin[i], begin[i + 1] - begin[i]};
    }
    constexpr std::string_view name(std::size_t i) const { return key(i).substr(2, key(i).size() - 4); }
};

template <class T>
constexpr std::size_t key_bytes() {
    std::size_t sum = 0;
    for (std::string_view name : names_where_found<T>()) sum += name.size() + 4;
    return sum;
}
template <class T>
constexpr bool names_need_escaping() {
    for (std::string_view name : names_where_found<T>())
        for (char c : name)
            if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return true;
    return false;
}
template <class T>
constexpr auto make_key_table() {
    static_assert(!names_need_escaping<T>(),
                  "eventcore: a described name has a quote, a backslash or a control character");
    key_table<member_count<T>(), key_bytes<T>()> table;
    std::uint32_t at = 0, member = 0;
    for (std::string_view name : names_where_found<T>()) {
        table.begin[member++] = at;
        table.text[at++] = ',';
        table.text[at++] = '"';
        for (char c : name) table.text[at++] = c;
        table.text[at++] = '"';
        table.text[at++] = ':';
    }
    table.begin[member] = at;
    return table;
}

}  // namespace detail

template <class T>
inline constexpr auto member_keys = detail::make_key_table<T>();

template <reflectable T>
constexpr std::size_t member_count() {
    if constexpr (described<T>)
        return detail::tuple_size(&describe<T>::members);
    else
        return detail::count_members<T>();
}

template <reflectable T>
constexpr std::array<std::string_view, member_count<T>()> member_names() {
    std::array<std::string_view, member_count<T>()> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = member_keys<T>.name(i);
    return names;
}

template <class T, class F>
    requires reflectable<std::remove_const_t<T>>
constexpr decltype(auto) visit_members(T& object, F&& visit) {
    using plain = std::remove_const_t<T>;
    if constexpr (described<plain>)
        return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
            return visit(object.*(detail::get<I>(describe<plain>::members).pointer)...);
        }(std::make_index_sequence<member_count<plain>()>{});
    else
        return bind_members<member_count<plain>()>(object, visit);
}

template <reflectable T>
constexpr std::array<bool, member_count<T>() + 1> members_defaulted() {
    if constexpr (described<T>)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<bool, sizeof...(I) + 1>{detail::get<I>(describe<T>::members).defaulted...};
        }(std::make_index_sequence<member_count<T>()>{});
    else
        return {};
}

}  // namespace eventcore::json_codec
