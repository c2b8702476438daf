// The requests in progress of one worker, recycled: taking one allocates nothing once there are enough.
#pragma once

#include <cstddef>

#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/connection_pool.hpp"
#include "eventcore/server/http1_exchange.hpp"

namespace eventcore {

class http1_pool {
 public:
    // Told of a connection whose descriptor is closed and that may be destroyed.
    using gone_function = void (*)(connection_link&, void* owner) noexcept;
    http1_pool(connection_host& host, gone_function on_gone, void* owner) noexcept
        : host_(host), gone_(on_gone), owner_(owner) {}
    http1_pool(const http1_pool&) = delete;
    http1_pool& operator=(const http1_pool&) = delete;
    ~http1_pool() {
        while (free_) {
            http1_exchange* next = free_->next_free;
            delete free_;
            free_ = next;
        }
    }

    connection_host& host() const noexcept { return host_; }
    void gone(connection_link& connection) const noexcept { gone_(connection, owner_); }

    http1_exchange& take(void* connection, const http1_connection_calls& calls) {
        http1_exchange* taken = free_;
        if (taken) {
            free_ = taken->next_free;
            --free_count_;
        } else {
            taken = new http1_exchange(host_);
        }
        taken->attach(connection, calls);
        return *taken;
    }
    // Frees what the request holds, a handler that still runs included.
    void give_back(http1_exchange& e) noexcept {
        host_.handler_ended(e.is_counted);
        e.end_connection();
        if (free_count_ >= kept_count_max) {
            delete &e;
            return;
        }
        e.next_free = free_;
        free_ = &e;
        ++free_count_;
    }

 private:
    static constexpr std::size_t kept_count_max = 1024;  // some 4 KiB each

    connection_host& host_;
    gone_function gone_;
    void* owner_;
    http1_exchange* free_ = nullptr;
    std::size_t free_count_ = 0;
};

}  // namespace eventcore
