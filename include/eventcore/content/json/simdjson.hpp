// Parses JSON with simdjson (3.0 or later). Included by one source file of a program, which the CMake
// component eventcore::json does: this header takes more than a second to compile, and nothing else needs it.
//
// simdjson finds the structure (vectorised, chosen for the CPU at run time), checks UTF-8 and grammar, and
// converts doubles and escapes. The rest, which is ours to promise, does not depend on it: limits, duplicate
// names, the grammar of numbers and literals, where an error is.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "eventcore/base/ascii.hpp"
#include "eventcore/base/assert.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/content/json/duplicates.hpp"
#include "eventcore/content/json/tape.hpp"
#include "eventcore/content/json/utf8.hpp"

namespace eventcore::json_codec::detail {

// What a thread keeps between two texts, so that parsing allocates nothing in the steady state.
struct parser_state {
    simdjson::ondemand::parser parser;
    byte_buffer text;   // a copy with the padding that simdjson reads into; names and strings point into it
    byte_buffer nodes;  // the tape
};

// The text of the value at which `from` stands, up to the next one. (A value's own function cannot fail, the
// document's can.)
template <class Value>
simdjson::error_code token_at(Value& from, std::string_view& token) {
    return simdjson::simdjson_result<std::string_view>(from.raw_json_token()).get(token);
}

constexpr std::string_view trim_json_space(std::string_view token) {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    while (!token.empty() && is_space(token.back())) token.remove_suffix(1);
    return token;
}

// RFC 8259, section 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
struct number_form {
    bool well_formed;
    bool integer;
};
constexpr number_form form_of_number(std::string_view token) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t first = at;
        while (at < token.size() && is_digit(token[at])) ++at;
        return at - first;
    };
    const auto skip = [&](char a, char b) {
        const bool found = at < token.size() && (token[at] == a || token[at] == b);
        at += found;
        return found;
    };
    skip('-', '-');
    const std::size_t first = at, count = digits();
    if (count == 0 || (count > 1 && token[first] == '0')) return {false, false};
    if (at == token.size()) return {true, true};
    if (skip('.', '.') && digits() == 0) return {false, false};
    if (skip('e', 'E')) {
        skip('+', '-');
        if (digits() == 0) return {false, false};
    }
    return {at == token.size(), false};
}

// Where simdjson's first pass, which names no place, found a bad string: the control character inside it,
// or the quote that nothing closes.
constexpr std::size_t find_bad_string(std::string_view text) {
    std::size_t opened = text.size();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') opened = opened == text.size() ? at : text.size();
        if (opened == text.size()) continue;
        if (static_cast<unsigned char>(text[at]) < 0x20) return at;
        if (text[at] == '\\') ++at;
    }
    return opened;
}

class tape_builder {
 public:
    tape_builder(parser_state& state, const read_options& options, read_error& error)
        : state_(state), options_(options), error_(error) {}

    bool build(std::string_view text);
    const node& root() const { return *reinterpret_cast<const node*>(state_.nodes.data()); }

 private:
    using document = simdjson::ondemand::document;
    using value = simdjson::ondemand::value;

    bool parse(simdjson::padded_string_view padded);
    template <class Value>  // the document itself, or a value inside
    bool append(Value& from);
    template <class Value>
    bool append_array(Value& from, std::size_t offset);
    template <class Value>
    bool append_object(Value& from, std::size_t offset);
    template <class Value>
    bool append_number(Value& from, std::string_view token, std::size_t offset);
    template <class Value>
    bool append_string(Value& from, std::string_view token, std::size_t offset);
    bool append_literal(std::string_view token, std::size_t offset);
    bool append_name(simdjson::ondemand::field& field, std::string_view& name);

    bool add(node made);
    void close(std::size_t index, node_kind kind, std::size_t offset, std::size_t children);
    std::size_t node_count() const { return state_.nodes.size() / sizeof(node); }
    const node& at(std::size_t index) const { return (&root())[index]; }

    std::size_t offset_of(const void* place) const {
        return static_cast<std::size_t>(static_cast<const char*>(place) - text_.data());
    }
    bool refuse(read_errc reason, std::size_t offset, std::string_view detail);
    bool refuse_here(simdjson::error_code code);
    bool refuse_first_pass(simdjson::error_code code);

    parser_state& state_;
    const read_options& options_;
    read_error& error_;
    document document_;
    std::string_view text_;        // the copy in state_
    std::size_t last_offset_ = 0;  // of the newest token that was seen
    std::size_t depth_ = 0;
};

inline bool tape_builder::refuse(read_errc reason, std::size_t offset, std::string_view detail) {
    error_.reason = reason;
    error_.offset = offset < text_.size() ? offset : text_.size();
    error_.detail = detail;
    return false;
}

// simdjson stopped between two values.
inline bool tape_builder::refuse_here(simdjson::error_code code) {
    if (code == simdjson::MEMALLOC) throw std::bad_alloc();
    if (code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT)
        return refuse(read_errc::malformed, text_.size(), "the text does not end with the end of its value");
    const char* place = nullptr;
    const bool known = document_.current_location().get(place) == simdjson::SUCCESS;
    const std::size_t offset = known ? offset_of(place) : text_.size();
    return refuse(read_errc::malformed, offset < last_offset_ ? last_offset_ : offset, "this is not JSON");
}

inline bool tape_builder::refuse_first_pass(simdjson::error_code code) {
    switch (code) {
        case simdjson::MEMALLOC:
        case simdjson::CAPACITY: throw std::bad_alloc();
        case simdjson::UTF8_ERROR:
            return refuse(read_errc::invalid_utf8, valid_utf8_prefix(text_), "the text is not UTF-8");
        case simdjson::EMPTY: return refuse(read_errc::malformed, 0, "the text is empty");
        case simdjson::UNCLOSED_STRING:
            return refuse(read_errc::malformed, find_bad_string(text_), "a string without a closing quote");
        case simdjson::UNESCAPED_CHARS:
            return refuse(read_errc::malformed, find_bad_string(text_), "a control character in a string");
        default: return refuse(read_errc::malformed, 0, "this is not JSON");
    }
}

inline bool tape_builder::add(node made) {
    if (node_count() >= options_.values)
        return refuse(read_errc::too_large, made.offset(), "the text has too many values");
    ::new (static_cast<void*>(state_.nodes.prepare(sizeof(node)))) node(made);
    state_.nodes.commit(sizeof(node));
    return true;
}

// The array or object at `index` is complete: writes down what only now is known.
inline void tape_builder::close(std::size_t index, node_kind kind, std::size_t offset, std::size_t children) {
    char* const place = state_.nodes.data() + index * sizeof(node);
    ::new (static_cast<void*>(place)) node(node::container(kind, offset, children, node_count() - index));
}

template <class Value>
bool tape_builder::append(Value& from) {
    simdjson::ondemand::json_type type;
    std::string_view token;
    if (const auto code = from.type().get(type)) return refuse_here(code);
    if (const auto code = token_at(from, token)) return refuse_here(code);
    const std::size_t offset = offset_of(token.data());
    last_offset_ = offset;
    token = trim_json_space(token);
    switch (type) {
        case simdjson::ondemand::json_type::array: return append_array(from, offset);
        case simdjson::ondemand::json_type::object: return append_object(from, offset);
        case simdjson::ondemand::json_type::number: return append_number(from, token, offset);
        case simdjson::ondemand::json_type::string: return append_string(from, token, offset);
        default: return append_literal(token, offset);
    }
}

template <class Value>
bool tape_builder::append_array(Value& from, std::size_t offset) {
    if (depth_ >= options_.depth)
        return refuse(read_errc::too_deep, offset, "arrays and objects nest too deeply");
    const std::size_t index = node_count();
    simdjson::ondemand::array array;
    if (!add(node::null(offset))) return false;
    if (const auto code = from.get_array().get(array)) return refuse_here(code);
    ++depth_;
    std::size_t count = 0;
    for (auto element : array) {
        value&& inner =
            std::move(element).value_unsafe();  // a reference: the copy costs more than the parsing
        const auto code = element.error();
        if (code ? !refuse_here(code) : !append(inner)) return error_.inside_element(count), false;
        ++count;
    }
    --depth_;
    close(index, node_kind::array, offset, count);
    return true;
}

template <class Value>
bool tape_builder::append_object(Value& from, std::size_t offset) {
    if (depth_ >= options_.depth)
        return refuse(read_errc::too_deep, offset, "arrays and objects nest too deeply");
    const std::size_t index = node_count();
    simdjson::ondemand::object object;
    if (!add(node::null(offset))) return false;
    if (const auto code = from.get_object().get(object)) return refuse_here(code);
    ++depth_;
    std::size_t count = 0;
    for (auto member : object) {
        simdjson::ondemand::field&& field = std::move(member).value_unsafe();
        std::string_view name;
        if (const auto code = member.error()) return refuse_here(code);
        if (!append_name(field, name)) return false;
        if (!append(field.value())) return error_.inside_member(name), false;
        ++count;
    }
    --depth_;
    close(index, node_kind::object, offset, count);
    const node* twice = find_duplicate(at(index));
    if (!twice) return true;
    refuse(read_errc::duplicate_member, twice->offset(), "the object has this name twice");
    error_.inside_member(twice->as_string());
    return false;
}

inline bool tape_builder::append_name(simdjson::ondemand::field& field, std::string_view& name) {
    const char* const begin = field.key().raw();
    const char* const end = text_.data() + text_.size();
    const char* at = begin;
    while (at != end && *at != '"' && *at != '\\') ++at;
    last_offset_ = offset_of(begin) - 1;
    name = {begin, static_cast<std::size_t>(at - begin)};
    if (at != end && *at == '\\' && field.unescaped_key().get(name))
        return refuse(read_errc::malformed, last_offset_, "an escape in this name means nothing");
    return add(node::string(last_offset_, name));
}

template <class Value>
bool tape_builder::append_number(Value& from, std::string_view token, std::size_t offset) {
    const number_form form = form_of_number(token);
    if (!form.well_formed) return refuse(read_errc::malformed, offset, "this is no JSON number");
    const bool is_negative = token.front() == '-';
    if (form.integer && is_negative && token != "-0") {
        if (const auto number = parse_decimal<std::int64_t>(token))
            return add(node::negative(offset, *number));
    } else if (form.integer && !is_negative) {
        if (const auto number = parse_decimal<std::uint64_t>(token))
            return add(node::natural(offset, *number));
    }
    double number = 0;
    if (from.get_double().get(number))
        return refuse(read_errc::out_of_range, offset, "no double is this large");
    return add(node::real(offset, number));
}

template <class Value>
bool tape_builder::append_string(Value& from, std::string_view token, std::size_t offset) {
    if (token.size() < 2 || token.back() != '"')
        return refuse(read_errc::malformed, offset, "this is no JSON string");
    std::string_view text = token.substr(1, token.size() - 2);
    if (!text.empty() && std::memchr(text.data(), '\\', text.size()) != nullptr &&
        from.get_string().get(text))
        return refuse(read_errc::malformed, offset, "an escape in this string means nothing");
    return add(node::string(offset, text));
}

inline bool tape_builder::append_literal(std::string_view token, std::size_t offset) {
    if (token == "true" || token == "false") return add(node::boolean(offset, token == "true"));
    if (token == "null") return add(node::null(offset));
    return refuse(read_errc::malformed, offset, "this is no JSON value");
}

inline bool tape_builder::parse(simdjson::padded_string_view padded) {
    constexpr std::size_t least_capacity = 4096, levels = 2 * depth_max + 8;
    simdjson::ondemand::parser& parser = state_.parser;
    if (parser.capacity() < padded.size()) {
        std::size_t wanted = least_capacity;
        while (wanted < padded.size()) wanted *= 2;
        if (parser.allocate(wanted, levels)) throw std::bad_alloc();
    }
    if (const auto code = parser.iterate(padded).get(document_)) return refuse_first_pass(code);
    if (!append(document_)) return false;

    // simdjson leaves the position after an array or object, and before any other value.
    const char* place = nullptr;
    const bool is_nested = root().kind() == node_kind::array || root().kind() == node_kind::object;
    if (!is_nested) {
        std::string_view token;
        if (token_at(document_, token) || token.data() + token.size() != text_.data() + text_.size())
            return refuse(read_errc::malformed, last_offset_ + token.size(), "something follows the value");
    } else if (document_.current_location().get(place) == simdjson::SUCCESS) {
        return refuse(read_errc::malformed, offset_of(place), "something follows the value");
    }
    return true;
}

inline bool tape_builder::build(std::string_view text) {
    state_.nodes.clear();
    state_.text.clear();
    char* const copy = state_.text.prepare(text.size() + simdjson::SIMDJSON_PADDING);
    if (!text.empty()) std::memcpy(copy, text.data(), text.size());
    std::memset(copy + text.size(), 0, simdjson::SIMDJSON_PADDING);
    text_ = {copy, text.size()};
    // RFC 8259, 8.1 forbids to send one; some releases of simdjson would skip it and shift every offset.
    if (text.substr(0, 3) == "\xEF\xBB\xBF")
        return refuse(read_errc::malformed, 0, "the text begins with a byte order mark");
    return parse(simdjson::padded_string_view(text_, text.size() + simdjson::SIMDJSON_PADDING));
}

}  // namespace eventcore::json_codec::detail

namespace eventcore::json_codec::link_the_component_eventcore_json {

// Weak: a program may have this from the component and from a file of its own.
[[gnu::weak]] bool parse(std::string_view text, const read_options& options, read_error& error,
                         function_ref<bool(const node& root)> use) {
    constexpr std::size_t kept_bytes_max = 64 * 1024;
    EVENTCORE_ASSERT(options.depth <= depth_max, "read_options: depth is more than depth_max");
    error = {};
    if (text.size() > options.bytes || text.size() > text_bytes_max) {
        error.reason = read_errc::too_large;
        error.detail = "the text is too long";
        return false;
    }
    // Taken for the time of the call, so that a from_json may itself parse a text.
    static thread_local std::unique_ptr<detail::parser_state> idle;
    std::unique_ptr<detail::parser_state> state = std::move(idle);
    if (!state) state = std::make_unique<detail::parser_state>();
    detail::tape_builder tape(*state, options, error);
    const bool accepted = tape.build(text) && use(tape.root());
    if (text.size() <= kept_bytes_max) idle = std::move(state);
    return accepted;
}

}  // namespace eventcore::json_codec::link_the_component_eventcore_json
