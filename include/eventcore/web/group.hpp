// Routes that share a prefix, middleware, state or limits:
//
//   ec::group<"/admin">(ec::use(require_token), ec::get<"/stats">(stats), …)
//
// Groups hold routes, groups and routers. In a group, "/" is the prefix itself; group<"">(…) has no prefix,
// and is how routes are written apart from the router they go into: a group is checked where it ends up, a
// router where it is made, so handlers in a group may take the parameters of the prefixes around it. ec::use,
// ec::provide, ec::body_limit and the other limits cover what comes after them in their group, and nothing
// outside it.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "eventcore/web/route.hpp"

namespace eventcore {

template <class... Items>
class basic_router;

namespace detail {

template <std::size_t I, class T>
struct item_leaf {
    T item;
};
template <class Indices, class... Items>
struct item_leaves;
template <std::size_t... I, class... Items>
struct item_leaves<std::index_sequence<I...>, Items...> : item_leaf<I, Items>... {};
template <class... Items>
using item_list = item_leaves<std::index_sequence_for<Items...>, Items...>;

template <fixed_string Prefix, class... Items>
struct group_item {
    item_list<Items...> items;
};

template <class T>
inline constexpr bool is_item = scope_item<T>;
template <fixed_string P, method_set M, class H>
inline constexpr bool is_item<route_item<P, M, H>> = true;
template <fixed_string P, class... Items>
inline constexpr bool is_item<group_item<P, Items...>> = true;
template <class... Items>
inline constexpr bool is_item<basic_router<Items...>> = true;

// (No fold: clang 19 takes at most 256 operands.)
template <class... Items>
constexpr bool are_items() {
    const bool each[] = {true, is_item<Items>...};
    for (bool good : each)
        if (!good) return false;
    return true;
}

// A router inside another one is a group without prefix.
template <class T>
struct as_item {
    using type = T;
    static T&& convert(T& item) noexcept { return std::move(item); }
};
template <class... Items>
struct as_item<basic_router<Items...>> {
    using type = group_item<"", Items...>;
    static type convert(basic_router<Items...>& r) { return {std::move(r).release_items()}; }
};

// ---- what there is in a list of items, when compiled ----

// All that is known of a route before the program runs.
struct route_entry {
    route_choice::start_function start = nullptr;
    const std::uint8_t* places = nullptr;
    std::string_view pattern;
    method_set methods = 0;
    body_use use = body_use::none;
    route_choice::admit_function admit = nullptr;
    std::uint8_t object_count = 1;
    bool is_good = false;  // passed every check (g++ 12 with UBSan cannot compare `start` in a constant)
    bool misses_state = false;
};

template <fixed_string Prefix, fixed_string Pattern>
constexpr auto join_patterns() {
    if constexpr (Prefix.size() == 0)
        return Pattern;
    else if constexpr (Pattern.view() == "/")
        return Prefix;
    else
        return Prefix + Pattern;
}

template <std::size_t Count>
constexpr std::array<std::uint8_t, Count + 1> make_places(std::string_view pattern,
                                                          const parameter_facts* facts) {
    std::array<std::uint8_t, Count + 1> places{};
    find_places(pattern, facts, Count, places.data());
    return places;
}

template <fixed_string Pattern, class H, class Scope>
struct route_places {
    using facts = facts_for<Scope, typename signature_of<H>::type>;
    static constexpr auto value = make_places<facts::count>(Pattern.view(), facts::all.data());
};

// Reads the text of a template argument, which lives as long as the program.
template <fixed_string Text>
struct lasting_text {
    static constexpr fixed_string value = Text;
};

template <fixed_string Pattern, method_set Methods, class H, class Scope>
constexpr route_entry make_entry() {
    route_entry entry;
    entry.pattern = lasting_text<Pattern>::value.view();
    entry.methods = Methods;
    if constexpr (check_route<Pattern, Methods, H, Scope>()) {
        using sig = typename signature_of<H>::type;
        using facts = facts_for<Scope, sig>;
        entry.is_good = true;
        entry.start = &endpoint<H, Scope>::start;
        if constexpr (sig::count != 0) entry.places = route_places<Pattern, H, Scope>::value.data();
        entry.use = content_use<facts>(Methods, is_task_v<typename sig::result>);
        entry.admit = endpoint<H, Scope>::admit_or_null();
        entry.object_count = static_cast<std::uint8_t>(1 + Scope::size);
        for (std::size_t i = 0; i < facts::count; ++i)
            entry.misses_state |=
                facts::all[i].source == parameter_source::state && facts::all[i].state_place == 0;
    }
    return entry;
}

template <class Item>
inline constexpr std::size_t route_count = 0;
template <fixed_string P, method_set M, class H>
inline constexpr std::size_t route_count<route_item<P, M, H>> = 1;

template <class... Items>
constexpr std::size_t count_routes() {
    const std::size_t counts[] = {0, route_count<Items>...};
    std::size_t sum = 0;
    for (std::size_t count : counts) sum += count;
    return sum;
}
template <fixed_string P, class... Items>
inline constexpr std::size_t route_count<group_item<P, Items...>> = count_routes<Items...>();

// The scope around each item of a list: the outer scope and the scope items before it.
template <class Scope, class... Added>
struct extended_scope;
template <class... Outer, class... Added>
struct extended_scope<scope<Outer...>, Added...> {
    using type = scope<Outer..., Added...>;
};

template <std::size_t I, class T>
T type_of_leaf(const item_leaf<I, T>*);

template <class List, std::size_t I>
using item_at = decltype(type_of_leaf<I>(static_cast<const List*>(nullptr)));

template <std::size_t N>
struct scope_counts {
    std::size_t before[N + 1]{};  // how many scope items come before item i; all of them for i = N
    std::size_t index[N + 1]{};   // which item scope item k is
};
template <class... Items>
constexpr scope_counts<sizeof...(Items)> count_scope_items() {
    constexpr bool is_scope[] = {scope_item<Items>..., false};
    scope_counts<sizeof...(Items)> counts;
    for (std::size_t i = 0; i < sizeof...(Items); ++i) {
        if (is_scope[i]) counts.index[counts.before[i]] = i;
        counts.before[i + 1] = counts.before[i] + is_scope[i];
    }
    return counts;
}

// Where the scope items of a list are.
template <class... Items>
struct scope_places {
    static constexpr scope_counts<sizeof...(Items)> counts = count_scope_items<Items...>();
    static constexpr std::size_t count = counts.before[sizeof...(Items)];
};

template <class Scope, class Places, class List, class Indices>
struct scope_after;
template <class Scope, class Places, class List, std::size_t... K>
struct scope_after<Scope, Places, List, std::index_sequence<K...>> {
    using type = typename extended_scope<Scope, item_at<List, Places::counts.index[K]>...>::type;
};
template <class Scope, class Places, class List, std::size_t Count>
using scope_after_t = typename scope_after<Scope, Places, List, std::make_index_sequence<Count>>::type;

template <class Item>
struct describe_item {  // a scope item: no route
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_entry*&) {}
};
template <fixed_string P, method_set M, class H>
struct describe_item<route_item<P, M, H>> {
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_entry*& to) {
        *to++ = make_entry<join_patterns<Prefix, P>(), M, H, Scope>();
    }
};

template <fixed_string Prefix, class Scope, class... Items, std::size_t... I>
constexpr void describe_items(route_entry*& to, std::index_sequence<I...>) {
    using places = scope_places<Items...>;
    if constexpr (places::count == 0) {
        const int each[] = {0, (describe_item<Items>::template write<Prefix, Scope>(to), 0)...};
        static_cast<void>(each);
    } else {
        using list = item_list<Items...>;
        const int each[] = {0, (describe_item<Items>::template write<
                                    Prefix, scope_after_t<Scope, places, list, places::counts.before[I]>>(to),
                                0)...};
        static_cast<void>(each);
    }
}

template <fixed_string P, class... Items>
struct describe_item<group_item<P, Items...>> {
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_entry*& to) {
        describe_items<Prefix + P, Scope, Items...>(to, std::index_sequence_for<Items...>{});
    }
};

// ---- where the objects of a list of items are, when the program runs ----

// Walks the items in the order of describe_items.
class route_binder {
 public:
    static constexpr std::size_t scope_depth_max = 64;
    route_binder(const route_entry* entries, served_route* routes, const void** objects) noexcept
        : entry_(entries), route_(routes), object_(objects) {}

    template <fixed_string P, method_set M, class H>
    void bind(const route_item<P, M, H>& route) noexcept {
        add(static_cast<const void*>(&route.handler));
    }
    template <fixed_string P, class... Items>
    void bind(const group_item<P, Items...>& group) noexcept {
        const std::size_t outside = depth_;
        const route_limits limits_outside = limits_;
        bind_list(group.items);
        depth_ = outside;
        limits_ = limits_outside;
    }
    template <scope_item Item>
    void bind(const Item& item) noexcept {
        scope_[depth_++] = item.object();
        if constexpr (Item::kind == scope_kind::limit) item.apply(limits_);
    }
    template <std::size_t... I, class... Items>
    void bind_list(const item_leaves<std::index_sequence<I...>, Items...>& list) noexcept {
        const int each[] = {0, (bind(static_cast<const item_leaf<I, Items>&>(list).item), 0)...};
        static_cast<void>(each);
        static_cast<void>(list);
    }

 private:
    void add(const void* handler) noexcept {
        *route_ = {entry_->start, entry_->places,         object_, entry_->pattern, entry_->admit,
                   entry_->use,   limits_.times.is_set(), limits_};
        *object_++ = handler;
        for (std::size_t i = 0; i < depth_; ++i) *object_++ = scope_[i];
        ++route_;
        ++entry_;
    }

    const route_entry* entry_;
    served_route* route_;
    const void** object_;
    std::size_t depth_ = 0;
    route_limits limits_;
    const void* scope_[scope_depth_max];
};

}  // namespace detail

template <fixed_string Prefix, class... Items>
auto group(Items... items) {
    static_assert(
        detail::are_items<Items...>(),
        "eventcore: a group holds routes, groups, routers, ec::use, ec::provide and ec::body_limit");
    constexpr bool has_prefix = Prefix.size() != 0;
    if constexpr (has_prefix)
        static_assert(detail::check_pattern_text<Prefix>() && Prefix.text[Prefix.size() - 1] != '/',
                      "eventcore: the prefix of a group is a path pattern without a slash at its end");
    return detail::group_item<Prefix, typename detail::as_item<Items>::type...>{
        {{detail::as_item<Items>::convert(items)}...}};
}

}  // namespace eventcore
