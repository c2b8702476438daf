// The server's side of an HTTP/1 connection, whole: what moves it from step to step, and how it ends. What it
// is, is told in http1_steps.hpp.
#pragma once

#include "eventcore/net/tcp_socket.hpp"
#include "eventcore/server/http1_answering.hpp"
#include "eventcore/server/http1_receiving.hpp"
#include "eventcore/server/http1_steps.hpp"
#include "eventcore/server/http1_upgrade.hpp"

namespace eventcore {

// What an idle connection costs, besides the kernel: what grows it goes into http1_exchange.
static_assert(sizeof(http1_connection<net::tcp_socket>) <= 120);

// ---- what moves it ----

template <net::stream Stream>
void http1_connection<Stream>::on_news(io_handle& handle, std::uint8_t news) noexcept {
    auto& self = static_cast<http1_connection&>(handle);
    if (news & readiness::gone) return self.pool().gone(self);
    if (self.state_ == state::closed) return;
    if (self.state_ == state::upgraded) return self.session_->on_news(news);
    // A hang-up alone may be a client that only stopped sending; it still wants its answer.
    const bool is_running = self.exchange_ && self.exchange_->is_running();
    const bool is_gone =
        is_running && (news & (readiness::hung_up | readiness::broken)) &&
        (self.options().half_close_is_gone || !self.host().home().socket_error(self.fd).ok());
    if (is_gone)
        self.abort();
    else
        self.advance();
}

template <net::stream Stream>
void http1_connection<Stream>::on_timer(timer& t) noexcept {
    static_cast<http1_connection&>(t).deadline_fired();
}

template <net::stream Stream>
void http1_connection<Stream>::advance() noexcept {
    try {
        take_turn();
    } catch (...) {
        out_of_memory();
    }
}

template <net::stream Stream>
void http1_connection<Stream>::take_turn() {
    step next = step::again;
    const std::uint32_t requests_before = requests_;
    for (unsigned steps = 0; next == step::again && steps < steps_per_turn; ++steps) {
        if (state_ == state::closed) return;
        next = has_broken() ? abort() : take_step();
        if (requests_ - requests_before < options().pipelined_per_turn || next == step::wait) continue;
        if (exchange_ && !exchange_->input.empty()) host().reached(server_limit::pipelining);
        break;
    }
    if (state_ == state::closed || state_ == state::upgraded || has_broken()) return;
    send_collected();
    if (has_broken()) abort();
    if (next == step::again && state_ != state::closed) exchange_->advance_later();
}

template <net::stream Stream>
[[gnu::always_inline]] inline auto http1_connection<Stream>::take_step() -> step {
    if (state_ == state::lingering) return linger();
    if (exchange_ && exchange_->queued_bytes() > 0 && !drain_queue())
        return has_broken() ? step::again : step::wait;
    if (state_ == state::closing) return finish_closing();
    if (!exchange_) {
        if (!this->has_input()) return step::wait;
        wire::take_exchange(calls, this);
    }
    switch (exchange_->phase) {
        case phase_type::head: return take_head();
        case phase_type::content: return collect_content();
        case phase_type::sending: return send_content();
        case phase_type::discard: return discard_content();
        case phase_type::tunnel: return open_tunnel();
        case phase_type::handler:
        case phase_type::streaming: exchange_->content_arrived(now()); return step::wait;
    }
    return step::wait;
}

template <net::stream Stream>
void http1_connection<Stream>::deadline_fired() noexcept {
    try {
        if (state_ == state::upgraded) return tell_session_the_time();
        if (!client_keeps_up())
            ran_out_of_time(server_limit::write_time);
        else if (deadline_has_passed())
            deadline_passed();
        if (state_ != state::closed) arm_again();
    } catch (...) {
        out_of_memory();
    }
}

template <net::stream Stream>
void http1_connection<Stream>::deadline_passed() {
    if (state_ == state::lingering) return close_now();
    if (exchange_) {
        http1_exchange& e = *exchange_;
        if (e.phase == phase_type::head) return ran_out_of_time(server_limit::header_time);
        const bool is_reading = !e.is_running() || e.is_reading();
        if (is_reading) return ran_out_of_time(server_limit::body_time);
        // A handler may have given up reading, and do something else.
        if (!e.receiving.is_waiting()) return ran_out_of_time(server_limit::request_time);
        e.receiving.forgive();
        return set_deadline(e.phase == phase_type::handler ? now() + request_timeout() : no_deadline);
    }
    if (requests_ == 0)
        host().reached(server_limit::header_time);
    else
        host().reached(now() < end_of_life() ? server_limit::idle_time : server_limit::connection_time);
    close_now();
}

// A deadline of the request in progress.
template <net::stream Stream>
void http1_connection<Stream>::ran_out_of_time(server_limit which) {
    http1_exchange& e = *exchange_;
    host().counters().timeouts.add();
    host().reached(which);
    if (which == server_limit::write_time) {
        e.sending.stop();
        abort();
    } else if (which == server_limit::request_time) {
        e.ctx.cancel(errc::timed_out);
    } else if (e.is_running()) {
        e.fail(errc::timed_out);
    } else if (e.phase == phase_type::discard) {
        close_now();
    } else {
        refuse(http::status::request_timeout);
        advance();
    }
}

template <net::stream Stream>
void http1_connection<Stream>::coroutine_finished() noexcept {
    try {
        http1_exchange& e = *exchange_;
        host().handler_ended(e.is_counted);
        if (e.phase == phase_type::streaming) {
            end_stream(e.end_producer());
        } else {
            e.answer.settle(e.req);
            begin_answer();
        }
        take_turn();
    } catch (...) {
        out_of_memory();
    }
}

// ---- what the exchange calls ----

template <net::stream Stream>
flow http1_connection<Stream>::call_receive(void* self) noexcept {
    try {
        return of(self).receive_content();
    } catch (...) {
        of(self).host().reached(server_limit::memory);
        of(self).exchange_->fail(errc::overloaded);
        return flow::failed;
    }
}

template <net::stream Stream>
void http1_connection<Stream>::call_send(void* self) noexcept {
    try {
        if (of(self).exchange_->queued_bytes() > 0) of(self).drain_queue();
    } catch (...) {
        of(self).host().reached(server_limit::memory);
        of(self).exchange_->fail(errc::overloaded);
    }
    if (of(self).has_broken()) of(self).exchange_->advance_later();
}

// ---- the end ----

// HEAD gets no content, even when what follows its name is broken.
template <net::stream Stream>
bool http1_connection<Stream>::is_head_request() const noexcept {
    if (exchange_->phase != phase_type::head) return exchange_->head.verb == http::method::head;
    std::string_view unread = exchange_->input.unread();
    if (unread.substr(0, 2) == "\r\n") unread.remove_prefix(2);
    return unread.substr(0, 5) == "HEAD ";
}

// Answers with an error of our own and ends the connection: after a broken message nothing on it can be
// trusted to begin where a request begins.
template <net::stream Stream>
auto http1_connection<Stream>::refuse(http::status why) -> step {
    host().counters().refusals.add();
    if (why == http::status::uri_too_long) host().reached(server_limit::request_line);
    if (why == http::status::request_header_fields_too_large) host().reached(server_limit::field_section);
    if (why == http::status::content_too_large) host().reached(server_limit::content);
    write_refusal(collected(), host(), why, is_head_request());
    return begin_closing(false);
}

// The client has gone in the middle of its request, or its answer has failed half-way. The answers to its
// earlier requests are still owed.
template <net::stream Stream>
auto http1_connection<Stream>::leave_unanswered() noexcept -> step {
    if (has_broken()) return close_now(), step::wait;
    return begin_closing(true);
}

template <net::stream Stream>
auto http1_connection<Stream>::begin_closing(bool is_clean) noexcept -> step {
    state_ = state::closing;
    is_clean_ = is_clean;
    set_deadline(no_deadline);  // from here on only the client's reading counts
    return step::again;
}

template <net::stream Stream>
auto http1_connection<Stream>::finish_closing() -> step {
    send_collected();
    if (has_broken()) return step::again;
    if (exchange_->queued_bytes() > 0) return step::wait;
    if (is_clean_) return close_now(), step::wait;
    give_back_exchange();
    Stream::shutdown_write();
    state_ = state::lingering;
    discarded_bytes_ = 0;
    set_deadline(now() + options().linger_timeout);
    return linger();  // not `again`: without an exchange nothing can be put off to a later turn
}

// RFC 9112, 9.6: a reset caused by unread bytes could take the answer away from the client. One that reads
// only when its upload is over is heard out, for as much as a socket takes in some milliseconds.
template <net::stream Stream>
auto http1_connection<Stream>::linger() noexcept -> step {
    constexpr std::size_t piece = connection_host::scratch_bytes;
    char* const dropped = collected().prepare(piece);  // empty, since the answer has been sent
    while (this->has_input()) {
        const io_result got = Stream::receive(dropped, piece);
        if (got.would_block()) return step::wait;
        discarded_bytes_ += static_cast<std::uint32_t>(got.bytes());
        if (got.bytes() == 0 || discarded_bytes_ > linger_bytes_max) return close_now(), step::wait;
    }
    return step::wait;
}

// Nothing more can be moved. A coroutine of the application is cancelled and ends before the connection does.
template <net::stream Stream>
auto http1_connection<Stream>::abort() noexcept -> step {
    if (!exchange_ || !exchange_->is_running()) return close_now(), step::wait;
    exchange_->fail(errc::closed);
    exchange_->ctx.cancel(errc::closed);
    return step::wait;
}

// Without memory, and without waiting.
template <net::stream Stream>
void http1_connection<Stream>::send_unavailable() noexcept {
    constexpr std::string_view answer =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const iovec part{const_cast<char*>(answer.data()), answer.size()};
    static_cast<void>(Stream::send(&part, 1, false));
}

// The heap had nothing for what a client asked: its connection ends, not the process. It is told where no
// other answer may have begun.
template <net::stream Stream>
void http1_connection<Stream>::out_of_memory() noexcept {
    host().reached(server_limit::memory);
    if (state_ == state::closed) return;
    if (exchange_ && exchange_->is_running()) return static_cast<void>(abort());
    const bool nothing_began = exchange_ && exchange_->queued_bytes() == 0 && collected().empty() &&
                               exchange_->phase <= phase_type::handler;
    if (nothing_began && state_ == state::open) send_unavailable();
    close_now();
}

}  // namespace eventcore
