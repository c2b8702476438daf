// Looking up a route: from a path as it was sent to the handler, parameters included. The table is made at
// run time, by the builder and searched by the matcher that compile-time tables use too.
#include "eventcore/web/runtime_router.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>
#include <vector>

#include "eventcore/web/exchange.hpp"
#include "github_routes.hpp"

namespace {

namespace ec = eventcore;

class nobody : public ec::exchange {
 public:
    ec::flow read(std::string_view&) noexcept override { return ec::flow::end; }
    ec::flow write(std::string_view) override { return ec::flow::ready; }
    void flush() noexcept override {}
    std::error_code error() const noexcept override { return {}; }
    const ec::http::fields& trailers() const noexcept override { return none_; }

 private:
    ec::http::fields none_;
};

struct no_loop : ec::scheduler {};

enum class kind { literal, parameter, miss };

// "/repos/{owner}/{repo}" as a client would ask for it.
std::string path_of(std::string_view pattern) {
    std::string path;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] != '{') {
            path += pattern[at];
            continue;
        }
        const std::size_t end = pattern.find('}', at);
        path += pattern.substr(at + 1, end - at - 1).ends_with("...") ? "a/b.txt" : "some-value42";
        at = end;
    }
    return path;
}

void lookup(benchmark::State& state, std::size_t stride, kind which) {
    ec::runtime_router table;
    std::vector<std::pair<ec::http::method, std::string>> asked;
    for (std::size_t i = 0; i < std::size(micro::github_routes); i += stride) {
        const micro::api_route& route = micro::github_routes[i];
        const auto handler = [](ec::request&) { return ec::status::ok; };
        if (!table.add(route.verb, route.pattern, handler)) return state.SkipWithError("cannot add a route");
        const bool is_literal = route.pattern.find('{') == std::string_view::npos;
        if (which == kind::miss)
            asked.emplace_back(route.verb, path_of(route.pattern) + "/nowhere");
        else if (is_literal == (which == kind::literal))
            asked.emplace_back(route.verb, path_of(route.pattern));
    }
    nobody io;
    no_loop home;
    ec::context root(home);
    ec::arena memory;
    ec::http::request_head head;
    ec::request request(head, root, memory, io);
    const ec::application app = table.application();
    std::size_t next = 0;
    for (auto _ : state) {
        head.verb = asked[next].first;
        head.path = asked[next].second;
        request.reset();
        benchmark::DoNotOptimize(app.route(request));
        if (++next == asked.size()) next = 0;
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["routes"] = static_cast<double>(table.size());
}
BENCHMARK_CAPTURE(lookup, 20_literal, micro::small_stride, kind::literal);
BENCHMARK_CAPTURE(lookup, 20_parameter, micro::small_stride, kind::parameter);
BENCHMARK_CAPTURE(lookup, 20_miss, micro::small_stride, kind::miss);
BENCHMARK_CAPTURE(lookup, 200_literal, 1, kind::literal);
BENCHMARK_CAPTURE(lookup, 200_parameter, 1, kind::parameter);
BENCHMARK_CAPTURE(lookup, 200_miss, 1, kind::miss);

}  // namespace
