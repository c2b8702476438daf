// What a table of routes answers to any request: the route that was found, or 400, 404, 405, 501, OPTIONS and
// redirects. Compiled once, for compile-time and run-time tables alike.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>

#include "eventcore/web/application.hpp"
#include "eventcore/web/endpoint.hpp"
#include "eventcore/web/route_table.hpp"

namespace eventcore {

// What becomes of /users/ where there is only /users, and the other way round.
enum class trailing_slash : std::uint8_t {
    strict,    // another path: 404
    redirect,  // 308 to the path that exists
    ignore,    // the same path
};

namespace detail {

// An application's table, ready to be searched.
struct served_table {
    route_table trie;
    const served_route* routes = nullptr;
    trailing_slash slash = trailing_slash::strict;
};

template <http::status Code>
void start_status(const route_choice&, request&, reply& out) {
    out.value().code(Code);
}

inline void start_allow(const route_choice& choice, request& req, reply& out) {
    try {
        const bool asked = req.method() == http::method::options;
        out.value().code(asked ? http::status::no_content : http::status::method_not_allowed);
        out.value().set("allow", static_cast<const allow_text*>(choice.endpoint)->view());
    } catch (...) {
        out.fail(std::current_exception());
    }
}

// 308 to the same path with, or without, its last slash. The path begins with one "/" that is followed by a
// segment, so the Location can never name another host.
inline void start_slash_redirect(const route_choice&, request& req, reply& out) {
    try {
        const std::string_view path = req.path(), query = req.query();
        const std::size_t path_bytes = path.back() == '/' ? path.size() - 1 : path.size();
        char* const location = static_cast<char*>(req.memory().allocate(path.size() + query.size() + 2, 1));
        char* to = location;
        std::memcpy(to, path.data(), path_bytes);
        to += path_bytes;
        if (path.back() != '/') *to++ = '/';
        if (!query.empty()) {
            *to++ = '?';
            std::memcpy(to, query.data(), query.size());
            to += query.size();
        }
        out.value().code(http::status::permanent_redirect);
        out.value().set("location", {location, static_cast<std::size_t>(to - location)});
    } catch (...) {
        out.fail(std::current_exception());
    }
}

inline route_choice choice_of(route_choice::start_function start, const void* endpoint = nullptr) noexcept {
    route_choice choice;
    choice.start = start;
    choice.endpoint = endpoint;
    return choice;
}

inline route_choice choose_found(const served_table& table, route_index index, request& req) noexcept {
    const served_route& route = table.routes[index];
    route_choice choice;
    choice.start = route.start;
    choice.handlers = &table;
    choice.endpoint = &route;
    choice.use = route.use;
    choice.admit = route.admit;
    choice.body_bytes_max = route.limits.body_bytes_max;
    if (route.has_times) choice.times = &route.limits.times;
    req.set_route(route.pattern);
    return choice;
}

inline route_choice choose_allow(method_set routed, const endpoint_set* place, request& req) {
    if (place && place->routed == routed) return choice_of(&start_allow, &place->allow);
    void* const memory = req.memory().allocate(sizeof(allow_text), alignof(allow_text));
    return choice_of(&start_allow, ::new (memory) allow_text(make_allow_text(routed)));
}

// The same path with the slash at its end taken away, or added. False when there is no such path.
inline bool toggle_slash(split_path& path) noexcept {
    if (!path.is_complete || path.segments[0].size == 0) return false;
    const char* const end = path.end;
    if (path.segments[path.count - 1].size == 0) {
        --path.count;
        --path.end;
        return true;
    }
    if (path.count == split_path::segments_max) return false;
    path.segments[path.count++] = {end, end, 0, hash_segment({}), 0};
    return true;
}

inline route_choice choose_without_route(const served_table& table, split_path& path,
                                         const route_match& found, request& req) {
    const http::method method = req.method();
    if (found.routed == 0 && table.slash != trailing_slash::strict && toggle_slash(path)) {
        const route_match other = match(table.trie, method, path, req.memory(), req.path_parameters());
        if (other.routed != 0 && table.slash == trailing_slash::redirect) {
            req.path_parameters().truncate(0);
            return choice_of(&start_slash_redirect);
        }
        if (other.route != no_route) return choose_found(table, other.route, req);
        if (other.routed != 0 && method != http::method::other)
            return choose_allow(other.routed, other.place, req);
    }
    if (method == http::method::other) return choice_of(&start_status<http::status::not_implemented>);
    if (found.routed != 0) return choose_allow(found.routed, found.place, req);
    return choice_of(&start_status<http::status::not_found>);
}

inline route_choice choose_without_path(const served_table& table, path_outcome outcome, request& req) {
    const bool asterisk = req.head().form == http::target_form::asterisk;
    if (asterisk && req.method() == http::method::options)
        return choose_allow(table.trie.routed, nullptr, req);
    if (req.method() == http::method::connect) return choice_of(&start_status<http::status::not_implemented>);
    static_cast<void>(outcome);
    return choice_of(&start_status<http::status::bad_request>);
}

[[gnu::noinline]] inline route_choice search_route(const served_table& table, request& req) {
    split_path path;
    const path_outcome outcome = split(req.path(), req.memory(), path);
    if (outcome != path_outcome::ok) return choose_without_path(table, outcome, req);
    const route_match found = match(table.trie, req.method(), path, req.memory(), req.path_parameters());
    if (found.route != no_route) return choose_found(table, found.route, req);
    return choose_without_route(table, path, found, req);
}

// application::route_function
inline route_choice choose_route(const void* opaque, request& req) {
    const auto& table = *static_cast<const served_table*>(opaque);
    if (const endpoint_set* place = find_literal_path(table.trie, req.path())) {
        const route_index route = place->find(req.method());
        if (route != no_route) return choose_found(table, route, req);
    }
    return search_route(table, req);
}

}  // namespace detail

}  // namespace eventcore
