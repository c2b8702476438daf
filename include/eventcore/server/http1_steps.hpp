// The server's side of one HTTP/1.0 or 1.1 connection, over any stream (RFC 9112): its state and its steps.
// Include http1_connection.hpp, which has the definitions.
//
// A parked state machine: while no request is in progress it is this object and nothing else, no buffer and
// no coroutine. News from the reactor, a finished handler or a timer call advance(), which takes steps until
// one has to wait, and then sends what the steps produced with one call:
//
//   receive -> parse -> route -> [content] -> handler -> serialise -> send -> receive …
//
// Reading stops while a handler runs or output waits, so a connection's memory is bounded and TCP slows the
// client down. The life of a request is told in docs/architecture.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "eventcore/server/http1_answer.hpp"
#include "eventcore/server/http1_wire.hpp"

namespace eventcore {

template <net::stream Stream>
class http1_connection final : private http1_wire<Stream>, public connection_link {
    using wire = http1_wire<Stream>;

 public:
    // The pool is told when the descriptor is closed and the object may be destroyed.
    explicit http1_connection(http1_pool& pool) noexcept : wire(pool, &on_news, &on_timer) {}

    // Begins to serve a connected socket, in the form that the stream takes it. On failure it is closed;
    // destroy the connection at once.
    template <class Socket>
    result<> open(Socket&& connected) noexcept {
        const result<> opened = Stream::open(std::forward<Socket>(connected));
        if (!opened) return opened;
        opened_ = static_cast<std::uint32_t>(now().time_since_epoch() / opened_tick);
        set_deadline(now() + options().header_timeout);
        return opened;
    }
    // The stream may have brought a request with it, and then there is no news of it to wait for; and it may
    // have agreed with the client on HTTP/2, and then nothing else is spoken (RFC 9113, 3.2).
    void begin() noexcept {
        if constexpr (requires(const Stream& s) { s.alpn(); })
            if (host().http2() && this->alpn() == "h2") return begin_http2();
        if (this->has_input()) advance();
    }
    using wire::peer_group;
    // Among its peer's connections.
    bool is_counted() const noexcept { return is_counted_; }
    void set_counted(std::uint32_t group) noexcept {
        is_counted_ = true;
        wire::set_peer_group(group);
    }
    // One too many: it is told so, and closed.
    void turn_away() noexcept {
        send_unavailable();
        close_now();
    }
    // Kept alive, and between two requests: closing it loses nothing.
    bool is_idle() const noexcept {
        if (state_ == state::upgraded) return session_->is_idle();
        return state_ == state::open && !exchange_ && requests_ > 0;
    }
    // The worker closes what is idle: ends now when no request is in progress or has just arrived, else with
    // its answer.
    void drain() noexcept {
        if (state_ == state::upgraded) return session_->drain();
        if (exchange_) exchange_->tell_drain();
        if (state_ != state::open || exchange_) return;
        this->has_input() ? advance() : close_now();
    }
    // Ends whatever is in progress. A handler that still runs is destroyed where it waits.
    void close_now() noexcept {
        if (state_ == state::closed) return;
        const bool is_upgraded = std::exchange(state_, state::closed) == state::upgraded;
        disarm();
        if (is_upgraded) {
            takeover& session = *session_;
            exchange_ = nullptr;
            session.release();
        } else {
            give_back_exchange();
        }
        collected().clear();
        Stream::close();
    }
    // The route of the handler that runs, for the log of a drain that took too long; empty when none does.
    std::string_view running_route() const noexcept {
        if (state_ == state::upgraded) return session_->running_route();
        return exchange_ && exchange_->is_running() ? exchange_->req.route() : std::string_view{};
    }

 private:
    using phase_type = http1_exchange::phase_type;
    enum class state : std::uint8_t {
        open,
        closing,    // the last answer is being sent
        lingering,  // it has been sent; what still arrives is dropped, so that the client can read it
        upgraded,   // another protocol is spoken, see protocol_session
        closed,     // waiting for `gone`
    };
    enum class step : std::uint8_t { again, wait };

    static constexpr unsigned steps_per_turn = 1024;              // then others get their turn
    static constexpr std::size_t gather_bytes_min = 8 * 1024;     // below, copying beats another iovec
    static constexpr std::size_t discard_bytes_max = 256 * 1024;  // unwanted content, to keep a connection
    static constexpr std::size_t linger_bytes_max = 16 * 1024 * 1024;
    static constexpr duration idle_grace = std::chrono::seconds(1);
    static constexpr duration opened_tick = std::chrono::milliseconds(64);
    static constexpr std::size_t file_bytes_per_step = 1024 * 1024;
    static constexpr std::size_t small_file_bytes_max = 16 * 1024;
    // Behind a head sendfile(2) fills its packets badly. For what leaves with one call of it a cork is worth
    // two calls more: half the cost at 1 MiB; nothing below, and nothing above.
    static constexpr std::uint64_t corked_bytes_min = 256 * 1024, corked_bytes_max = file_bytes_per_step;
    static bool is_corked(const file_region& region) noexcept {
        return region.length >= corked_bytes_min && region.length <= corked_bytes_max;
    }

    using wire::arm_again;
    using wire::arm_for_deadline;
    using wire::client_keeps_up;
    using wire::collected;
    using wire::deadline_has_passed;
    using wire::disarm;
    using wire::drain_queue;
    using wire::exchange_;
    using wire::give_back_exchange;
    using wire::has_broken;
    using wire::host;
    using wire::now;
    using wire::options;
    using wire::receive;
    using wire::send_collected;
    using wire::send_parts;
    using wire::session_;
    using wire::set_deadline;
    using wire::wait_to_write;

    // what moves it
    static void on_news(io_handle& handle, std::uint8_t news) noexcept;
    static void on_timer(timer& t) noexcept;
    void advance() noexcept;
    void take_turn();
    step take_step();
    void deadline_fired() noexcept;
    void deadline_passed();
    void ran_out_of_time(server_limit which);

    // a request: http1_receiving.hpp
    step take_head();
    bool make_room_for_head();
    void park() noexcept;
    step begin_request(std::size_t head_bytes);
    bool may_keep_alive() noexcept;
    step shed();
    std::uint64_t content_bytes_max() const noexcept;
    duration request_timeout() const noexcept;
    void start_receiving() noexcept;
    step collect_content();
    bool waits_for_content() const noexcept;
    step content_failed();
    flow receive_content();
    bool fits_behind_head() const noexcept;
    step start_handler();

    // its answer: http1_answering.hpp
    step begin_answer();
    step answer_failure();
    bool can_discard() const noexcept;
    step start_file();
    step send_content();
    step send_file_part();
    step start_stream(bool is_chunked);
    step end_stream(std::exception_ptr failure);
    step end_request();
    step discard_content();

    // the end
    bool is_head_request() const noexcept;
    step refuse(http::status why);
    step leave_unanswered() noexcept;
    step begin_closing(bool is_clean) noexcept;
    // It has said that this request is its last, and all of it is here. A client that has not may have sent
    // another, unread; a close would then be a reset and could destroy the answer (RFC 9112, 9.6).
    bool client_is_done() noexcept {
        http1_exchange& e = *exchange_;
        return !e.head.keep_alive && e.content.is_complete() && e.content_input().empty();
    }
    step finish_closing();
    step linger() noexcept;
    step abort() noexcept;
    void send_unavailable() noexcept;
    void out_of_memory() noexcept;
    time_point end_of_life() const noexcept {
        return time_point(opened_ * opened_tick) + options().connection_lifetime;
    }

    // another protocol: http1_upgrade.hpp
    bool speaks_http2() const noexcept;
    bool speaks_no_http() const noexcept;
    void begin_http2() noexcept;
    step take_over(protocol_session& session);
    void tell_session_the_time() noexcept;
    step begin_tunnel();
    step open_tunnel();
    template <class StartFunction>
    step hand_over(takeover& session, StartFunction start);
    static const connection_port_calls port_calls;
    static const duplex_calls tunnel_calls;
    static flow tunnel_read(void* self, char* to, std::size_t room, std::size_t& got) noexcept;
    static bool tunnel_write(void* self, const std::string_view* parts, unsigned count,
                             std::size_t& taken) noexcept;

    // what the exchange calls
    static http1_connection& of(void* self) noexcept { return *static_cast<http1_connection*>(self); }
    static const http1_connection& of(const void* self) noexcept {
        return *static_cast<const http1_connection*>(self);
    }
    static flow call_receive(void* self) noexcept;
    static void call_send(void* self) noexcept;
    static void call_finished(void* self) noexcept { of(self).coroutine_finished(); }
    static void call_advance(void* self) noexcept { of(self).advance(); }
    static constexpr bool is_encrypted =
        requires(Stream& s, peer_info& peer, arena& memory) { s.describe_peer(peer, memory); };
    static peer_info call_peer(void* self, arena& memory) {
        peer_info peer;
        peer.address = memory.copy(of(self).peer_address().to_string());
        if constexpr (is_encrypted) of(self).describe_peer(peer, memory);
        return peer;
    }
    static std::uint32_t call_peer_group(void* self) noexcept { return of(self).peer_group(); }
    void coroutine_finished() noexcept;
    static constexpr http1_connection_calls calls{
        &call_receive, &call_send, &call_finished, &call_advance, &call_peer, &call_peer_group, is_encrypted};

    std::uint32_t requests_ = 0;
    std::uint32_t discarded_bytes_ = 0;
    state state_ = state::open;
    bool keeps_alive_ = true;
    bool is_counted_ = false;
    bool is_clean_ =
        true;  // closing: the client has nothing on its way, so a close cannot destroy the answer
    std::uint32_t opened_ = 0;  // when, in ticks of the steady clock
};

}  // namespace eventcore
