// One request in progress on an HTTP/1 connection. A connection has one from the first byte of a head until
// the answer has been handed over; between requests it has none, which is why an idle connection is small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/http/h1/parser.hpp"
#include "eventcore/server/http1_content.hpp"
#include "eventcore/server/input_buffer.hpp"
#include "eventcore/server/server_exchange.hpp"

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

class http1_exchange final : public server_exchange {
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
        : server_exchange(host, &run_finished),
          slots_(new http::field_slot[host.options().limits.field_count]) {}
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
    const http::fields& trailers() const noexcept override { return content.trailers(); }
    peer_info peer() noexcept override { return calls_->peer(connection_, memory); }
    bool is_encrypted() const noexcept override { return calls_->is_encrypted; }
    tunnel_form can_tunnel() const noexcept override { return tunnel_form::upgrade; }
    std::uint32_t peer_group() noexcept override { return calls_->peer_group(connection_); }

    // What comes next has waited for the handler, not the handler for it.
    void content_arrived(time_point now) noexcept {
        receiving.arrived(now, 0);
        wake_reader();
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

 private:
    static http1_exchange& owner_of(ready_item& item) noexcept {
        return static_cast<http1_exchange&>(of(item));
    }
    static void run_finished(ready_item& item) noexcept {
        owner_of(item).calls_->finished(owner_of(item).connection_);
    }
    static void run_advance(ready_item& item) noexcept {
        owner_of(item).calls_->advance(owner_of(item).connection_);
    }
    void queue_framed(std::string_view bytes);

    void* connection_ = nullptr;
    const http1_connection_calls* calls_ = nullptr;
    http::field_slot* slots_;
    own_item advance_later_{*this, &run_advance};

 public:
    phase_type phase = phase_type::head;
    bool is_chunked = false;  // the answer that is being streamed
    input_buffer input;
    input_buffer stream_input;  // see content_input()
    h1::request_parser parser;
    http1_content content;
    byte_buffer content_bytes;  // content wanted whole that does not lie in one piece in the input
    std::uint64_t file_left = 0;
    time_point head_started{};
    http1_exchange* next_free = nullptr;  // in the worker's pool
};

// ---- definitions ----

inline void http1_exchange::end_request() noexcept {
    forget_request();
    content_bytes.release();
    content_left = {};
    file_left = 0;
    parser.reset();
    phase = phase_type::head;
    if (!stream_input.has_block()) return;
    input.release();
    input.swap(stream_input);
}

inline void http1_exchange::end_connection() noexcept {
    if (phase != phase_type::head || !input.empty()) end_request();
    forget_connection();
    advance_later_.unlink();
    input.release();
}

inline flow http1_exchange::read(std::string_view& piece) noexcept {
    if (failure_) return flow::failed;
    while (true) {
        const flow outcome = content.next(content_input(), piece);
        if (outcome == flow::failed) failure_ = refusal_error(content.refusal());
        if (outcome != flow::would_block) return outcome;
        const flow received = calls_->receive(connection_);
        if (received != flow::ready) return received;
    }
}

inline flow http1_exchange::write(std::string_view bytes) {
    if (failure_) return flow::failed;
    if (bytes.empty()) return flow::ready;
    queue_framed(bytes);
    return push();
}

inline void http1_exchange::queue_framed(std::string_view bytes) {
    if (!is_chunked) return queue(bytes);
    char* start = prepare_queue(bytes.size() + h1::chunk_header_bytes_max + h1::chunk_end.size());
    char* to = h1::write_chunk_header(start, bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
    std::memcpy(to, h1::chunk_end.data(), h1::chunk_end.size());
    commit_queue(static_cast<std::size_t>(to - start) + h1::chunk_end.size());
}

}  // namespace eventcore
