// The socket functions of the simulated network.
#pragma once

#include "eventcore/testing/network_state.hpp"

namespace eventcore::testing {

inline io_result simulated_network::open(int family, int type) noexcept {
    if ((family != AF_INET && family != AF_INET6) || type != SOCK_STREAM)
        return parts_.record("socket", family, -EAFNOSUPPORT);
    return parts_.record("socket", family, descriptor_for(make().id));
}

// -EMFILE when there is none.
inline int simulated_network::descriptor_for(std::size_t id) {
    const int fd = parts_.descriptors.open(descriptor_table::kind_type::socket, id);
    if (fd < 0) return -EMFILE;
    return at(id).fd = fd;
}

inline io_result simulated_network::bind(int fd, const net::address& where) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    const net::address chosen = where.port() != 0 ? where : where.with_port(next_port_++);
    if (listener_at(chosen)) return parts_.record("bind", fd, -EADDRINUSE);
    e->local = chosen;
    return parts_.record("bind", fd, 0);
}

inline io_result simulated_network::listen(int fd, int backlog) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    e->kind = kind_type::listener;
    e->backlog_max = static_cast<std::size_t>(backlog > 0 ? backlog : 1);
    return parts_.record("listen", fd, 0);
}

inline io_result simulated_network::connect(int fd, const net::address& to) noexcept {
    endpoint* e = socket(fd);
    if (!e || e->kind != kind_type::fresh) return io_result(e ? -EISCONN : -EBADF);
    if (!e->local.is_set()) e->local = net::address::loopback_ipv4(next_port_++);
    begin_handshake(*e, to);
    return parts_.record("connect", fd, -EINPROGRESS);
}

// ---- bytes ----

inline io_result simulated_network::receive(int fd, void* to, std::size_t bytes) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    const fault_plan& faults = parts_.faults();
    if (!e->is_broken && parts_.random.chance(faults.reset)) {
        break_both(*e);
        e->pending_error = ECONNRESET;
    }
    if (parts_.random.chance(faults.no_memory)) return parts_.record("receive", fd, -ENOMEM);
    if (e->visible == 0) {
        if (e->pending_error) return parts_.record("receive", fd, -std::exchange(e->pending_error, 0));
        return parts_.record("receive", fd, e->end_has_come || e->is_broken ? 0 : -EAGAIN);
    }
    if (parts_.random.chance(faults.would_block)) {
        soon(&come_edge, e->id);
        return parts_.record("receive", fd, -EAGAIN);
    }
    std::size_t count = (std::min)(bytes, e->visible);
    if (parts_.random.chance(faults.short_read)) count = parts_.random.piece(count);
    std::memcpy(to, e->incoming.data() + e->read_at, count);
    take_in(*e, count);
    if (e->visible > 0 || e->end_has_come) soon(&come_edge, e->id);
    return parts_.record("receive", fd, static_cast<std::int64_t>(count));
}

inline io_result simulated_network::send(int fd, const iovec* parts, unsigned count) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    const fault_plan& faults = parts_.faults();
    if (e->pending_error) return parts_.record("send", fd, -std::exchange(e->pending_error, 0));
    if (e->kind != kind_type::connected || e->is_broken || e->end_is_sent)
        return parts_.record("send", fd, -EPIPE);
    if (parts_.random.chance(faults.reset)) {
        break_both(*e);
        return parts_.record("send", fd, parts_.random.below(2) ? -ECONNRESET : -EPIPE);
    }
    if (parts_.random.chance(faults.no_memory))
        return parts_.record("send", fd, parts_.random.below(2) ? -ENOMEM : -ENOBUFS);
    endpoint& peer = at(e->peer_or_self);
    std::size_t room = peer.room();
    if (room == 0 || parts_.random.chance(faults.would_block)) {
        room == 0 ? void(e->wants_room = true) : soon(&come_edge, e->id);
        return parts_.record("send", fd, -EAGAIN);
    }
    const bool is_short = parts_.random.chance(faults.short_write);
    if (is_short) room = parts_.random.piece(room);
    std::size_t sent = 0, wanted = 0;
    for (unsigned i = 0; i < count; ++i) {
        wanted += parts[i].iov_len;
        const std::size_t step = (std::min)(parts[i].iov_len, room - sent);
        if (step > 0) transmit(peer, {static_cast<const char*>(parts[i].iov_base), step});
        sent += step;
    }
    if (sent < wanted) is_short ? soon(&come_edge, e->id) : void(e->wants_room = true);
    return parts_.record("send", fd, static_cast<std::int64_t>(sent));
}

inline io_result simulated_network::shutdown_write(int fd) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    if (e->kind != kind_type::connected || e->is_broken) return parts_.record("shutdown", fd, -ENOTCONN);
    send_end(*e);
    return parts_.record("shutdown", fd, 0);
}

// What was not read makes the close a reset (RFC 2525, 2.17; RFC 9112, 9.6).
inline void simulated_network::close(std::size_t index) noexcept {
    endpoint& e = at(index);
    parts_.record("close", static_cast<std::int64_t>(index), static_cast<std::int64_t>(e.visible));
    if (e.kind == kind_type::listener)
        for (std::size_t waiting : e.backlog) {
            send_reset(at(waiting));
            at(waiting).kind = kind_type::closed;
        }
    if (e.kind == kind_type::connected && !e.is_broken)
        e.visible > 0 || e.resets_on_close ? send_reset(e) : send_end(e);
    e.kind = kind_type::closed;
    e.fd = -1;
    e.handle = nullptr;
    e.acceptor = nullptr;
    e.incoming = {};
    e.read_at = e.visible = 0;
}

// ---- options and addresses ----

inline io_result simulated_network::set_option(int fd, int level, int name, const void* value,
                                               socklen_t bytes) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    linger how{};
    if (level == SOL_SOCKET && name == SO_LINGER && bytes >= sizeof how) {
        std::memcpy(&how, value, sizeof how);
        e->resets_on_close = how.l_onoff != 0 && how.l_linger == 0;
    }
    return parts_.record("setsockopt", fd, 0);
}

inline io_result simulated_network::option(int fd, int level, int name, void* value,
                                           socklen_t& bytes) noexcept {
    endpoint* e = socket(fd);
    if (!e) return io_result(-EBADF);
    if (level != SOL_SOCKET || name != SO_ERROR || bytes < sizeof(int)) return io_result(-ENOPROTOOPT);
    const int pending = error(fd).error_number();
    std::memcpy(value, &pending, sizeof pending);
    bytes = sizeof pending;
    return io_result(0);
}

inline io_result simulated_network::error(int fd) noexcept {
    endpoint* e = socket(fd);
    return e ? parts_.record("error", fd, -std::exchange(e->pending_error, 0)) : io_result(-EBADF);
}

// The window is at the receiver, so what it has not read has not left.
inline io_result simulated_network::unsent(int fd) noexcept {
    endpoint* e = socket(fd);
    return e ? io_result(static_cast<std::int64_t>(at(e->peer_or_self).held())) : io_result(-EBADF);
}

inline const net::address* simulated_network::local_address(int fd) noexcept {
    endpoint* e = socket(fd);
    return e ? &e->local : nullptr;
}
inline const net::address* simulated_network::peer_address(int fd) noexcept {
    endpoint* e = socket(fd);
    return e && e->kind == kind_type::connected && !e->is_broken ? &e->remote : nullptr;
}

// ---- watching ----

inline result<> simulated_network::watch(io_handle& h) noexcept {
    endpoint* e = socket(h.fd);
    if (!e) return system_error(EBADF);
    EVENTCORE_ASSERT(!e->handle, "a descriptor is watched once");
    e->handle = &h;
    h.armed = 1;
    soon(&come_edge, e->id);
    return {};
}

// Also without a send before it: then the socket may have been ready all the time.
inline void simulated_network::want_write(io_handle& h) noexcept {
    endpoint* e = socket(h.fd);
    if (!e || e->kind != kind_type::connected) return;
    at(e->peer_or_self).room() > 0 ? soon(&come_edge, e->id) : void(e->wants_room = true);
}

inline void simulated_network::unwatch(io_handle& h) noexcept {
    if (endpoint* e = socket(h.fd)) {
        e->handle = nullptr;
        e->acceptor = nullptr;
    }
    h.armed = 0;
}

// ---- accepting ----

inline result<> simulated_network::listen(accept_handle& h) noexcept {
    endpoint* e = socket(h.fd);
    if (!e) return system_error(EBADF);
    e->acceptor = &h;
    h.armed = 1;
    soon(&come_accept, e->id);
    return {};
}

inline void simulated_network::stop_listening(accept_handle& h) noexcept { unwatch(h); }

// What an accept fails with now, by chance or because no descriptor is left; 0: it does not.
inline int simulated_network::accept_error(endpoint& l) noexcept {
    static constexpr int errors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED};
    if (parts_.descriptors.is_full()) return EMFILE;
    if (!parts_.random.chance(parts_.faults().accept_failure)) return 0;
    const int error = errors[parts_.random.below(std::size(errors))];
    if (error == ECONNABORTED) {  // the client had gone before we came
        endpoint& lost = at(l.backlog.front());
        l.backlog.erase(l.backlog.begin());
        send_reset(lost);
        lost.kind = kind_type::closed;
    }
    return error;
}

inline io_result simulated_network::accept(int fd) noexcept {
    endpoint* l = socket(fd);
    if (!l || l->kind != kind_type::listener) return io_result(-EINVAL);
    if (l->backlog.empty()) return parts_.record("accept", fd, -EAGAIN);
    if (const int error = accept_error(*l)) return parts_.record("accept", fd, -error);
    const std::size_t id = l->backlog.front();
    l->backlog.erase(l->backlog.begin());
    return parts_.record("accept", fd, descriptor_for(id));
}

// A failure pauses the listener before it is told, as every backend does.
inline void simulated_network::hand_out(endpoint& l) noexcept {
    while (l.acceptor && !l.backlog.empty()) {
        accept_handle& h = *l.acceptor;
        const io_result accepted = accept(h.fd);
        if (!accepted.ok()) unwatch(h);
        h.on_accept(h, accepted);
        if (parts_.random.below(4) == 0) break;  // the others in a later turn
    }
    if (l.acceptor && !l.backlog.empty()) soon(&come_accept, l.id);
}

}  // namespace eventcore::testing
