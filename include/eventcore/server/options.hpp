// Every knob of a server, with its default and the reason for it. A default-constructed set is safe to expose
// to hostile clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eventcore/base/clock.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/observe/log.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore {

struct server_options {
    // ---- where ---- An address without its port: "127.0.0.1", "::1", or "*" for every address of both
    // families (one dual-stack socket; IPv4 alone where the machine has no IPv6).
    std::string address = "*";
    std::uint16_t port = 8080;  // 0: the kernel picks one; server::port() tells
    // Further places, each complete: "127.0.0.1:8081", "[::1]:8081", "unix:/run/app.sock".
    std::vector<std::string> listen_also = {};

    // ---- workers: threads that share nothing ----
    unsigned workers = 0;       // 0: one per CPU this process may run on
    bool pin_workers = false;   // bind worker n to the n-th of those CPUs
    unsigned pool_threads = 2;  // per worker, started when blocking() or a file first needs one
    std::size_t pool_queue_count =
        1024;  // jobs waiting for a pool thread; more are refused (errc::overloaded)
    reactor_kind reactor = reactor_kind::automatic;

    // ---- connections, per server, divided among the workers ----
    std::size_t connections_max = 100'000;   // reached: accepting pauses until one closes
    std::size_t connections_reserved = 256;  // allocated before the first one arrives

    // ---- memory ----
    std::size_t read_buffer_bytes = 16 * 1024;       // held only while a request is in progress
    std::size_t write_watermark_bytes = 256 * 1024;  // a streaming handler waits above this
    std::uint64_t body_bytes_max = 1024 * 1024;      // whole contents; over it: 413. A route may set its own
    std::uint64_t stream_bytes_max = std::uint64_t{1} << 40;  // streamed contents; over it: 413
    h1::limits limits = {};                                   // of request line and fields: 400, 414, 431

    // ---- time ----
    duration header_timeout = std::chrono::seconds(10);   // first byte to end of the head, absolute: 408
    duration body_timeout = std::chrono::seconds(30);     // between two pieces of content: 408
    duration write_timeout = std::chrono::seconds(30);    // without the client taking a byte: closed
    duration idle_timeout = std::chrono::seconds(75);     // keep-alive connection without a request: closed
    duration request_timeout = std::chrono::seconds(60);  // a handler may run this long; then cancelled: 503
    duration linger_timeout = std::chrono::seconds(2);    // reading on after an error, so that it is seen
    duration drain_grace = std::chrono::milliseconds(100);  // stop(): the idle may ask; then closed
    duration drain_timeout = std::chrono::seconds(10);  // stop(): for requests in flight; then closed hard
    std::uint32_t requests_per_connection = 0;          // then "Connection: close"; 0: no limit

    // ---- TCP ----
    int backlog = 1024;      // the kernel caps it at net.core.somaxconn
    bool nodelay = true;     // answers are written whole; Nagle could only delay them
    bool keepalive = false;  // probes by the kernel; the time-outs above do that job
    bool reuse_port = true;  // a listening socket per worker (SO_REUSEPORT)
    // Restarts that lose nothing: the next process may listen here while this one still does, and stop()
    // leaves it the new connections for the length of drain_grace before it closes. Linux; elsewhere some may
    // be lost.
    bool hand_over = false;

    // ---- else ----
    std::string server_name = "EventCore";  // the Server field; empty: none
    bool handle_signals = true;             // serve(): SIGINT and SIGTERM drain, a second one ends at once
    logger log = {};
};

}  // namespace eventcore
