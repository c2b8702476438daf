// HTTP/1 over plain sockets: what a listener's connections speak unless it is told otherwise.
#pragma once

#include <cstddef>

#include "eventcore/net/tcp_socket.hpp"
#include "eventcore/server/connection_pool.hpp"
#include "eventcore/server/http1_connection.hpp"

namespace eventcore {

class http1_tcp_pool final : public pool_of<http1_connection<net::tcp_socket>, accepting_pool> {
    using connection = http1_connection<net::tcp_socket>;

 public:
    explicit http1_tcp_pool(const pool_services& services) noexcept
        : pool_of(services), exchanges_(services.host, &gone, this) {}

    void reserve(std::size_t count) override { connections().reserve(count); }
    bool serve(unique_fd socket) override {
        connection* fresh = open(socket.release(), exchanges_);
        if (!fresh) return false;
        services().host.counters().connections_accepted.add();
        bool is_counted = false;
        if (!services().admit(fresh->peer_group(), is_counted)) return fresh->turn_away(), false;
        if (is_counted) fresh->set_counted(fresh->peer_group());
        return true;
    }

 private:
    static void gone(connection_link& link, void* owner) noexcept {
        auto& self = *static_cast<http1_tcp_pool*>(owner);
        self.destroy(static_cast<connection&>(link));
        self.services().gone(self.services().worker);
    }

    http1_pool exchanges_;
};

}  // namespace eventcore
