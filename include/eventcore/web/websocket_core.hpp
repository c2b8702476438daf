// A WebSocket on the server's side: a tunnel that runs one handler. Include websocket.hpp.
//
// While the handler waits for a message and none is on its way, this object and the handler's frame are all
// there is of it; everything else is in a websocket_work, taken when there is news and given back at rest.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/web/tunnel.hpp"
#include "eventcore/web/websocket_options.hpp"
#include "eventcore/web/websocket_work.hpp"

namespace eventcore::detail {

class websocket_core final : public tunnel {
 public:
    // What the handshake has settled.
    struct agreement {
        websockets::deflate_agreement deflate;
        std::uint8_t protocol = no_protocol;  // index into websocket_options::protocols
    };
    static constexpr std::uint8_t no_protocol = 255;

    // Takes the starter. `options` and `route` belong to the router, which outlives it.
    websocket_core(scheduler& home, const websocket_options& options, const std::string_view* route,
                   const agreement& agreed, websocket_starter* starter);
    websocket_core(const websocket_core&) = delete;
    websocket_core& operator=(const websocket_core&) = delete;
    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }

    // ---- tunnel ----
    // "inline" and "cold" are for programs without a WebSocket: else g++ emits the table of these functions,
    // guesses that whatever is behind a tunnel is this, and compiles all of it.

    [[gnu::cold]] inline void start(duplex io, std::string_view received) override;
    [[gnu::cold]] inline void on_news(std::uint8_t news) noexcept override;
    [[gnu::cold]] inline void on_deadline() noexcept override;
    [[gnu::cold]] bool is_idle() const noexcept override { return false; }
    [[gnu::cold]] inline void drain() noexcept override;
    [[gnu::cold]] std::string_view running_route() const noexcept override {
        return handler_ && ctx_.activity() ? *ctx_.activity() : std::string_view{};
    }
    [[gnu::cold]] inline void release() noexcept override;

    // ---- for the handler and who else sends: on the home thread ----

    context& ctx() noexcept { return ctx_; }
    const websocket_options& options() const noexcept { return options_; }
    std::uint8_t protocol() const noexcept { return protocol_; }
    bool is_open() const noexcept { return state_ == state::open && !is_broken_; }
    std::size_t unsent() noexcept { return is_parked_ ? 0 : work().unsent(); }

    // True: receive() has its answer, which take() gives.
    bool try_receive();
    message take() noexcept;
    // The coroutine, or the wait with its lowest bit set, that goes on when there is a message or an end.
    void wait_to_receive(std::uintptr_t waiting) noexcept;
    void forget_receiver() noexcept;
    void forget_wait(const websocket_wait& wait) noexcept;

    // Queues a message; false when the connection takes none any more.
    bool send(websockets::opcode code, std::string_view payload);
    // The same for a frame that has been made already, header and payload.
    bool send_frame(std::string_view frame);
    bool may_go_on_sending() noexcept {
        return is_parked_ || !is_open() || work().unsent() <= options_.watermark_bytes;
    }
    void wait_to_send(websocket_sender& sender) { work().senders.push_back(sender); }
    // Whether so much more may be queued by somebody who does not wait.
    bool has_room_for(std::size_t bytes) noexcept { return unsent() + bytes <= options_.queue_bytes_max; }
    void count_full_queue() noexcept { io_.reached(tunnel_limit::write_queue); }

    // Nothing more is sent; the peer is told why.
    void begin_close(std::uint16_t code, std::string_view reason);

 private:
    enum class state : std::uint8_t {
        open,
        closing,    // our Close is sent or queued
        lingering,  // both have been sent; what still arrives is dropped until the peer sees the end
    };
    using handler_handle = std::coroutine_handle<task<>::promise_type>;

    static constexpr std::size_t input_bytes = 32 * 1024;
    static constexpr std::size_t send_now_bytes = 64 * 1024;
    static constexpr std::size_t gather_bytes_min = 16 * 1024;  // below, copying beats another call
    static constexpr unsigned messages_per_turn = 256;          // then others get their turn
    static constexpr unsigned reads_per_turn = 16;
    static constexpr duration tick = std::chrono::milliseconds(16);

    time_point now() const noexcept { return ctx_.home().now(); }
    std::uint32_t ticks() const noexcept {
        return static_cast<std::uint32_t>(now().time_since_epoch() / tick);
    }
    void heard() noexcept {
        heard_ = ticks();
        has_pinged_ = false;
    }

    websocket_work& work() {
        if (is_parked_) unpark();
        return *reinterpret_cast<websocket_work*>(place_);
    }
    void unpark();
    void park() noexcept;
    bool is_at_rest(const websocket_work& w) const noexcept;

    void turn() noexcept;
    void take_steps(websocket_work& w);
    void finish_turn() noexcept;
    void turn_later() noexcept;
    void resume(std::coroutine_handle<> coroutine) noexcept;
    void wake_receiver(websocket_work& w) noexcept;
    void end_handler() noexcept;
    void break_off() noexcept;

    void pump(websocket_work& w);
    bool read_more(websocket_work& w);
    void take_message(websocket_work& w, bool is_text);
    bool expand(websocket_work& w, std::string_view& payload, bool is_text);
    void take_close(websocket_work& w);
    void fail(close_code why);
    void linger(websocket_work& w) noexcept;

    void queue(websocket_work& w, websockets::opcode code, std::string_view payload, bool is_compressed);
    bool send_gathered(websocket_work& w, websockets::opcode code, std::string_view payload,
                       bool is_compressed);
    void flush(websocket_work& w) noexcept;
    void advance_closing(websocket_work& w) noexcept;
    bool is_listening(const websocket_work& w) const noexcept;
    void wake_senders(websocket_work& w, std::error_code why = {}) noexcept {
        while (!w.senders.empty()) {
            websocket_sender& next = w.senders.pop_front();
            next.woken(next, why);
        }
    }
    time_point idle_deadline() const noexcept;

    friend struct websocket_work;

    duplex io_;
    context ctx_;
    const websocket_options& options_;
    handler_handle handler_{};
    // Parked: what waits for a message, as wait_to_receive() was told. Else the websocket_work.
    std::uintptr_t place_ = 0;
    std::uint32_t heard_ = 0;  // when something was received, in ticks
    std::uint8_t protocol_;
    state state_ : 2 = state::open;
    bool is_parked_ : 1 = false;
    bool has_pinged_ : 1 = false;
    bool is_broken_ : 1 = false;  // nothing can be moved any more
    bool is_in_turn_ : 1 = false;
    bool has_close_ : 1 = false;        // the peer has sent its Close, or will not be listened to
    bool holds_message_ : 1 = false;    // the handler looks at the last one
    std::uint8_t server_bits_ : 4 = 0;  // of the windows; 0: no compression
    std::uint8_t client_bits_ : 4 = 0;
    bool keeps_server_context_ : 1 = false;
    bool keeps_client_context_ : 1 = false;
    bool is_released_ : 1 = false;
    bool is_clean_ : 1 = false;  // the peer has said Close: nothing may follow
};

// What an idle WebSocket costs besides its connection and its handler's frame.
static_assert(sizeof(websocket_core) <= 104);

}  // namespace eventcore::detail
