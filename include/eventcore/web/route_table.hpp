// Which route a method and a path lead to: one trie of segments in plain arrays, one builder and one matcher,
// for tables made by the compiler and for tables made from configuration.
//
// Literal beats constrained parameter beats parameter beats tail, segment by segment from the left, with
// backtracking, whatever the order of declaration. A path that matches without a route for its method goes on
// looking, so GET /users/me and DELETE /users/{id} live side by side.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/web/path.hpp"
#include "eventcore/web/pattern.hpp"
#include "eventcore/web/request.hpp"

namespace eventcore {

using route_index = std::uint16_t;
inline constexpr route_index no_route = 0xffff;

// A set of methods, one bit each; bit `every_method` is a route for all of them.
using method_set = std::uint16_t;
inline constexpr std::size_t method_count = static_cast<std::size_t>(http::method::other) + 1;
inline constexpr method_set every_method = 1 << method_count;
constexpr method_set set_of(http::method m) {
    return static_cast<method_set>(1U << static_cast<unsigned>(m));
}

// The value of an Allow field (RFC 9110, 10.2.1).
struct allow_text {
    char text[64]{};
    std::uint8_t size = 0;

    constexpr std::string_view view() const { return {text, size}; }
};

// What a route for every method leaves out. TRACE sends a request back with the credentials it came with (RFC
// 9110, 9.3.8), and CONNECT has no path: who wants them names them.
constexpr bool is_only_by_name(http::method m) {
    return m == http::method::trace || m == http::method::connect;
}

// What answers a set of methods: HEAD where there is GET, OPTIONS always.
constexpr method_set answered_methods(method_set routed) {
    for (std::size_t m = 0; routed >= every_method && m < method_count; ++m)
        if (!is_only_by_name(static_cast<http::method>(m))) routed |= set_of(static_cast<http::method>(m));
    if (routed & set_of(http::method::get)) routed |= set_of(http::method::head);
    return routed | set_of(http::method::options);
}

constexpr allow_text make_allow_text(method_set routed) {
    allow_text allow;
    const method_set answered = answered_methods(routed);
    for (std::size_t m = 0; m + 1 < method_count; ++m) {
        if (!(answered >> m & 1U)) continue;
        if (allow.size != 0) allow.text[allow.size++] = ',', allow.text[allow.size++] = ' ';
        for (char c : http::to_string(static_cast<http::method>(m))) allow.text[allow.size++] = c;
    }
    return allow;
}

// The routes that end at one place of the trie.
struct endpoint_set {
    route_index by_method[method_count]{};  // no_route where there is none
    route_index for_any = no_route;
    method_set routed = 0;
    allow_text allow;
    std::string_view path;  // that leads here and nowhere else with more right; empty when there are many

    constexpr route_index find(http::method m) const {
        const route_index found = by_method[static_cast<std::size_t>(m)];
        if (found != no_route) return found;
        if (m == http::method::head && by_method[0] != no_route) return by_method[0];
        return is_only_by_name(m) ? no_route : for_any;
    }
};

struct trie_node {
    static constexpr std::uint16_t none = 0xffff;

    std::string_view text;   // of a literal
    std::uint64_t head = 0;  // its first eight bytes
    std::uint32_t hash = 0;  // of text
    std::uint16_t parent = none;
    std::uint16_t endpoints = none;
    std::uint16_t children[segment_kind_count - 1] = {none, none, none, none,
                                                      none};  // by kind, without literal
    std::uint8_t alternatives = 0;                            // bit k: there is a child of segment_kind k
    segment_kind kind = segment_kind::literal;
};

// Where a literal child is found: open addressing over (parent, hash), at most half full.
struct literal_slot {
    std::uint32_t hash = 0;
    std::uint16_t parent = 0;
    std::uint16_t child = trie_node::none;
};

// Where a path of literals alone is found, as it is sent: what most requests ask for needs no search. Open
// addressing over the hash of the path, at most half full.
struct path_slot {
    std::uint32_t hash = 0;
    std::uint16_t endpoints = trie_node::none;
};

// A finished table; owns nothing.
struct route_table {
    const trie_node* nodes = nullptr;  // the first is the root
    const literal_slot* slots = nullptr;
    const path_slot* paths = nullptr;  // as many as slots
    std::uint32_t slot_mask = 0;
    const endpoint_set* endpoints = nullptr;
    method_set routed = 0;  // of all routes
};

// How a search ended.
struct route_match {
    route_index route = no_route;
    method_set routed = 0;                // of every place the path leads to; 0: the path is unknown
    const endpoint_set* place = nullptr;  // the first of them
};

// Finds the route, and puts the path's parameters into `values` when there is one.
inline route_match match(const route_table& table, http::method method, const split_path& path, arena& memory,
                         path_values& values);

// What `path` leads to when it is, octet by octet, a pattern of literals; else null, and match() tells. A
// literal goes before everything else, so a route found here is the one match() would find.
inline const endpoint_set* find_literal_path(const route_table& table, std::string_view path) noexcept;

constexpr std::size_t literal_slot_at(std::uint32_t hash, std::uint16_t parent, std::uint32_t mask) {
    return (hash ^ parent * 0x9e3779b1U) & mask;
}

// Room to build in. The arrays are the caller's: constexpr ones or vectors.
struct trie_storage {
    trie_node* nodes = nullptr;
    std::size_t node_capacity = 0;
    literal_slot* slots = nullptr;
    path_slot* paths = nullptr;
    std::size_t slot_count = 0;  // of each; a power of two, at least twice the nodes
    endpoint_set* endpoints = nullptr;
    std::size_t endpoint_capacity = 0;
};

// Inserts checked patterns. The capacities must suffice: one node per segment, one endpoint set per route.
class trie_builder {
 public:
    constexpr explicit trie_builder(const trie_storage& room) : room_(room) {
        room_.nodes[0] = trie_node{};
        node_count_ = 1;
    }
    // Goes on with what was built before, moved to new room.
    constexpr trie_builder(const trie_storage& room, const trie_builder& before)
        : room_(room),
          node_count_(before.node_count_),
          endpoint_count_(before.endpoint_count_),
          routed_(before.routed_) {
        for (std::size_t i = 0; i < node_count_; ++i) room_.nodes[i] = before.room_.nodes[i];
        for (std::size_t i = 0; i < endpoint_count_; ++i) room_.endpoints[i] = before.room_.endpoints[i];
        for (std::size_t i = 1; i < node_count_; ++i)
            if (room_.nodes[i].kind == segment_kind::literal) index_literal(static_cast<std::uint16_t>(i));
        for (std::size_t i = 0; i < endpoint_count_; ++i)
            if (!room_.endpoints[i].path.empty()) index_path(static_cast<std::uint16_t>(i));
    }

    // The route that is there already for one of these methods, or no_route and `route` was added.
    constexpr route_index insert(std::string_view pattern, method_set methods, route_index route) {
        std::uint16_t at = 0;
        bool is_literal = index_of(pattern, '%') == pattern.size();
        for (pattern_reader reader(pattern); reader.has_next();) {
            at = child(at, reader.next());
            is_literal = is_literal && room_.nodes[at].kind == segment_kind::literal;
        }
        if (room_.nodes[at].endpoints == trie_node::none) {
            room_.nodes[at].endpoints = new_endpoints();
            if (is_literal) {
                room_.endpoints[room_.nodes[at].endpoints].path = pattern;
                index_path(room_.nodes[at].endpoints);
            }
        }
        endpoint_set& set = room_.endpoints[room_.nodes[at].endpoints];
        for (std::size_t m = 0; m < method_count; ++m)
            if ((methods >> m & 1U) && set.by_method[m] != no_route) return set.by_method[m];
        if ((methods & every_method) && set.for_any != no_route) return set.for_any;
        for (std::size_t m = 0; m < method_count; ++m)
            if (methods >> m & 1U) set.by_method[m] = route;
        if (methods & every_method) set.for_any = route;
        set.routed |= methods;
        set.allow = make_allow_text(set.routed);
        routed_ |= methods;
        return no_route;
    }

    constexpr std::size_t node_count() const { return node_count_; }
    constexpr std::size_t endpoint_count() const { return endpoint_count_; }
    constexpr method_set routed() const { return routed_; }
    constexpr route_table table() const {
        return {room_.nodes,     room_.slots, room_.paths, static_cast<std::uint32_t>(room_.slot_count - 1),
                room_.endpoints, routed_};
    }

 private:
    constexpr std::uint16_t child(std::uint16_t parent, const pattern_segment& segment) {
        if (segment.kind == segment_kind::literal) return literal_child(parent, segment.text);
        const auto kind = static_cast<std::size_t>(segment.kind);
        if (room_.nodes[parent].children[kind - 1] == trie_node::none) {
            const std::uint16_t made = new_node(parent, segment.kind);
            room_.nodes[parent].children[kind - 1] = made;
        }
        return room_.nodes[parent].children[kind - 1];
    }

    constexpr std::uint16_t literal_child(std::uint16_t parent, std::string_view text) {
        const std::uint32_t hash = detail::hash_segment(text);
        const std::size_t mask = room_.slot_count - 1;
        for (std::size_t at = literal_slot_at(hash, parent, static_cast<std::uint32_t>(mask));;
             at = (at + 1) & mask) {
            const literal_slot& slot = room_.slots[at];
            if (slot.child == trie_node::none) break;
            if (slot.hash == hash && slot.parent == parent && room_.nodes[slot.child].text == text)
                return slot.child;
        }
        const std::uint16_t made = new_node(parent, segment_kind::literal);
        room_.nodes[made].text = text;
        room_.nodes[made].hash = hash;
        room_.nodes[made].head = detail::load_word(text.data(), text.size());
        index_literal(made);
        return made;
    }

    constexpr void index_literal(std::uint16_t node) {
        const trie_node& n = room_.nodes[node];
        const std::size_t mask = room_.slot_count - 1;
        std::size_t at = literal_slot_at(n.hash, n.parent, static_cast<std::uint32_t>(mask));
        while (room_.slots[at].child != trie_node::none) at = (at + 1) & mask;
        room_.slots[at] = {n.hash, n.parent, node};
    }

    constexpr void index_path(std::uint16_t endpoints) {
        const std::uint32_t hash = detail::hash_path(room_.endpoints[endpoints].path);
        std::size_t at = hash & (room_.slot_count - 1);
        while (room_.paths[at].endpoints != trie_node::none) at = (at + 1) & (room_.slot_count - 1);
        room_.paths[at] = {hash, endpoints};
    }

    constexpr std::uint16_t new_node(std::uint16_t parent, segment_kind kind) {
        trie_node& made = room_.nodes[node_count_];
        made = trie_node{};
        made.parent = parent;
        made.kind = kind;
        room_.nodes[parent].alternatives |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
        return static_cast<std::uint16_t>(node_count_++);
    }

    constexpr std::uint16_t new_endpoints() {
        endpoint_set& made = room_.endpoints[endpoint_count_];
        made = endpoint_set{};
        for (route_index& route : made.by_method) route = no_route;
        return static_cast<std::uint16_t>(endpoint_count_++);
    }

    trie_storage room_;
    std::size_t node_count_ = 0;
    std::size_t endpoint_count_ = 0;
    method_set routed_ = 0;
};

namespace detail {

// 8-4-4-4-12 hexadecimal digits (RFC 9562, 4).
constexpr bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < 36; ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : hex_value(text[i]) < 0) return false;
    }
    return true;
}

constexpr bool satisfies(segment_kind kind, std::string_view text) {
    switch (kind) {
        case segment_kind::uuid: return is_uuid(text);
        case segment_kind::unsigned_integer: return parse_decimal(text, UINT64_MAX).has_value();
        case segment_kind::integer: return is_int64(text);
        default: return !text.empty();
    }
}

// One search. At depth d, segments 0..d-1 have led to node_[d], and untried_[d] are the kinds of child that
// are still to be tried there; they only ever grow fewer, so every node is entered at most once.
class trie_search {
 public:
    trie_search(const route_table& table, http::method method, const split_path& path, arena& memory,
                path_values& values) noexcept
        : table_(table), method_(method), path_(path), memory_(memory), values_(values) {}

    route_match run() {
        std::size_t depth = 0;
        enter(0, 0);
        while (true) {
            if (depth == path_.count && path_.is_complete) {
                if (accept(node_[depth])) return keep_values(depth), found_;
                untried_[depth] = 0;
            }
            const std::uint16_t next = next_child(depth);
            if (next == trie_node::none) {
                if (depth == 0) return found_;
                --depth;
            } else if (table_.nodes[next].kind != segment_kind::tail) {
                enter(++depth, next);
            } else if (accept(next)) {
                return keep_values(depth), found_;
            }
        }
    }

 private:
    void enter(std::size_t depth, std::uint16_t node) noexcept {
        node_[depth] = node;
        untried_[depth] = table_.nodes[node].alternatives;
    }

    std::uint16_t next_child(std::size_t depth) {
        if (depth >= path_.count) return trie_node::none;
        const path_segment& segment = path_.segments[depth];
        while (untried_[depth]) {
            const int kind = std::countr_zero(untried_[depth]);
            untried_[depth] = static_cast<std::uint8_t>(untried_[depth] & (untried_[depth] - 1U));
            if (kind == 0) {
                const std::uint16_t child = find_literal(node_[depth], segment);
                if (child != trie_node::none) return child;
            } else if (fits(static_cast<segment_kind>(kind), segment)) {
                return table_.nodes[node_[depth]].children[kind - 1];
            }
        }
        return trie_node::none;
    }

    std::uint16_t find_literal(std::uint16_t parent, const path_segment& segment) const noexcept {
        for (std::size_t at = literal_slot_at(segment.hash, parent, table_.slot_mask);; ++at) {
            const literal_slot& slot = table_.slots[at & table_.slot_mask];
            if (slot.child == trie_node::none) return trie_node::none;
            if (slot.hash != segment.hash || slot.parent != parent) continue;
            const trie_node& child = table_.nodes[slot.child];
            if (child.head == segment.head && child.text.size() == segment.size &&
                equal_tails(child.text.data(), segment.text, segment.size))
                return slot.child;
        }
    }

    // A tail's value is made when it is asked for, and may be refused: an escaped "/" would look like one
    // that separates, so it does not match.
    bool fits(segment_kind kind, const path_segment& segment) {
        if (kind != segment_kind::tail) return satisfies(kind, segment.view());
        if (segment.size == 0) return false;
        rest_ = {segment.received, static_cast<std::size_t>(path_.end - segment.received)};
        if (!path_.has_escapes) return true;
        if (has_escaped_slash(rest_)) return false;
        const std::optional<std::string_view> decoded = http::percent_decode(rest_, memory_);
        if (decoded) rest_ = *decoded;
        return decoded.has_value();
    }

    bool accept(std::uint16_t node) noexcept {
        if (table_.nodes[node].endpoints == trie_node::none) return false;
        const endpoint_set& set = table_.endpoints[table_.nodes[node].endpoints];
        found_.route = set.find(method_);
        if (!found_.place) found_.place = &set;
        found_.routed |= set.routed;
        is_tail_ = table_.nodes[node].kind == segment_kind::tail;
        return found_.route != no_route;
    }

    void keep_values(std::size_t depth) noexcept {
        values_.truncate(0);
        for (std::size_t d = 0; d < depth; ++d)
            if (table_.nodes[node_[d + 1]].kind != segment_kind::literal)
                values_.push_back(path_.segments[d].view());
        if (is_tail_) values_.push_back(rest_);
    }

    static constexpr std::size_t depth_max = split_path::segments_max + 1;

    const route_table& table_;
    const http::method method_;
    const split_path& path_;
    arena& memory_;
    path_values& values_;
    route_match found_;
    std::string_view rest_;
    bool is_tail_ = false;
    std::uint16_t node_[depth_max];
    std::uint8_t untried_[depth_max];
};

}  // namespace detail

inline const endpoint_set* find_literal_path(const route_table& table, std::string_view path) noexcept {
    const std::uint32_t hash = detail::hash_path(path);
    for (std::size_t at = hash;; ++at) {
        const path_slot& slot = table.paths[at & table.slot_mask];
        if (slot.endpoints == trie_node::none) return nullptr;
        const endpoint_set& place = table.endpoints[slot.endpoints];
        if (slot.hash == hash && detail::is_same_path(place.path, path)) return &place;
    }
}

inline route_match match(const route_table& table, http::method method, const split_path& path, arena& memory,
                         path_values& values) {
    return detail::trie_search(table, method, path, memory, values).run();
}

}  // namespace eventcore
