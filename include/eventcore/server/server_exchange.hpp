// One request in progress, whatever the protocol: its head, its handler, the producer that writes its answer,
// and what that has queued. http1_exchange and http2_stream add where bytes come from and go to.
#pragma once

#include <cstddef>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/pace.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/exchange.hpp"
#include "eventcore/web/reply.hpp"
#include "eventcore/web/request.hpp"

namespace eventcore {

class server_exchange : public exchange {
 public:
    server_exchange(const server_exchange&) = delete;
    server_exchange& operator=(const server_exchange&) = delete;

    std::error_code error() const noexcept override { return failure_; }

    // ---- the handler and the producer of a stream ----

    // A coroutine of the application is at work and has to end, or be destroyed, before this does.
    bool is_running() const noexcept { return answer.is_running() || producer_; }
    // True when it has written everything already; else `finished` is scheduled when it has.
    bool start_producer(task<> producer) {
        const scheduler::working_on activity(ctx.home(), ctx.activity());
        producer_ = std::move(producer);
        return producer_.start(ctx, finished_);
    }
    body_writer& writer() noexcept { return writer_; }
    // What the producer threw, if it threw.
    std::exception_ptr end_producer() noexcept {
        try {
            if (producer_ && producer_.is_done()) producer_.take();
        } catch (...) {
            producer_ = {};
            return std::current_exception();
        }
        producer_ = {};
        return nullptr;
    }
    // The connection or the content has failed: whoever reads or writes is told.
    void fail(std::error_code why) noexcept {
        if (!failure_) failure_ = why;
        wake_reader();
        wake_writer(why);
    }

    // ---- what is to be sent, and is not in the socket yet ----

    std::size_t queued_bytes() const noexcept { return queued_.size() - queued_sent_; }
    std::string_view queued_view() const noexcept { return queued_.view().substr(queued_sent_); }
    void queue(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare_queue(bytes.size()), bytes.data(), bytes.size());
        queued_.commit(bytes.size());
    }
    void queue_sent(std::size_t bytes) noexcept;
    void queue_drained() noexcept {
        if (queued_bytes() <= write_watermark() / 2) wake_writer();
    }
    // So much is worth a call of its own, and is never too much to hold.
    static constexpr std::size_t send_now_bytes = 16 * 1024;

 protected:
    // What may be queued before a writer has to wait.
    virtual std::size_t write_watermark() const noexcept { return host_.options().write_watermark_bytes; }

    struct own_item : ready_item {
        own_item(server_exchange& e, run_function f) noexcept : ready_item(f), owner(e) {}
        server_exchange& owner;
    };
    static server_exchange& of(ready_item& item) noexcept { return static_cast<own_item&>(item).owner; }

    // `finished`: a handler or a producer that had to wait has ended.
    server_exchange(connection_host& host, ready_item::run_function finished)
        : host_(host),
          finished_(*this, finished),
          ctx(host.home()),
          req(head, ctx, memory, *this),
          answer(finished_) {}
    ~server_exchange() = default;

    // A handler or a producer that still runs is destroyed where it waits.
    void forget_request() noexcept {
        if (producer_) producer_ = {};
        answer.reset();
        req.reset();
        ctx.reset();
        memory.reset();
        has_sent_continue = false;
        if (failure_) failure_.clear();
    }
    // After that: nobody waits, nothing is queued.
    void forget_connection() noexcept {
        wait_to_read(nullptr);
        wait_to_write(nullptr);
        finished_.unlink();
        flush_later_.unlink();
        queued_.release();
        queued_sent_ = 0;
        sending.stop();
        sent_bytes = 0;
    }

    // Room for `bytes` behind what is queued; commit_queue() says how many were written.
    char* prepare_queue(std::size_t bytes) {
        if (queued_sent_ > 0 && queued_sent_ >= queued_.size() / 2) close_up();
        return queued_.prepare(bytes);
    }
    void release_queue() noexcept { queued_.release(); }
    void commit_queue(std::size_t bytes) noexcept { queued_.commit(bytes); }
    // For write(), when it has queued something: sends much at once, and the rest at the end of the turn.
    flow push();

    std::error_code refusal_error(http::status refusal) const noexcept {
        return refusal == http::status::content_too_large ? errc::too_large : errc::malformed;
    }

    connection_host& host_;
    std::error_code failure_{};

 private:
    static void run_flush(ready_item& item) noexcept { of(item).flush(); }
    void close_up() noexcept;

    own_item finished_;
    own_item flush_later_{*this, &run_flush};
    task<> producer_;  // writes streamed content while it is there
    body_writer writer_{*this};
    byte_buffer queued_;  // [ sent | to be sent: from queued_sent_ ]
    std::size_t queued_sent_ = 0;

 public:
    bool has_sent_continue = false;
    bool is_counted = false;  // among the handlers in flight, see connection_host
    http::request_head head;
    std::string_view content_left;  // of an answer that is in memory: still to be sent
    receive_pace receiving;         // of the content
    send_pace sending;              // of whatever is queued or is being sent
    std::uint64_t sent_bytes = 0;
    arena memory;
    context ctx;
    request req;
    route_choice choice;
    reply answer;
};

// ---- definitions ----

inline flow server_exchange::push() {
    if (queued_bytes() >= send_now_bytes)
        flush();
    else if (!flush_later_.is_linked())
        host_.home().schedule(flush_later_);
    if (failure_) return flow::failed;
    if (queued_bytes() <= write_watermark()) return flow::ready;
    host_.reached(server_limit::write_queue);
    return flow::would_block;
}

// What was sent makes room, so that a client that is never up to date does not make the block grow; at most
// half of it is ever moved.
inline void server_exchange::close_up() noexcept {
    const std::size_t left = queued_bytes();
    std::memmove(queued_.data(), queued_.data() + queued_sent_, left);
    queued_.truncate(left);
    queued_sent_ = 0;
}

inline void server_exchange::queue_sent(std::size_t bytes) noexcept {
    queued_sent_ += bytes;
    if (queued_sent_ < queued_.size()) return;
    queued_sent_ = 0;
    if (queued_.capacity() > 2 * send_now_bytes)
        queued_.release();
    else
        queued_.clear();
}

}  // namespace eventcore
