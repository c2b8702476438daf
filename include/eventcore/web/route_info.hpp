// What a table of routes says about itself, at compile time: for descriptions (OpenAPI), CORS, metrics,
// clients.
//
//   for (const ec::route_info& route : decltype(app)::routes()) …
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/web/group.hpp"

namespace eventcore {

struct parameter_info {
    parameter_source source = parameter_source::unknown;
    std::string_view name;  // of a path parameter, query parameter, field or cookie
    value_kind kind = value_kind::other;
    std::string_view type;  // as the compiler spells it
    bool is_required = true;
};

template <class T>
class constant_list {
 public:
    constexpr constant_list() noexcept = default;
    constexpr constant_list(const T* first, std::size_t count) noexcept : first_(first), count_(count) {}
    constexpr const T* begin() const noexcept { return first_; }
    constexpr const T* end() const noexcept { return first_ + count_; }
    constexpr std::size_t size() const noexcept { return count_; }
    constexpr bool empty() const noexcept { return count_ == 0; }
    constexpr const T& operator[](std::size_t i) const noexcept { return first_[i]; }

 private:
    const T* first_ = nullptr;
    std::size_t count_ = 0;
};

struct route_info {
    method_set methods = 0;
    std::string_view pattern;
    constant_list<parameter_info> parameters;  // of the handler, in its order
    body_use body = body_use::none;
    std::string_view request_media_type;   // of the content the handler reads; empty when any
    std::string_view response_media_type;  // of what it returns; empty when not known
    std::string_view response_type;        // as the compiler spells it
    bool is_async = false;

    constexpr bool has(http::method m) const noexcept { return (methods & (set_of(m) | every_method)) != 0; }
};

using route_infos = constant_list<route_info>;

namespace detail {

// "constexpr std::string_view eventcore::detail::type_name() [with T = int; …]", "… [T = int]"
template <class T>
constexpr std::string_view type_name() {
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    std::size_t first = 0;
    while (text.substr(first, 4) != "T = ") ++first;
    first += 4;
    std::size_t depth = 0, last = first;
    for (; depth != 0 || (text[last] != ';' && text[last] != ']'); ++last) {
        if (text[last] == '[') ++depth;
        if (text[last] == ']') --depth;
    }
    return text.substr(first, last - first);
}

template <class V>
constexpr auto described_type() {
    if constexpr (requires { typename extractor<V>::value_type; })
        return std::type_identity<typename extractor<V>::value_type>{};
    else
        return std::type_identity<typename parameter<V>::value_type>{};
}

template <class Scope, class A>
constexpr parameter_info describe_parameter() {
    using V = std::remove_cvref_t<A>;
    using described = typename decltype(described_type<V>())::type;
    constexpr parameter_facts facts = facts_of<Scope, A>();
    parameter_info info;
    info.source = facts.source;
    info.name = facts.name;
    info.kind = facts.source == parameter_source::content ? value_kind::object : kind_of<described>();
    info.type = type_name<described>();
    if constexpr (requires { extractor<V>::is_required; }) info.is_required = extractor<V>::is_required;
    return info;
}

template <class V>
constexpr std::string_view request_media_type() {
    if constexpr (requires { extractor<V>::media_type; })
        return extractor<V>::media_type;
    else
        return {};
}

template <class Scope, class R, class... Args>
constexpr auto describe_parameters(std::string_view pattern, std::type_identity<signature<R, Args...>>) {
    std::array<parameter_info, sizeof...(Args) + 1> all{describe_parameter<Scope, Args>()...};
    constexpr std::array<bool, sizeof...(Args) + 1> positional{
        parameter<std::remove_cvref_t<Args>>::is_positional...};
    std::size_t place = 0;
    for (std::size_t i = 0; i < sizeof...(Args); ++i)
        if (positional[i]) all[i].name = parameter_name(pattern, place++);
    return all;
}

template <class R, class... Args>
constexpr std::string_view find_media_type(std::type_identity<signature<R, Args...>>) {
    constexpr std::string_view each[] = {{}, request_media_type<std::remove_cvref_t<Args>>()...};
    for (std::string_view type : each)
        if (!type.empty()) return type;
    return {};
}

template <fixed_string Pattern, class Scope, class Signature>
struct described_parameters {
    static constexpr auto value = describe_parameters<Scope>(Pattern.view(), std::type_identity<Signature>{});
};

template <class Item>
struct info_writer {
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_info*&) {}
};
template <fixed_string P, method_set M, class H>
struct info_writer<route_item<P, M, H>> {
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_info*& to) {
        using sig = typename signature_of<H>::type;
        using result = typename awaited<typename sig::result>::type;
        using parameters = described_parameters<join_patterns<Prefix, P>(), Scope, sig>;
        to->methods = M;
        to->pattern = lasting_text<join_patterns<Prefix, P>()>::value.view();
        to->parameters = {parameters::value.data(), sig::count};
        to->body = content_use<facts_for<Scope, sig>>(M, is_task_v<typename sig::result>);
        to->request_media_type = find_media_type(std::type_identity<sig>{});
        to->response_media_type = media_type_of<result>();
        to->response_type = type_name<result>();
        to->is_async = is_task_v<typename sig::result>;
        ++to;
    }
};

template <fixed_string Prefix, class... Items>
constexpr void write_infos(route_info*& to) {
    const int each[] = {0, (info_writer<Items>::template write<Prefix, scope<>>(to), 0)...};
    static_cast<void>(each);
}

template <fixed_string P, class... Items>
struct info_writer<group_item<P, Items...>> {
    template <fixed_string Prefix, class Scope>
    static constexpr void write(route_info*& to) {
        write_infos<Prefix + P, Items...>(to);
    }
};

template <class... Items>
constexpr auto make_infos() {
    std::array<route_info, count_routes<Items...>() + 1> all{};
    route_info* to = all.data();
    write_infos<"", Items...>(to);
    return all;
}
template <class... Items>
struct describe_routes {
    static constexpr auto value = make_infos<Items...>();
};

}  // namespace detail

}  // namespace eventcore
