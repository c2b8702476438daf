// A server, its clients, the network between them, its disk and the time, in one thread and from one seed:
//
//   ec::testing::simulation sim(seed);
//   sim.serve(routes());                                   // any application, unchanged
//   ec::testing::client alice = sim.connect();
//   ec::testing::answer a = alice.get("/users/7");         // runs the simulation until the answer is there
//   sim.advance(30s);                                      // virtual: takes no time
//
// What happens, and when, is decided by the seed alone: how bytes are cut, what is slow, what fails. So a run
// that went wrong can be had again. One simulation at a time per thread; everything belongs to that thread.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/base/function_ref.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/server/option_check.hpp"
#include "eventcore/server/peer_table.hpp"
#include "eventcore/server/worker.hpp"
#include "eventcore/testing/client.hpp"
#include "eventcore/testing/machine.hpp"

namespace eventcore::testing {

namespace detail {

// The number in an environment variable; `otherwise` without one.
inline std::uint64_t number_in(const char* variable, std::uint64_t otherwise) noexcept {
    const char* text = std::getenv(variable);
    return text && *text ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace detail

class simulation final : private turns {
 public:
    explicit simulation(std::uint64_t seed, const simulation_options& options = {})
        : seed_(seed),
          machine_(seed, options),
          unclaimed_(reactor::open_simulated(machine_)),
          home_(unclaimed_.get()),
          root_(*home_) {}
    simulation(const simulation&) = delete;
    simulation& operator=(const simulation&) = delete;
    // Ends what still runs, as stop_now() does.
    ~simulation() {
        if (server_ && !is_over_) end_server();
    }

    std::uint64_t seed() const noexcept { return seed_; }
    // What happened, as one number: equal seeds, equal numbers.
    std::uint64_t trace_hash() const noexcept { return machine_.parts().log.hash(); }
    // The latest of what happened, a line each.
    std::string trace(std::size_t lines = 200) const { return machine_.parts().log.text(lines); }

    // ---- the program ----

    // Serves `router`, by value (moved in) or by reference (it must outlive the simulation), with one
    // worker. From now on faults happen. Throws std::runtime_error when an option is wrong or the
    // application does not start. Once.
    template <class Router>
    void serve(Router&& router, server_options options = {}) {
        using plain = std::remove_cvref_t<Router>;
        if constexpr (std::is_lvalue_reference_v<Router>)
            start(make_owned<eventcore::detail::referenced_app<plain>>(router), std::move(options));
        else
            start(make_owned<eventcore::detail::shared_app<plain>>(std::move(router)), std::move(options));
    }
    // The same with an App made for it: `auto App::routes()` makes the router.
    template <class App>
    void serve(server_options options = {}) {
        start(make_owned<eventcore::detail::per_worker_app<App>>(), std::move(options));
    }
    const worker_counters& counters() const noexcept { return server_->counters; }

    // Lets the server drain, and runs until it has ended: true, or until `limit` has passed.
    bool drain(duration limit = std::chrono::hours(1)) {
        server_->stop();
        const auto is_over = [&] { return server_->has_ended() && !machine_.is_removing(); };
        if (!run_until(is_over, limit)) return false;
        end_server();
        return true;
    }
    // Sockets and files that are open. After drain() there are none, or the program leaks.
    std::size_t open_descriptors() const noexcept { return machine_.parts().descriptors.open_count(); }

    // ---- clients ----

    // Begins to connect to the server; see client.hpp.
    client connect() { return connect_from(net::address::loopback_ipv4(0)); }
    // As coming from that address; its port is chosen.
    client connect_from(const net::address& from) {
        return client(machine_.network(), clients_, *this, from, where_);
    }

    // ---- time ----

    time_point now() const noexcept { return machine_.now(); }
    wall_time_point wall_now() const noexcept { return machine_.wall_now(); }
    // Moves the wall clock, as an administrator or NTP would; timers must not mind.
    void jump_wall_clock(duration by) noexcept { machine_.jump_wall_clock(by); }

    // Runs until `is_true()`, asked after every turn: true. False when it did not come to be within `limit`.
    template <class Condition>
    bool run_until(Condition is_true, duration limit = std::chrono::hours(1)) {
        const time_point end = saturating_add(now(), limit);
        while (!is_true()) {
            if (now() >= end) return false;
            home_->turn(end);
        }
        return true;
    }
    // Runs for that long.
    void advance(duration length) {
        run_until([] { return false; }, length);
    }
    // Runs until every client has its answers or has lost its connection.
    bool settle(duration limit = std::chrono::hours(1)) {
        return run_until(
            [&] {
                bool all = true;
                clients_.for_each([&](client_state& c) { all = all && c.is_settled(); });
                return all;
            },
            limit);
    }

    // Runs a coroutine of the test beside the server, to its end; throws what it throws, and
    // std::runtime_error when it has not ended within `limit`.
    template <class T>
    T run(task<T> work, duration limit = std::chrono::hours(1)) {
        root_task<T> root(*this, std::move(work));
        if (!run_until([&] { return root.is_done; }, limit))
            throw std::runtime_error("the coroutine has not ended; " + replay_hint());
        return root.work.take();
    }

    // ---- the machine ----

    // Files: made before, or looked at after. Paths begin at the root of the simulated disk.
    simulated_disk& disk() noexcept { return machine_.disk(); }
    simulated_machine& machine() noexcept { return machine_; }
    reactor& home() noexcept { return *home_; }

    // Throws std::runtime_error with the seed and the end of the trace (EVENTCORE_TRACE lines, else 40)
    // unless `is_true`.
    void expect(bool is_true, std::string_view what) {
        if (is_true) return;
        throw std::runtime_error(std::string(what) + "; " + replay_hint() + "\n" +
                                 trace(detail::number_in("EVENTCORE_TRACE", 40)));
    }
    std::string replay_hint() const { return "replay with EVENTCORE_SEED=" + std::to_string(seed_); }

 private:
    template <class T>
    struct root_task : ready_item {
        root_task(simulation& s, task<T> t) : ready_item(&next), work(std::move(t)), owner(s) {
            s.home_->schedule(*this);
        }
        static void next(ready_item& item) noexcept {
            auto& self = static_cast<root_task&>(item);
            self.is_done = self.is_started || self.work.start(self.owner.root_, self);
            self.is_started = true;
        }
        task<T> work;
        simulation& owner;
        bool is_started = false, is_done = false;
    };

    bool run_turns_until(function_ref<bool()> is_true, duration limit) override {
        return run_until([&] { return is_true(); }, limit);
    }
    void start(owned<app_source> source, server_options options);
    void end_server() noexcept;

    const std::uint64_t seed_;
    simulated_machine machine_;
    owned<reactor> unclaimed_;  // until the server has it
    reactor* home_;
    context root_;
    server_options options_;
    owned<app_source> source_;
    peer_table peers_;
    net::address where_ = net::address::loopback_ipv4(80);
    intrusive_list<client_state> clients_;
    owned<worker> server_;
    bool is_over_ = false;
};

// ---- definitions ----

inline void simulation::start(owned<app_source> source, server_options options) {
    EVENTCORE_ASSERT(!server_, "a simulation serves once");
    options_ = std::move(options);
    options_.workers = 1;
    options_.log = machine_.parts().options.log;
    options_.connections_reserved = 0;  // a simulation is short, and there are thousands of them
    if (std::string wrong = find_wrong_option(options_); !wrong.empty()) throw std::runtime_error(wrong);
    source_ = std::move(source);
    server_ = make_owned<worker>(0U, options_, std::move(unclaimed_), &peers_);
    std::string failure;
    if (!server_->listen(where_, true, failure)) throw std::runtime_error(failure);
    if (!server_->start_here(*source_)) throw std::runtime_error(server_->failure());
    machine_.parts().is_calm = false;
}

inline void simulation::end_server() noexcept {
    is_over_ = true;
    server_->end_here();
}

}  // namespace eventcore::testing
