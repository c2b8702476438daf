// The class server: see server.hpp, which is the header to include.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/statistics.hpp"

namespace eventcore {

namespace detail {

// What serve() does once it has its application: starts, waits for a signal, drains.
int serve(owned<app_source> source, server_options options);

}  // namespace detail

class peer_table;
class watchdog;
class worker;

class server {
 public:
    // All workers serve `router`, which the server owns. Handlers run on several threads at once unless
    // options.workers is 1.
    template <class Router>
        requires requires(const Router& r) { r.application(); }
    explicit server(Router router, server_options options = {})
        : server(make_owned<detail::shared_app<Router>>(std::move(router)), std::move(options)) {}
    explicit server(owned<app_source> source, server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    // Stops at once if it still runs.
    ~server();

    // Binds every address and starts the workers. On failure nothing runs, and failure() says which address,
    // or which option, and why. Once per server.
    result<> start();
    // Blocks until the server has been stopped and everything has ended.
    void wait();
    // Any thread, handlers included: no more connections, requests in progress are answered with
    // "Connection: close", after drain_timeout what is left is cut.
    void stop() noexcept;
    void stop_now() noexcept;

    // After start(): where it listens; of the first address when there are several.
    std::uint16_t port() const noexcept;
    std::string failure() const { return failure_; }
    // After start(): which reactor runs and why, for example "io_uring: ring set up and a NOP completed".
    std::string_view reactor_name() const noexcept;
    std::string_view reactor_reason() const noexcept;
    unsigned worker_count() const noexcept;
    // Any thread, after start().
    server_statistics statistics() const noexcept;

 private:
    result<> fail(std::string failure, std::error_code error);
    result<> open_reactors();
    void make_ring() noexcept;
    result<> prepare_transports();
    result<> listen();
    result<> listen_on(const listen_place& place, std::uint16_t port);
    result<> start_workers();
    void expect_end(duration within) noexcept;

    friend int detail::serve(owned<app_source>, server_options);

    server_options options_;
    owned<app_source> source_;
    owned<peer_table> peers_;  // outlives the workers
    owning_list<worker> workers_;
    owned<watchdog> watchdog_;
    bool may_exit_ = false;  // the process is serve()'s: it may be ended
    std::string failure_;
    mutex joining_;
};

}  // namespace eventcore
