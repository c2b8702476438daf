// Which JSON a C++ type becomes, decided by what the type can do; so no container's header is included here.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/content/json/reflect.hpp"

namespace eventcore::json_codec {

enum class shape : std::uint8_t {
    converted,    // describe has to_json or from_json: what those say
    boolean,      // bool
    integer,      // number; not char, which is neither number nor text
    floating,     // float, double: number
    text,         // anything that is a string_view: string
    enumeration,  // an enum: string, its name
    nullable,     // optional, unique_ptr, shared_ptr: null or the value; as a member, absent or the value
    map,          // text -> value: object
    sequence,     // anything with begin and end: array
    tuple,        // pair, tuple: array of that length
    variant,      // the value it holds; written, never read
    object,       // aggregate, or a type with described members: object
    unsupported,
};

template <class T>
constexpr shape shape_of();

namespace detail {

template <class T>
concept writes_itself = requires(const T& value) { describe<T>::to_json(value); };
template <class T>
concept reads_itself = requires { &describe<T>::from_json; };

template <class T>
concept character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
concept optional_like = requires(const T& value) {
    typename T::value_type;
    value.has_value();
    *value;
};
template <class T>
concept owning_pointer = requires(const T& value) {
    typename T::element_type;
    value.get();
    *value;
};
template <class T>
concept map_like = requires(const T& value) {
    typename T::mapped_type;
    value.begin();
    value.end();
};
template <class T>
concept sequence_like = requires(const T& value) {
    value.begin();
    value.end();
};
template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };
template <class T>
concept variant_like = requires(const T& value) {
    value.valueless_by_exception();
    value.index();
};

}  // namespace detail

template <class T>
constexpr shape shape_of() {
    using namespace detail;
    if constexpr (writes_itself<T> || reads_itself<T>)
        return shape::converted;
    else if constexpr (described<T>)
        return shape::object;
    else if constexpr (std::is_same_v<T, bool>)
        return shape::boolean;
    else if constexpr (character<T>)
        return shape::unsupported;
    else if constexpr (std::is_integral_v<T>)
        return sizeof(T) <= 8 ? shape::integer : shape::unsupported;
    else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
        return shape::floating;
    else if constexpr (std::is_convertible_v<const T&, std::string_view>)
        return shape::text;
    else if constexpr (std::is_enum_v<T>)
        return shape::enumeration;
    else if constexpr (!std::is_class_v<T>)
        return shape::unsupported;
    else if constexpr (optional_like<T> || owning_pointer<T>)
        return shape::nullable;
    else if constexpr (map_like<T>)
        return shape::map;
    else if constexpr (sequence_like<T>)
        return shape::sequence;
    else if constexpr (tuple_like<T>)
        return shape::tuple;
    else if constexpr (variant_like<T>)
        return shape::variant;
    else
        return std::is_aggregate_v<T> ? shape::object : shape::unsupported;
}

}  // namespace eventcore::json_codec
