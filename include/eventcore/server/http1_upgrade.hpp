// How an HTTP/1 connection passes into the hands of another protocol, and what it goes on doing for it.
#pragma once

#include "eventcore/server/http1_steps.hpp"

namespace eventcore {

// What does not begin like HTTP/1 may begin like HTTP/2 (RFC 9113, 3.3); so far, at least.
template <net::stream Stream>
[[gnu::cold, gnu::noinline]] bool http1_connection<Stream>::speaks_http2() const noexcept {
    return requests_ == 0 && host().http2() && may_be_http2(exchange_->input.unread());
}

// What was collected is sent first; what had arrived behind the last request belongs to the session.
template <net::stream Stream>
auto http1_connection<Stream>::take_over(protocol_session& session) -> step {
    send_collected();
    EVENTCORE_ASSERT(exchange_->queued_bytes() == 0, "answers are sent before another protocol begins");
    set_deadline(no_deadline);
    input_buffer received;
    received.swap(exchange_->input);
    give_back_exchange();
    session_ = &session;
    state_ = state::upgraded;
    if (has_broken()) return close_now(), step::wait;
    try {
        session.start(connection_port(this, port_calls), received.unread());
    } catch (...) {
        host().reached(server_limit::memory);
        close_now();
    }
    return step::wait;
}

template <net::stream Stream>
void http1_connection<Stream>::tell_session_the_time() noexcept {
    if (deadline_has_passed()) session_->on_deadline();
    if (state_ == state::upgraded) arm_for_deadline();
}

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
};

}  // namespace eventcore
