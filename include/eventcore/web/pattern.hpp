// "/users/{id}/files/{path...}" understood: the segments of a route's pattern, at compile time or at run
// time.
//
//   literal     users            that text, after percent-decoding
//   parameter   {id}             one whole segment, not empty
//   constrained {id:int}         the same, when it reads as int, uint or uuid
//   tail        {path...}        everything that is left, at least one character; last segment only.
//               {*path}          the same
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/fixed_string.hpp"

namespace eventcore {

// In the order in which they are tried: the first that leads to a route wins.
enum class segment_kind : std::uint8_t { literal, uuid, unsigned_integer, integer, parameter, tail };
inline constexpr std::size_t segment_kind_count = 6;

struct pattern_segment {
    segment_kind kind = segment_kind::literal;
    std::string_view text;  // of a literal, or the parameter's name
};

enum class pattern_error : std::uint8_t {
    none,
    no_leading_slash,
    empty_segment,
    unclosed_brace,
    nested_brace,
    closing_brace,
    partial_segment,
    bad_name,
    unknown_constraint,
    tail_not_last,
    duplicate_name,
    forbidden_character,
    dot_segment,
    too_many_segments,
    too_many_parameters,
};

inline constexpr std::size_t pattern_segments_max = 32;
inline constexpr std::size_t pattern_parameters_max = 16;

// What is wrong with a pattern; none when it is good.
constexpr pattern_error check_pattern(std::string_view pattern);

// The same as a sentence.
constexpr std::string_view to_string(pattern_error error) {
    switch (error) {
        case pattern_error::none: return {};
        case pattern_error::no_leading_slash: return "a path pattern begins with '/'";
        case pattern_error::empty_segment: return "a path pattern has no empty segment ('//')";
        case pattern_error::unclosed_brace: return "'{' without '}' in a path pattern";
        case pattern_error::nested_brace: return "'{' inside '{' in a path pattern";
        case pattern_error::closing_brace: return "'}' without '{' in a path pattern";
        case pattern_error::partial_segment: return "a path parameter is a whole segment: \"/{name}/\"";
        case pattern_error::bad_name: return "a path parameter needs a name of letters, digits and '_'";
        case pattern_error::unknown_constraint:
            return "a path parameter can be {name:int}, {name:uint} or {name:uuid}";
        case pattern_error::tail_not_last:
            return "{name...} takes the rest of the path, so it comes last in a pattern";
        case pattern_error::duplicate_name: return "a path pattern names two parameters alike";
        case pattern_error::forbidden_character:
            return "a path pattern is plain text: no '?', '#', '%', '\\', space or control character";
        case pattern_error::dot_segment: return "a path pattern has no '.' or '..' segment";
        case pattern_error::too_many_segments: return "a path pattern has at most 32 segments";
        case pattern_error::too_many_parameters: return "a path pattern has at most 16 parameters";
    }
    return {};
}

// Goes through the segments of a pattern that check_pattern() found good. "/" is one empty literal, and so is
// what follows a trailing slash.
class pattern_reader {
 public:
    constexpr explicit pattern_reader(std::string_view pattern) : rest_(pattern), left_(!pattern.empty()) {}

    constexpr bool has_next() const { return left_; }
    constexpr pattern_segment next() {
        const std::string_view after_slash = rest_.substr(1);
        const std::size_t end = index_of(after_slash, '/');
        rest_ = after_slash.substr(end);
        left_ = !rest_.empty();
        return classify(after_slash.substr(0, end));
    }

 private:
    static constexpr pattern_segment classify(std::string_view text) {
        if (text.empty() || text.front() != '{') return {segment_kind::literal, text};
        text = text.substr(1, text.size() - 2);
        if (text.front() == '*') return {segment_kind::tail, text.substr(1)};
        if (text.back() == '.') return {segment_kind::tail, text.substr(0, text.size() - 3)};
        const std::size_t colon = index_of(text, ':');
        const std::string_view name = text.substr(0, colon);
        if (colon == text.size()) return {segment_kind::parameter, name};
        const std::string_view constraint = text.substr(colon + 1);
        if (constraint == "uuid") return {segment_kind::uuid, name};
        return {constraint == "int" ? segment_kind::integer : segment_kind::unsigned_integer, name};
    }

    std::string_view rest_;
    bool left_;
};

constexpr std::size_t count_segments(std::string_view pattern) {
    std::size_t count = 0;
    for (char c : pattern) count += c == '/';
    return count;
}

constexpr std::size_t count_parameters(std::string_view pattern) {
    std::size_t count = 0;
    for (char c : pattern) count += c == '{';
    return count;
}

// The name of the parameter at `index`; empty when there are fewer.
constexpr std::string_view parameter_name(std::string_view pattern, std::size_t index) {
    for (pattern_reader reader(pattern); reader.has_next();) {
        const pattern_segment segment = reader.next();
        if (segment.kind == segment_kind::literal) continue;
        if (index-- == 0) return segment.text;
    }
    return {};
}

// The place of a parameter among the pattern's parameters, or pattern_parameters_max.
constexpr std::size_t find_parameter(std::string_view pattern, std::string_view name) {
    const std::size_t count = count_parameters(pattern);
    for (std::size_t i = 0; i < count; ++i)
        if (parameter_name(pattern, i) == name) return i;
    return pattern_parameters_max;
}

namespace detail {

constexpr bool is_name_character(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }

constexpr pattern_error check_parameter(std::string_view inside, bool is_last) {
    std::size_t name_bytes = 0;
    const bool star = !inside.empty() && inside.front() == '*';
    if (star) inside.remove_prefix(1);
    while (name_bytes < inside.size() && is_name_character(inside[name_bytes])) ++name_bytes;
    if (name_bytes == 0 || is_digit(inside.front())) return pattern_error::bad_name;
    const std::string_view after = inside.substr(name_bytes);
    if (star || after == "...") {
        if (star && !after.empty()) return pattern_error::bad_name;
        return is_last ? pattern_error::none : pattern_error::tail_not_last;
    }
    if (after.empty() || after == ":int" || after == ":uint" || after == ":uuid") return pattern_error::none;
    return after.front() == ':' ? pattern_error::unknown_constraint : pattern_error::bad_name;
}

constexpr pattern_error check_segment(std::string_view text, bool is_last) {
    if (text.empty()) return is_last ? pattern_error::none : pattern_error::empty_segment;
    if (text == "." || text == "..") return pattern_error::dot_segment;
    const std::size_t open = index_of(text, '{'), close = index_of(text, '}');
    if (open == text.size()) return close == text.size() ? pattern_error::none : pattern_error::closing_brace;
    if (close == text.size()) return pattern_error::unclosed_brace;
    if (close < open) return pattern_error::closing_brace;
    const std::size_t second = index_of(text, '{', open + 1);
    if (second < close) return pattern_error::nested_brace;
    if (open != 0 || close + 1 != text.size()) return pattern_error::partial_segment;
    return check_parameter(text.substr(1, close - 1), is_last);
}

constexpr bool is_pattern_character(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet != 0x7f && c != '?' && c != '#' && c != '%' && c != '\\';
}

}  // namespace detail

constexpr pattern_error check_pattern(std::string_view pattern) {
    if (pattern.empty() || pattern.front() != '/') return pattern_error::no_leading_slash;
    for (char c : pattern)
        if (!detail::is_pattern_character(c)) return pattern_error::forbidden_character;
    std::size_t segments = 0;
    for (std::size_t at = 0; at < pattern.size(); ++segments) {
        const std::size_t end = index_of(pattern, '/', at + 1);
        const auto error = detail::check_segment(pattern.substr(at + 1, end - at - 1), end == pattern.size());
        if (error != pattern_error::none) return error;
        at = end;
    }
    if (segments > pattern_segments_max) return pattern_error::too_many_segments;
    const std::size_t parameters = count_parameters(pattern);
    if (parameters > pattern_parameters_max) return pattern_error::too_many_parameters;
    for (std::size_t i = 1; i < parameters; ++i)
        if (find_parameter(pattern, parameter_name(pattern, i)) < i) return pattern_error::duplicate_name;
    return pattern_error::none;
}

}  // namespace eventcore
