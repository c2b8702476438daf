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
#include "eventcore/server/transport.hpp"

namespace eventcore {

// HTTP/2, in programs that link the component eventcore::http2. What a connection may ask for without
// bringing anything is an account: it begins with `…_max` and gets `…_per_second`; who has used it up is
// sent away (GOAWAY, ENHANCE_YOUR_CALM). A `…_max` of 0: no limit.
struct http2_options {
    bool enabled = true;              // for clients that say so with their first bytes, or by ALPN
    std::uint32_t streams_max = 128;  // in progress on a connection: more are refused (REFUSED_STREAM)
    // Content a client may send ahead of its handler: of one stream, and of a connection together.
    std::uint32_t stream_window_bytes = 256 * 1024;
    std::uint32_t connection_window_bytes = 1024 * 1024;
    // Contents that are put together whole, of one connection together; what is over is answered 503.
    std::uint64_t collected_bytes_max = 16 * 1024 * 1024;
    // Streams reset by the client, or because of what it has sent. A browser that leaves a page resets some
    // dozens.
    std::uint32_t resets_max = 200;
    std::uint32_t resets_per_second = 20;
    // SETTINGS, PRIORITY, empty DATA, and PING and WINDOW_UPDATE beyond what our content calls for.
    std::uint32_t idle_frames_max = 1000;
    std::uint32_t idle_frames_per_second = 100;
};

struct server_options {
    // ---- where ---- An address without its port: "127.0.0.1", "::1", or "*" for every address of both
    // families (one dual-stack socket; IPv4 alone where the machine has no IPv6).
    std::string address = "*";
    std::uint16_t port = 8080;  // 0: the kernel picks one; server::port() tells
    // What is spoken there; none: plain HTTP. A tls_acceptor (tls.hpp) makes it HTTPS.
    shared<eventcore::transport> transport = {};
    // Further places, each complete: "127.0.0.1:8081", "[::1]:8081", "unix:/run/app.sock"; and with another
    // transport: {"[::1]:8443", tls}.
    std::vector<listen_place> listen_also = {};

    // ---- workers: threads that share nothing ----
    unsigned workers = 0;       // 0: one per CPU this process may run on
    bool pin_workers = false;   // bind worker n to the n-th of those CPUs
    unsigned pool_threads = 2;  // per worker, started when blocking() or a file first needs one
    std::size_t pool_queue_count =
        1024;  // jobs waiting for a pool thread; more are refused (errc::overloaded)
    reactor_kind reactor = reactor_kind::automatic;

    // ---- connections, per server, divided among the workers ----
    // One more closes an idle connection; when none is idle, accepting pauses, and answers say "Connection:
    // close" until there is room. Never more than the descriptors the process may open, less a reserve
    // (RLIMIT_NOFILE).
    std::size_t connections_max = 100'000;
    std::size_t connections_reserved = 256;  // allocated before the first one arrives
    // From one IPv4 address or IPv6 /64, exact over all workers: more are answered 503 and closed. High,
    // since a proxy in front is one address; 0: no limit. A Unix-domain socket has no address and no such
    // limit.
    std::size_t connections_per_peer_max = 50'000;
    std::uint32_t requests_per_connection = 1'000'000;  // then "Connection: close"; 0: no limit
    std::uint32_t pipelined_per_turn = 256;  // answers to one connection before the others have their turn

    // ---- memory ----
    std::size_t read_buffer_bytes = 16 * 1024;       // held only while a request is in progress
    std::size_t write_watermark_bytes = 256 * 1024;  // a streaming handler waits above this
    std::uint64_t body_bytes_max = 1024 * 1024;      // whole contents; over it: 413. A route may set its own
    std::uint64_t stream_bytes_max = std::uint64_t{1} << 40;  // streamed contents; over it: 413
    h1::limits limits = {};                                   // of request line and fields: 400, 414, 431

    // ---- time ----
    duration header_timeout = std::chrono::seconds(10);   // first byte to end of the head, absolute: 408
    duration body_timeout = std::chrono::seconds(30);     // between two pieces of content: 408
    duration body_grace = std::chrono::seconds(5);        // waiting for content that nothing has to pay for
    duration write_timeout = std::chrono::seconds(30);    // without the client taking a byte: closed
    duration idle_timeout = std::chrono::seconds(75);     // keep-alive connection without a request: closed
    duration request_timeout = std::chrono::seconds(60);  // a handler may run this long; then cancelled: 503
    duration linger_timeout = std::chrono::seconds(2);    // reading on after an error, so that it is seen
    duration drain_grace = std::chrono::milliseconds(100);  // stop(): the idle may ask; then closed
    duration drain_timeout = std::chrono::seconds(10);     // stop(): for requests in flight; then closed hard
    duration connection_lifetime = std::chrono::hours(1);  // then "Connection: close"; an idle one is closed
    // A handler that holds its worker's loop for longer, while everybody else of that worker waits, is named
    // in the log. Zero: nobody looks.
    duration stall_after = std::chrono::seconds(1);
    // serve(): for handlers that neither end nor wait after drain_timeout; they are named in the log and the
    // process ends with status 1. Zero: it waits for them.
    duration exit_timeout = std::chrono::seconds(5);
    // Bytes per second that a client has to keep up, so that dripping is no way around the time-outs. Time
    // waited for content may exceed body_grace only by what arrived / body_rate_min: 408. A client that is
    // slow to read has to take write_rate_min over each half of write_timeout: closed. 0: not asked for.
    std::uint64_t body_rate_min = 240;
    std::uint64_t write_rate_min = 240;

    // ---- overload ---- Requests are answered 503 with Retry-After, before routing, health checks too.
    std::uint32_t shed_in_flight = 0;  // when so many handlers wait, divided among the workers; 0: never
    duration shed_loop_delay = {};     // when a worker's loop is late by more; zero: never
    std::uint32_t retry_after_seconds = 1;

    // A client that shuts down its sending side still gets its answer; true: it is gone and its handler is
    // cancelled, as one that resets the connection always is.
    bool half_close_is_gone = false;

    http2_options http2 = {};

    // ---- TCP ----
    int backlog = 1024;      // the kernel caps it at net.core.somaxconn
    bool nodelay = true;     // answers are written whole; Nagle could only delay them
    bool keepalive = false;  // probes by the kernel; the time-outs above do that job
    bool reuse_port = true;  // a listening socket per worker (SO_REUSEPORT)
    // A worker with a quarter more connections than another one gives a new one to it. Where the kernel sends
    // connections is chance, and a few busy ones may all meet on one worker.
    bool balance_connections = true;
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
