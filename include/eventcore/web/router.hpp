// An application: routes, checked and turned into a table while the program is compiled.
//
//   auto app = ec::router(
//       ec::get<"/">([] { return "Hello, World!"; }),
//       ec::get<"/users/{id}">([](std::uint64_t id) -> std::optional<ec::json<user>> { … }),
//       ec::group<"/admin">(ec::use(require_token), ec::get<"/stats">(stats)));
//
// The router owns the handlers; what they captured lives as long as it does.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>
#include <utility>

#include "eventcore/web/application.hpp"
#include "eventcore/web/dispatch.hpp"
#include "eventcore/web/group.hpp"
#include "eventcore/web/route_info.hpp"

namespace eventcore {

namespace detail {

struct trie_measure {
    std::size_t nodes = 0;
    std::size_t sets = 0;
    route_index first = no_route;  // two routes that match the same requests
    route_index second = no_route;
};

template <std::size_t Nodes, std::size_t Slots, std::size_t Sets>
struct static_trie {
    trie_node nodes[Nodes]{};
    literal_slot slots[Slots]{};
    path_slot paths[Slots]{};
    endpoint_set sets[Sets]{};
    method_set routed = 0;
    trie_measure measure;

    constexpr trie_storage storage() { return {nodes, Nodes, slots, paths, Slots, sets, Sets}; }
    constexpr route_table table() const {
        return {nodes, slots, paths, static_cast<std::uint32_t>(Slots - 1), sets, routed};
    }
};

constexpr std::size_t slots_for(std::size_t nodes) { return std::bit_ceil(2 * nodes); }

template <std::size_t Nodes, std::size_t Sets>
constexpr auto build_trie(const route_entry* entries, std::size_t count) {
    static_trie<Nodes, slots_for(Nodes), Sets> trie;
    trie_builder builder(trie.storage());
    for (std::size_t i = 0; i < count; ++i) {
        const auto route = static_cast<route_index>(i);
        const route_index other = builder.insert(entries[i].pattern, entries[i].methods, route);
        if (other == no_route || trie.measure.first != no_route) continue;
        trie.measure.first = other;
        trie.measure.second = route;
    }
    trie.measure.nodes = builder.node_count();
    trie.measure.sets = builder.endpoint_count();
    trie.routed = builder.routed();
    return trie;
}

template <class... Items>
constexpr auto make_entries() {
    std::array<route_entry, count_routes<Items...>() + 1> all{};
    route_entry* to = all.data();
    describe_items<"", scope<>, Items...>(to, std::index_sequence_for<Items...>{});
    return all;
}

struct entries_summary {
    bool is_good = true;  // every route passed its checks
    bool misses_state = false;
    std::size_t objects = 0;
    std::size_t segments = 0;
};
constexpr entries_summary summarize(const route_entry* entries, std::size_t count) {
    entries_summary all;
    for (std::size_t i = 0; i < count; ++i) {
        all.is_good = all.is_good && entries[i].is_good;
        all.misses_state = all.misses_state || entries[i].misses_state;
        all.objects += entries[i].object_count;
        all.segments += count_segments(entries[i].pattern);
    }
    return all;
}

template <class... Items>
struct compiled_routes {
    static constexpr std::size_t count = count_routes<Items...>();
    static_assert(count < no_route, "eventcore: a router has fewer than 65,535 routes");
    static constexpr auto entries = make_entries<Items...>();
    static constexpr entries_summary summary = summarize(entries.data(), count);
};

// The same segments in as few nodes as they need.
template <class Routes>
struct compiled_trie {
    static constexpr std::size_t nodes_max = 1 + Routes::summary.segments;
    static constexpr trie_measure measure =
        build_trie<nodes_max, Routes::count + 1>(Routes::entries.data(), Routes::count).measure;
    static constexpr auto trie =
        build_trie<measure.nodes, measure.sets + 1>(Routes::entries.data(), Routes::count);
};

// Compilers print the arguments, and with them both patterns.
template <fixed_string First, fixed_string Second>
inline constexpr bool match_different_requests = false;

template <fixed_string First, fixed_string Second>
constexpr bool report_conflict() {
    static_assert(match_different_requests<First, Second>, "eventcore: two routes match the same requests");
    return false;
}

template <std::size_t Bytes>
constexpr fixed_string<Bytes + 1> copy_text(std::string_view text) {
    fixed_string<Bytes + 1> copy;
    for (std::size_t i = 0; i < Bytes; ++i) copy.text[i] = text[i];
    return copy;
}

template <class Routes>
constexpr bool check_conflicts() {
    constexpr trie_measure measure = compiled_trie<Routes>::measure;
    if constexpr (measure.first != no_route) {
        constexpr std::string_view first = Routes::entries[measure.first].pattern;
        constexpr std::string_view second = Routes::entries[measure.second].pattern;
        return report_conflict<copy_text<first.size()>(first), copy_text<second.size()>(second)>();
    } else {
        return true;
    }
}

}  // namespace detail

template <class... Items>
class basic_router {
    using compiled = detail::compiled_routes<Items...>;

 public:
    explicit basic_router(detail::item_list<Items...> items) : items_(std::move(items)) { bind(); }
    basic_router(basic_router&& other) noexcept : items_(std::move(other.items_)) {
        bind();
        table_.slash = other.table_.slash;
    }
    basic_router& operator=(basic_router&&) = delete;

    basic_router& trailing_slash(enum trailing_slash policy) & noexcept {
        return table_.slash = policy, *this;
    }
    basic_router&& trailing_slash(enum trailing_slash policy) && noexcept {
        table_.slash = policy;
        return std::move(*this);
    }

    // For a server. The router must stay where it is while the application is used.
    eventcore::application application() const noexcept {
        static_assert(!compiled::summary.misses_state,
                      "eventcore: a handler asks for an ec::state that no ec::provide() around it gives");
        return {&table_, &detail::choose_route};
    }

    // What there is, in the order of declaration; a constant expression.
    static constexpr route_infos routes() noexcept {
        return {detail::describe_routes<Items...>::value.data(), compiled::count};
    }

    detail::item_list<Items...> release_items() && { return std::move(items_); }

 private:
    void bind() noexcept {
        if constexpr (compiled::summary.is_good) {
            detail::route_binder(compiled::entries.data(), routes_, objects_).bind_list(items_);
            table_.trie = detail::compiled_trie<compiled>::trie.table();
            table_.routes = routes_;
        }
    }

    detail::item_list<Items...> items_;
    detail::served_table table_;
    detail::served_route routes_[compiled::count + 1];
    const void* objects_[compiled::summary.objects + 1];
};

// Routes, groups, routers, ec::use, ec::provide and ec::body_limit, in any number.
template <class... Items>
auto router(Items... items) {
    static_assert(
        detail::are_items<Items...>(),
        "eventcore: a router holds routes, groups, routers, ec::use, ec::provide and ec::body_limit");
    using made = basic_router<typename detail::as_item<Items>::type...>;
    using compiled = detail::compiled_routes<typename detail::as_item<Items>::type...>;
    if constexpr (compiled::summary.is_good) static_cast<void>(detail::check_conflicts<compiled>());
    return made(detail::item_list<typename detail::as_item<Items>::type...>{
        {detail::as_item<Items>::convert(items)}...});
}

}  // namespace eventcore
