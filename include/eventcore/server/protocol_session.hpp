// What a connection becomes when HTTP/1 is done with it: HTTP/2 (RFC 9113, 3.3), a WebSocket (RFC 6455), a
// tunnel (RFC 9110, 9.3.6). Stream, timer and place in the worker's list stay with the connection; a session
// is told what happens on it, and reads and writes through a port, whatever stream there is below.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/server/statistics.hpp"
#include "eventcore/web/exchange.hpp"
#include "eventcore/web/tunnel.hpp"

namespace eventcore {

class connection_host;

// What a connection offers its session; the calls are those of net::stream.
struct connection_port_calls {
    io_result (*receive)(void* connection, void* to, std::size_t bytes) noexcept;
    io_result (*send)(void* connection, const iovec* parts, unsigned count, bool more) noexcept;
    io_result (*send_file)(void* connection, int file, std::uint64_t offset, std::size_t bytes) noexcept;
    bool (*has_input)(const void* connection) noexcept;
    bool (*can_send)(const void* connection) noexcept;
    void (*want_write)(void* connection) noexcept;
    io_result (*shutdown_write)(void* connection) noexcept;
    bool (*is_reset)(void* connection) noexcept;
    std::size_t (*unsent_bytes)(const void* connection) noexcept;
    void (*set_deadline)(void* connection, time_point when) noexcept;
    void (*close)(void* connection) noexcept;
    connection_host& (*host)(const void* connection) noexcept;
    peer_info (*peer)(void* connection, arena& memory);
    std::uint32_t (*peer_group)(void* connection) noexcept;
    bool is_encrypted;
};

class connection_port {
 public:
    connection_port() noexcept = default;
    connection_port(void* connection, const connection_port_calls& calls) noexcept
        : connection_(connection), calls_(&calls) {}

    connection_host& host() const noexcept { return calls_->host(connection_); }

    io_result receive(void* to, std::size_t bytes) noexcept {
        return calls_->receive(connection_, to, bytes);
    }
    io_result send(const iovec* parts, unsigned count, bool more = false) noexcept {
        return calls_->send(connection_, parts, count, more);
    }
    io_result send_file(int file, std::uint64_t offset, std::size_t bytes) noexcept {
        return calls_->send_file(connection_, file, offset, bytes);
    }
    // receive() may give bytes.
    bool has_input() const noexcept { return calls_->has_input(connection_); }
    // send() may take bytes; where it took less, want_write() asks for the news when it will again.
    bool can_send() const noexcept { return calls_->can_send(connection_); }
    void want_write() noexcept { calls_->want_write(connection_); }
    io_result shutdown_write() noexcept { return calls_->shutdown_write(connection_); }
    // After news of a hang-up: the peer has not only stopped sending, it has gone.
    bool is_reset() noexcept { return calls_->is_reset(connection_); }
    // Sent, but not yet taken by the peer; 0 where nobody can tell.
    std::size_t unsent_bytes() const noexcept { return calls_->unsent_bytes(connection_); }

    // The session's on_deadline() is called then; at most one, the latest that was set. no_deadline: never.
    void set_deadline(time_point when) noexcept { calls_->set_deadline(connection_, when); }
    // The session is released at once, and no more of its functions is called.
    void close() noexcept { calls_->close(connection_); }

    peer_info peer(arena& memory) { return calls_->peer(connection_, memory); }
    std::uint32_t peer_group() noexcept { return calls_->peer_group(connection_); }
    bool is_encrypted() const noexcept { return calls_->is_encrypted; }

 private:
    void* connection_ = nullptr;
    const connection_port_calls* calls_ = nullptr;
};

constexpr server_limit limit_of(tunnel_limit which) {
    switch (which) {
        case tunnel_limit::content: return server_limit::content;
        case tunnel_limit::idle_time: return server_limit::idle_time;
        case tunnel_limit::write_time: return server_limit::write_time;
        case tunnel_limit::write_queue: return server_limit::write_queue;
        case tunnel_limit::memory: break;
    }
    return server_limit::memory;
}

class protocol_session : public takeover {
 public:
    // Once, first. `received` had arrived behind what HTTP/1 has taken, and is valid during the call only.
    // Throwing ends the connection.
    virtual void start(connection_port port, std::string_view received) = 0;

 protected:
    ~protocol_session() = default;
};

}  // namespace eventcore
