// One request in progress on an HTTP/1 connection. A connection has one from the first byte of a head until
// the answer has been handed over; between requests it has none, which is why an idle connection is small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string_view>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/http/h1/parser.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/http1_content.hpp"
#include "eventcore/server/input_buffer.hpp"
#include "eventcore/server/pace.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/exchange.hpp"
#include "eventcore/web/reply.hpp"
#include "eventcore/web/request.hpp"

namespace eventcore {

// What an exchange needs from its connection, whatever stream that runs over. Called for streamed content and
// suspended handlers only.
struct http1_connection_calls {
    flow (*receive)(void* connection) noexcept;   // content, once; ready: something came
    void (*send)(void* connection) noexcept;      // what is queued
    void (*finished)(void* connection) noexcept;  // the handler or the producer has ended
    void (*advance)(void* connection) noexcept;   // see advance_later()
    peer_info (*peer)(void* connection, arena&);
    std::uint32_t (*peer_group)(void* connection) noexcept;
    bool is_encrypted;
};

class http1_exchange final : public exchange {
 public:
    enum class phase_type : std::uint8_t {
        head,       // a head is being received
        content,    // content the handler wants whole is being received
        handler,    // the handler runs
        sending,    // content of the answer is being sent
        streaming,  // a producer writes the content of the answer
        discard,    // content nobody wanted is being received
        tunnel,     // the head of the last answer is being sent; then something else takes over
    };

    explicit http1_exchange(connection_host& host)
        : host_(host),
          slots_(new http::field_slot[host.options().limits.field_count]),
          ctx(host.home()),
          req(head, ctx, memory, *this),
          answer(finished_) {}
    http1_exchange(const http1_exchange&) = delete;
    http1_exchange& operator=(const http1_exchange&) = delete;
    ~http1_exchange() { delete[] slots_; }

    void attach(void* connection, const http1_connection_calls& calls) noexcept {
        connection_ = connection;
        calls_ = &calls;
    }
    h1::slot_storage slots() noexcept { return {slots_, host_.options().limits.field_count}; }

    // Forgets the request; the input stays, since the next request may have begun in it.
    void end_request() noexcept;
    // Forgets everything. A handler or producer that still runs is destroyed where it waits.
    void end_connection() noexcept;

    // ---- exchange ----

    flow read(std::string_view& piece) noexcept override;
    flow write(std::string_view bytes) override;
    void flush() noexcept override { calls_->send(connection_); }
    std::error_code error() const noexcept override { return failure_; }
    const http::fields& trailers() const noexcept override { return content.trailers(); }
    peer_info peer() noexcept override { return calls_->peer(connection_, memory); }
    bool is_encrypted() const noexcept override { return calls_->is_encrypted; }
    tunnel_form can_tunnel() const noexcept override { return tunnel_form::upgrade; }
    std::uint32_t peer_group() noexcept override { return calls_->peer_group(connection_); }

    // ---- the handler and the producer of a stream ----

    // A coroutine of the application is at work and has to end, or be destroyed, before the connection does.
    bool is_running() const noexcept { return answer.is_running() || producer_; }
    // True when the stream was written to its end already; else the connection is resumed when it is.
    bool start_producer() {
        const scheduler::working_on activity(ctx.home(), ctx.activity());
        producer_ = answer.value().start_stream(writer_);
        return producer_.start(ctx, finished_);
    }
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
    // What comes next has waited for the handler, not the handler for it.
    void content_arrived(time_point now) noexcept {
        receiving.arrived(now, 0);
        wake_reader();
    }
    void queue_drained() noexcept {
        if (queued_bytes() <= host_.options().write_watermark_bytes / 2) wake_writer();
    }
    // Lets the connection go on in a later turn, after others had theirs.
    void advance_later() noexcept {
        if (!advance_later_.is_linked()) host_.home().schedule(advance_later_);
    }

    // ---- memory ----

    // Where content is received: behind the head while there is room for all of it, else in a block of its
    // own, because the head must not move while the request lives.
    input_buffer& content_input() noexcept { return stream_input.has_block() ? stream_input : input; }
    input_buffer& use_stream_input() {
        if (!stream_input.has_block()) {
            // The head's block may have grown past any multiple of what it began with.
            const std::size_t usual = 4 * host_.options().read_buffer_bytes, left = input.unread().size();
            stream_input.acquire(usual > 2 * left ? usual : 2 * left);
            stream_input.append(input.unread());
            input.consume(input.unread().size());
        }
        stream_input.compact();
        // Full of a trailer line, the only thing that is not taken piece by piece; the decoder bounds it.
        if (stream_input.room_bytes() == 0) stream_input.grow(2 * stream_input.unread().size());
        return stream_input;
    }

    std::size_t queued_bytes() const noexcept { return queued_.size() - queued_sent_; }
    std::string_view queued_view() const noexcept { return queued_.view().substr(queued_sent_); }
    void queue(std::string_view bytes) { queued_.append(bytes); }
    void queue_sent(std::size_t bytes) noexcept;

 private:
    static constexpr std::size_t send_now_bytes = 16 * 1024;

    struct own_item : ready_item {
        own_item(http1_exchange& e, run_function f) noexcept : ready_item(f), owner(e) {}
        http1_exchange& owner;
    };
    static http1_exchange& of(ready_item& item) noexcept { return static_cast<own_item&>(item).owner; }
    static void run_finished(ready_item& item) noexcept { of(item).calls_->finished(of(item).connection_); }
    static void run_advance(ready_item& item) noexcept { of(item).calls_->advance(of(item).connection_); }
    static void run_flush(ready_item& item) noexcept { of(item).flush(); }

    std::error_code refusal_error() const noexcept {
        return content.refusal() == http::status::content_too_large ? errc::too_large : errc::malformed;
    }
    void queue_framed(std::string_view bytes);

    connection_host& host_;
    void* connection_ = nullptr;
    const http1_connection_calls* calls_ = nullptr;
    http::field_slot* slots_;
    own_item finished_{*this, &run_finished};
    own_item advance_later_{*this, &run_advance};
    own_item flush_later_{*this, &run_flush};
    std::error_code failure_{};
    task<> producer_;  // writes streamed content while it is there
    body_writer writer_{*this};
    byte_buffer queued_;  // answers the socket has not taken: [ sent | to be sent: from queued_sent_ ]
    std::size_t queued_sent_ = 0;

 public:
    phase_type phase = phase_type::head;
    bool has_sent_continue = false;
    bool is_counted = false;  // among the handlers in flight, see connection_host
    bool is_chunked = false;  // the answer that is being streamed
    input_buffer input;
    input_buffer stream_input;  // see content_input()
    h1::request_parser parser;
    http::request_head head;
    http1_content content;
    byte_buffer content_bytes;      // content wanted whole that does not lie in one piece in the input
    std::string_view content_left;  // of the answer, still to be sent
    std::uint64_t file_left = 0;
    receive_pace receiving;        // of the content
    send_pace sending;             // of whatever is queued or is being sent
    std::uint64_t sent_bytes = 0;  // since the exchange was taken
    arena memory;
    context ctx;
    request req;
    route_choice choice;
    reply answer;
    time_point head_started{};
    http1_exchange* next_free = nullptr;  // in the worker's pool
};

// ---- definitions ----

inline void http1_exchange::end_request() noexcept {
    if (producer_) producer_ = {};
    answer.reset();
    req.reset();
    ctx.reset();
    memory.reset();
    content_bytes.release();
    content_left = {};
    file_left = 0;
    has_sent_continue = false;
    if (failure_) failure_.clear();
    parser.reset();
    phase = phase_type::head;
    if (!stream_input.has_block()) return;
    input.release();
    input.swap(stream_input);
}

inline void http1_exchange::end_connection() noexcept {
    if (phase != phase_type::head || !input.empty()) end_request();
    wait_to_read(nullptr);
    wait_to_write(nullptr);
    finished_.unlink();
    advance_later_.unlink();
    flush_later_.unlink();
    input.release();
    queued_.release();
    queued_sent_ = 0;
    sending.stop();
    sent_bytes = 0;
}

inline flow http1_exchange::read(std::string_view& piece) noexcept {
    if (failure_) return flow::failed;
    while (true) {
        const flow outcome = content.next(content_input(), piece);
        if (outcome == flow::failed) failure_ = refusal_error();
        if (outcome != flow::would_block) return outcome;
        const flow received = calls_->receive(connection_);
        if (received != flow::ready) return received;
    }
}

inline flow http1_exchange::write(std::string_view bytes) {
    if (failure_) return flow::failed;
    if (bytes.empty()) return flow::ready;
    queue_framed(bytes);
    if (queued_bytes() >= send_now_bytes)
        calls_->send(connection_);
    else if (!flush_later_.is_linked())
        host_.home().schedule(flush_later_);
    if (failure_) return flow::failed;
    if (queued_bytes() <= host_.options().write_watermark_bytes) return flow::ready;
    host_.reached(server_limit::write_queue);
    return flow::would_block;
}

inline void http1_exchange::queue_framed(std::string_view bytes) {
    if (!is_chunked) return queued_.append(bytes);
    char* start = queued_.prepare(bytes.size() + h1::chunk_header_bytes_max + h1::chunk_end.size());
    char* to = h1::write_chunk_header(start, bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
    std::memcpy(to, h1::chunk_end.data(), h1::chunk_end.size());
    queued_.commit(static_cast<std::size_t>(to - start) + h1::chunk_end.size());
}

inline void http1_exchange::queue_sent(std::size_t bytes) noexcept {
    queued_sent_ += bytes;
    if (queued_sent_ < queued_.size()) return;
    queued_sent_ = 0;
    if (queued_.capacity() > 2 * send_now_bytes)
        queued_.release();
    else
        queued_.clear();
}

}  // namespace eventcore
