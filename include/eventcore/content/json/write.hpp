// Writes a value as JSON text (RFC 8259), without white space.
//
// A member whose optional or pointer is empty is left out; an empty optional elsewhere is null, and so are
// NaN and the infinities, which JSON cannot say. Bytes of a string that are not UTF-8 become U+FFFD: an
// answer is always well-formed. An enum is its name, or its number when the value has no name. Doubles are
// the shortest text that reads back as the same double.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/content/json/enumerators.hpp"
#include "eventcore/content/json/reflect.hpp"
#include "eventcore/content/json/shape.hpp"
#include "eventcore/content/json/utf8.hpp"

namespace eventcore::json_codec {

// What text can be written into: a byte_buffer, or anything that lends room and is told how much was used.
template <class Sink>
concept byte_sink = requires(Sink& sink, std::size_t bytes) {
    { sink.prepare(bytes) } -> std::same_as<char*>;
    sink.commit(bytes);
};

// Appends `value`. A string takes exactly the room its text needs unless something must be escaped.
template <byte_sink Sink, class T>
void write(Sink& out, const T& value);

namespace detail {

template <byte_sink Sink>
void put(Sink& out, std::string_view text) {
    std::memcpy(out.prepare(text.size()), text.data(), text.size());
    out.commit(text.size());
}
template <byte_sink Sink>
void put(Sink& out, char c) {
    *out.prepare(1) = c;
    out.commit(1);
}

constexpr bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}
// Are these eight bytes plain ASCII that needs no escape? The high bit of a byte is set by a byte >= 0x80
// itself, by subtracting from one that is too small, and by 0 - 1 where `^` found the character.
constexpr bool all_plain(std::uint64_t word) {
    constexpr std::uint64_t ones = 0x0101010101010101, highs = 0x80 * ones;
    const std::uint64_t quote = (word ^ '"' * ones) - ones, backslash = (word ^ '\\' * ones) - ones;
    return ((word | (word - 0x20 * ones) | quote | backslash) & highs) == 0;
}
inline bool copy_plain_word(char* to, const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    std::memcpy(to, &word, 8);
    return all_plain(word);
}

// Copies the plain bytes `text` begins with and returns their number; may scribble up to text.size().
inline std::size_t copy_plain(char* to, std::string_view text) {
    const char* from = text.data();
    const std::size_t size = text.size();
    std::size_t done = 0;
    while (size - done >= 8 && copy_plain_word(to + done, from + done)) done += 8;
    if (done < size && size >= 8 && size - done < 8 && copy_plain_word(to + size - 8, from + size - 8))
        return size;
    while (done < size && is_plain(from[done])) to[done] = from[done], ++done;
    return done;
}

// "\n", or "\u001f" for a control character without a letter.
inline std::size_t copy_escape(char* to, unsigned char byte) {
    constexpr std::string_view letters("btn\0fr", 6), digits = "0123456789abcdef";
    const char letter = byte >= 8 && byte <= 13 ? letters[byte - 8u]
                        : byte >= 0x20          ? static_cast<char>(byte)
                                                : '\0';
    to[0] = '\\';
    to[1] = letter;
    if (letter) return 2;
    std::memcpy(to + 1, "u00", 3);
    to[4] = digits[byte >> 4];
    to[5] = digits[byte & 15];
    return 6;
}

// Six bytes are enough for any one byte of text, also where it becomes U+FFFD (three).
template <byte_sink Sink>
void put_escaped(Sink& out, std::string_view text) {
    constexpr std::size_t block_bytes = 256, longest_unit = 4;
    while (!text.empty()) {
        char* const to = out.prepare(6 * (block_bytes + longest_unit));
        std::size_t read = 0, written = 0;
        while (read < text.size() && read < block_bytes) {
            if (is_plain(text[read])) {
                to[written++] = text[read++];
                continue;
            }
            const utf8_unit unit = first_utf8_unit(text.substr(read));
            if (unit.length == 1 && unit.valid) {
                written += copy_escape(to + written, static_cast<unsigned char>(text[read]));
            } else {
                const std::string_view kept = unit.valid ? text.substr(read, unit.length) : "\xEF\xBF\xBD";
                std::memcpy(to + written, kept.data(), kept.size());
                written += kept.size();
            }
            read += unit.length;
        }
        out.commit(written);
        text.remove_prefix(read);
    }
}

template <byte_sink Sink>
void write_text(Sink& out, std::string_view text) {
    char* const to = out.prepare(text.size() + 2);
    to[0] = '"';
    const std::size_t plain = copy_plain(to + 1, text);
    if (plain == text.size()) {
        to[plain + 1] = '"';
        return out.commit(plain + 2);
    }
    out.commit(plain + 1);
    put_escaped(out, text.substr(plain));
    put(out, '"');
}

template <byte_sink Sink, class Number>
void write_number(Sink& out, Number number) {
    constexpr std::size_t longest = 32;  // "-2.2250738585072014e-308" has 24
    if constexpr (std::is_floating_point_v<Number>) {
        const Number zero_unless_special = number - number;
        if (!(zero_unless_special == 0)) return put(out, "null");
    }
    char* const to = out.prepare(longest);
    out.commit(static_cast<std::size_t>(std::to_chars(to, to + longest, number).ptr - to));
}

template <byte_sink Sink, class Enum>
void write_enumerator(Sink& out, Enum value) {
    const std::string_view name = enumerator_name(value);
    if (!name.empty()) return write_text(out, name);
    const auto number = static_cast<std::underlying_type_t<Enum>>(value);
    if constexpr (std::is_signed_v<decltype(number)>)
        write_number(out, static_cast<std::int64_t>(number));
    else
        write_number(out, static_cast<std::uint64_t>(number));
}

// `key` is ,"name": and the comma of the first member becomes the object's brace.
template <byte_sink Sink, class Member>
void write_member(Sink& out, std::string_view key, const Member& value, bool& is_first) {
    if constexpr (shape_of<Member>() == shape::nullable)
        if (!static_cast<bool>(value)) return;
    char* const to = out.prepare(key.size());
    std::memcpy(to, key.data(), key.size());
    if (is_first) *to = '{';
    is_first = false;
    out.commit(key.size());
    if constexpr (shape_of<Member>() == shape::nullable)
        write(out, *value);
    else
        write(out, value);
}

template <byte_sink Sink, class T>
void write_object(Sink& out, const T& value) {
    visit_members(value, [&](const auto&... members) {
        bool is_first = true;
        [[maybe_unused]] std::size_t i = 0;
        (write_member(out, member_keys<T>.key(i++), members, is_first), ...);
        put(out, is_first ? std::string_view("{}") : std::string_view("}"));
    });
}

template <byte_sink Sink, class Sequence>
void write_sequence(Sink& out, const Sequence& values) {
    char before = '[';
    for (auto&& value : values) {
        put(out, before);
        before = ',';
        // vector<bool> gives out something that only converts to its value_type
        write<Sink, std::remove_cvref_t<decltype(*values.begin())>>(out, value);
    }
    put(out, before == '[' ? std::string_view("[]") : std::string_view("]"));
}

template <byte_sink Sink, class Map>
void write_map(Sink& out, const Map& map) {
    constexpr bool has_text_keys = std::is_convertible_v<const typename Map::key_type&, std::string_view>;
    static_assert(has_text_keys, "eventcore: the keys of a map must be text to be written as JSON");
    char before = '{';
    for (const auto& [key, value] : map) {
        put(out, before);
        before = ',';
        if constexpr (has_text_keys) write_text(out, std::string_view(key));
        put(out, ':');
        write(out, value);
    }
    put(out, before == '{' ? std::string_view("{}") : std::string_view("}"));
}

template <byte_sink Sink, class Tuple>
void write_tuple(Sink& out, const Tuple& tuple) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        using std::get;
        put(out, '[');
        ((I == 0 ? void() : put(out, ','), write(out, get<I>(tuple))), ...);
        put(out, ']');
    }(std::make_index_sequence<std::tuple_size<Tuple>::value>{});
}

}  // namespace detail

template <byte_sink Sink, class T>
void write(Sink& out, const T& value) {
    constexpr shape form = shape_of<T>();
    static_assert(form != shape::unsupported,
                  "eventcore: this type has no JSON form; write an eventcore::describe for it");
    if constexpr (form == shape::converted) {
        static_assert(detail::writes_itself<T>,
                      "eventcore: this type's describe has from_json and no to_json");
        write(out, describe<T>::to_json(value));
    } else if constexpr (form == shape::boolean) {
        detail::put(out, value ? std::string_view("true") : std::string_view("false"));
    } else if constexpr (form == shape::integer || form == shape::floating) {
        detail::write_number(out, value);
    } else if constexpr (form == shape::text) {
        if constexpr (std::is_pointer_v<T>)
            if (!value) return detail::put(out, "null");
        detail::write_text(out, value);
    } else if constexpr (form == shape::enumeration) {
        detail::write_enumerator(out, value);
    } else if constexpr (form == shape::nullable) {
        static_cast<bool>(value) ? write(out, *value) : detail::put(out, "null");
    } else if constexpr (form == shape::map) {
        detail::write_map(out, value);
    } else if constexpr (form == shape::sequence) {
        detail::write_sequence(out, value);
    } else if constexpr (form == shape::tuple) {
        detail::write_tuple(out, value);
    } else if constexpr (form == shape::variant) {
        visit([&](const auto& held) { write(out, held); }, value);
    } else if constexpr (form == shape::object) {
        detail::write_object(out, value);
    }
}

}  // namespace eventcore::json_codec
