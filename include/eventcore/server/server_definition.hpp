// The member functions of server, and with them everything below the application: workers, connections,
// reactors. Included by server.hpp or, where EVENTCORE_SEPARATE is set, once per program by the library
// eventcore::compiled.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/config.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/net/address.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/cpus.hpp"
#include "eventcore/server/option_check.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/peer_table.hpp"
#include "eventcore/server/server_declaration.hpp"
#include "eventcore/server/watchdog.hpp"
#include "eventcore/server/worker.hpp"

namespace eventcore {

EVENTCORE_INLINE server::server(owned<app_source> source, server_options options)
    : options_(std::move(options)), source_(std::move(source)) {}

EVENTCORE_INLINE server::~server() {
    stop_now();
    wait();
}

EVENTCORE_INLINE void server::stop() noexcept {
    expect_end(options_.drain_timeout + options_.exit_timeout);
    for (worker& w : workers_) w.stop();
}
EVENTCORE_INLINE void server::stop_now() noexcept {
    expect_end(options_.exit_timeout);
    for (worker& w : workers_) w.stop_now();
}
EVENTCORE_INLINE void server::expect_end(duration within) noexcept {
    if (may_exit_ && watchdog_ && options_.exit_timeout > duration::zero())
        watchdog_->expect_end_within(within);
}

EVENTCORE_INLINE std::uint16_t server::port() const noexcept {
    return workers_.empty() ? options_.port : workers_.front().port();
}
EVENTCORE_INLINE std::string_view server::reactor_name() const noexcept {
    return workers_.empty() ? std::string_view{} : workers_.front().home().name();
}
EVENTCORE_INLINE std::string_view server::reactor_reason() const noexcept {
    return workers_.empty() ? std::string_view{} : workers_.front().home().reason();
}
EVENTCORE_INLINE unsigned server::worker_count() const noexcept {
    return static_cast<unsigned>(workers_.size());
}

EVENTCORE_INLINE result<> server::fail(std::string failure, std::error_code error) {
    failure_ = std::move(failure);
    workers_.clear();
    return error;
}

EVENTCORE_INLINE result<> server::start() {
    EVENTCORE_ASSERT(workers_.empty(), "a server is started once");
    if (std::string wrong = find_wrong_option(options_); !wrong.empty())
        return fail(std::move(wrong), errc::invalid_argument);
    if (options_.workers == 0) options_.workers = usable_cpu_count();
    const std::size_t fit = connections_that_fit(options_.workers);
    if (options_.connections_max > fit) options_.connections_max = fit;
    peers_ = make_owned<peer_table>();
    if (const result<> opened = open_reactors(); !opened) return opened;
    if (const result<> prepared = prepare_transports(); !prepared) return prepared;
    if (const result<> bound = listen(); !bound) return bound;
    if (const result<> started = start_workers(); !started) return started;
    if (options_.stall_after > duration::zero() || may_exit_) {
        watchdog_ = make_owned<watchdog>(workers_, options_);
        if (!watchdog_->start()) options_.log.warning("no thread for the watchdog");
    }
    options_.log.info("listening",
                      {{"port", port()}, {"workers", worker_count()}, {"reactor", reactor_reason()}});
    return {};
}

// One worker that cannot have the reactor the first one has would be a server of two minds: then all take
// epoll.
EVENTCORE_INLINE result<> server::open_reactors() {
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
        workers_.emplace_back(i, options_, std::move(*opened), peers_.get());
    }
    if (options_.balance_connections && options_.workers > 1) make_ring();
    return {};
}

EVENTCORE_INLINE void server::make_ring() noexcept {
    worker* before = nullptr;
    for (worker& w : workers_) {
        if (before) before->set_neighbour(w);
        before = &w;
    }
    before->set_neighbour(workers_.front());
}

EVENTCORE_INLINE result<> server::prepare_transports() {
    const auto prepare = [this](const shared<transport>& over) -> result<> {
        std::string failure;
        if (!over) return {};
        const result<> prepared = over->prepare(options_, failure);
        return prepared ? prepared : fail(std::move(failure), prepared.error());
    };
    result<> prepared = prepare(options_.transport);
    for (const listen_place& place : options_.listen_also)
        if (prepared) prepared = prepare(place.over);
    return prepared;
}

EVENTCORE_INLINE result<> server::listen() {
    const listen_place first(options_.address, options_.transport);
    if (!first.address.empty())
        if (const result<> bound = listen_on(first, options_.port); !bound) return bound;
    for (const listen_place& place : options_.listen_also)
        if (const result<> bound = listen_on(place, 0); !bound) return bound;
    return {};
}

// A Unix-domain socket, and any without SO_REUSEPORT, has one listener, and so one worker accepts.
EVENTCORE_INLINE result<> server::listen_on(const listen_place& place, std::uint16_t port) {
    result<net::address> at = net::address::parse(place.address, port);
    if (!at) return fail("cannot listen on \"" + place.address + "\": " + at.error().message(), at.error());
    const bool is_shared = options_.reuse_port && at->is_ip();
    bool is_first = true;
    for (worker& w : workers_) {
        if (!is_first && !is_shared) return {};
        std::string failure;
        if (const result<> bound = w.listen(*at, is_first, failure, place.over.get()); !bound)
            return fail(std::move(failure), bound.error());
        // The kernel has chosen a port: the others take the same.
        if (at->is_ip() && at->port() == 0) *at = at->with_port(w.latest_port());
        is_first = false;
    }
    return {};
}

EVENTCORE_INLINE result<> server::start_workers() {
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

EVENTCORE_INLINE void server::wait() {
    const lock_guard lock(joining_);
    for (worker& w : workers_) w.join();
}

EVENTCORE_INLINE server_statistics server::statistics() const noexcept {
    server_statistics sum;
    for (const worker& w : workers_) sum.add(w.counters);
    return sum;
}

namespace detail {

// Some signals wait, instead of ending the process, as long as this lives and in every thread started
// meanwhile. So no signal handler is installed.
class signal_block {
 public:
    explicit signal_block(const sigset_t& signals) noexcept {
        pthread_sigmask(SIG_BLOCK, &signals, &before_);
    }
    signal_block(const signal_block&) = delete;
    signal_block& operator=(const signal_block&) = delete;
    ~signal_block() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
    sigset_t before_;
};

// Takes blocked signals one by one, on a thread of its own: the first one stops the server, another one ends
// it at once. Made after the server and gone before it, for the thread may be within server::stop() when the
// last worker has ended already.
class signal_watch {
 public:
    signal_watch(const sigset_t& blocked, server& watched) noexcept : signals_(blocked), server_(watched) {}
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;
    ~signal_watch() {
        is_over_.store(true);
        if (!thread_.is_joinable()) return;
        pthread_kill(thread_.id(), SIGTERM);
        thread_.join();
    }

    bool start() noexcept {
        return thread_.start([](void* self) { static_cast<signal_watch*>(self)->take_signals(); }, this);
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

EVENTCORE_INLINE int serve(owned<app_source> source, server_options options) {
    sigset_t signals;
    sigemptyset(&signals);
    if (options.handle_signals) {
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
    }
    const signal_block blocked(signals);
    const logger log = options.log;
    const bool handles_signals = options.handle_signals;
    server s(std::move(source), std::move(options));
    s.may_exit_ = true;
    if (!s.start()) {
        log.error(s.failure());
        return 1;
    }
    signal_watch watch(signals, s);
    if (handles_signals && !watch.start()) s.stop();
    s.wait();
    return 0;
}

}  // namespace detail

}  // namespace eventcore
