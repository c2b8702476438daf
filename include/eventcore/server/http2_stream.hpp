// One request and its answer on an HTTP/2 connection: what http1_exchange is to HTTP/1, and the same to a
// handler. Recycled by the worker, so that a request allocates nothing once there are enough of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/server/http2_head.hpp"
#include "eventcore/server/server_exchange.hpp"
#include "eventcore/web/tunnel.hpp"

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
    virtual bool is_encrypted() const noexcept = 0;

 protected:
    ~http2_stream_owner() = default;
};

class http2_stream final : public server_exchange, public list_node {
 public:
    enum class phase_type : std::uint8_t {
        head,       // the field section is being received
        content,    // content the handler wants whole, or not at all, is being received
        handler,    // the handler runs
        sending,    // content of the answer is being sent
        streaming,  // a producer writes the content of the answer
        tunnel,     // bytes both ways, for whoever has taken over
        over,       // everything was handed to the library
    };

    explicit http2_stream(connection_host& host)
        : server_exchange(host, &run_finished), fields(host.options().limits) {}

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
    const http::fields& trailers() const noexcept override { return trailer_fields; }
    peer_info peer() noexcept override { return owner_->peer(memory); }
    std::uint32_t peer_group() noexcept override { return owner_->peer_group(); }
    bool is_encrypted() const noexcept override { return owner_->is_encrypted(); }
    tunnel_form can_tunnel() const noexcept override {
        return fields.asks_for_tunnel() ? tunnel_form::extended_connect : tunnel_form::none;
    }

    // ---- the handler and the producer of a stream ----

    // As server_exchange has it; a tunnel too.
    bool is_running() const noexcept { return server_exchange::is_running() || tunnel_; }
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
    std::string_view to_send() const noexcept { return is_queued ? queued_view() : content_left; }
    // All that is to be sent is there.
    bool is_complete_answer() const noexcept {
        return phase == phase_type::tunnel ? has_ended_writing : phase != phase_type::streaming;
    }
    void sent(std::size_t bytes) noexcept;

    // ---- a tunnel (web/tunnel.hpp) ----

    http2_stream_owner& owner() const noexcept { return *owner_; }
    // Null: there is none.
    tunnel* taken_over() const noexcept { return tunnel_; }
    // What belongs to the request goes; what has arrived behind it, and will, is the tunnel's.
    void begin_tunnel(tunnel& t) noexcept;
    void end_tunnel() noexcept { std::exchange(tunnel_, nullptr)->release(); }
    // As duplex_calls has them.
    flow take_arrived(char* to, std::size_t room, std::size_t& got) noexcept;

 private:
    std::size_t write_watermark() const noexcept override { return owner_->write_watermark(); }
    static void run_finished(ready_item& item) noexcept {
        auto& self = static_cast<http2_stream&>(of(item));
        self.owner_->coroutine_finished(self);
    }

    http2_stream_owner* owner_ = nullptr;
    byte_buffer arrived_;  // content nobody has read
    byte_buffer reading_;  // the piece that was given out last, or, from reading_taken_, is being taken
    std::size_t reading_taken_ = 0;
    tunnel* tunnel_ = nullptr;

 public:
    std::int32_t id = 0;
    phase_type phase = phase_type::head;
    bool is_content_complete = false;         // the client has ended its half of the stream
    bool is_closed = false;                   // the library has forgotten the stream
    bool is_due = false;                      // in the connection's list of those to look at
    bool is_deferred = false;                 // the library waits for resume
    bool is_queued = false;                   // the answer was streamed
    bool waits_for_room = false;              // the tunnel has more to write than there was room for
    bool has_ended_writing = false;           // the tunnel
    bool has_sent_end = false;                // the library knows
    bool has_content_to_send = false;         // or had
    http::status refusal = http::status::ok;  // of the content: 413, 503
    std::uint64_t content_bytes = 0;          // that have arrived
    std::uint64_t content_bytes_max = 0;
    std::uint64_t paced_bytes = 0;      // of those: what `receiving` has been told
    std::uint64_t held_bytes = 0;       // of those: what the flow-control windows still count
    std::uint64_t collected_bytes = 0;  // see http2_options::collected_bytes_max
    time_point deadline = no_deadline;
    std::uint32_t trailer_count = 0;
    std::uint32_t trailer_bytes = 0;
    http2_head fields;
    http::fields trailer_fields;
    http2_stream* next_due = nullptr;
    http2_stream* next_free = nullptr;  // in the worker's pool
};

// ---- definitions ----

inline void http2_stream::end() noexcept {
    if (tunnel_) end_tunnel();
    forget_request();
    forget_connection();
    fields.reset();
    trailer_fields.clear();
    list_node::unlink();
    arrived_.release();
    reading_.release();
    reading_taken_ = 0;
    phase = phase_type::head;
    is_content_complete = is_closed = is_due = is_deferred = is_queued = false;
    has_content_to_send = false;
    waits_for_room = has_ended_writing = has_sent_end = false;
    refusal = http::status::ok;
    content_bytes = paced_bytes = held_bytes = collected_bytes = 0;
    content_left = {};
    deadline = no_deadline;
    trailer_count = trailer_bytes = 0;
}

inline flow http2_stream::read(std::string_view& piece) noexcept {
    if (failure_) return flow::failed;
    if (fields.asks_for_tunnel()) return flow::end;  // what follows is no content
    if (!reading_.empty()) {
        owner_->content_taken(*this, reading_.size());
        reading_.clear();
    }
    if (refusal != http::status::ok) {
        failure_ = refusal_error(refusal);
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
    queue(bytes);
    return push();
}

inline void http2_stream::begin_tunnel(tunnel& t) noexcept {
    tunnel_ = &t;
    phase = phase_type::tunnel;
    is_queued = true;
    answer.reset();
    req.reset();
    memory.reset();
    fields.release();
}

inline flow http2_stream::take_arrived(char* to, std::size_t room, std::size_t& got) noexcept {
    if (reading_.empty()) std::swap(arrived_, reading_);
    if (reading_.empty()) return is_content_complete ? flow::end : flow::would_block;
    const std::string_view left = reading_.view().substr(reading_taken_);
    got = left.size() < room ? left.size() : room;
    std::memcpy(to, left.data(), got);
    reading_taken_ += got;
    if (got == left.size()) {
        reading_.release();
        reading_taken_ = 0;
    }
    owner_->content_taken(*this, got);
    return flow::ready;
}

inline void http2_stream::sent(std::size_t bytes) noexcept {
    sent_bytes += bytes;
    if (!is_queued) return content_left.remove_prefix(bytes);
    queue_sent(bytes);
    if (tunnel_ && queued_bytes() == 0) release_queue();  // it may be at rest for hours
    queue_drained();
}

}  // namespace eventcore
