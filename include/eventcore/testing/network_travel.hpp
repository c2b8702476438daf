// How bytes, ends and resets travel through the simulated network, and how connections come about.
#pragma once

#include "eventcore/testing/network_state.hpp"

namespace eventcore::testing {

inline auto simulated_network::make() -> endpoint& {
    endpoint& e = endpoints_.emplace_back();
    const simulation_options& o = parts_.options;
    e.id = e.peer_or_self = endpoints_.size() - 1;
    e.window = parts_.random.between(o.window_bytes_min, o.window_bytes_max);
    e.latency = parts_.random.between(o.latency_min, o.latency_max);
    e.is_slow = parts_.random.chance(parts_.faults().slow_peer);
    return e;
}

inline time_point simulated_network::arrival_after(endpoint& receiver, bool is_in_order) noexcept {
    duration length = parts_.random.between(receiver.latency / 2, receiver.latency * 3 / 2);
    if (receiver.is_slow) length += parts_.random.between(duration(0), std::chrono::milliseconds(300));
    time_point when = parts_.now + length;
    if (!is_in_order) return when;
    // What follows at once arrives at once, or a moment after.
    const bool has_gap = parts_.faults().short_read > 0 && parts_.random.below(2) == 0;
    const duration gap = has_gap ? parts_.random.between(duration(0), receiver.latency / 4) : duration(0);
    if (when < receiver.last_arrival + gap) when = receiver.last_arrival + gap;
    return receiver.last_arrival = when;
}

// ---- bytes ----

inline void simulated_network::transmit(endpoint& to, std::string_view bytes) {
    to.incoming.append(bytes);
    const bool is_cut = parts_.faults().short_read > 0 || to.is_slow;
    const std::size_t least = to.is_slow ? 1 : bytes.size() / 32;  // a bound on the number of pieces
    for (std::size_t left = bytes.size(); left > 0;) {
        std::size_t piece = left;
        if (is_cut) piece = (std::min)(left, (std::max)(parts_.random.piece(left), least));
        later(arrival_after(to), &come_bytes, to.id, piece);
        left -= piece;
    }
}

inline void simulated_network::come_bytes(void* self, std::size_t id, std::size_t bytes) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (e.is_broken) return;
    n.parts_.record("bytes", static_cast<std::int64_t>(id), static_cast<std::int64_t>(bytes));
    if (e.kind == kind_type::closed) return n.send_reset(e);  // RFC 9293, 3.10.7.1
    e.visible += bytes;
    e.outside ? come_consume(self, id, 0) : n.notify(e);
}

// The client outside reads: what there is, or, when it is slow, a part of it and the rest later.
inline void simulated_network::come_consume(void* self, std::size_t id, std::size_t) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (!e.outside || e.outside->is_paused) return;
    const std::size_t read = e.is_slow ? n.parts_.random.piece(e.visible) : e.visible;
    e.outside->received.append(e.incoming, e.read_at, read);
    if (read > 0) n.take_in(e, read);
    if (e.visible > 0) return n.later(n.arrival_after(e, false), &come_consume, id);
    e.outside->is_ended = e.end_has_come;
}

// `bytes` were read.
inline void simulated_network::take_in(endpoint& e, std::size_t bytes) noexcept {
    e.read_at += bytes;
    e.visible -= bytes;
    if (e.read_at > 4096 && e.read_at * 2 > e.incoming.size()) {
        e.incoming.erase(0, e.read_at);
        e.read_at = 0;
    }
    made_room(e);
}

inline void simulated_network::made_room(endpoint& receiver) noexcept {
    endpoint& sender = at(receiver.peer_or_self);
    if (!sender.wants_room) return;
    sender.wants_room = false;
    later(arrival_after(receiver, false), &come_edge, sender.id);
}

// ---- the end of a connection ----

inline void simulated_network::send_end(endpoint& e) noexcept {
    if (std::exchange(e.end_is_sent, true) || e.kind != kind_type::connected) return;
    endpoint& peer = at(e.peer_or_self);
    later(arrival_after(peer), &come_end, peer.id);
}

inline void simulated_network::come_end(void* self, std::size_t id, std::size_t) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (e.is_broken || e.kind == kind_type::closed) return;
    n.parts_.record("end", static_cast<std::int64_t>(id), 0);
    e.end_has_come = true;
    e.outside ? come_consume(self, id, 0) : n.notify(e);
}

// A reset may overtake what was sent before it.
inline void simulated_network::send_reset(endpoint& e) noexcept {
    if (e.peer_or_self == e.id) return;
    endpoint& peer = at(e.peer_or_self);
    later(arrival_after(peer, parts_.random.below(2) == 0), &come_reset, peer.id);
}

// Something on the way has lost the connection: both ends hear of it.
inline void simulated_network::come_cut(void* self, std::size_t id, std::size_t) {
    come_reset(self, of(self).at(id).peer_or_self, 0);
    come_reset(self, id, 0);
}

inline void simulated_network::come_reset(void* self, std::size_t id, std::size_t) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (e.is_broken || e.kind == kind_type::closed) return;
    n.parts_.record("reset", static_cast<std::int64_t>(id), 0);
    e.is_broken = true;
    e.pending_error = ECONNRESET;
    e.incoming.resize(e.read_at + e.visible);  // what had not come will not come
    if (n.parts_.random.below(2) == 0) {       // what had come may be lost with it
        e.incoming.resize(e.read_at);
        e.visible = 0;
    }
    if (e.outside) e.outside->is_broken = true;
    n.notify(e);
}

// Chance cuts the wire: both ends will hear of it.
inline void simulated_network::break_both(endpoint& e) noexcept {
    if (e.peer_or_self == e.id) return;
    later(arrival_after(at(e.peer_or_self), false), &come_reset, e.peer_or_self);
    e.is_broken = true;
}

// ---- news ----

inline std::uint8_t simulated_network::readiness_of(const endpoint& e) noexcept {
    constexpr std::uint8_t all = readiness::readable | readiness::writable | readiness::hung_up;
    if (e.is_broken) return all;
    if (e.kind != kind_type::connected) return 0;
    std::uint8_t bits = 0;
    if (e.visible > 0) bits |= readiness::readable;
    if (e.end_has_come) bits |= readiness::readable | readiness::hung_up;
    if (at(e.peer_or_self).room() > 0) bits |= readiness::writable;
    return bits;
}

inline void simulated_network::notify(endpoint& e) noexcept {
    if (!e.handle) return;
    const std::uint8_t bits = readiness_of(e);
    parts_.record("news", e.handle->fd - eventcore::detail::first_simulated_fd, bits);
    eventcore::detail::deliver(*e.handle, bits);
}

inline void simulated_network::tell_lies() noexcept {
    if (endpoints_.empty()) return;
    endpoint& e = at(parts_.random.below(endpoints_.size()));
    if (e.handle && e.kind == kind_type::connected)
        eventcore::detail::deliver(*e.handle, readiness::readable);
}

// ---- the beginning of a connection ----

inline auto simulated_network::listener_at(const net::address& to) noexcept -> endpoint* {
    for (endpoint& e : endpoints_) {
        if (e.kind != kind_type::listener || e.local.port() != to.port()) continue;
        if (e.local.is_any() || e.local == to) return &e;
    }
    return nullptr;
}

inline void simulated_network::begin_handshake(endpoint& e, const net::address& to) {
    e.kind = kind_type::connecting;
    e.remote = to;
    later(arrival_after(e, false), &come_handshake, e.id);
}

inline std::size_t simulated_network::connect_outside(outside_end& end, const net::address& from,
                                                      const net::address& to) {
    endpoint& e = make();
    e.outside = &end;
    e.local = from.with_port(next_port_++);
    begin_handshake(e, to);
    return e.id;
}

inline void simulated_network::send_outside(std::size_t id, std::string_view bytes) {
    endpoint& e = at(id);
    if (e.kind == kind_type::connecting) e.queued.append(bytes);
    if (e.kind == kind_type::connected && !e.is_broken && !bytes.empty()) transmit(at(e.peer_or_self), bytes);
}

// At the listener. A full backlog drops the attempt, and the other side tries again (listen(2)).
inline void simulated_network::come_handshake(void* self, std::size_t id, std::size_t) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (e.kind != kind_type::connecting) return;
    endpoint* listener = n.listener_at(e.remote);
    if (!listener) return n.later(n.arrival_after(e, false), &come_answer, id, ECONNREFUSED);
    if (listener->backlog.size() >= listener->backlog_max) {
        if (++e.attempts > 5) return come_answer(self, id, ETIMEDOUT);
        return n.later(n.parts_.now + std::chrono::seconds(1), &come_handshake, id);
    }
    endpoint& fresh = n.make();
    fresh.kind = kind_type::connected;
    fresh.local = e.remote;
    fresh.remote = e.local;
    fresh.peer_or_self = id;
    fresh.latency = e.latency;
    e.peer_or_self = fresh.id;
    listener->backlog.push_back(fresh.id);
    n.parts_.record("handshake", static_cast<std::int64_t>(id), static_cast<std::int64_t>(fresh.id));
    n.later(n.arrival_after(e), &come_answer, id, 0);
    n.soon(&come_accept, listener->id);
    if (n.parts_.random.chance(n.parts_.faults().reset_later))
        n.later(n.parts_.now + n.parts_.random.between(duration(0), std::chrono::seconds(1)), &come_cut,
                fresh.id);
}

// At who connects.
inline void simulated_network::come_answer(void* self, std::size_t id, std::size_t error) {
    simulated_network& n = of(self);
    endpoint& e = n.at(id);
    if (e.kind != kind_type::connecting || e.is_broken) return;
    n.parts_.record("connected", static_cast<std::int64_t>(id), static_cast<std::int64_t>(error));
    if (error != 0) {
        e.is_broken = true;
        e.pending_error = static_cast<int>(error);
        if (e.outside) e.outside->is_refused = true;
        return n.notify(e);
    }
    e.kind = kind_type::connected;
    if (e.outside) e.outside->is_connected = true;
    if (!e.queued.empty()) n.transmit(n.at(e.peer_or_self), std::exchange(e.queued, {}));
    if (std::exchange(e.end_is_sent, false)) n.send_end(e);
    n.notify(e);
}

}  // namespace eventcore::testing
