// What a server counts: connections, requests, and how often each of its limits was reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/observe/counter.hpp"

namespace eventcore {

// What a server can run into. docs/server.md has the option, the default and the answer of each.
enum class server_limit : std::uint8_t {
    request_line,             // too long: 414
    field_section,            // too many or too long fields or trailers: 431
    content,                  // too large: 413
    header_time,              // 408
    body_time,                // 408: nothing came, or too little
    request_time,             // the handler was cancelled: 503
    write_time,               // the client took nothing, or too little: closed
    idle_time,                // between requests: closed
    connection_time,          // "Connection: close", or closed while idle
    requests_per_connection,  // "Connection: close"
    pipelining,               // the rest had to wait for the next turn
    write_queue,              // a stream had to wait for its client
    connections,              // accepting paused
    idle_connections,         // closed to make room for a new one
    peer_connections,         // turned away: 503
    descriptors,              // turned away: closed
    memory,                   // the heap had none: 503 where possible, closed
    overload,                 // shed: 503
    rate,                     // 429 by a handler or a middleware
    loop_time,                // a handler held its worker's loop: logged with its route
    handshake_time,           // TLS: closed
    handshakes,               // TLS: too many at once; the slowest was closed, or the newest
    http2_streams,            // too many at once on a connection: refused
    http2_resets,             // too many streams reset: the connection ends
    http2_idle_frames,        // too many frames that bring nothing: the connection ends
};
inline constexpr std::size_t server_limit_count =
    static_cast<std::size_t>(server_limit::http2_idle_frames) + 1;

// For logs and metrics: the enumerator's name.
constexpr std::string_view to_string(server_limit which) {
    constexpr std::string_view names[server_limit_count] = {"request_line",
                                                            "field_section",
                                                            "content",
                                                            "header_time",
                                                            "body_time",
                                                            "request_time",
                                                            "write_time",
                                                            "idle_time",
                                                            "connection_time",
                                                            "requests_per_connection",
                                                            "pipelining",
                                                            "write_queue",
                                                            "connections",
                                                            "idle_connections",
                                                            "peer_connections",
                                                            "descriptors",
                                                            "memory",
                                                            "overload",
                                                            "rate",
                                                            "loop_time",
                                                            "handshake_time",
                                                            "handshakes",
                                                            "http2_streams",
                                                            "http2_resets",
                                                            "http2_idle_frames"};
    return names[static_cast<std::size_t>(which)];
}

// Counted by a worker, readable by any thread.
struct worker_counters {
    counter connections_accepted;
    counter connections_closed;
    counter requests;          // heads that were complete and well-formed
    counter refusals;          // requests answered with an error before a handler saw them
    counter handler_failures;  // handlers that threw
    counter timeouts;          // deadlines that fired: header, content, handler, write
    counter tls_handshakes;    // that succeeded
    counter tls_resumptions;   // of them, with a ticket
    counter tls_failures;      // handshakes that did not succeed, for whatever reason
    counter limits[server_limit_count];

    counter& limit(server_limit which) noexcept { return limits[static_cast<std::size_t>(which)]; }
};

// The sums of all workers' counters. Numbers of different threads may be a moment apart.
struct server_statistics {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refusals = 0;
    std::uint64_t handler_failures = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t tls_handshakes = 0;
    std::uint64_t tls_resumptions = 0;
    std::uint64_t tls_failures = 0;
    std::uint64_t limits[server_limit_count] = {};

    // How often it was reached.
    std::uint64_t reached(server_limit which) const noexcept {
        return limits[static_cast<std::size_t>(which)];
    }
    void add(const worker_counters& c) noexcept;
};

inline void server_statistics::add(const worker_counters& c) noexcept {
    const std::uint64_t closed = c.connections_closed.read();
    const std::uint64_t accepted = c.connections_accepted.read();
    connections_open += accepted > closed ? accepted - closed : 0;
    connections_accepted += accepted;
    requests += c.requests.read();
    refusals += c.refusals.read();
    handler_failures += c.handler_failures.read();
    timeouts += c.timeouts.read();
    tls_handshakes += c.tls_handshakes.read();
    tls_resumptions += c.tls_resumptions.read();
    tls_failures += c.tls_failures.read();
    for (std::size_t i = 0; i < server_limit_count; ++i) limits[i] += c.limits[i].read();
}

}  // namespace eventcore
