// The server's side of one HTTP/2 connection (RFC 9113), over any stream: its state and its steps. Include
// http2_session.hpp, which has the definitions.
//
// nghttp2 is the protocol, this is what moves bytes through it and requests to handlers:
//
//   receive -> library -> streams that are due -> route, handler -> library -> send, with one call …
//
// What arrives is noted while the library reads, and acted upon when it has read all: a request that is reset
// in the same breath costs no handler. An idle connection is this object and the library's, without a buffer
// of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "eventcore/server/http2_budget.hpp"
#include "eventcore/server/http2_frames.hpp"
#include "eventcore/server/http2_library.hpp"
#include "eventcore/server/http2_reset_list.hpp"
#include "eventcore/server/http2_stream.hpp"
#include "eventcore/server/http2_worker.hpp"
#include "eventcore/server/pace.hpp"
#include "eventcore/server/protocol_session.hpp"

namespace eventcore {

class http2_session final : public protocol_session, private http2_stream_owner {
 public:
    explicit http2_session(http2_worker& worker) noexcept
        : worker_(worker),
          resets_(worker.host().options().http2.resets_max, worker.host().options().http2.resets_per_second,
                  now()),
          idle_frames_(worker.host().options().http2.idle_frames_max,
                       worker.host().options().http2.idle_frames_per_second, now()) {}
    http2_session(const http2_session&) = delete;
    http2_session& operator=(const http2_session&) = delete;

    // What the library calls.
    static void set_callbacks(nghttp2_session_callbacks* to) noexcept;

    // ---- protocol_session ----

    void start(connection_port port, std::string_view received) override;
    void on_news(std::uint8_t news) noexcept override;
    void on_deadline() noexcept override;
    bool is_idle() const noexcept override { return stream_count_ == 0 && requests_ > 0 && queued_.empty(); }
    void drain() noexcept override;
    std::string_view running_route() const noexcept override {
        return running_count_ > 0 ? last_running_ : std::string_view{};
    }
    void release() noexcept override;

 private:
    using phase_type = http2_stream::phase_type;

    static constexpr unsigned receives_per_turn = 4;          // then others get their turn
    static constexpr std::size_t batch_bytes = 48 * 1024;     // collected, then sent
    static constexpr std::size_t outbound_frames_max = 1024;  // waiting in the library: reading stops
    static constexpr std::size_t linger_bytes_max = 16 * 1024 * 1024;
    static constexpr std::size_t tunnel_bytes_max = 64 * 1024;  // of one, on their way into the library
    static constexpr std::uint32_t header_list_factor = 4;      // of the limit on a field section
    static constexpr std::uint32_t paid_per_frame = 4;          // that a frame of our content pays for
    static constexpr unsigned continuations_max = 16;
    static constexpr duration idle_grace = std::chrono::seconds(1);

    enum class state : std::uint8_t {
        open,
        draining,   // the client has been told to ask for no more; what is on its way is served
        leaving,    // what comes now is not
        failed,     // the client has broken the protocol, and is told
        lingering,  // it has been told; what still arrives is dropped, so that it can read that
    };

    connection_host& host() const noexcept { return worker_.host(); }
    const server_options& options() const noexcept { return host().options(); }
    time_point now() const noexcept { return host().home().now(); }

    // what moves it
    void open_library();
    void advance() noexcept;
    void receive();
    void take_input(std::string_view bytes);
    void feed(std::string_view bytes);
    void take_failed(ssize_t error);
    void look_at_frame(const http2_frame_header& frame) noexcept;
    void look_at_block(const http2_frame_header& frame) noexcept;
    void look_at_gone(const http2_frame_header& frame) noexcept;
    bool is_gone(const http2_frame_header& frame) const noexcept;
    bool may_receive() noexcept;
    void look_at_due();
    void end_turn() noexcept;
    bool has_nothing_left() noexcept;
    void out_of_memory() noexcept;
    void fail(std::uint32_t code) noexcept;
    void input_ended() noexcept;
    void cancel_all() noexcept;
    void linger() noexcept;

    // sending
    void pump() noexcept;
    bool fill();
    bool send_queue() noexcept;
    void send_output();
    void watch_the_unsent() noexcept;

    // time
    void arm(time_point when) noexcept {
        if (when >= armed_) return;
        armed_ = when;
        port_.set_deadline(when);
    }
    void set_deadline(http2_stream& s, time_point when) noexcept {
        s.deadline = when;
        arm(when);
    }
    time_point idle_deadline() const noexcept;
    void deadline_passed(http2_stream& s);
    void look_at_pace(http2_stream& s) noexcept;
    time_point next_deadline() noexcept;
    void begin_drain() noexcept;
    void end_drain() noexcept;

    // a stream: http2_receiving.hpp
    http2_stream* stream_of(std::int32_t id) const noexcept {
        return static_cast<http2_stream*>(nghttp2_session_get_stream_user_data(library_.get(), id));
    }
    void make_due(http2_stream& s) noexcept;
    int begin_stream(std::int32_t id);
    void take_trailer(http2_stream& s, std::string_view name, std::string_view value);
    void header_block_ended(http2_stream& s, bool is_trailers, bool is_last);
    int take_content(http2_stream& s, std::string_view bytes);
    bool spend(http2_budget& from, server_limit which) noexcept;
    int refuse_connection(std::uint32_t code) noexcept;
    void look_at(http2_stream& s);
    void begin_request(http2_stream& s);
    bool must_end_soon() noexcept;
    void collect_content(http2_stream& s);
    void hold_no_window(http2_stream& s) noexcept;
    std::uint64_t content_bytes_max(const http2_stream& s) const noexcept;
    duration request_timeout(const http2_stream& s) const noexcept;
    void start_receiving(http2_stream& s) noexcept;
    void send_continue(http2_stream& s) noexcept;
    void start_handler(http2_stream& s);
    void let_go(http2_stream& s) noexcept;
    void recycle(http2_stream& s) noexcept;

    // its answer: http2_answering.hpp
    struct answer_numbers {
        char status[3];
        char length[20];
    };
    void begin_answer(http2_stream& s);
    void refuse(http2_stream& s, http::status why);
    void shed(http2_stream& s);
    void submit(http2_stream& s, const http::fields* fields, bool has_known_length, std::uint64_t length,
                std::string_view content_type, http::status code);
    void add_lines(const http::fields* fields, std::string_view content_type);
    void submit_lines(http2_stream& s, bool has_content);
    void start_stream(http2_stream& s);
    void end_stream(http2_stream& s, std::exception_ptr failure);
    void reset(http2_stream& s, std::uint32_t code) noexcept;
    static task<> send_file(body_writer& out, file_region& region);

    // a tunnel: http2_tunnel.hpp
    void begin_tunnel(http2_stream& s);
    void close_tunnel(http2_stream& s) noexcept;
    void lose(http2_stream& s) noexcept;
    void tell_tunnel(http2_stream& s) noexcept;
    std::size_t room_for(const http2_stream& s) const noexcept;
    void wait_for_room(http2_stream& s, bool waits) noexcept;
    void look_for_room() noexcept;
    static const duplex_calls tunnel_calls;
    static flow tunnel_read(void* stream, char* to, std::size_t room, std::size_t& got) noexcept;
    static bool tunnel_write(void* stream, const std::string_view* parts, unsigned count,
                             std::size_t& taken) noexcept;
    static http2_stream& tunnel_of(void* stream) noexcept { return *static_cast<http2_stream*>(stream); }
    static http2_session& session_of(void* stream) noexcept {
        return static_cast<http2_session&>(tunnel_of(stream).owner());
    }

    // http2_stream_owner
    void content_wanted(http2_stream& s) noexcept override;
    void content_taken(http2_stream& s, std::size_t bytes) noexcept override;
    void content_queued(http2_stream& s, bool now) noexcept override;
    // A client that opens no window must not make a hundred streams hold as much as a hundred connections.
    std::size_t write_watermark() const noexcept override {
        const std::size_t all = options().write_watermark_bytes;
        const std::size_t share = answering_count_ > 1 ? all / answering_count_ : all;
        return share > http2_stream::send_now_bytes || all == share ? share : http2_stream::send_now_bytes;
    }
    void coroutine_finished(http2_stream& s) noexcept override;
    peer_info peer(arena& memory) noexcept override { return port_.peer(memory); }
    std::uint32_t peer_group() noexcept override { return port_.peer_group(); }
    bool is_encrypted() const noexcept override { return port_.is_encrypted(); }

    // what the library calls
    static http2_session& of(void* user) noexcept { return *static_cast<http2_session*>(user); }
    static int on_begin_headers(nghttp2_session*, const nghttp2_frame*, void* user) noexcept;
    static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t,
                         const std::uint8_t* value, std::size_t, std::uint8_t flags, void* user) noexcept;
    static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                                 const std::uint8_t*, std::size_t, std::uint8_t, void*) noexcept;
    static int on_data(nghttp2_session*, std::uint8_t flags, std::int32_t id, const std::uint8_t* data,
                       std::size_t bytes, void* user) noexcept;
    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
    static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
    static int on_stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) noexcept;
    static ssize_t choose_content(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t most,
                                  std::uint32_t* flags, nghttp2_data_source* source, void* user) noexcept;
    static int send_content(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* frame_header,
                            std::size_t bytes, nghttp2_data_source* source, void* user) noexcept;
    int take_frame(const nghttp2_frame& frame);

    struct own_item : ready_item {
        own_item(http2_session& s, run_function f) noexcept : ready_item(f), owner(s) {}
        http2_session& owner;
    };
    static void run_later(ready_item& item) noexcept { static_cast<own_item&>(item).owner.advance(); }
    void advance_later() noexcept {
        if (!later_.is_linked()) host().home().schedule(later_);
    }

    http2_worker& worker_;
    connection_port port_;
    http2_library::session library_;
    own_item later_{*this, &run_later};
    intrusive_list<http2_stream> streams_;
    http2_frames frames_{http2_preface.size()};
    http2_stream* header_block_of_ = nullptr;  // see header_block_stream_
    http2_stream* first_due_ = nullptr;
    http2_stream* last_due_ = nullptr;
    byte_buffer queued_;  // what the socket has not taken: [ sent | to be sent: from queued_sent_ ]
    std::size_t queued_sent_ = 0;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t collected_bytes_ = 0;  // of contents that are being put together
    send_pace sending_;
    http2_budget resets_;
    http2_budget idle_frames_;
    time_point armed_ = no_deadline;  // what the port's deadline is
    time_point opened_{};
    time_point idle_since_{};
    time_point header_deadline_ = no_deadline;
    time_point drain_deadline_ = no_deadline;
    std::string_view last_running_;
    std::uint32_t stream_count_ = 0;
    std::uint32_t running_count_ = 0;    // handlers and producers that wait, and tunnels
    std::uint32_t answering_count_ = 0;  // streams that have content to send
    std::uint32_t waiting_count_ = 0;    // tunnels that wait for room
    std::uint32_t requests_ = 0;
    std::uint32_t paid_frames_ = 0;         // that our content has paid for
    std::uint32_t failure_code_ = 0;        // set by a callback that has failed
    std::int32_t header_block_stream_ = 0;  // whose header block has begun and is incomplete; 0: none
    std::uint32_t discarded_bytes_ = 0;
    std::int32_t newest_stream_ = 0;   // that the client has opened
    std::uint32_t block_bytes_ = 0;    // of the header block that is, or was last, received
    std::uint32_t continuations_ = 0;  // of it
    std::size_t replies_before_ = 0;   // frames that waited to be sent when SETTINGS began
    http2_reset_list reset_streams_{2 * std::size_t{options().http2.streams_max}};
    state state_ = state::open;
    bool has_answered_early_ = false;  // at some time, a request that was not complete
    bool is_broken_ = false;           // nothing can be sent or received any more
    bool has_input_ended_ = false;     // the client sends no more
    bool is_in_library_ = false;       // it runs, and must not be called
};

}  // namespace eventcore
