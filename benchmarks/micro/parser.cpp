// The request parser beside http-parser and picohttpparser (out of libh2o). Ours does more: it checks the
// target's form and every framing rule of RFC 9112, knows common fields by number, and finds query and
// content length.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <string_view>

#include "eventcore/http/h1/parser.hpp"
#include "requests.hpp"
#if EVENTCORE_BENCH_HTTP_PARSER
#include <http_parser.h>
#endif

namespace {

using micro::api_request, micro::page_request, micro::small_request;

void finish(benchmark::State& state, std::string_view request) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.size()));
    state.SetItemsProcessed(state.iterations());
}

void eventcore_parser(benchmark::State& state, std::string_view request) {
    eventcore::http::field_slot slots[64];
    const eventcore::h1::limits bounds{};
    eventcore::http::request_head head;
    for (auto _ : state) {
        eventcore::h1::request_parser parser;
        const auto outcome = parser.parse(request.data(), request.size(), bounds, {slots, 64}, head);
        if (outcome.state != eventcore::h1::parse_status::complete) return state.SkipWithError("not parsed");
        benchmark::DoNotOptimize(head);
        benchmark::ClobberMemory();
    }
    finish(state, request);
}
BENCHMARK_CAPTURE(eventcore_parser, small, small_request);
BENCHMARK_CAPTURE(eventcore_parser, api, api_request);
BENCHMARK_CAPTURE(eventcore_parser, page, page_request);

#if EVENTCORE_BENCH_HTTP_PARSER
// Notes names and values, as a server has to.
struct noted {
    std::string_view pieces[160];
    std::size_t count = 0;
};
int note(http_parser* parser, const char* at, std::size_t size) {
    auto& to = *static_cast<noted*>(parser->data);
    to.pieces[to.count++] = {at, size};
    return 0;
}

void http_parser_of_node(benchmark::State& state, std::string_view request) {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = settings.on_header_field = settings.on_header_value = note;
    for (auto _ : state) {
        noted pieces;
        http_parser parser;
        http_parser_init(&parser, HTTP_REQUEST);
        parser.data = &pieces;
        if (http_parser_execute(&parser, &settings, request.data(), request.size()) != request.size())
            return state.SkipWithError("not parsed");
        benchmark::DoNotOptimize(pieces);
        benchmark::ClobberMemory();
    }
    finish(state, request);
}
BENCHMARK_CAPTURE(http_parser_of_node, small, small_request);
BENCHMARK_CAPTURE(http_parser_of_node, api, api_request);
BENCHMARK_CAPTURE(http_parser_of_node, page, page_request);
#endif

}  // namespace

#if EVENTCORE_BENCH_PICOHTTPPARSER
// Debian packages picohttpparser only inside libh2o, without its header.
struct phr_header {
    const char* name;
    std::size_t name_len;
    const char* value;
    std::size_t value_len;
};
extern "C" int phr_parse_request(const char* buf, std::size_t len, const char** method,
                                 std::size_t* method_len, const char** path, std::size_t* path_len,
                                 int* minor_version, phr_header* headers, std::size_t* num_headers,
                                 std::size_t last_len);

namespace {

void picohttpparser(benchmark::State& state, std::string_view request) {
    phr_header fields[64];
    for (auto _ : state) {
        const char *method = nullptr, *path = nullptr;
        std::size_t method_size = 0, path_size = 0, count = 64;
        int minor = 0;
        const int used = phr_parse_request(request.data(), request.size(), &method, &method_size, &path,
                                           &path_size, &minor, fields, &count, 0);
        if (used != static_cast<int>(request.size())) return state.SkipWithError("not parsed");
        benchmark::DoNotOptimize(path);
        benchmark::ClobberMemory();
    }
    finish(state, request);
}
BENCHMARK_CAPTURE(picohttpparser, small, small_request);
BENCHMARK_CAPTURE(picohttpparser, api, api_request);
BENCHMARK_CAPTURE(picohttpparser, page, page_request);

}  // namespace
#endif
