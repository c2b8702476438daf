// The server's side of an HTTP/2 connection, whole: what moves it, its deadlines and its end. What it is, is
// told in http2_steps.hpp. Compiled once per program, by the component eventcore::http2.
#pragma once

#include "eventcore/server/http2_answering.hpp"
#include "eventcore/server/http2_receiving.hpp"
#include "eventcore/server/http2_sending.hpp"
#include "eventcore/server/http2_steps.hpp"
#include "eventcore/server/http2_tunnel.hpp"
#include "eventcore/server/http2_watching.hpp"

namespace eventcore {

// ---- what moves it ----

inline void http2_session::set_callbacks(nghttp2_session_callbacks* to) noexcept {
    nghttp2_session_callbacks_set_on_begin_headers_callback(to, &on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(to, &on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(to, &on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, &on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(to, &on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(to, &on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(to, &on_stream_closed);
    nghttp2_session_callbacks_set_send_data_callback(to, &send_content);
}

inline void http2_session::start(connection_port port, std::string_view received) {
    port_ = port;
    opened_ = idle_since_ = now();
    open_library();
    take_input(received);
    look_at_due();
    pump();
    advance();
}

inline void http2_session::open_library() {
    library_.make([&](nghttp2_session** made) {
        return nghttp2_session_server_new3(made, worker_.callbacks(), this, worker_.options(),
                                           &http2_library::memory::functions);
    });
    const http2_options& o = options().http2;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o.streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o.stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options().limits.field_section_bytes},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
    };
    const bool is_good =
        nghttp2_submit_settings(library_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0 &&
        nghttp2_session_set_local_window_size(library_.get(), NGHTTP2_FLAG_NONE, 0,
                                              static_cast<std::int32_t>(o.connection_window_bytes)) == 0;
    if (!is_good) throw std::bad_alloc();
}

inline void http2_session::on_news(std::uint8_t news) noexcept {
    if (news & (readiness::hung_up | readiness::broken))
        is_broken_ = is_broken_ || options().half_close_is_gone || port_.is_reset();
    advance();
}

inline void http2_session::advance() noexcept {
    try {
        if (state_ == state::lingering) return linger();
        pump();
        receive();
    } catch (...) {
        out_of_memory();
    }
    end_turn();
}

// Reading stops while much waits to be sent: who asks has to take the answers.
inline bool http2_session::may_receive() noexcept {
    return !is_broken_ && !has_input_ended_ && state_ < state::failed && port_.has_input() &&
           nghttp2_session_get_outbound_queue_size(library_.get()) < outbound_frames_max;
}

inline void http2_session::receive() {
    for (unsigned i = 0; i < receives_per_turn; ++i) {
        if (!may_receive()) return;
        char* const input = worker_.input();
        const io_result got = port_.receive(input, http2_worker::buffer_bytes);
        if (got.would_block()) return;
        if (!got.ok()) {
            is_broken_ = true;
            return;
        }
        if (got.is_end()) return input_ended();
        take_input({input, got.bytes()});
        look_at_due();
        pump();
    }
    if (may_receive()) advance_later();
}

// The client is told why, and nothing it sends is looked at any more.
inline void http2_session::fail(std::uint32_t code) noexcept {
    if (state_ >= state::failed) return;
    state_ = state::failed;
    static_cast<void>(nghttp2_session_terminate_session(library_.get(), code));
}

// It can send no content and no window any more: what needs that will not be answered.
inline void http2_session::input_ended() noexcept {
    has_input_ended_ = true;
    streams_.for_each([this](http2_stream& s) {
        if (s.is_closed || s.is_content_complete) return;
        if (s.is_running())
            s.taken_over() ? lose(s) : s.fail(errc::closed);
        else if (s.phase <= phase_type::content)
            reset(s, NGHTTP2_CANCEL);
    });
    pump();
}

inline void http2_session::end_turn() noexcept {
    try {
        look_at_due();
        pump();
        look_for_room();
        look_at_due();
    } catch (...) {
        out_of_memory();
    }
    if (first_due_) advance_later();
    if (failure_code_ != 0 && state_ < state::failed) {
        fail(failure_code_);
        pump();
    }
    if (!has_nothing_left()) {
        watch_the_unsent();
        if (stream_count_ == 0) arm(idle_deadline());
        return;
    }
    if (running_count_ > 0) return cancel_all();
    // Who was told to go, and goes, has nothing on its way that could destroy what was said last.
    if (is_broken_ || has_input_ended_ || state_ == state::leaving) return port_.close();
    static_cast<void>(port_.shutdown_write());
    state_ = state::lingering;
    port_.set_deadline(now() + options().linger_timeout);
    linger();
}

inline bool http2_session::has_nothing_left() noexcept {
    if (is_broken_) return true;
    if (queued_.size() > queued_sent_) return false;
    if (has_input_ended_ && stream_count_ == 0) return true;
    return nghttp2_session_want_read(library_.get()) == 0 && nghttp2_session_want_write(library_.get()) == 0;
}

// Whatever runs ends first; each tells when it has.
inline void http2_session::cancel_all() noexcept {
    streams_.for_each([this](http2_stream& s) {
        if (s.is_running()) s.taken_over() ? lose(s) : s.cancel(errc::closed);
    });
    if (first_due_) advance_later();
}

// A reset caused by unread bytes could take what was said last away from the client.
inline void http2_session::linger() noexcept {
    while (port_.has_input()) {
        char* const dropped = worker_.input();
        const io_result got = port_.receive(dropped, http2_worker::buffer_bytes);
        if (got.would_block()) return;
        discarded_bytes_ += static_cast<std::uint32_t>(got.bytes());
        if (got.bytes() == 0 || discarded_bytes_ > linger_bytes_max) return port_.close();
    }
}

inline void http2_session::out_of_memory() noexcept {
    host().reached(server_limit::memory);
    is_broken_ = true;
}

inline void http2_session::release() noexcept {
    is_broken_ = true;  // to what handlers do when they are destroyed, for other streams of this connection
    while (!streams_.empty()) worker_.give_back(streams_.front());
    later_.unlink();
    delete this;
}

// ---- time ----

inline time_point http2_session::idle_deadline() const noexcept {
    if (requests_ == 0) return opened_ + options().header_timeout;
    const time_point end = opened_ + options().connection_lifetime, soon = now() + idle_grace;
    const time_point latest = end < soon ? soon : end, idle = idle_since_ + options().idle_timeout;
    return idle < latest ? idle : latest;
}

inline void http2_session::on_deadline() noexcept {
    armed_ = no_deadline;
    if (state_ == state::lingering) return port_.close();
    const time_point time = now();
    try {
        if (sending_.deadline() <= time &&
            !sending_.keeps_up(time, sent_bytes_ - port_.unsent_bytes(), options().write_timeout,
                               options().write_rate_min)) {
            host().counters().timeouts.add();
            host().reached(server_limit::write_time);
            is_broken_ = true;
        }
        if (header_deadline_ <= time) {
            host().counters().timeouts.add();
            host().reached(server_limit::header_time);
            fail(NGHTTP2_ENHANCE_YOUR_CALM);
        }
        if (drain_deadline_ <= time) end_drain();
        if (stream_count_ == 0 && idle_deadline() <= time && state_ == state::open) {
            const server_limit which = requests_ == 0 ? server_limit::header_time : server_limit::idle_time;
            host().reached(time < opened_ + options().connection_lifetime ? which
                                                                          : server_limit::connection_time);
            begin_drain();
            end_drain();
        }
        streams_.for_each([this, time](http2_stream& s) {
            if (s.deadline <= time && !s.is_closed) deadline_passed(s);
        });
        pump();
    } catch (...) {
        out_of_memory();
    }
    arm(next_deadline());
    end_turn();
}

inline time_point http2_session::next_deadline() noexcept {
    time_point next = stream_count_ == 0 ? idle_deadline() : no_deadline;
    const auto take = [&next](time_point when) {
        if (when < next) next = when;
    };
    take(sending_.deadline());
    take(header_deadline_);
    take(drain_deadline_);
    streams_.for_each([&](http2_stream& s) { take(s.deadline); });
    return next;
}

inline void http2_session::deadline_passed(http2_stream& s) {
    s.deadline = no_deadline;
    if (s.taken_over()) return s.taken_over()->on_deadline();
    if (s.sending.deadline() != no_deadline && s.phase >= phase_type::sending) return look_at_pace(s);
    const bool is_reading = s.phase == phase_type::content || s.is_reading();
    if (is_reading) {
        host().counters().timeouts.add();
        host().reached(server_limit::body_time);
        return s.is_running() ? s.fail(errc::timed_out) : refuse(s, http::status::request_timeout);
    }
    if (s.phase != phase_type::handler) return;
    if (s.receiving.is_waiting()) {  // the handler has given up reading, and does something else
        s.receiving.forgive();
        return set_deadline(s, now() + request_timeout(s));
    }
    host().counters().timeouts.add();
    host().reached(server_limit::request_time);
    s.ctx.cancel(errc::timed_out);
}

// Where the client's window is open, it is not the client who is waited for.
inline void http2_session::look_at_pace(http2_stream& s) noexcept {
    if (s.to_send().empty()) return s.sending.stop();
    const bool is_held_up = nghttp2_session_get_stream_remote_window_size(library_.get(), s.id) <= 0 ||
                            nghttp2_session_get_remote_window_size(library_.get()) <= 0;
    if (!is_held_up) {
        s.sending.stop();
        s.sending.wait(now(), options().write_timeout);
    } else if (!s.sending.keeps_up(now(), s.sent_bytes, options().write_timeout, options().write_rate_min)) {
        host().counters().timeouts.add();
        host().reached(server_limit::write_time);
        s.sending.stop();
        if (s.is_running()) s.cancel(errc::timed_out);
        return reset(s, NGHTTP2_CANCEL);
    }
    set_deadline(s, s.sending.deadline());
}

// ---- the end ----

// RFC 9113, 6.8: first that no more should come, and when the client has heard that, which was the last.
inline void http2_session::drain() noexcept {
    begin_drain();
    streams_.for_each([](http2_stream& s) {
        if (s.is_closed) return;
        s.taken_over() ? s.taken_over()->drain() : s.tell_drain();
    });
    advance();
}

inline void http2_session::begin_drain() noexcept {
    if (state_ != state::open) return;
    state_ = state::draining;
    static_cast<void>(nghttp2_submit_shutdown_notice(library_.get()));
    static_cast<void>(nghttp2_submit_ping(library_.get(), NGHTTP2_FLAG_NONE, nullptr));
    drain_deadline_ = now() + idle_grace;
    arm(drain_deadline_);
}

inline void http2_session::end_drain() noexcept {
    drain_deadline_ = no_deadline;
    if (state_ != state::draining) return;
    state_ = state::leaving;
    static_cast<void>(nghttp2_submit_goaway(library_.get(), NGHTTP2_FLAG_NONE,
                                            nghttp2_session_get_last_proc_stream_id(library_.get()),
                                            NGHTTP2_NO_ERROR, nullptr, 0));
}

// ---- the worker's ----

inline http2_worker::http2_worker(connection_host& host) : host_(host) {
    callbacks_.make(&nghttp2_session_callbacks_new);
    options_.make(&nghttp2_option_new);
    http2_session::set_callbacks(callbacks_.get());
    constexpr std::size_t outbound_acks_max = 256, encoder_table_bytes = 1024;
    nghttp2_option* const o = options_.get();
    nghttp2_option_set_no_auto_window_update(o, 1);
    nghttp2_option_set_no_closed_streams(o, 1);
    nghttp2_option_set_max_outbound_ack(o, outbound_acks_max);
    nghttp2_option_set_max_deflate_dynamic_table_size(o, encoder_table_bytes);
    nghttp2_option_set_max_send_header_block_length(o, 2 * http::fields::total_bytes_max);
}

inline protocol_session& http2_worker::open_session() { return *new http2_session(*this); }

namespace detail {

// Weak: a program may have this from the component and from a file of its own.
[[gnu::weak]] owned<http2_service> link_the_component_eventcore_http2(connection_host& host) {
    return owned<http2_service>(new http2_worker(host));
}

}  // namespace detail

}  // namespace eventcore
