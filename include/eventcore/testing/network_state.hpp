// The simulated network: connections between programs of one machine and clients outside, whose bytes travel
// in pieces of any size, take their time, wait where there is no room, and get lost with a broken connection.
// Include network.hpp, which has the definitions.
#pragma once

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "eventcore/net/address.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/testing/machine_parts.hpp"

namespace eventcore::testing {

// The outside end of a connection, when it is no socket of the program: what came, and how it ended.
struct outside_end {
    std::string received;
    bool is_connected = false;
    bool is_refused = false;  // nobody listens there, or nobody accepts
    bool is_ended = false;    // the program has sent the end of its bytes
    bool is_broken = false;   // the program, or chance, has reset the connection
    bool is_paused = false;   // does not read: the program will have to wait
};

class simulated_network {
 public:
    static constexpr std::size_t none = ~std::size_t{0};

    explicit simulated_network(machine_parts& parts) noexcept : parts_(parts) {}
    simulated_network(const simulated_network&) = delete;
    simulated_network& operator=(const simulated_network&) = delete;

    // ---- what the program calls: socket_calls.hpp ----
    io_result open(int family, int type) noexcept;
    io_result bind(int fd, const net::address& at) noexcept;
    io_result listen(int fd, int backlog) noexcept;
    io_result connect(int fd, const net::address& to) noexcept;
    io_result accept(int fd) noexcept;
    io_result receive(int fd, void* to, std::size_t bytes) noexcept;
    io_result send(int fd, const iovec* parts, unsigned count) noexcept;
    io_result shutdown_write(int fd) noexcept;
    io_result set_option(int fd, int level, int name, const void* value, socklen_t bytes) noexcept;
    io_result option(int fd, int level, int name, void* value, socklen_t& bytes) noexcept;
    io_result error(int fd) noexcept;
    io_result unsent(int fd) noexcept;
    // Null when there is no such socket.
    const net::address* local_address(int fd) noexcept;
    const net::address* peer_address(int fd) noexcept;
    void close(std::size_t index) noexcept;

    // ---- what the reactor calls: backend.hpp ----
    result<> watch(io_handle& h) noexcept;
    void want_write(io_handle& h) noexcept;
    void unwatch(io_handle& h) noexcept;
    result<> listen(accept_handle& h) noexcept;
    void stop_listening(accept_handle& h) noexcept;

    // ---- what clients outside call; a connection is a number ----
    std::size_t connect_outside(outside_end& end, const net::address& from, const net::address& to);
    void send_outside(std::size_t id, std::string_view bytes);
    void end_outside(std::size_t id) noexcept { send_end(at(id)); }
    void close_outside(std::size_t id) noexcept {
        at(id).outside = nullptr;
        close(id);
    }
    void reset_outside(std::size_t id) noexcept {
        at(id).resets_on_close = true;
        close_outside(id);
    }
    void resume_outside(std::size_t id) noexcept { later(parts_.now, &come_consume, id); }

    // Some watched connection hears of bytes that are not there.
    void tell_lies() noexcept;

 private:
    enum class kind_type : std::uint8_t { fresh, listener, connecting, connected, closed };
    struct endpoint {
        kind_type kind = kind_type::fresh;
        std::size_t id = 0;
        std::size_t peer_or_self = 0;  // itself until the handshake is done
        int fd = -1;
        io_handle* handle = nullptr;
        outside_end* outside = nullptr;
        net::address local, remote;

        std::string incoming;     // from read_at on: [ visible bytes | still travelling ]
        std::size_t read_at = 0;  // before it: already read
        std::size_t visible = 0;
        std::size_t window = 64 * 1024;
        time_point last_arrival{};
        duration latency{};
        bool is_slow = false;
        std::string queued;        // sent before the handshake was done
        bool end_is_sent = false;  // by us
        bool end_has_come = false;
        bool wants_room = false;  // a send did not get everything in
        bool is_broken = false;
        bool resets_on_close = false;
        int pending_error = 0;

        accept_handle* acceptor = nullptr;
        std::vector<std::size_t> backlog;  // handshakes done, to be accepted
        std::size_t backlog_max = 0;
        unsigned attempts = 0;

        std::size_t held() const noexcept { return incoming.size() - read_at; }
        std::size_t room() const noexcept { return held() < window ? window - held() : 0; }
    };

    endpoint& at(std::size_t id) noexcept { return endpoints_[id]; }
    endpoint* socket(int fd) noexcept {
        const descriptor_table::entry found = parts_.descriptors.find(fd);
        return found.kind == descriptor_table::kind_type::socket ? &endpoints_[found.index] : nullptr;
    }
    endpoint& make();
    void later(time_point when, void (*run)(void*, std::size_t, std::size_t), std::size_t id,
               std::size_t value = 0) {
        parts_.events.add(when, run, this, id, value);
    }
    void soon(void (*run)(void*, std::size_t, std::size_t), std::size_t id) {
        const duration most = std::chrono::milliseconds(2);
        later(parts_.now + parts_.random.between(duration(0), most), run, id);
    }
    time_point arrival_after(endpoint& receiver, bool is_in_order = true) noexcept;

    void transmit(endpoint& to, std::string_view bytes);
    void send_end(endpoint& e) noexcept;
    void send_reset(endpoint& e) noexcept;
    void break_both(endpoint& e) noexcept;
    void made_room(endpoint& receiver) noexcept;
    void take_in(endpoint& e, std::size_t bytes) noexcept;
    std::uint8_t readiness_of(const endpoint& e) noexcept;
    void notify(endpoint& e) noexcept;
    void begin_handshake(endpoint& e, const net::address& to);
    endpoint* listener_at(const net::address& to) noexcept;
    int descriptor_for(std::size_t id);
    int accept_error(endpoint& l) noexcept;
    void hand_out(endpoint& l) noexcept;

    static simulated_network& of(void* self) noexcept { return *static_cast<simulated_network*>(self); }
    static void come_bytes(void* self, std::size_t id, std::size_t bytes);
    static void come_end(void* self, std::size_t id, std::size_t);
    static void come_reset(void* self, std::size_t id, std::size_t);
    static void come_cut(void* self, std::size_t id, std::size_t);
    static void come_edge(void* self, std::size_t id, std::size_t) { of(self).notify(of(self).at(id)); }
    static void come_consume(void* self, std::size_t id, std::size_t);
    static void come_handshake(void* self, std::size_t id, std::size_t);
    static void come_answer(void* self, std::size_t id, std::size_t error);
    static void come_accept(void* self, std::size_t id, std::size_t) { of(self).hand_out(of(self).at(id)); }

    machine_parts& parts_;
    std::deque<endpoint> endpoints_;  // never given back while the simulation lives: a number stays itself
    std::uint16_t next_port_ = 40'000;
};

}  // namespace eventcore::testing
