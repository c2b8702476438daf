// One request and its answer on an HTTP/2 connection: what http1_exchange is to HTTP/1, and the same to a
// handler. Recycled by the worker, so that a request allocates nothing once there are enough of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/http2_head.hpp"
#include "eventcore/server/pace.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/exchange.hpp"
#include "eventcore/web/reply.hpp"
#include "eventcore/web/request.hpp"

namespace eventcore {

class http2_stream;

// What a stream needs from its connection. Called for streamed content and suspended handlers only.
class http2_stream_owner {
 public:
    // Content is waited for that has not arrived.
    virtual void content_wanted(http2_stream& s) noexcept = 0;
    // So much of what had arrived is no longer held: the client may send as much again.
    virtual void content_taken(http2_stream& s, std::size_t bytes) noexcept = 0;
    // There is something to send; `now`: do not wait for the end of the turn.
    virtual void content_queued(http2_stream& s, bool now) noexcept = 0;
    // A producer waits above this: its share of what the connection may hold.
    virtual std::size_t write_watermark() const noexcept = 0;
    // The handler or the producer has ended.
    virtual void coroutine_finished(http2_stream& s) noexcept = 0;
    virtual peer_info peer(arena& memory) noexcept = 0;
    virtual std::uint32_t peer_group() noexcept = 0;

 protected:
    ~http2_stream_owner() = default;
};

class http2_stream final : public exchange, public list_node {
 public:
    enum class phase_type : std::uint8_t {
        head,       // the field section is being received
        content,    // content the handler wants whole, or not at all, is being received
        handler,    // the handler runs
        sending,    // content of the answer is being sent
        streaming,  // a producer writes the content of the answer
        over,       // everything was handed to the library
    };

    explicit http2_stream(connection_host& host)
        : host_(host),
          ctx(host.home()),
          fields(host.options().limits),
          req(head, ctx, memory, *this),
          answer(finished_) {}
    http2_stream(const http2_stream&) = delete;
    http2_stream& operator=(const http2_stream&) = delete;

    void begin(http2_stream_owner& owner, std::int32_t stream_id) noexcept {
        owner_ = &owner;
        id = stream_id;
    }
    // Forgets everything. A handler or a producer that still runs is destroyed where it waits.
    void end() noexcept;

    // ---- exchange ----

    flow read(std::string_view& piece) noexcept override;
    flow write(std::string_view bytes) override;
    void flush() noexcept override { owner_->content_queued(*this, true); }
    std::error_code error() const noexcept override { return failure_; }
    const http::fields& trailers() const noexcept override { return trailer_fields; }
    peer_info peer() noexcept override { return owner_->peer(memory); }
    std::uint32_t peer_group() noexcept override { return owner_->peer_group(); }

    // ---- the handler and the producer of a stream ----

    // A coroutine of the application is at work and has to end, or be destroyed, before this does.
    bool is_running() const noexcept { return answer.is_running() || producer_; }
    // True when it has written everything already; else the connection is told when it has.
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

    // Whoever reads or writes is told.
    void fail(std::error_code why) noexcept {
        if (!failure_) failure_ = why;
        wake_reader();
        wake_writer(why);
    }
    void cancel(std::error_code why) noexcept {
        fail(why);
        ctx.cancel(why);
    }

    // ---- content of the request ----

    // It has arrived, and nobody has looked at it.
    void keep_content(std::string_view bytes) { arrived_.append(bytes); }
    // Whoever reads may go on: there is more, or there will be none.
    void content_arrived() noexcept { wake_reader(); }
    // The clock of a client that was waited for stops.
    void stop_waiting(time_point now) noexcept {
        receiving.arrived(now, content_bytes - paced_bytes);
        paced_bytes = content_bytes;
    }
    std::string_view whole_content() const noexcept { return arrived_.view(); }
    // Arrived, and neither given to the handler nor dropped.
    void drop_content() noexcept {
        arrived_.release();
        reading_.release();
    }

    // ---- content of the answer ----

    // What may be sent next, of a stream or of an answer that is in memory.
    std::string_view to_send() const noexcept {
        return is_queued ? queued_.view().substr(queued_sent_) : content_left;
    }
    // All that is to be sent is there.
    bool is_complete_answer() const noexcept { return phase != phase_type::streaming; }
    void sent(std::size_t bytes) noexcept;

    // So much is worth a call of its own, and is never too much to hold.
    static constexpr std::size_t send_now_bytes = 16 * 1024;

 private:
    struct own_item : ready_item {
        own_item(http2_stream& s, run_function f) noexcept : ready_item(f), owner(s) {}
        http2_stream& owner;
    };
    static http2_stream& of(ready_item& item) noexcept { return static_cast<own_item&>(item).owner; }
    static void run_finished(ready_item& item) noexcept { of(item).owner_->coroutine_finished(of(item)); }
    static void run_flush(ready_item& item) noexcept { of(item).flush(); }

    connection_host& host_;
    http2_stream_owner* owner_ = nullptr;
    own_item finished_{*this, &run_finished};
    own_item flush_later_{*this, &run_flush};
    std::error_code failure_{};
    task<> producer_;
    body_writer writer_{*this};
    byte_buffer arrived_;  // content nobody has read
    byte_buffer reading_;  // the piece that was given out last
    byte_buffer queued_;   // of a streamed answer: [ sent | to be sent: from queued_sent_ ]
    std::size_t queued_sent_ = 0;

 public:
    std::int32_t id = 0;
    phase_type phase = phase_type::head;
    bool is_content_complete = false;  // the client has ended its half of the stream
    bool is_closed = false;            // the library has forgotten the stream
    bool is_due = false;               // in the connection's list of those to look at
    bool is_deferred = false;          // the library waits for resume
    bool is_queued = false;            // the answer was streamed
    bool is_counted = false;           // among the handlers in flight, see connection_host
    bool has_sent_continue = false;
    bool has_content_to_send = false;         // or had
    http::status refusal = http::status::ok;  // of the content: 413, 503
    std::uint64_t content_bytes = 0;          // that have arrived
    std::uint64_t content_bytes_max = 0;
    std::uint64_t paced_bytes = 0;      // of those: what `receiving` has been told
    std::uint64_t held_bytes = 0;       // of those: what the flow-control windows still count
    std::uint64_t collected_bytes = 0;  // see http2_options::collected_bytes_max
    std::uint64_t sent_bytes = 0;
    std::string_view content_left;  // of an answer that is in memory
    receive_pace receiving;
    send_pace sending;
    time_point deadline = no_deadline;
    std::uint32_t trailer_count = 0;
    std::uint32_t trailer_bytes = 0;
    arena memory;
    context ctx;
    http2_head fields;
    http::fields trailer_fields;
    http::request_head head;
    request req;
    route_choice choice;
    reply answer;
    http2_stream* next_due = nullptr;
    http2_stream* next_free = nullptr;  // in the worker's pool
};

// ---- definitions ----

inline void http2_stream::end() noexcept {
    producer_ = {};
    answer.reset();
    req.reset();
    ctx.reset();
    memory.reset();
    fields.reset();
    trailer_fields.clear();
    wait_to_read(nullptr);
    wait_to_write(nullptr);
    finished_.unlink();
    flush_later_.unlink();
    list_node::unlink();
    failure_.clear();
    arrived_.release();
    reading_.release();
    queued_.release();
    queued_sent_ = 0;
    phase = phase_type::head;
    is_content_complete = is_closed = is_due = is_deferred = is_queued = is_counted = false;
    has_sent_continue = has_content_to_send = false;
    refusal = http::status::ok;
    content_bytes = paced_bytes = held_bytes = collected_bytes = sent_bytes = 0;
    content_left = {};
    sending.stop();
    deadline = no_deadline;
    trailer_count = trailer_bytes = 0;
}

inline flow http2_stream::read(std::string_view& piece) noexcept {
    if (failure_) return flow::failed;
    if (!reading_.empty()) {
        owner_->content_taken(*this, reading_.size());
        reading_.clear();
    }
    if (refusal != http::status::ok) {
        failure_ =
            make_error_code(refusal == http::status::content_too_large ? errc::too_large : errc::malformed);
        return flow::failed;
    }
    if (!arrived_.empty()) {
        std::swap(arrived_, reading_);
        piece = reading_.view();
        return flow::ready;
    }
    if (is_content_complete) return flow::end;
    owner_->content_wanted(*this);
    return flow::would_block;
}

inline flow http2_stream::write(std::string_view bytes) {
    if (failure_) return flow::failed;
    if (bytes.empty()) return flow::ready;
    if (queued_sent_ > 0 && queued_sent_ >= queued_.size() / 2) {
        // What was sent makes room; at most half of the block is ever moved.
        const std::size_t left = queued_.size() - queued_sent_;
        std::memmove(queued_.data(), queued_.data() + queued_sent_, left);
        queued_.truncate(left);
        queued_sent_ = 0;
    }
    queued_.append(bytes);
    if (to_send().size() >= send_now_bytes)
        owner_->content_queued(*this, true);
    else if (!flush_later_.is_linked())
        host_.home().schedule(flush_later_);
    if (failure_) return flow::failed;
    if (to_send().size() <= owner_->write_watermark()) return flow::ready;
    host_.reached(server_limit::write_queue);
    return flow::would_block;
}

inline void http2_stream::sent(std::size_t bytes) noexcept {
    sent_bytes += bytes;
    if (!is_queued) return content_left.remove_prefix(bytes);
    queued_sent_ += bytes;
    const std::size_t left = queued_.size() - queued_sent_;
    if (left == 0) {
        queued_sent_ = 0;
        if (queued_.capacity() > 2 * send_now_bytes)
            queued_.release();
        else
            queued_.clear();
    }
    if (left <= owner_->write_watermark() / 2) wake_writer();
}

}  // namespace eventcore
