#include "eventcore/web/route_table.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace eventcore;

namespace {

struct test_route {
    http::method method;
    std::string pattern;
};

struct test_table {
    std::vector<test_route> kept;  // a table looks into its patterns
    std::vector<trie_node> nodes;
    std::vector<literal_slot> slots;
    std::vector<path_slot> paths;
    std::vector<endpoint_set> sets;
    route_table table;
    std::vector<route_index> conflicts;

    explicit test_table(std::vector<test_route> given) : kept(std::move(given)) {
        const std::vector<test_route>& routes = kept;
        std::size_t segments = 1;
        for (const test_route& r : routes) segments += count_segments(r.pattern);
        nodes.resize(segments), slots.resize(std::bit_ceil(2 * segments)), sets.resize(routes.size() + 1);
        paths.resize(slots.size());
        trie_builder builder(
            {nodes.data(), nodes.size(), slots.data(), paths.data(), slots.size(), sets.data(), sets.size()});
        for (std::size_t i = 0; i < routes.size(); ++i)
            conflicts.push_back(
                builder.insert(routes[i].pattern, set_of(routes[i].method), static_cast<route_index>(i)));
        table = builder.table();
    }
};

struct found {
    route_index route = no_route;
    std::vector<std::string> values;
    bool operator==(const found&) const = default;
};

found search(const route_table& table, http::method method, const std::string& path) {
    arena memory;
    split_path segments;
    path_values values;
    if (split(path, memory, segments) != path_outcome::ok) return {};
    found f{match(table, method, segments, memory, values).route, {}};
    // The short way to a path of literals must lead to the same place.
    const endpoint_set* place = find_literal_path(table, path);
    const route_index direct = place ? place->find(method) : no_route;
    if (direct != no_route) REQUIRE((direct == f.route && values.size() == 0));
    if (f.route == no_route) return f;
    for (std::size_t i = 0; i < values.size(); ++i) f.values.emplace_back(values[i]);
    return f;
}

// The same by brute force: every route is matched alone; of those that match, the best in the order of
// priorities.
struct naive_match {
    bool matches = false;
    std::vector<segment_kind> kinds;
    std::vector<std::string> values;
};
naive_match match_alone(const std::string& pattern, const std::vector<std::string>& path) {
    naive_match m;
    std::size_t at = 0;
    for (pattern_reader reader(pattern); reader.has_next(); ++at) {
        const pattern_segment s = reader.next();
        if (at == path.size()) return m;
        m.kinds.push_back(s.kind);
        if (s.kind == segment_kind::literal) {
            if (path[at] != s.text) return m;
            continue;
        }
        if (path[at].empty() || !detail::satisfies(s.kind, path[at])) return m;
        std::string value = path[at];
        if (s.kind == segment_kind::tail)
            while (++at < path.size()) value += "/" + path[at];
        m.values.push_back(value);
        if (s.kind == segment_kind::tail) return m.matches = true, m;
    }
    m.matches = at == path.size();
    return m;
}
found search_naively(const std::vector<test_route>& routes, http::method method,
                     const std::vector<std::string>& path) {
    found best;
    std::vector<segment_kind> best_kinds;
    for (http::method wanted : {method, http::method::get}) {
        if (best.route != no_route || (wanted != method && method != http::method::head)) continue;
        for (std::size_t i = 0; i < routes.size(); ++i) {
            if (routes[i].method != wanted) continue;
            const naive_match m = match_alone(routes[i].pattern, path);
            if (!m.matches || (best.route != no_route && !(m.kinds < best_kinds))) continue;
            best = {static_cast<route_index>(i), m.values};
            best_kinds = m.kinds;
        }
    }
    return best;
}

constexpr auto get = http::method::get;

}  // namespace

TEST_CASE("literal beats constrained beats parameter beats tail, whatever the order") {
    std::vector<test_route> routes{{get, "/u/{rest...}"}, {get, "/u/{any}"},    {get, "/u/{n:int}"},
                                   {get, "/u/{n:uint}"},  {get, "/u/{x:uuid}"}, {get, "/u/me"}};
    const std::vector<std::pair<std::string, std::string>> wanted{
        {"/u/me", "/u/me"},
        {"/u/-5", "/u/{n:int}"},
        {"/u/5", "/u/{n:uint}"},
        {"/u/you", "/u/{any}"},
        {"/u/a/b", "/u/{rest...}"},
        {"/u/12345678-1234-1234-1234-123456789abc", "/u/{x:uuid}"},
        {"/u/99999999999999999999", "/u/{any}"}};
    std::sort(routes.begin(), routes.end(), [](auto& a, auto& b) { return a.pattern < b.pattern; });
    do {
        const test_table t(routes);
        for (const auto& [path, pattern] : wanted) {
            const route_index route = search(t.table, get, path).route;
            REQUIRE(route != no_route);
            REQUIRE(routes[route].pattern == pattern);
        }
    } while (std::next_permutation(routes.begin(), routes.end(),
                                   [](auto& a, auto& b) { return a.pattern < b.pattern; }));
}

TEST_CASE("the search goes back when a better beginning has no end") {
    const test_table t({{get, "/a/b/c"}, {get, "/a/{x}/d"}, {get, "/{y}/b/e"}, {get, "/{rest...}"}});
    CHECK(search(t.table, get, "/a/b/c") == found{0, {}});
    CHECK(search(t.table, get, "/a/b/d") == found{1, {"b"}});
    CHECK(search(t.table, get, "/a/b/e") == found{2, {"a"}});
    CHECK(search(t.table, get, "/a/b/f") == found{3, {"a/b/f"}});
}

TEST_CASE("a path with routes for other methods only goes on looking") {
    const test_table t({{get, "/users/me"}, {http::method::delete_, "/users/{id}"}});
    CHECK(search(t.table, http::method::delete_, "/users/me") == found{1, {"me"}});
    CHECK(search(t.table, http::method::head, "/users/me") == found{0, {}});
    arena memory;
    split_path segments;
    path_values values;
    REQUIRE(split("/users/me", memory, segments) == path_outcome::ok);
    const route_match m = match(t.table, http::method::put, segments, memory, values);
    CHECK(m.route == no_route);
    CHECK(m.routed == (set_of(get) | set_of(http::method::delete_)));
}

TEST_CASE("a tail is decoded as a whole, is not empty, and refuses an escaped slash") {
    const test_table t({{get, "/f/{path...}"}});
    CHECK(search(t.table, get, "/f/a%20b/c") == found{0, {"a b/c"}});
    CHECK(search(t.table, get, "/f/a//b/") == found{0, {"a//b/"}});
    CHECK(search(t.table, get, "/f/a%2fb").route == no_route);
    CHECK(search(t.table, get, "/f/").route == no_route);
    CHECK(search(t.table, get, "/f").route == no_route);
    CHECK(search(t.table, get, "/f//etc/passwd").route == no_route);
    std::string deep = "/f";
    for (int i = 0; i < 50; ++i) deep += "/x";
    CHECK(search(t.table, get, deep) == found{0, {deep.substr(3)}});
}

TEST_CASE("a slash at the end makes another path") {
    const test_table t({{get, "/a"}, {get, "/b/"}});
    CHECK(search(t.table, get, "/a/").route == no_route);
    CHECK(search(t.table, get, "/b").route == no_route);
    CHECK(search(t.table, get, "/b/").route == 1);
}

TEST_CASE("the same shape twice is a conflict, whatever the names") {
    const test_table t(
        {{get, "/a/{x}"}, {get, "/a/{y}"}, {http::method::put, "/a/{z}"}, {get, "/a/{z:int}"}});
    CHECK(t.conflicts == std::vector<route_index>{no_route, 0, no_route, no_route});
}

TEST_CASE("Allow lists the methods, HEAD with GET, and OPTIONS") {
    CHECK(make_allow_text(set_of(get)).view() == "GET, HEAD, OPTIONS");
    CHECK(make_allow_text(set_of(http::method::delete_)).view() == "DELETE, OPTIONS");
    CHECK(make_allow_text(every_method - 1).view().size() <= sizeof(allow_text::text));
    CHECK(make_allow_text(every_method - 1).view() ==
          "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH");
}

TEST_CASE("the trie agrees with matching every route alone") {
    std::mt19937 random(11);
    const std::vector<std::string> words{"a", "b", "ab", "users", "longer-than-eight", "7", "-7", ""};
    const std::vector<std::string> kinds{"{p}", "{p:int}", "{p:uint}", "{p:uuid}"};
    constexpr http::method methods[] = {get, http::method::post, http::method::head};
    for (int round = 0; round < 300; ++round) {
        std::vector<test_route> routes;
        for (std::size_t n = 1 + random() % 12; n != 0; --n) {
            std::string pattern;
            const std::size_t depth = 1 + random() % 4;
            for (std::size_t d = 0; d < depth; ++d) {
                std::string segment = words[random() % (d + 1 == depth ? 8 : 7)];
                if (random() % 3 == 0) segment = kinds[random() % kinds.size()];
                if (d + 1 == depth && random() % 5 == 0) segment = "{p...}";
                if (segment.front() == '{') segment.insert(2, std::to_string(d));
                pattern += "/" + segment;
            }
            REQUIRE(check_pattern(pattern) == pattern_error::none);
            const test_route candidate{methods[random() % 3], pattern};
            auto with = routes;
            with.push_back(candidate);
            if (test_table(with).conflicts.back() == no_route) routes = with;
        }
        const test_table t(routes);
        for (int probe = 0; probe < 60; ++probe) {
            std::vector<std::string> path;
            std::string text;
            for (std::size_t d = 1 + random() % 5; d != 0; --d)
                text += "/" + path.emplace_back(words[random() % 8]);
            const http::method method = methods[random() % 3];
            // HEAD falls back to GET place by place; the brute force does not know places.
            if (method == http::method::head) continue;
            CHECK(search(t.table, method, text) == search_naively(routes, method, path));
        }
    }
}
