// An HTTP/2 stream that carries a tunnel: a WebSocket by RFC 8441. DATA frames are its bytes, END_STREAM is
// the end of one side's, and RST_STREAM is what a reset is to a connection of its own. Windows are the
// back-pressure both ways, so that one tunnel neither stops the other streams nor fills the memory.
#pragma once

#include "eventcore/server/http2_answering.hpp"
#include "eventcore/server/http2_steps.hpp"

namespace eventcore {

inline void http2_session::begin_tunnel(http2_stream& s) {
    plain_vector<nghttp2_nv>& lines = worker_.lines();
    lines.clear();
    lines.push_back(detail::http2_line(":status", "200"));
    add_lines(&s.answer.value().fields(), {});
    submit_lines(s, true);
    last_running_ = s.req.route();
    ++running_count_;
    s.begin_tunnel(s.answer.value().take_tunnel());
    try {
        s.taken_over()->start(duplex(&s, tunnel_calls), {});  // what has arrived, it reads
    } catch (...) {
        host().reached(server_limit::memory);
        return close_tunnel(s);
    }
    if (s.taken_over() && host().closes_idle()) s.taken_over()->drain();
}

// What was written last is sent before the stream ends, and a client that has not ended its half need not: it
// is told, without being accused of anything.
inline void http2_session::close_tunnel(http2_stream& s) noexcept {
    s.end_tunnel();
    wait_for_room(s, false);
    s.deadline = no_deadline;
    --running_count_;
    advance_later();
    if (s.is_closed) {
        if (!s.is_due) recycle(s);
        return;
    }
    if (!s.has_ended_writing || s.error()) return reset(s, NGHTTP2_CANCEL);
    if (s.has_sent_end) return reset(s, NGHTTP2_NO_ERROR);
    s.phase = phase_type::sending;
    s.has_content_to_send = true;
    ++answering_count_;
    has_answered_early_ = true;
}

// Its client has gone, or the connection goes: it is told in its turn.
inline void http2_session::lose(http2_stream& s) noexcept {
    if (s.error()) return;
    s.fail(errc::closed);
    make_due(s);
}

inline void http2_session::tell_tunnel(http2_stream& s) noexcept {
    const bool is_end = s.is_closed || s.is_content_complete || s.error();
    s.taken_over()->on_news(is_end ? news_of_the_end : 0);
}

// ---- what a tunnel asks for ----

inline flow http2_session::tunnel_read(void* stream, char* to, std::size_t room, std::size_t& got) noexcept {
    http2_stream& s = tunnel_of(stream);
    return s.is_closed || s.error() ? flow::failed : s.take_arrived(to, room, got);
}

// What is taken fits into the client's windows, so what waits for them is with whoever has written it, and
// bounded there.
inline bool http2_session::tunnel_write(void* stream, const std::string_view* parts, unsigned count,
                                        std::size_t& taken) noexcept {
    http2_stream& s = tunnel_of(stream);
    http2_session& self = session_of(stream);
    taken = 0;
    if (s.is_closed || s.error() || self.is_broken_) return false;
    std::size_t room = self.room_for(s);
    bool is_all = true;
    try {
        for (unsigned i = 0; i < count; ++i) {
            const std::string_view part = parts[i].substr(0, room);
            s.queue(part);
            taken += part.size();
            room -= part.size();
            is_all = is_all && part.size() == parts[i].size();
        }
    } catch (...) {
        self.host().reached(server_limit::memory);
        return false;
    }
    self.wait_for_room(s, !is_all);
    if (taken > 0) self.content_queued(s, false);
    return true;
}

inline std::size_t http2_session::room_for(const http2_stream& s) const noexcept {
    const std::int32_t of_stream = nghttp2_session_get_stream_remote_window_size(library_.get(), s.id);
    const std::int32_t of_all = nghttp2_session_get_remote_window_size(library_.get());
    const std::int32_t window = of_stream < of_all ? of_stream : of_all;
    if (window <= 0) return 0;
    const auto open = static_cast<std::size_t>(window);
    const std::size_t most = open < tunnel_bytes_max ? open : tunnel_bytes_max, queued = s.to_send().size();
    return most > queued ? most - queued : 0;
}

inline void http2_session::wait_for_room(http2_stream& s, bool waits) noexcept {
    if (s.waits_for_room == waits) return;
    s.waits_for_room = waits;
    waiting_count_ = waits ? waiting_count_ + 1 : waiting_count_ - 1;
}

// A window may have been opened, or what was queued have been sent.
inline void http2_session::look_for_room() noexcept {
    if (waiting_count_ == 0) return;
    streams_.for_each([this](http2_stream& s) {
        const bool may_go_on =
            s.waits_for_room && s.to_send().size() <= tunnel_bytes_max / 2 && room_for(s) > 0;
        if (!may_go_on) return;
        wait_for_room(s, false);
        make_due(s);
    });
}

inline constexpr duplex_calls http2_session::tunnel_calls{
    &tunnel_read,
    &tunnel_write,
    [](void* stream) noexcept {
        tunnel_of(stream).has_ended_writing = true;
        session_of(stream).content_queued(tunnel_of(stream), false);
    },
    [](void* stream, time_point when) noexcept { session_of(stream).set_deadline(tunnel_of(stream), when); },
    [](void* stream) noexcept { session_of(stream).close_tunnel(tunnel_of(stream)); },
    [](const void* stream) noexcept { return static_cast<const http2_stream*>(stream)->to_send().size(); },
    [](void* stream, tunnel_limit which) noexcept { session_of(stream).host().reached(limit_of(which)); },
    [](void* stream, std::string_view route, const std::exception_ptr& failure) noexcept {
        session_of(stream).host().report_failure(route, failure);
    },
};

}  // namespace eventcore
