// Writing the head of a response.
#include <benchmark/benchmark.h>

#include <string_view>

#include "eventcore/http/h1/serializer.hpp"

namespace {

namespace h1 = eventcore::h1;
namespace http = eventcore::http;

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

void write_head(benchmark::State& state, const http::fields* fields) {
    char to[2048];
    h1::response_head head;
    head.content_length = 13;
    head.date = date;
    head.server = "EventCore";
    head.content_type = "text/plain; charset=utf-8";
    head.fields = fields;
    std::size_t bytes = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(head);
        if (h1::response_head_bytes(head) > sizeof to) return state.SkipWithError("too long");
        bytes = static_cast<std::size_t>(h1::write_response_head(to, head) - to);
        benchmark::DoNotOptimize(to);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
void response_head(benchmark::State& state) { write_head(state, nullptr); }
BENCHMARK(response_head);

void response_head_with_4_fields(benchmark::State& state) {
    http::fields fields;
    (void)fields.set("cache-control", "public, max-age=3600");
    (void)fields.set("etag", "\"6f1c2b9a8d7e4f30\"");
    (void)fields.set("vary", "accept-encoding");
    (void)fields.set("x-request-id", "b7e23ec29af22b0b");
    write_head(state, &fields);
}
BENCHMARK(response_head_with_4_fields);

}  // namespace
