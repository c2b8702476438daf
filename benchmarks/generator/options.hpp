// The command line of the load generator.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace generator {

struct options {
    std::uint16_t port = 8080;
    std::size_t connections = 64;
    std::size_t depth = 1;  // requests written at once; the next ones when all have been answered
    std::string path = "/";
    std::uint64_t post_bytes = 0;  // not 0: POST with a content of so many bytes
    bool close = false;            // a connection for each request
    double rate = 0;               // requests per second, on a fixed schedule; 0: as fast as answers come
    double warm_up_seconds = 0.05;
    double seconds = 1;
    std::uint64_t requests = 0;  // not 0: so many instead of `seconds`, and no warm-up
    std::size_t sources = 1;     // loopback addresses to connect from: 127.0.0.2 and following
    bool hold = false;           // one request for each connection, then idle until standard input ends
    bool spin = true;            // poll the sockets instead of sleeping
    std::vector<int> watch;      // processes whose CPU time is taken over the measured time
};

[[noreturn]] inline void fail(const char* what, std::string_view detail = {}) {
    std::fprintf(stderr, "generator: %s %.*s\n", what, static_cast<int>(detail.size()), detail.data());
    std::exit(1);
}

inline std::vector<int> parse_processes(const char* text) {
    std::vector<int> processes;
    char* end = nullptr;
    for (const char* at = text; *at != '\0'; at = *end == ',' ? end + 1 : end) {
        processes.push_back(static_cast<int>(std::strtol(at, &end, 10)));
        if (end == at) fail("no process numbers:", text);
    }
    return processes;
}

inline bool take(options& to, std::string_view name, const char* value) {
    const auto number = [value] { return std::strtoull(value, nullptr, 10); };
    const auto real = [value] { return std::strtod(value, nullptr); };
    if (name == "--port")
        to.port = static_cast<std::uint16_t>(number());
    else if (name == "--connections")
        to.connections = number();
    else if (name == "--depth")
        to.depth = number();
    else if (name == "--path")
        to.path = value;
    else if (name == "--post")
        to.post_bytes = number();
    else if (name == "--rate")
        to.rate = real();
    else if (name == "--warm-up")
        to.warm_up_seconds = real();
    else if (name == "--seconds")
        to.seconds = real();
    else if (name == "--requests")
        to.requests = number();
    else if (name == "--sources")
        to.sources = number();
    else if (name == "--watch")
        to.watch = parse_processes(value);
    else
        return false;
    return true;
}

inline options parse(int argc, char** argv) {
    options parsed;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--close")
            parsed.close = true;
        else if (name == "--hold")
            parsed.hold = true;
        else if (name == "--sleep")
            parsed.spin = false;
        else if (i + 1 == argc || !take(parsed, name, argv[i + 1]))
            fail("cannot read", name);
        else
            ++i;
    }
    if (parsed.connections == 0 || parsed.depth == 0 || parsed.sources == 0 || parsed.sources > 250)
        fail("--connections, --depth and --sources start at 1");
    if (parsed.post_bytes != 0 && parsed.depth != 1) fail("--post goes with --depth 1");
    return parsed;
}

}  // namespace generator
