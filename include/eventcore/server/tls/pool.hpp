// What a worker has of TLS: the handshakes in progress, and behind them a pool of connections for each
// protocol that can be agreed on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/net/tls/tls_contexts.hpp"
#include "eventcore/server/connection_pool.hpp"
#include "eventcore/server/http1_connection.hpp"
#include "eventcore/server/tls/acceptor.hpp"
#include "eventcore/server/tls/handshake.hpp"

namespace eventcore {

// The connections that speak one protocol over TLS.
class tls_session_pool : public connection_pool {
 public:
    // Serves a connection whose handshake is over. False: its socket could not be watched, and is closed.
    // Throws std::bad_alloc, likewise. `is_counted`: among the connections of its peer, which the connection
    // now sees to.
    virtual bool adopt(net::tls_session session, std::uint32_t peer_group, bool is_counted) = 0;
};

// For any Connection over a tls_socket that can be made, opened, counted and drained as http1_connection can:
// HTTP/1, and what it may be upgraded to.
template <class Connection>
class tls_pool_of final : public pool_of<Connection, tls_session_pool> {
    using base = pool_of<Connection, tls_session_pool>;

 public:
    explicit tls_pool_of(const pool_services& services) noexcept
        : base(services), exchanges_(services.host, &gone, this) {}

    bool adopt(net::tls_session session, std::uint32_t peer_group, bool is_counted) override {
        Connection* fresh = this->open(std::move(session), exchanges_);
        if (!fresh) return false;
        if (is_counted) fresh->set_counted(peer_group);
        fresh->begin();
        if (this->services().host.closes_idle()) fresh->drain();
        return true;
    }
    static owned<tls_session_pool> make(const pool_services& services) {
        return make_owned<tls_pool_of>(services);
    }

 private:
    static void gone(connection_link& link, void* owner) noexcept {
        auto& self = *static_cast<tls_pool_of*>(owner);
        self.destroy(static_cast<Connection&>(link));
        self.services().gone(self.services().worker);
    }

    http1_pool exchanges_;
};

// Where a worker finds the contexts for its next handshake. They are made elsewhere, and taken over here.
struct tls_context_slot {
    std::atomic<bool> has_next{false};
    std::atomic<bool> is_free{false};
    mutex guard;  // of next
    net::tls_contexts next;

    void put(net::tls_contexts contexts) noexcept {
        const lock_guard lock(guard);
        std::swap(next, contexts);
        has_next.store(true, std::memory_order_release);
    }
    void take(net::tls_contexts& current) noexcept {
        if (!has_next.load(std::memory_order_acquire)) return;
        const lock_guard lock(guard);
        current = std::move(next);
        has_next.store(false, std::memory_order_relaxed);
    }
};

class tls_pool final : public pool_of<tls_handshake, accepting_pool> {
 public:
    struct limits {
        duration handshake_timeout;
        std::size_t handshakes_max;
    };

    tls_pool(const pool_services& services, tls_context_slot& slot, const limits& l) noexcept
        : pool_of(services), slot_(slot), limits_(l) {}
    ~tls_pool() override { slot_.is_free.store(true); }
    // The last one added is for clients that agree on none.
    void add(std::string_view alpn, owned<tls_session_pool> pool) {
        sessions_.emplace_back(alpn, std::move(pool));
    }

    void reserve(std::size_t) override {}  // what a session takes comes from OpenSSL anyway
    bool serve(unique_fd socket) override {
        make_room();
        slot_.take(contexts_);
        result<net::tls_session> session = contexts_.accept(std::move(socket));
        if (!session) return services().host.reached(server_limit::memory), false;
        tls_handshake* fresh = open(std::move(*session), services().host, &gone, this);
        if (!fresh) return false;
        services().host.counters().connections_accepted.add();
        fresh->begin(limits_.handshake_timeout);
        bool is_counted = false;
        const bool is_welcome = services().admit(fresh->peer_group(), is_counted) && !is_full_;
        fresh->set_counted(is_counted);
        if (!is_welcome) fresh->close_now();
        return is_welcome;
    }
    std::size_t count() const noexcept override {
        std::size_t all = pool_of::count();
        for (const sessions& s : sessions_) all += s.pool->count();
        return all;
    }
    bool close_idle() noexcept override {
        for (sessions& s : sessions_)
            if (s.pool->close_idle()) return true;
        return false;
    }
    void drain() noexcept override {
        for (sessions& s : sessions_) s.pool->drain();
    }
    void end() noexcept override {
        is_over_ = true;
        pool_of::end();
        for (sessions& s : sessions_) s.pool->end();
    }

 private:
    static constexpr duration slow = std::chrono::seconds(1);

    struct sessions {
        sessions(std::string_view name, owned<tls_session_pool> p) : alpn(name), pool(std::move(p)) {}
        std::string alpn;
        owned<tls_session_pool> pool;
    };

    // A handshake takes some round trips. Who takes longer than any client needs gives up its place; if
    // nobody does we are short of time, and more handshakes would only fail later.
    void make_room() noexcept {
        is_full_ = pool_of::count() >= limits_.handshakes_max;
        if (!is_full_) return;
        services().host.reached(server_limit::handshakes);
        open_connections().for_each([this](connection_link& link) {
            auto& oldest = static_cast<tls_handshake&>(link);
            const bool is_slow = services().host.home().now() - oldest.began() > slow;
            if (!is_full_ || !is_slow || !oldest.is_open()) return;
            oldest.close_now();
            is_full_ = false;
        });
    }
    tls_session_pool& pool_for(std::string_view alpn) noexcept {
        tls_session_pool* last = nullptr;
        for (sessions& s : sessions_) {
            last = s.pool.get();
            if (s.alpn == alpn) break;
        }
        return *last;
    }
    static void gone(tls_handshake& ended, void* owner) noexcept {
        auto& self = *static_cast<tls_pool*>(owner);
        const bool is_over = !ended.has_succeeded() || !self.hand_on(ended);
        if (is_over)
            self.destroy(ended);
        else
            self.connections().destroy(ended);
        if (is_over) self.services().gone(self.services().worker);
    }
    bool hand_on(tls_handshake& from) noexcept {
        try {
            tls_session_pool& to = pool_for(from.alpn());
            net::tls_session session = from.take_session();
            return !is_over_ && to.adopt(std::move(session), from.peer_group(), from.is_counted());
        } catch (...) {
            services().host.reached(server_limit::memory);
            return false;
        }
    }

    tls_context_slot& slot_;
    const limits limits_;
    net::tls_contexts contexts_;
    owning_list<sessions> sessions_;
    bool is_full_ = false;
    bool is_over_ = false;  // end() has been called: nobody is served any more
};

}  // namespace eventcore
