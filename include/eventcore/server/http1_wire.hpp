// The lower half of an HTTP/1 connection: moves bytes between a stream and the buffers of the request in
// progress, and keeps the connection's deadline. It knows nothing of what the bytes mean.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "eventcore/coro/timer_wheel.hpp"
#include "eventcore/net/stream.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/http1_exchange.hpp"
#include "eventcore/server/http1_pool.hpp"
#include "eventcore/server/protocol_session.hpp"

namespace eventcore {

template <net::stream Stream>
class http1_wire : public Stream, protected timer {
 protected:
    http1_wire(http1_pool& pool, io_handle::notify_function on_news, fire_function on_timer) noexcept
        : Stream(pool.host().home(), on_news), timer(on_timer), pool_(&pool) {}
    ~http1_wire() = default;

    http1_pool& pool() const noexcept { return *pool_; }
    connection_host& host() const noexcept { return pool_->host(); }
    const server_options& options() const noexcept { return host().options(); }
    time_point now() const noexcept { return host().home().now(); }
    // Answers made in this turn; they leave together at its end.
    byte_buffer& collected() const noexcept { return host().scratch(); }

    // ---- receiving ----

    // Once, at most `bytes`. failed: the connection is broken, see has_broken().
    flow receive(input_buffer& into, std::size_t bytes) noexcept {
        if (!this->has_input()) return flow::would_block;
        EVENTCORE_ASSERT(bytes > 0, "nothing can be received into no room");
        const io_result got = Stream::receive(into.room(), bytes);
        if (got.would_block()) return flow::would_block;
        if (got.is_end()) return flow::end;
        if (!got.ok()) {
            is_broken_ = true;
            return flow::failed;
        }
        into.commit(got.bytes());
        return flow::ready;
    }

    // ---- sending ----

    // Sends what is queued, then what was collected, then `extra`, with one call. What is left of the first
    // two is queued; returns how much of `extra` was taken. `more`: further bytes follow at once.
    std::size_t send_parts(std::string_view extra, bool more) noexcept {
        const std::size_t queued = exchange_ ? exchange_->queued_bytes() : 0;
        byte_buffer& fresh = collected();
        if (queued + fresh.size() + extra.size() == 0) return 0;
        std::size_t sent = 0;
        if (this->is_ready(this->send_waits_for())) {
            iovec parts[3];
            unsigned count = 0;
            if (queued > 0) parts[count++] = as_iovec(exchange_->queued_view());
            if (!fresh.empty()) parts[count++] = as_iovec(fresh.view());
            if (!extra.empty()) parts[count++] = as_iovec(extra);
            const io_result outcome = Stream::send(parts, count, more);
            is_broken_ = !outcome.ok() && !outcome.would_block();
            sent = outcome.bytes();
            if (exchange_) exchange_->sent_bytes += sent;
        }
        return account_for(sent, queued);
    }
    void send_collected() noexcept {
        if (!collected().empty()) send_parts({}, false);
    }
    // True when nothing is queued any more.
    bool drain_queue() noexcept {
        if (!this->is_ready(this->send_waits_for())) return false;
        const std::size_t before = exchange_->queued_bytes();
        send_parts({}, false);
        if (is_broken_) return false;
        if (exchange_->queued_bytes() > 0)
            wait_to_write();
        else
            exchange_->sending.stop();
        if (exchange_->queued_bytes() < before) exchange_->queue_drained();
        return exchange_->queued_bytes() == 0;
    }
    void wait_to_write() noexcept {
        this->want_write();
        exchange_->sending.wait(now(), options().write_timeout);
        arm_for(exchange_->sending.deadline());
    }

    // Who is at the other end, as net::address::peer_group() says; found out when first asked.
    std::uint32_t peer_group() noexcept {
        if (!std::exchange(knows_peer_group_, true)) peer_group_ = this->peer_address().peer_group();
        return peer_group_;
    }
    void set_peer_group(std::uint32_t group) noexcept {
        peer_group_ = group;
        knows_peer_group_ = true;
    }

    // ---- time ----

    // For what the connection does now, besides sending. Deadlines mostly move later, and then only this
    // number does: the timer looks when it fires.
    void set_deadline(time_point when) noexcept {
        deadline_ = when;
        if (when < armed_for()) arm_for(when);
    }
    // When the timer has fired: whether the deadline has really passed. If so it is used up.
    bool deadline_has_passed() noexcept {
        if (deadline_ > now()) return false;
        deadline_ = no_deadline;
        return true;
    }
    // When the timer has fired: false when the client is too slow to read what it asked for.
    bool client_keeps_up() noexcept {
        if (!exchange_ || exchange_->sending.deadline() > now()) return true;
        const std::uint64_t taken = exchange_->sent_bytes - this->unsent_bytes();
        return exchange_->sending.keeps_up(now(), taken, options().write_timeout, options().write_rate_min);
    }
    void arm_for_deadline() noexcept { arm_for(deadline_); }
    void arm_again() noexcept {
        arm_for_deadline();
        if (exchange_) arm_for(exchange_->sending.deadline());
    }
    void disarm() noexcept { host().home().disarm(*this); }

    // ---- the request in progress ----

    // A send or a receive has failed; nothing more can be moved.
    bool has_broken() const noexcept { return is_broken_; }
    void take_exchange(const http1_connection_calls& calls, void* connection) {
        exchange_ = &pool_->take(connection, calls);
    }
    void give_back_exchange() noexcept {
        if (exchange_) pool_->give_back(*std::exchange(exchange_, nullptr));
    }

    union {
        http1_exchange* exchange_ = nullptr;  // null while the connection is idle
        takeover* session_;                   // once the connection has been upgraded, and nothing else then
    };

 private:
    // no_deadline when it is not armed: nothing is earlier.
    time_point armed_for() const noexcept { return timer::is_armed() ? timer::due() : no_deadline; }
    [[gnu::noinline]] void arm_for(time_point when) noexcept {
        if (when < armed_for()) host().home().arm(*this, when);
    }
    static iovec as_iovec(std::string_view bytes) noexcept {
        return {const_cast<char*>(bytes.data()), bytes.size()};
    }
    std::size_t account_for(std::size_t sent, std::size_t queued) noexcept {
        byte_buffer& fresh = collected();
        const std::size_t from_queue = sent < queued ? sent : queued;
        if (from_queue > 0) exchange_->queue_sent(from_queue);
        sent -= from_queue;
        const std::size_t from_fresh = sent < fresh.size() ? sent : fresh.size();
        if (from_fresh < fresh.size() && !is_broken_) {
            exchange_->queue(fresh.view().substr(from_fresh));
            wait_to_write();
        }
        fresh.clear();
        return sent - from_fresh;
    }

    http1_pool* pool_;
    time_point deadline_ = no_deadline;  // the timer may be armed for an earlier time
    bool is_broken_ = false;
    bool knows_peer_group_ = false;
    std::uint32_t peer_group_ = 0;
};

}  // namespace eventcore
