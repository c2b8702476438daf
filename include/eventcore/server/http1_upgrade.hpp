// How an HTTP/1 connection passes into the hands of another protocol, and what it goes on doing for it.
#pragma once

#include "eventcore/server/http1_steps.hpp"

namespace eventcore {

// What does not begin like HTTP/1 may begin like HTTP/2 (RFC 9113, 3.3); so far, at least.
template <net::stream Stream>
[[gnu::cold, gnu::noinline]] bool http1_connection<Stream>::speaks_http2() const noexcept {
    return requests_ == 0 && host().http2() && may_be_http2(exchange_->input.unread());
}

// Its first line names a protocol that is not HTTP, and a method of nobody's: whoever has failed at the
// preface so would take an answer of HTTP/1 for a frame of megabytes, and gets none (RFC 9113, 3.4).
template <net::stream Stream>
[[gnu::cold, gnu::noinline]] bool http1_connection<Stream>::speaks_no_http() const noexcept {
    if (requests_ > 0 || !host().http2()) return false;
    const std::string_view all = exchange_->input.unread(), line = all.substr(0, all.find('\n'));
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    const bool has_three_words = first < last && line.find(' ', first + 1) == last;
    return has_three_words && http::parse_method(line.substr(0, first)) == http::method::other &&
           line.substr(last + 1, 5) != "HTTP/";
}

template <net::stream Stream>
void http1_connection<Stream>::begin_http2() noexcept {
    try {
        wire::take_exchange(calls, this);
        take_over(host().http2()->open_session());
    } catch (...) {
        out_of_memory();
    }
}

// What was collected is sent first; what had arrived behind the last request belongs to the session.
template <net::stream Stream>
template <class StartFunction>
auto http1_connection<Stream>::hand_over(takeover& session, StartFunction start) -> step {
    EVENTCORE_ASSERT(exchange_->queued_bytes() == 0, "answers are sent before another protocol begins");
    set_deadline(no_deadline);
    input_buffer received;
    received.swap(exchange_->input);
    give_back_exchange();
    session_ = &session;
    state_ = state::upgraded;
    if (has_broken()) return close_now(), step::wait;
    try {
        start(received.unread());
    } catch (...) {
        host().reached(server_limit::memory);
        close_now();
    }
    if (state_ == state::upgraded && host().closes_idle()) session_->drain();
    return step::wait;
}

template <net::stream Stream>
void http1_connection<Stream>::tell_session_the_time() noexcept {
    if (deadline_has_passed()) session_->on_deadline();
    if (state_ == state::upgraded) arm_for_deadline();
}

template <net::stream Stream>
auto http1_connection<Stream>::take_over(protocol_session& session) -> step {
    send_collected();
    return hand_over(session, [&](std::string_view received) {
        session.start(connection_port(this, port_calls), received);
    });
}

// The handler has answered with something that goes on where HTTP ends.
template <net::stream Stream>
auto http1_connection<Stream>::begin_tunnel() -> step {
    http1_exchange& e = *exchange_;
    write_upgrade_head(collected(), host(), e.answer.value());
    e.phase = phase_type::tunnel;
    return step::again;
}

template <net::stream Stream>
auto http1_connection<Stream>::open_tunnel() -> step {
    send_collected();
    if (has_broken()) return step::again;
    if (exchange_->queued_bytes() > 0) return step::wait;
    tunnel& taken = exchange_->answer.value().take_tunnel();
    return hand_over(taken,
                     [&](std::string_view received) { taken.start(duplex(this, tunnel_calls), received); });
}

static_assert(news_of_the_end == (readiness::hung_up | readiness::broken));

template <net::stream Stream>
flow http1_connection<Stream>::tunnel_read(void* self, char* to, std::size_t room,
                                           std::size_t& got) noexcept {
    if (!of(self).has_input()) return flow::would_block;
    const io_result outcome = of(self).Stream::receive(to, room);
    if (outcome.would_block()) return flow::would_block;
    if (!outcome.ok()) return flow::failed;
    got = outcome.bytes();
    return got > 0 ? flow::ready : flow::end;
}

template <net::stream Stream>
bool http1_connection<Stream>::tunnel_write(void* self, const std::string_view* parts, unsigned count,
                                            std::size_t& taken) noexcept {
    taken = 0;
    if (!of(self).is_ready(of(self).send_waits_for())) return true;
    iovec vectors[duplex::parts_max];
    std::size_t wanted = 0;
    for (unsigned i = 0; i < count; ++i) {
        vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
        wanted += parts[i].size();
    }
    const io_result sent = of(self).Stream::send(vectors, count, false);
    if (!sent.ok() && !sent.would_block()) return false;
    taken = sent.bytes();
    if (taken < wanted) of(self).want_write();
    return true;
}

template <net::stream Stream>
constexpr duplex_calls http1_connection<Stream>::tunnel_calls{
    &tunnel_read,
    &tunnel_write,
    [](void* self) noexcept { static_cast<void>(of(self).Stream::shutdown_write()); },
    [](void* self, time_point when) noexcept { of(self).set_deadline(when); },
    [](void* self) noexcept { of(self).close_now(); },
    [](const void* self) noexcept { return of(self).unsent_bytes(); },
    [](void* self, tunnel_limit which) noexcept { of(self).host().reached(limit_of(which)); },
    [](void* self, std::string_view route, const std::exception_ptr& failure) noexcept {
        of(self).host().report_failure(route, failure);
    },
};

template <net::stream Stream>
constexpr connection_port_calls http1_connection<Stream>::port_calls{
    [](void* self, void* to, std::size_t bytes) noexcept { return of(self).Stream::receive(to, bytes); },
    [](void* self, const iovec* parts, unsigned count, bool more) noexcept {
        return of(self).Stream::send(parts, count, more);
    },
    [](void* self, int file, std::uint64_t offset, std::size_t bytes) noexcept {
        return of(self).Stream::send_file(file, offset, bytes);
    },
    [](const void* self) noexcept { return of(self).has_input(); },
    [](const void* self) noexcept { return of(self).is_ready(of(self).send_waits_for()); },
    [](void* self) noexcept { of(self).want_write(); },
    [](void* self) noexcept { return of(self).Stream::shutdown_write(); },
    [](void* self) noexcept { return !of(self).host().home().socket_error(of(self).fd).ok(); },
    [](const void* self) noexcept { return of(self).unsent_bytes(); },
    [](void* self, time_point when) noexcept { of(self).set_deadline(when); },
    [](void* self) noexcept { of(self).close_now(); },
    [](const void* self) noexcept -> connection_host& { return of(self).host(); },
    [](void* self, arena& memory) { return call_peer(self, memory); },
    [](void* self) noexcept { return of(self).peer_group(); },
    is_encrypted,
};

}  // namespace eventcore
