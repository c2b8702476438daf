// The load generator of the benchmarks: one thread, prints one line of JSON.
//
//   load_generator --port P [--connections 64] [--depth 1] [--path /] [--post BYTES] [--close]
//                  [--rate PER_SECOND] [--seconds 1 | --requests N] [--watch PID,…]
//   load_generator --hold --port P --connections N [--sources 8]
//                  prints "ready", then waits for the end of its input
#include <sys/resource.h>
#include <clocale>
#include <cstdio>

#include "load.hpp"

namespace {

void allow_many_descriptors() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

// Each connection is answered once before the next one is made, so the server never sees a burst.
int hold(const generator::options& o) {
    const generator::unit request(o);
    std::vector<generator::connection> connections(o.connections);
    for (std::size_t i = 0; i < connections.size(); ++i) {
        generator::connection& one = connections[i];
        one.open(o, i, -1);
        one.start(request, 0);
        while (!one.idle()) {
            std::size_t answers = 0;
            if (one.pull(answers) == generator::connection::news::ended)
                generator::fail("the server closed an idle connection");
        }
    }
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}

void print(const generator::outcome& o) {
    const generator::histogram& l = o.latency;
    std::printf(
        "{\"requests\": %llu, \"seconds\": %.6f, \"received_bytes\": %llu, \"sent_bytes\": %llu,\n"
        " \"broken\": %llu, \"unanswered\": %llu,\n"
        " \"server_ns\": %llu, \"server_user_ticks\": %llu, \"server_system_ticks\": %llu,\n"
        " \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, \"late_p99_us\": %.2f}\n",
        static_cast<unsigned long long>(o.requests), o.seconds,
        static_cast<unsigned long long>(o.received_bytes), static_cast<unsigned long long>(o.sent_bytes),
        static_cast<unsigned long long>(o.broken), static_cast<unsigned long long>(o.unanswered),
        static_cast<unsigned long long>(o.server.nanoseconds),
        static_cast<unsigned long long>(o.server.user_ticks),
        static_cast<unsigned long long>(o.server.system_ticks), l.quantile_us(0.5), l.quantile_us(0.99),
        l.quantile_us(0.999), l.largest_us(), o.lateness.quantile_us(0.99));
}

}  // namespace

int main(int argc, char** argv) {
    const generator::options o = generator::parse(argc, argv);
    allow_many_descriptors();
    if (o.hold) return hold(o);
    print(*generator::load(o).run());
    return 0;
}
