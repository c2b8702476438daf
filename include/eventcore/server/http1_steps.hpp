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

#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/server/http1_answer.hpp"
#include "eventcore/server/http1_wire.hpp"

namespace eventcore {

// An element of a worker's list of open connections.
struct connection_link : list_node {};

template <net::stream Stream>
class http1_connection final : private http1_wire<Stream>, public connection_link {
    using wire = http1_wire<Stream>;

 public:
    // `gone` is told when the descriptor is closed and the object may be destroyed.
    using gone_function = void (*)(http1_connection&, void* owner) noexcept;
    http1_connection(http1_pool& pool, gone_function gone, void* owner) noexcept
        : wire(pool, &on_news, &on_timer), gone_(gone), owner_(owner) {}

    // Begins to serve a connected socket. On failure it is closed; destroy the connection at once.
    result<> open(int connected_fd) noexcept {
        const result<> opened = Stream::open(connected_fd);
        if (opened) set_deadline(now() + options().header_timeout);
        return opened;
    }
    // The worker closes what is idle: ends now when no request is in progress or has just arrived, else with
    // its answer.
    void drain() noexcept {
        if (state_ != state::open || exchange_) return;
        this->has_input() ? advance() : close_now();
    }
    // Ends whatever is in progress. A handler that still runs is destroyed where it waits.
    void close_now() noexcept {
        if (state_ == state::closed) return;
        state_ = state::closed;
        disarm();
        give_back_exchange();
        collected().clear();
        Stream::close();
    }
    // The route of the handler that runs, for the log of a drain that took too long; empty when none does.
    std::string_view running_route() const noexcept {
        return exchange_ && exchange_->is_running() ? exchange_->req.route() : std::string_view{};
    }

 private:
    using phase_type = http1_exchange::phase_type;
    enum class state : std::uint8_t {
        open,
        closing,    // the last answer is being sent
        lingering,  // it has been sent; what still arrives is dropped, so that the client can read it
        closed,     // waiting for `gone`
    };
    enum class step : std::uint8_t { again, wait };

    static constexpr unsigned steps_per_turn = 256;            // then others get their turn
    static constexpr std::size_t gather_bytes_min = 8 * 1024;  // below, copying beats another iovec
    static constexpr std::size_t discard_bytes_max =
        256 * 1024;  // unwanted content read to keep a connection
    static constexpr std::size_t file_bytes_per_step = 1024 * 1024;

    using wire::collected;
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
    using wire::set_deadline;
    using wire::wait_to_write;

    // what moves it
    static void on_news(io_handle& handle, std::uint8_t news) noexcept;
    static void on_timer(timer& t) noexcept;
    void advance() noexcept;
    step take_step() noexcept;
    void deadline_fired() noexcept;

    // a request: http1_receiving.hpp
    step take_head() noexcept;
    bool make_room_for_head() noexcept;
    void park() noexcept;
    step begin_request(std::size_t head_bytes) noexcept;
    std::uint64_t content_bytes_max() const noexcept;
    step collect_content() noexcept;
    bool waits_for_content() const noexcept;
    step content_failed() noexcept;
    flow receive_content() noexcept;
    bool fits_behind_head() const noexcept;
    step start_handler() noexcept;

    // its answer: http1_answering.hpp
    step begin_answer() noexcept;
    bool can_discard() const noexcept;
    step send_content() noexcept;
    step send_file_part() noexcept;
    step start_stream(bool is_chunked) noexcept;
    step end_stream(std::exception_ptr failure) noexcept;
    step end_request() noexcept;
    step discard_content() noexcept;

    // the end
    bool is_head_request() const noexcept;
    step refuse(http::status why) noexcept;
    step begin_closing(bool is_clean) noexcept;
    step finish_closing() noexcept;
    step linger() noexcept;
    step abort() noexcept;

    // what the exchange calls
    static http1_connection& of(void* self) noexcept { return *static_cast<http1_connection*>(self); }
    static flow call_receive(void* self) noexcept { return of(self).receive_content(); }
    static void call_send(void* self) noexcept {
        if (of(self).exchange_->queued_bytes() > 0) of(self).drain_queue();
        if (of(self).has_broken()) of(self).exchange_->advance_later();
    }
    static void call_finished(void* self) noexcept { of(self).coroutine_finished(); }
    static void call_advance(void* self) noexcept { of(self).advance(); }
    static peer_info call_peer(void* self, arena& memory) {
        return {memory.copy(of(self).peer_address().to_string()), false};
    }
    void coroutine_finished() noexcept;
    static constexpr http1_connection_calls calls{&call_receive, &call_send, &call_finished, &call_advance,
                                                  &call_peer};

    gone_function gone_;
    void* owner_;
    std::uint32_t requests_ = 0;
    std::uint32_t discarded_bytes_ = 0;
    state state_ = state::open;
    bool keeps_alive_ = true;
    bool is_clean_ =
        true;  // closing: the client has nothing on its way, so a close cannot destroy the answer
};

}  // namespace eventcore
