// One thread of a server: a reactor, listeners, connections and an instance of the application. Workers share
// nothing but immutable options; one that has many more connections than another gives new ones away.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/net/listener.hpp"
#include "eventcore/reactor/offload.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/connection_pool.hpp"
#include "eventcore/server/cpus.hpp"
#include "eventcore/server/http1_tcp_pool.hpp"
#include "eventcore/server/intake.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/peer_table.hpp"
#include "eventcore/server/transport.hpp"

namespace eventcore {

class worker {
 public:
    // Opened and bound on the thread that starts the server, so that errors reach its caller.
    // `peers`, if any, is what the workers of a server share to count each peer's connections.
    worker(unsigned index, const server_options& options, owned<reactor> home, peer_table* peers = nullptr)
        : index_(index),
          options_(options),
          home_(std::move(home)),
          peers_(options.connections_per_peer_max > 0 ? peers : nullptr),
          drain_timer_(*this),
          drain_step_(*this),
          command_(*this) {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { join(); }

    // `over` is what is spoken there, null: plain HTTP; it outlives the worker. On failure `failure` has it
    // in words. The kernel queues connections from now on.
    result<> listen(const net::address& where, bool is_first_of_group, std::string& failure,
                    transport* over = nullptr);
    // Who may be given connections that come here; all neighbours make a ring. Before start().
    void set_neighbour(worker& next) noexcept { neighbour_ = to_ask_ = &next; }
    // Any thread: its connections, and those on their way to it.
    std::size_t load() const noexcept {
        const std::uint64_t closed = counters.connections_closed.read();
        const std::uint64_t accepted = counters.connections_accepted.read();
        return intake_.count() + static_cast<std::size_t>(accepted > closed ? accepted - closed : 0);
    }
    // Runs on a thread of its own until it has drained. False: there is no thread to be had.
    [[nodiscard]] bool start(app_source& source) noexcept;
    // In the place of start(): runs on this thread, whose owner gives the reactor its turns until
    // has_ended(), then calls end_here(). False: the application threw, see failure().
    [[nodiscard]] bool start_here(app_source& source) noexcept {
        source_ = &source;
        return begin();
    }
    bool has_ended() const noexcept {
        return drain_step_.phase >= drain_phase::waiting && now_->connection_count() == 0;
    }
    // Cuts what still runs.
    void end_here() noexcept {
        end();
        finish();
    }
    // Any thread: stop accepting, finish what is in progress, then end; the second call ends at once.
    void stop() noexcept { send(command::drain); }
    void stop_now() noexcept { send(command::end); }
    void join() {
        if (thread_.is_joinable()) thread_.join();
    }

    // After start(): blocks until the worker runs (true), or its application threw, see failure().
    bool wait_until_running() noexcept {
        const lock_guard lock(mutex_);
        while (state_ == state::starting) state_changed_.wait(mutex_);
        return state_ != state::failed;
    }
    const std::string& failure() const noexcept { return failure_; }

    // What the worker is at.
    struct turn {
        time_point since = no_deadline;  // when the running turn began; no_deadline: it waits for news
        std::string_view route;          // of the handler that runs in it, if one does
        bool has_ended = true;           // it will not run again
    };
    // Any thread: calls f(turn), during which the route's text stays.
    template <class F>
    void look_at_turn(F f) {
        const lock_guard lock(mutex_);
        if (state_ != state::running) return f(turn{});
        const std::string_view* const route = home_->activity();
        f(turn{home_->busy_since(), route ? *route : std::string_view{}, false});
    }

    unsigned index() const noexcept { return index_; }
    const reactor& home() const noexcept { return *home_; }
    // Of the first listener.
    std::uint16_t port() const noexcept { return port_; }
    // Of the latest listener.
    std::uint16_t latest_port() const noexcept { return latest_port_; }
    worker_counters counters;

 private:
    enum class state : std::uint8_t { starting, running, failed, ended };
    enum class command : std::uint8_t { none, drain, end };

    // Asks for a turn again and again, and sees how late it comes: for shedding load.
    struct loop_watch : timer {
        explicit loop_watch(connection_host& h) noexcept : timer(&fired), host(h) {}
        static constexpr duration period = std::chrono::milliseconds(10);
        void ask(duration late) noexcept {
            wanted = host.home().now() + period;
            host.expect_turn(wanted, late);
            host.home().arm(*this, wanted);
        }
        static void fired(timer& t) noexcept {
            auto& self = static_cast<loop_watch&>(t);
            self.ask(self.host.home().now() - self.wanted);
        }
        connection_host& host;
        time_point wanted{};
    };

    // A listener, and whose its connections are.
    struct entrance {
        entrance(worker& w, transport* t)
            : owner(w), over(t), door(*w.home_, &connected, this, w.options_.log) {}
        worker& owner;
        transport* over;
        accepting_pool* pool = nullptr;
        net::listener door;
    };
    // One for all listeners that speak the same.
    struct pool_of_transport {
        pool_of_transport(const transport* t, owned<accepting_pool> p) noexcept
            : over(t), pool(std::move(p)) {}
        const transport* over;
        owned<accepting_pool> pool;
    };

    // What lives on the worker's thread only.
    struct running {
        running(worker& w, owned<app_instance> app)
            : instance(std::move(app)),
              host(*w.home_, instance->app(), w.options_, w.counters),
              services{host, w.peers_, &connection_gone, &w},
              offload(*w.home_,
                      {w.options_.pool_threads, static_cast<unsigned>(w.options_.pool_queue_count)}),
              watch(host) {}
        owned<app_instance> instance;
        connection_host host;
        pool_services services;
        offload_pool offload;
        owning_list<pool_of_transport> pools;
        loop_watch watch;

        std::size_t connection_count() const noexcept {
            std::size_t count = 0;
            for (pool_of_transport& p : pools) count += p.pool->count();
            return count;
        }
        accepting_pool& pool_for(transport* over, std::size_t connections_reserved);
    };
    enum class drain_phase : std::uint8_t {
        serving,   // not draining
        leaving,   // hand_over: new connections are sent to the next process
        stopping,  // accepting has been stopped, but what the kernel had accepted may still arrive
        waiting,   // the listeners are closed, and idle connections may still ask
        ending,    // who is idle is closed; requests in progress have until drain_timeout
    };
    struct drain_step : timer {
        explicit drain_step(worker& w) noexcept : timer(&fired), owner(w) {}
        static void fired(timer& t) noexcept { static_cast<drain_step&>(t).owner.go_on_draining(); }
        worker& owner;
        drain_phase phase = drain_phase::serving;
    };
    struct drain_deadline : timer {
        explicit drain_deadline(worker& w) noexcept : timer(&fired), owner(w) {}
        static void fired(timer& t) noexcept { static_cast<drain_deadline&>(t).owner.end(); }
        worker& owner;
    };
    // One item for both commands: what is asked for is read when it arrives.
    struct command_item : inbox_item {
        explicit command_item(worker& w) noexcept : inbox_item(&arrived), owner(w) {}
        static void arrived(inbox_item& item) noexcept { static_cast<command_item&>(item).owner.obey(); }
        worker& owner;
        std::atomic<bool> is_posted{false};
        std::atomic<command> asked{command::none};
    };

    // A connection on its way from the worker that accepted it.
    struct moved_connection : inbox_item {
        moved_connection(worker& w, transport* t) noexcept : inbox_item(&arrived), to(w), over(t) {}
        static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept {
            recycler::deallocate(memory, bytes);
        }
        static void arrived(inbox_item& item) noexcept {
            auto& self = static_cast<moved_connection&>(item);
            self.to.take_in(self);
        }
        worker& to;
        transport* over;
        unique_fd socket;
    };

    void send(command asked) noexcept;
    void obey() noexcept;
    void thread_main() noexcept;
    bool begin() noexcept;
    void finish() noexcept;
    void set_state(state now) noexcept {
        const lock_guard lock(mutex_);
        state_ = now;
        state_changed_.notify_all();
    }
    std::size_t connections_max() const noexcept;
    static void connected(void* owner, unique_fd socket) noexcept;
    bool give_away(transport* over, unique_fd& socket);
    void take_in(moved_connection& arrived) noexcept;
    void serve(accepting_pool& pool, unique_fd socket) noexcept;
    void make_room() noexcept;
    void open_to_neighbours(std::size_t connections_reserved);
    static void connection_gone(void* owner) noexcept;
    void begin_drain() noexcept;
    void go_on_draining() noexcept;
    void stop_accepting() noexcept;
    void close_listeners() noexcept;
    void close_idle() noexcept;
    void wait_in(drain_phase phase, duration time) noexcept {
        drain_step_.phase = phase;
        home_->arm(drain_step_, home_->now() + time);
    }
    void end() noexcept;
    void stop_when_empty() noexcept;

    unsigned index_;
    const server_options& options_;
    owned<reactor> home_;
    peer_table* peers_;  // null: nobody counts
    owning_list<entrance> entrances_;
    std::optional<running> now_;
    drain_deadline drain_timer_;
    drain_step drain_step_;
    command_item command_;
    worker* neighbour_ = nullptr;  // null: connections stay where they come
    worker* to_ask_ = nullptr;     // of the ring, the next one to compare with
    intake intake_;
    bool is_ending_ = false;
    std::uint16_t port_ = 0;
    std::uint16_t latest_port_ = 0;
    mutex mutex_;  // guards state_
    condition state_changed_;
    state state_ = state::starting;
    std::string failure_;
    app_source* source_ = nullptr;
    thread thread_;
};

// ---- definitions ----

inline result<> worker::listen(const net::address& where, bool is_first_of_group, std::string& failure,
                               transport* over) {
    net::listen_options how;
    how.backlog = options_.backlog;
    how.reuse_port = options_.reuse_port && where.is_ip();
    how.first_of_group = is_first_of_group && !options_.hand_over;
    how.tcp.no_delay = options_.nodelay;
    how.turned_away = &counters.limit(server_limit::descriptors);
    if (options_.keepalive) how.tcp.keep_alive_idle = std::chrono::minutes(2);
    net::listener& door = entrances_.emplace_back(*this, over).door;
    const result<> opened = door.open(where, how);
    if (!opened) {
        failure = door.failure();
        return opened;
    }
    latest_port_ = door.local_address().port();
    if (entrances_.size() == 1) port_ = latest_port_;
    return {};
}

inline accepting_pool& worker::running::pool_for(transport* over, std::size_t connections_reserved) {
    for (pool_of_transport& p : pools)
        if (p.over == over) return *p.pool;
    owned<accepting_pool> made =
        over ? over->make_pool(services) : owned<accepting_pool>(make_owned<http1_tcp_pool>(services));
    made->reserve(connections_reserved);
    return *pools.emplace_back(over, std::move(made)).pool;
}

inline bool worker::start(app_source& source) noexcept {
    source_ = &source;
    return thread_.start([](void* self) { static_cast<worker*>(self)->thread_main(); }, this);
}

inline bool worker::begin() noexcept {
    try {
        const scheduler::running here(*home_);
        now_.emplace(*this, source_->make());
        const std::size_t reserved = options_.connections_reserved / options_.workers;
        for (entrance& e : entrances_) e.pool = &now_->pool_for(e.over, reserved);
        if (neighbour_) open_to_neighbours(reserved);
        if (options_.shed_loop_delay > duration::zero()) now_->watch.ask({});
        for (entrance& e : entrances_) e.door.start().value();
        return true;
    } catch (const std::exception& e) {
        failure_ = e.what();
    } catch (...) {
        failure_ = "its application threw something that is no std::exception";
    }
    now_.reset();
    return false;
}

inline void worker::thread_main() noexcept {
    if (options_.pin_workers) bind_thread_to_usable_cpu(index_);
    if (!begin()) return set_state(state::failed);
    set_state(state::running);
    home_->run();
    finish();
}

inline void worker::finish() noexcept {
    entrances_.clear();
    now_->offload.stop();
    while (now_->connection_count() > 0) home_->turn(home_->now() + std::chrono::milliseconds(10));
    set_state(state::ended);
    now_.reset();
    home_->turn(home_->now());  // takes in what pool threads had posted
    recycler::release_thread_cache();
}

inline void worker::send(command asked) noexcept {
    command before = command_.asked.load();
    while (before < asked && !command_.asked.compare_exchange_weak(before, asked)) {
    }
    if (!command_.is_posted.exchange(true)) home_->post(command_);
}

inline void worker::obey() noexcept {
    command_.is_posted.store(false);
    if (command_.asked.load() == command::end)
        end();
    else
        begin_drain();
}

inline std::size_t worker::connections_max() const noexcept {
    const std::size_t share = options_.connections_max / options_.workers;
    return share > 0 ? share : 1;
}

// What any listener of the server may bring, one of a neighbour too.
inline void worker::open_to_neighbours(std::size_t connections_reserved) {
    if (!options_.address.empty()) now_->pool_for(options_.transport.get(), connections_reserved);
    for (const listen_place& place : options_.listen_also)
        now_->pool_for(place.over.get(), connections_reserved);
    intake_.open();
}

inline void worker::connected(void* owner, unique_fd socket) noexcept {
    auto& from = *static_cast<entrance*>(owner);
    worker& self = from.owner;
    try {
        if (self.neighbour_ && self.give_away(from.over, socket)) return;
    } catch (...) {  // no memory to send it away with
    }
    self.serve(*from.pool, std::move(socket));
}

// Asks one neighbour after the other, one for each connection: with many workers, as good as asking all. Only
// who has much less gets anything, for a connection that stays costs a wake-up less.
inline bool worker::give_away(transport* over, unique_fd& socket) {
    worker& other = *to_ask_;
    to_ask_ = other.neighbour_ != this ? other.neighbour_ : neighbour_;
    const std::size_t theirs = other.load();
    if (now_->connection_count() < theirs + theirs / 4 + 1) return false;
    owned<moved_connection> moving = make_owned<moved_connection>(other, over);
    if (!other.intake_.enter()) return false;
    moving->socket = std::move(socket);
    other.home_->post(*moving.release());
    return true;
}

inline void worker::take_in(moved_connection& arrived) noexcept {
    const owned<moved_connection> taken(&arrived);
    intake_.leave();
    if (drain_step_.phase < drain_phase::ending)
        serve(now_->pool_for(taken->over, 0), std::move(taken->socket));
    if (drain_step_.phase >= drain_phase::waiting) stop_when_empty();
}

inline void worker::serve(accepting_pool& pool, unique_fd socket) noexcept {
    try {
        const bool has_come = pool.serve(std::move(socket));
        if (has_come && now_->connection_count() > connections_max()) make_room();
    } catch (...) {  // no memory for it: the socket closes
        now_->host.reached(server_limit::memory);
    }
}

// Somebody waits for a place: an idle connection gives up its own. If there is none, accepting pauses, and
// answers say "Connection: close" until there is room.
inline void worker::make_room() noexcept {
    for (pool_of_transport& p : now_->pools)
        if (p.pool->close_idle()) return now_->host.reached(server_limit::idle_connections);
    now_->host.set_full(true);
    now_->host.reached(server_limit::connections);
    for (entrance& e : entrances_) e.door.pause();
}

inline void worker::connection_gone(void* owner) noexcept {
    auto& self = *static_cast<worker*>(owner);
    running& now = *self.now_;
    self.counters.connections_closed.add();
    if (self.drain_step_.phase >= drain_phase::waiting) return self.stop_when_empty();
    const bool is_open_again = now.host.is_full() && now.connection_count() <= self.connections_max() &&
                               self.drain_step_.phase < drain_phase::stopping;
    if (is_open_again) now.host.set_full(false);
    for (entrance& e : self.entrances_) {
        if (is_open_again) static_cast<void>(e.door.start());
        e.door.descriptor_freed();
    }
}

// A request that is on its way must find us: each step waits for what the one before it has let through.
inline void worker::begin_drain() noexcept {
    if (now_->host.is_draining()) return;
    now_->host.set_draining();
    intake_.close();
    home_->arm(drain_timer_, home_->now() + options_.drain_timeout);
    if (!options_.hand_over) return now_->connection_count() > 0 ? stop_accepting() : close_listeners();
    for (entrance& e : entrances_) e.door.leave_group(options_.workers);
    wait_in(drain_phase::leaving, options_.drain_grace);
}

inline void worker::go_on_draining() noexcept {
    switch (drain_step_.phase) {
        case drain_phase::leaving: return stop_accepting();
        case drain_phase::stopping: return close_listeners();
        case drain_phase::waiting: return close_idle();
        default: return;
    }
}

inline void worker::stop_accepting() noexcept {
    for (entrance& e : entrances_) {
        if (options_.hand_over) e.door.turn_off();
        e.door.pause();
    }
    wait_in(drain_phase::stopping, std::chrono::milliseconds(5));
}

// What the kernel has accepted for us is served, then every listener of the group closes.
inline void worker::close_listeners() noexcept {
    for (entrance& e : entrances_) e.door.pause();
    for (entrance& e : entrances_) e.door.accept_pending();
    for (entrance& e : entrances_) e.door.close();
    wait_in(drain_phase::waiting, options_.drain_grace);
    stop_when_empty();
}

inline void worker::close_idle() noexcept {
    drain_step_.phase = drain_phase::ending;
    home_->disarm(drain_step_);
    now_->host.set_closes_idle();
    for (pool_of_transport& p : now_->pools) p.pool->drain();
    stop_when_empty();
}

inline void worker::end() noexcept {
    if (std::exchange(is_ending_, true)) return;
    begin_drain();
    if (drain_step_.phase < drain_phase::waiting) close_listeners();
    close_idle();
    for (pool_of_transport& p : now_->pools) p.pool->end();
    stop_when_empty();
}

inline void worker::stop_when_empty() noexcept {
    if (now_->connection_count() > 0 || intake_.count() > 0) return;
    home_->disarm(drain_timer_);
    home_->disarm(drain_step_);
    home_->stop();
}

}  // namespace eventcore
