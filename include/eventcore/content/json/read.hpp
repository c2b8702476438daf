// Reads a JSON text into a C++ value, and says exactly what is wrong when it does not fit.
//
// A member must be in the text unless it is optional (or a pointer), or described as defaulted; names the
// struct does not have are skipped unless refused. Numbers are taken by their value: 1.0 and 1e3 are
// integers, 1.5 is not, and none is rounded or wrapped to fit an integer. null is for optionals and
// pointers only.
//
// The program needs the component eventcore::json (simdjson); this header does not.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/content/json/enumerators.hpp"
#include "eventcore/content/json/read_error.hpp"
#include "eventcore/content/json/reflect.hpp"
#include "eventcore/content/json/shape.hpp"
#include "eventcore/content/json/tape.hpp"

namespace eventcore::json_codec {

// Reads the whole of `text` into `out`: a fresh object, because what the text does not have keeps its value.
// On failure `out` is partly filled. A map or set that strangers fill should be an ordered one: they can
// choose names that collide in a hash table.
//
//     new_user user;
//     if (ec::json_codec::read_error error = ec::json_codec::read(text, user)) return error.message();
template <class T>
[[nodiscard]] read_error read(std::string_view text, T& out, const read_options& options = {});

namespace detail {

struct reader {
    const read_options& options;
    read_error& error;

    bool refuse(read_errc reason, const node& where, std::string detail) {
        error.reason = reason;
        error.offset = where.offset();
        error.detail = std::move(detail);
        return false;
    }
    bool refuse_type(const node& where, std::string_view expected) {
        std::string detail = "expected ";
        detail.append(expected).append(", found ").append(name_of(where.kind()));
        return refuse(read_errc::wrong_type, where, std::move(detail));
    }
};

template <class T>
bool read_value(reader& in, const node& from, T& out);

struct integer_range {
    std::int64_t least;
    std::uint64_t most;
};
inline bool refuse_range(reader& in, const node& from, integer_range range) {
    std::string detail = "expected a number from " + std::to_string(range.least) + " to ";
    return in.refuse(read_errc::out_of_range, from, detail + std::to_string(range.most));
}
// The bits of the integer; those of a negative one in two's complement.
inline bool read_integer(reader& in, const node& from, integer_range range, std::uint64_t& out) {
    constexpr double exact = 9007199254740992;  // 2^53: above it a double may stand for another integer
    std::int64_t number = 0;
    switch (from.kind()) {
        case node_kind::natural:
            out = from.as_natural();
            return out <= range.most || refuse_range(in, from, range);
        case node_kind::negative: number = from.as_negative(); break;
        case node_kind::real:
            if (!(from.as_real() >= -exact && from.as_real() <= exact)) return refuse_range(in, from, range);
            number = static_cast<std::int64_t>(from.as_real());
            if (from.as_real() != static_cast<double>(number))
                return in.refuse(read_errc::not_an_integer, from, "expected a number without a fraction");
            break;
        default: return in.refuse_type(from, "a number");
    }
    out = static_cast<std::uint64_t>(number);
    if (number < range.least || (number > 0 && out > range.most)) return refuse_range(in, from, range);
    return true;
}

inline bool read_real(reader& in, const node& from, double largest, double& out) {
    switch (from.kind()) {
        case node_kind::natural: out = static_cast<double>(from.as_natural()); return true;
        case node_kind::negative: out = static_cast<double>(from.as_negative()); return true;
        case node_kind::real: out = from.as_real(); break;
        default: return in.refuse_type(from, "a number");
    }
    if (out >= -largest && out <= largest) return true;
    return in.refuse(read_errc::out_of_range, from, "the number is too large");
}

inline bool expect_length(reader& in, const node& from, std::size_t length) {
    if (from.kind() != node_kind::array) return in.refuse_type(from, "an array");
    if (from.child_count() == length) return true;
    return in.refuse(
        read_errc::wrong_length, from,
        "expected an array of " + std::to_string(length) + ", found " + std::to_string(from.child_count()));
}

template <class T>
bool read_number(reader& in, const node& from, T& out) {
    if constexpr (std::is_integral_v<T>) {
        using limits = std::numeric_limits<T>;
        std::uint64_t bits = 0;
        const bool fits =
            read_integer(in, from, {(limits::min)(), static_cast<std::uint64_t>((limits::max)())}, bits);
        out = static_cast<T>(bits);
        return fits;
    } else {
        double number = 0;
        const bool fits = read_real(in, from, static_cast<double>((std::numeric_limits<T>::max)()), number);
        if (fits) out = static_cast<T>(number);
        return fits;
    }
}

template <class Enum>
bool read_enumerator(reader& in, const node& from, Enum& out) {
    if (from.kind() != node_kind::string) return in.refuse_type(from, "a string");
    const std::optional<Enum> value = enumerator_of<Enum>(from.as_string());
    if (!value) return in.refuse(read_errc::unknown_enumerator, from, "no such name");
    out = *value;
    return true;
}

template <class Nullable>
bool read_nullable(reader& in, const node& from, Nullable& out) {
    out.reset();
    if (from.kind() == node_kind::null) return true;
    if constexpr (owning_pointer<Nullable>)
        out.reset(new typename Nullable::element_type());
    else
        out.emplace();
    return read_value(in, from, *out);
}

template <class Sequence>
bool read_element(reader& in, const node& from, Sequence& out) {
    using value_type = typename Sequence::value_type;
    if constexpr (requires {
                      { out.emplace_back() } -> std::same_as<value_type&>;
                  }) {
        return read_value(in, from, out.emplace_back());
    } else {  // a set; or vector<bool>, whose elements have no address
        value_type value{};
        if (!read_value(in, from, value)) return false;
        out.insert(out.end(), std::move(value));
        return true;
    }
}

template <class Sequence>
bool read_sequence(reader& in, const node& from, Sequence& out) {
    constexpr bool grows = requires { out.clear(); };
    constexpr bool has_room = grows || tuple_like<Sequence>;
    static_assert(has_room, "eventcore: a view cannot be read from JSON; use std::vector");
    if constexpr (grows) {
        if (from.kind() != node_kind::array) return in.refuse_type(from, "an array");
        out.clear();
    } else if constexpr (has_room) {
        if (!expect_length(in, from, std::tuple_size<Sequence>::value)) return false;
    }
    const node* element = from.first_child();
    for (std::size_t i = 0; i < from.child_count(); ++i, element = element->next()) {
        bool fits = has_room;
        if constexpr (grows)
            fits = read_element(in, *element, out);
        else if constexpr (has_room)
            fits = read_value(in, *element, out[i]);
        if (!fits) return in.error.inside_element(i), false;
    }
    return true;
}

template <class Tuple>
bool read_tuple(reader& in, const node& from, Tuple& out) {
    if (!expect_length(in, from, std::tuple_size<Tuple>::value)) return false;
    [[maybe_unused]] const node* element = from.first_child();
    [[maybe_unused]] const auto read_next = [&](auto& value, std::size_t i) {
        if (!read_value(in, *element, value)) return in.error.inside_element(i), false;
        element = element->next();
        return true;
    };
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        using std::get;
        return (read_next(get<I>(out), I) && ...);
    }(std::make_index_sequence<std::tuple_size<Tuple>::value>{});
}

template <class Map>
bool read_map(reader& in, const node& from, Map& out) {
    using key_type = typename Map::key_type;
    constexpr bool has_text_keys =
        std::is_constructible_v<key_type, std::string_view> && !std::is_trivially_copyable_v<key_type>;
    static_assert(has_text_keys, "eventcore: the keys of a map must be std::string to be read from JSON");
    if (from.kind() != node_kind::object) return in.refuse_type(from, "an object");
    out.clear();
    const node* name = from.first_child();
    for (std::size_t i = 0; i < from.child_count(); ++i, name = (name + 1)->next())
        if constexpr (has_text_keys)
            if (!read_value(in, name[1], out[key_type(name->as_string())]))
                return in.error.inside_member(name->as_string()), false;
    return true;
}

// What is known of a struct's members when it is compiled; their addresses come with the object.
struct member_rule {
    std::string_view name;
    bool (*read)(reader& in, const node& from, void* out);
    bool required;
};
struct object_rule {
    const member_rule* members;
    std::size_t count;  // at most member_count_max
    bool refuse_unknown;
};

// Texts mostly have the members in the order of the struct, so the search begins where that order leads.
inline std::size_t find_member(const object_rule& rule, std::string_view name, std::size_t expected) {
    for (std::size_t i = expected; i < rule.count; ++i)
        if (rule.members[i].name == name) return i;
    for (std::size_t i = 0; i < expected; ++i)
        if (rule.members[i].name == name) return i;
    return rule.count;
}

// Not a template: every struct of a program is read by this one loop.
inline bool read_members(reader& in, const node& from, const object_rule& rule, void* const* members) {
    if (from.kind() != node_kind::object) return in.refuse_type(from, "an object");
    std::uint64_t seen = 0;
    std::size_t expected = 0;
    const node* name = from.first_child();
    for (std::size_t i = 0; i < from.child_count(); ++i, name = (name + 1)->next()) {
        const std::size_t found = find_member(rule, name->as_string(), expected);
        if (found == rule.count) {
            if (!rule.refuse_unknown) continue;
            in.refuse(read_errc::unknown_member, *name, "no member has this name");
            return in.error.inside_member(name->as_string()), false;
        }
        if (!rule.members[found].read(in, name[1], members[found]))
            return in.error.inside_member(name->as_string()), false;
        seen |= std::uint64_t{1} << found;
        expected = found + 1;
    }
    for (std::size_t i = 0; i < rule.count; ++i) {
        if (!rule.members[i].required || (seen >> i & 1) != 0) continue;
        in.refuse(read_errc::missing_member, from, "this member is missing");
        return in.error.inside_member(rule.members[i].name), false;
    }
    return true;
}

template <class Member>
bool read_member(reader& in, const node& from, void* out) {
    return read_value(in, from, *static_cast<Member*>(out));
}

template <class T, class... Members>
struct object_rules {
    static_assert(sizeof...(Members) <= member_count_max, "eventcore: more than 64 described members");
    static constexpr auto make() {
        [[maybe_unused]] constexpr auto defaulted = members_defaulted<T>();
        [[maybe_unused]] std::size_t i = 0;
        std::array<member_rule, sizeof...(Members) + 1> rules{};
        ((rules[i] = {member_keys<T>.name(i), &read_member<Members>,
                      shape_of<Members>() != shape::nullable && !defaulted[i]},
          ++i),
         ...);
        return rules;
    }
    static constexpr auto members = make();
};

template <class T>
bool read_object(reader& in, const node& from, T& out) {
    constexpr bool always_refuse = requires { requires describe<T>::refuse_unknown_members; };
    return visit_members(out, [&]<class... Members>(Members&... members) {
        void* const addresses[] = {static_cast<void*>(&members)..., nullptr};
        const object_rule rule{object_rules<T, Members...>::members.data(), sizeof...(Members),
                               always_refuse || in.options.refuse_unknown_members};
        return read_members(in, from, rule, addresses);
    });
}

template <class Result, class Argument>
std::remove_cvref_t<Argument> argument_of(Result (*)(Argument));

template <class T>
bool read_converted(reader& in, const node& from, T& out) {
    static_assert(reads_itself<T>, "eventcore: this type's describe has to_json and no from_json");
    using argument = decltype(argument_of(&describe<T>::from_json));
    argument value{};
    if constexpr (std::is_same_v<argument, std::string_view>) {
        if (from.kind() != node_kind::string) return in.refuse_type(from, "a string");
        value = from.as_string();
    } else if (!read_value(in, from, value)) {
        return false;
    }
    auto converted = describe<T>::from_json(std::move(value));
    if (!converted) return in.refuse(read_errc::invalid_value, from, "this value is not allowed here");
    out = *std::move(converted);
    return true;
}

template <class T>
bool read_value(reader& in, const node& from, T& out) {
    constexpr shape form = shape_of<T>();
    static_assert(form != shape::unsupported,
                  "eventcore: this type has no JSON form; write an eventcore::describe for it");
    static_assert(form != shape::variant,
                  "eventcore: which alternative of a variant a JSON text means is not known; "
                  "write an eventcore::describe with from_json for it");
    if constexpr (form == shape::converted)
        return read_converted(in, from, out);
    else if constexpr (form == shape::integer || form == shape::floating)
        return read_number(in, from, out);
    else if constexpr (form == shape::enumeration)
        return read_enumerator(in, from, out);
    else if constexpr (form == shape::nullable)
        return read_nullable(in, from, out);
    else if constexpr (form == shape::map)
        return read_map(in, from, out);
    else if constexpr (form == shape::sequence)
        return read_sequence(in, from, out);
    else if constexpr (form == shape::tuple)
        return read_tuple(in, from, out);
    else if constexpr (form == shape::object)
        return read_object(in, from, out);
    else if constexpr (form == shape::boolean) {
        if (from.kind() != node_kind::boolean) return in.refuse_type(from, "true or false");
        out = from.as_boolean();
        return true;
    } else if constexpr (form == shape::text) {
        constexpr bool owns_its_text = !std::is_trivially_copyable_v<T>;
        static_assert(owns_its_text, "eventcore: a view of the text would dangle; use std::string");
        if (from.kind() != node_kind::string) return in.refuse_type(from, "a string");
        if constexpr (owns_its_text) out.assign(from.as_string());
        return true;
    }
}

}  // namespace detail

template <class T>
read_error read(std::string_view text, T& out, const read_options& options) {
    read_error error;
    detail::reader in{options, error};
    (void)link_the_component_eventcore_json::parse(
        text, options, error, [&](const node& root) { return detail::read_value(in, root, out); });
    return error;
}

}  // namespace eventcore::json_codec
