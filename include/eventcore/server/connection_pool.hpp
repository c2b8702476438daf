// The connections of one kind that a worker has. A worker sees them through these interfaces only, one call
// per accepted connection and none per request; so another protocol, or TLS, is another pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/slab.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/peer_table.hpp"

namespace eventcore {

// An element of a pool's list of open connections.
struct connection_link : list_node {};

// What a worker's pools share, and what they tell it.
struct pool_services {
    connection_host& host;
    peer_table* peers;                    // null: nobody counts
    void (*gone)(void* worker) noexcept;  // a connection has ended; its place is free
    void* worker;

    // False: that peer has as many connections as it may have. `is_counted`: it was added to their number.
    bool admit(std::uint32_t peer_group, bool& is_counted) const noexcept {
        if (!peers || peer_group == 0) return true;
        const auto most = static_cast<std::uint32_t>(host.options().connections_per_peer_max);
        is_counted = peers->add(peer_group, most);
        if (!is_counted) host.reached(server_limit::peer_connections);
        return is_counted;
    }
    template <class Connection>
    void connection_gone(Connection& c) const noexcept {
        if (c.is_counted()) peers->remove(c.peer_group());
    }
};

class connection_pool {
 public:
    connection_pool() noexcept = default;
    connection_pool(const connection_pool&) = delete;
    connection_pool& operator=(const connection_pool&) = delete;
    virtual ~connection_pool() = default;

    virtual std::size_t count() const noexcept = 0;
    // Closes one that is idle; false when none was found.
    virtual bool close_idle() noexcept = 0;
    // host().closes_idle() has become true: those that are idle now close, the others with their answer.
    virtual void drain() noexcept = 0;
    // Ends all of them, whatever they are at.
    virtual void end() noexcept = 0;
};

// A pool that listeners hand their sockets to.
class accepting_pool : public connection_pool {
 public:
    // Begins to serve a connected socket. False: it has been turned away. Throws std::bad_alloc; then the
    // socket is closed.
    virtual bool serve(unique_fd socket) = 0;
    // Makes room for so many.
    virtual void reserve(std::size_t count) = 0;
};

// What such a pool is made of. A Connection is a connection_link and has is_idle(), drain(), close_now(),
// running_route(), is_counted() and peer_group(), as http1_connection has them.
template <class Connection, class Interface>
class pool_of : public Interface {
 public:
    explicit pool_of(const pool_services& services) noexcept : services_(services) {}

    std::size_t count() const noexcept override { return connections_.count(); }
    // Beginning with the one that was asked longest ago. The number of those looked at is bounded.
    bool close_idle() noexcept override {
        for (int i = 0; i < 64 && !open_.empty(); ++i) {
            connection_link& link = open_.pop_front();
            open_.push_back(link);
            auto& c = static_cast<Connection&>(link);
            if (c.is_idle()) return c.close_now(), true;
        }
        return false;
    }
    void drain() noexcept override {
        open_.for_each([](connection_link& link) { static_cast<Connection&>(link).drain(); });
    }
    void end() noexcept override {
        open_.for_each([this](connection_link& link) {
            auto& c = static_cast<Connection&>(link);
            const std::string_view route = c.running_route();
            if (!route.empty())
                services_.host.options().log.warning("a handler was still running at the end",
                                                     {{"route", route}});
            c.close_now();
        });
    }

 protected:
    const pool_services& services() const noexcept { return services_; }
    slab<Connection>& connections() noexcept { return connections_; }
    intrusive_list<connection_link>& open_connections() noexcept { return open_; }

    // Null: the socket could not be watched, and is closed.
    template <class Socket, class... Args>
    Connection* open(Socket&& socket, Args&&... args) {
        Connection& fresh = connections_.create(std::forward<Args>(args)...);
        if (!fresh.open(std::forward<Socket>(socket))) return connections_.destroy(fresh), nullptr;
        open_.push_back(fresh);
        return &fresh;
    }
    void destroy(Connection& c) noexcept {
        services_.connection_gone(c);
        connections_.destroy(c);
    }

 private:
    const pool_services services_;
    slab<Connection> connections_;
    intrusive_list<connection_link> open_;
};

}  // namespace eventcore
