// A server to embed: start(), wait(), stop(). No singletons, no exit(), no signal handlers: several may live
// in one process. serve.hpp is the one-liner on top.
//
//   ec::server server(ec::router(…), {.port = 8080, .workers = 2});
//   if (ec::result<> started = server.start(); !started) std::puts(server.failure().c_str());
//   server.wait();
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/net/address.hpp"
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/cpus.hpp"
#include "eventcore/server/option_check.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/peer_table.hpp"
#include "eventcore/server/statistics.hpp"
#include "eventcore/server/worker.hpp"

namespace eventcore {

class server {
 public:
    // All workers serve `router`, which the server owns. Handlers run on several threads at once unless
    // options.workers is 1.
    template <class Router>
        requires requires(const Router& r) { r.application(); }
    explicit server(Router router, server_options options = {})
        : server(make_owned<detail::shared_app<Router>>(std::move(router)), std::move(options)) {}
    explicit server(owned<app_source> source, server_options options = {})
        : options_(std::move(options)), source_(std::move(source)) {}
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    // Stops at once if it still runs.
    ~server() {
        stop_now();
        wait();
    }

    // Binds every address and starts the workers. On failure nothing runs, and failure() says which address,
    // or which option, and why. Once per server.
    result<> start();
    // Blocks until the server has been stopped and everything has ended.
    void wait();
    // Any thread, handlers included: no more connections, requests in progress are answered with
    // "Connection: close", after drain_timeout what is left is cut.
    void stop() noexcept {
        for_each_worker([](worker& w) { w.stop(); });
    }
    void stop_now() noexcept {
        for_each_worker([](worker& w) { w.stop_now(); });
    }

    // After start(): where it listens; of the first address when there are several.
    std::uint16_t port() const noexcept { return workers_.empty() ? options_.port : workers_.front().port(); }
    std::string failure() const { return failure_; }
    // After start(): which reactor runs and why, for example "io_uring: ring set up and a NOP completed".
    std::string_view reactor_name() const noexcept {
        return workers_.empty() ? std::string_view{} : workers_.front().home().name();
    }
    std::string_view reactor_reason() const noexcept {
        return workers_.empty() ? std::string_view{} : workers_.front().home().reason();
    }
    unsigned worker_count() const noexcept { return static_cast<unsigned>(workers_.size()); }
    // Any thread, after start().
    server_statistics statistics() const noexcept;

 private:
    result<> fail(std::string failure, std::error_code error) {
        failure_ = std::move(failure);
        workers_.clear();
        return error;
    }
    result<> open_reactors();
    result<> listen();
    result<> listen_on(const std::string& text, std::uint16_t port);
    result<> start_workers();
    template <class F>
    void for_each_worker(F f) noexcept {
        for (worker& w : workers_) f(w);
    }

    server_options options_;
    owned<app_source> source_;
    peer_table peers_;
    owning_list<worker> workers_;
    std::string failure_;
    mutex joining_;
};

// ---- definitions ----

inline result<> server::start() {
    EVENTCORE_ASSERT(workers_.empty(), "a server is started once");
    if (std::string wrong = find_wrong_option(options_); !wrong.empty())
        return fail(std::move(wrong), errc::invalid_argument);
    if (options_.workers == 0) options_.workers = usable_cpu_count();
    const std::size_t fit = connections_that_fit(options_.workers);
    if (options_.connections_max > fit) options_.connections_max = fit;
    if (const result<> opened = open_reactors(); !opened) return opened;
    if (const result<> bound = listen(); !bound) return bound;
    if (const result<> started = start_workers(); !started) return started;
    options_.log.info("listening",
                      {{"port", port()}, {"workers", worker_count()}, {"reactor", reactor_reason()}});
    return {};
}

// One worker that cannot have the reactor the first one has would be a server of two minds: then all take
// epoll.
inline result<> server::open_reactors() {
    reactor_options how;
    how.kind = options_.reactor;
    for (unsigned i = 0; i < options_.workers; ++i) {
        result<owned<reactor>> opened = reactor::open(how);
        if (!opened) return fail("cannot open a reactor: " + opened.error().message(), opened.error());
        const bool is_other_kind = i > 0 && (*opened)->kind() != workers_.front().home().kind();
        if (is_other_kind) {
            how.kind = (*opened)->kind();
            workers_.clear();
            i = static_cast<unsigned>(-1);
            continue;
        }
        workers_.emplace_back(i, options_, std::move(*opened), &peers_);
    }
    return {};
}

inline result<> server::listen() {
    if (!options_.address.empty())
        if (const result<> bound = listen_on(options_.address, options_.port); !bound) return bound;
    for (const std::string& text : options_.listen_also)
        if (const result<> bound = listen_on(text, 0); !bound) return bound;
    return {};
}

// A Unix-domain socket, and any without SO_REUSEPORT, has one listener, and so one worker.
inline result<> server::listen_on(const std::string& text, std::uint16_t port) {
    result<net::address> at = net::address::parse(text, port);
    if (!at) return fail("cannot listen on \"" + text + "\": " + at.error().message(), at.error());
    const bool is_shared = options_.reuse_port && at->is_ip();
    bool is_first = true;
    for (worker& w : workers_) {
        if (!is_first && !is_shared) return {};
        std::string failure;
        if (const result<> bound = w.listen(*at, is_first, failure); !bound)
            return fail(std::move(failure), bound.error());
        // The kernel has chosen a port: the others take the same.
        if (at->is_ip() && at->port() == 0) *at = at->with_port(w.latest_port());
        is_first = false;
    }
    return {};
}

inline result<> server::start_workers() {
    bool all_run = true;
    for (worker& w : workers_) all_run = w.start(*source_) && all_run;
    for (worker& w : workers_) {
        if (all_run && w.wait_until_running()) continue;
        std::string failure = "a worker could not start: " + w.failure();
        stop_now();
        wait();
        return fail(std::move(failure), errc::canceled);
    }
    return {};
}

inline void server::wait() {
    const lock_guard lock(joining_);
    for (worker& w : workers_) w.join();
}

inline server_statistics server::statistics() const noexcept {
    server_statistics sum;
    for (const worker& w : workers_) sum.add(w.counters);
    return sum;
}

}  // namespace eventcore
