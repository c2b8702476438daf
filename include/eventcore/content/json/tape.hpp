// A JSON text as a flat array of nodes: what the library that parses hands over, and what read.hpp turns
// into C++ values. So one function, compiled once per program, knows that library (simdjson.hpp).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/function_ref.hpp"
#include "eventcore/content/json/read_error.hpp"

namespace eventcore::json_codec {

struct read_options {
    std::size_t bytes = 16 * 1024 * 1024;  // of the text; at most text_bytes_max
    std::size_t depth = 64;                // arrays and objects inside each other; at most depth_max
    std::size_t values = 1024 * 1024;      // values and names; each takes 16 bytes while the text is read
    bool refuse_unknown_members = false;   // a newer client may send more than this server knows
};

inline constexpr std::size_t text_bytes_max = (std::size_t{1} << 28) - 1;
inline constexpr std::size_t depth_max = 512;

enum class node_kind : std::uint8_t { null, boolean, negative, natural, real, string, array, object };

// One value, or one member's name (a string). A node's children follow it, in the order of the text; a name
// is followed by its value.
//
//   {"a":[1,2]}  ->  object(1 member, 5 nodes)  string "a"  array(2 elements, 3 nodes)  natural 1  natural 2
class node {
 public:
    static node null(std::size_t offset) { return {node_kind::null, offset, 0, 0}; }
    static node boolean(std::size_t offset, bool value) { return {node_kind::boolean, offset, 0, value}; }
    static node negative(std::size_t offset, std::int64_t value) {
        return {node_kind::negative, offset, 0, static_cast<std::uint64_t>(value)};
    }
    static node natural(std::size_t offset, std::uint64_t value) {
        return {node_kind::natural, offset, 0, value};
    }
    // A number with a fraction or an exponent, an integer past 64 bits, or -0.
    static node real(std::size_t offset, double value) {
        return {node_kind::real, offset, 0, std::bit_cast<std::uint64_t>(value)};
    }
    static node string(std::size_t offset, std::string_view value) {
        return {node_kind::string, offset, value.size(), reinterpret_cast<std::uintptr_t>(value.data())};
    }
    // `nodes` counts the array or object itself and all that is inside.
    static node container(node_kind kind, std::size_t offset, std::size_t children, std::size_t nodes) {
        return {kind, offset, children, nodes};
    }

    node_kind kind() const noexcept { return static_cast<node_kind>(head_ & 15); }
    std::size_t offset() const noexcept { return head_ >> 32; }  // of its first byte in the text

    bool as_boolean() const noexcept { return content_ != 0; }
    std::int64_t as_negative() const noexcept { return static_cast<std::int64_t>(content_); }
    std::uint64_t as_natural() const noexcept { return content_; }
    double as_real() const noexcept { return std::bit_cast<double>(content_); }
    std::string_view as_string() const noexcept {
        return {reinterpret_cast<const char*>(static_cast<std::uintptr_t>(content_)), child_count()};
    }

    // Elements of an array, members of an object.
    std::size_t child_count() const noexcept { return head_ >> 4 & text_bytes_max; }
    const node* first_child() const noexcept { return this + 1; }
    // What follows this value and all that is inside.
    const node* next() const noexcept { return this + (kind() >= node_kind::array ? content_ : 1); }

 private:
    node(node_kind kind, std::size_t offset, std::size_t size, std::uint64_t content) noexcept
        : head_(std::uint64_t{offset} << 32 | std::uint64_t{size} << 4 | static_cast<std::uint64_t>(kind)),
          content_(content) {}

    // Two whole words, so that a node travels in registers: as bit fields and a union it is put together in
    // memory in small pieces and loaded as one, which stalls for as long as all the rest takes.
    std::uint64_t head_;     // offset: 32 bits; bytes of a string or children of a container: 28; kind: 4
    std::uint64_t content_;  // the number, the address of the text, or the nodes of a container
};
static_assert(sizeof(node) == 16);

// The name of a kind, for messages: "a string".
constexpr std::string_view name_of(node_kind kind) {
    switch (kind) {
        case node_kind::null: return "null";
        case node_kind::boolean: return "a boolean";
        case node_kind::negative:
        case node_kind::natural:
        case node_kind::real: return "a number";
        case node_kind::string: return "a string";
        case node_kind::array: return "an array";
        case node_kind::object: return "an object";
    }
    return "";
}

// Not defined by this header: the program links the CMake component eventcore::json, or one of its source
// files includes eventcore/content/json/simdjson.hpp. A linker that misses the function says so by its name.
namespace link_the_component_eventcore_json {

// Parses `text`, checks everything that does not depend on C++ types (grammar, UTF-8, limits, duplicate
// names, nothing after the value), and calls use(root). Nodes and their strings live until `use` returns.
// False with `error` set when the text is refused; else what `use` returned.
bool parse(std::string_view text, const read_options& options, read_error& error,
           function_ref<bool(const node& root)> use);

}  // namespace link_the_component_eventcore_json

}  // namespace eventcore::json_codec
