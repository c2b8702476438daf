// The one-liner: serves an application until SIGINT or SIGTERM, and returns the exit code for main().
//
//   int main() { return ec::serve(ec::router(ec::get<"/">([] { return "Hello, World!"; }))); }
#pragma once

#include <atomic>
#include <csignal>
#include <optional>
#include <type_traits>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/server/command_line.hpp"
#include "eventcore/server/server.hpp"

namespace eventcore {

namespace detail {

// SIGINT and SIGTERM wait, instead of ending the process, as long as this lives and in every thread started
// meanwhile. So no signal handler is installed.
class signal_block {
 public:
    signal_block() noexcept {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    }
    signal_block(const signal_block&) = delete;
    signal_block& operator=(const signal_block&) = delete;
    ~signal_block() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    const sigset_t& signals() const noexcept { return signals_; }

 private:
    sigset_t signals_;
    sigset_t before_;
};

// Takes the blocked signals one by one, on a thread of its own: the first one stops the server, another one
// ends it at once. Made after the server and gone before it, for the thread may be within server::stop()
// when the last worker has ended already.
class signal_watch {
 public:
    signal_watch(const signal_block& blocked, server& watched)
        : signals_(blocked.signals()), server_(watched) {
        const auto run = [](void* self) { static_cast<signal_watch*>(self)->take_signals(); };
        if (!thread_.start(run, this)) server_.stop();
    }
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;
    ~signal_watch() {
        is_over_.store(true);
        if (!thread_.is_joinable()) return;
        pthread_kill(thread_.id(), SIGTERM);
        thread_.join();
    }

 private:
    void take_signals() noexcept {
        int signal = 0;
        for (int count = 0; sigwait(&signals_, &signal) == 0 && !is_over_.load(); ++count)
            count == 0 ? server_.stop() : server_.stop_now();
    }

    std::atomic<bool> is_over_{false};
    const sigset_t signals_;
    server& server_;
    thread thread_;
};

inline int run(owned<app_source> source, server_options options) {
    std::optional<signal_block> blocked;
    if (options.handle_signals) blocked.emplace();
    const logger log = options.log;
    server s(std::move(source), std::move(options));
    if (!s.start()) {
        log.error(s.failure());
        return 1;
    }
    std::optional<signal_watch> watch;
    if (blocked) watch.emplace(*blocked, s);
    s.wait();
    return 0;
}

}  // namespace detail

// Serves `router`, by value (moved in) or by reference (it must outlive the call). 0: stopped by a signal and
// drained; 1: could not start, the reason is in the log.
template <class Router>
int serve(Router&& router, server_options options = {}) {
    using plain = std::remove_cvref_t<Router>;
    owned<app_source> source;
    if constexpr (std::is_lvalue_reference_v<Router>)
        source = make_owned<detail::referenced_app<plain>>(router);
    else
        source = make_owned<detail::shared_app<plain>>(std::move(router));
    return detail::run(std::move(source), std::move(options));
}

// The same, with --address, --port, --threads and --reactor taken from the command line; 2 when that is
// wrong.
template <class Router>
int serve(Router&& router, int argc, const char* const* argv, server_options defaults = {}) {
    const command_line line(argc, argv, std::move(defaults));
    return line.ok() ? serve(std::forward<Router>(router), line.options()) : line.report();
}

// Gives every worker an App of its own, made on its thread: nothing in it is shared, so nothing needs a lock.
// `auto App::routes()` makes the router.
template <class App>
int serve(server_options options = {}) {
    return detail::run(make_owned<detail::per_worker_app<App>>(), std::move(options));
}
template <class App>
int serve(int argc, const char* const* argv, server_options defaults = {}) {
    const command_line line(argc, argv, std::move(defaults));
    return line.ok() ? serve<App>(line.options()) : line.report();
}

}  // namespace eventcore
