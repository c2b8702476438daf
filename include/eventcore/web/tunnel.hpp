// What a request may turn its connection into: bytes both ways for as long as they like. 101 over HTTP/1.1
// (RFC 9110, 7.8), an extended CONNECT over HTTP/2 (RFC 8441). The seam between web/ and every protocol for
// what is no request and response any more, as web/exchange.hpp is for what is.
//
// A response carries a tunnel (response::from_tunnel). The connection sends the head, lets go of all that
// belongs to the request, and calls start(); from then on it only tells the tunnel its news.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "eventcore/base/clock.hpp"
#include "eventcore/web/exchange.hpp"

namespace eventcore {

// What a tunnel ran into, for the counters of whoever serves it.
enum class tunnel_limit : std::uint8_t { content, idle_time, write_time, write_queue, memory };

// What a connection offers its tunnel.
struct duplex_calls {
    // ready: `got` bytes, at least one. end: the peer is done sending.
    flow (*read)(void* connection, char* to, std::size_t room, std::size_t& got) noexcept;
    // Takes `taken` bytes from the front of the parts, maybe none; false: the connection is broken. What is
    // left is to be offered again when there is news, for which the connection asks its stream itself.
    bool (*write)(void* connection, const std::string_view* parts, unsigned count,
                  std::size_t& taken) noexcept;
    void (*end)(void* connection) noexcept;
    void (*set_deadline)(void* connection, time_point when) noexcept;
    void (*close)(void* connection) noexcept;
    std::size_t (*unsent_bytes)(const void* connection) noexcept;
    void (*reached)(void* connection, tunnel_limit which) noexcept;
    void (*report_failure)(void* connection, std::string_view route,
                           const std::exception_ptr& failure) noexcept;
};

class duplex {
 public:
    static constexpr unsigned parts_max = 4;

    duplex() noexcept = default;
    duplex(void* connection, const duplex_calls& calls) noexcept : connection_(connection), calls_(&calls) {}

    flow read(char* to, std::size_t room, std::size_t& got) noexcept {
        return calls_->read(connection_, to, room, got);
    }
    // At most parts_max.
    bool write(const std::string_view* parts, unsigned count, std::size_t& taken) noexcept {
        return calls_->write(connection_, parts, count, taken);
    }
    // Nothing more will be written: the peer sees the end of our bytes.
    void end() noexcept { calls_->end(connection_); }
    // The tunnel's on_deadline() is called then; at most one, the latest that was set.
    void set_deadline(time_point when) noexcept { calls_->set_deadline(connection_, when); }
    // The tunnel is released at once. Not from within a coroutine the tunnel runs.
    void close() noexcept { calls_->close(connection_); }
    // Written, but not yet taken by the peer; 0 where nobody can tell.
    std::size_t unsent_bytes() const noexcept { return calls_->unsent_bytes(connection_); }

    void reached(tunnel_limit which) noexcept { calls_->reached(connection_, which); }
    void report_failure(std::string_view route, const std::exception_ptr& failure) noexcept {
        calls_->report_failure(connection_, route, failure);
    }
    explicit operator bool() const noexcept { return calls_ != nullptr; }

 private:
    void* connection_ = nullptr;
    const duplex_calls* calls_ = nullptr;
};

// What a connection tells whoever has taken it over. Called on the connection's home thread, never from
// within a call of what it offers, but for release().
class takeover {
 public:
    virtual void on_deadline() noexcept = 0;
    // Nothing is in progress: closing it loses nothing.
    virtual bool is_idle() const noexcept = 0;
    // The worker drains: nothing new, and an end as soon as the peer can be told.
    virtual void drain() noexcept = 0;
    // The route of a handler that runs, for the log of a drain that took too long; empty when none does.
    virtual std::string_view running_route() const noexcept = 0;
    // The connection has been closed, or the tunnel was never wanted: it frees itself and what it holds.
    // Handlers that run are destroyed where they wait.
    virtual void release() noexcept = 0;
    // The stream has news, as the bits of whatever reactor there is (readiness::…).
    virtual void on_news(std::uint8_t news) noexcept = 0;

 protected:
    ~takeover() = default;
};

// The bits of on_news() after which the peer sends nothing more, or has gone.
inline constexpr std::uint8_t news_of_the_end = 4 | 16;

class tunnel : public takeover {
 public:
    // Once, first. `received` had arrived behind the request, and is valid during the call only. Throwing
    // ends the connection.
    virtual void start(duplex io, std::string_view received) = 0;

 protected:
    ~tunnel() = default;
};

// One that has not been started, owned.
class tunnel_ptr {
 public:
    explicit tunnel_ptr(tunnel& t) noexcept : tunnel_(&t) {}
    tunnel_ptr(tunnel_ptr&& other) noexcept : tunnel_(std::exchange(other.tunnel_, nullptr)) {}
    tunnel_ptr& operator=(tunnel_ptr&&) = delete;
    ~tunnel_ptr() {
        if (tunnel_) tunnel_->release();
    }
    // It releases itself from now on.
    tunnel& give_up() noexcept { return *std::exchange(tunnel_, nullptr); }

 private:
    tunnel* tunnel_;
};

}  // namespace eventcore
