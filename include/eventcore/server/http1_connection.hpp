// The server's side of an HTTP/1 connection, whole: what moves it from step to step, and how it ends. What it
// is, is told in http1_steps.hpp.
#pragma once

#include "eventcore/server/http1_answering.hpp"
#include "eventcore/server/http1_receiving.hpp"
#include "eventcore/server/http1_steps.hpp"

namespace eventcore {

// ---- what moves it ----

template <net::stream Stream>
void http1_connection<Stream>::on_news(io_handle& handle, std::uint8_t news) noexcept {
    auto& self = static_cast<http1_connection&>(handle);
    if (news & readiness::gone) return self.gone_(self, self.owner_);
    if (self.state_ == state::closed) return;
    // A hang-up alone may be a client that only stopped sending; it still wants its answer.
    const bool is_running = self.exchange_ && self.exchange_->is_running();
    if (is_running && (news & readiness::hung_up) && !self.host().home().socket_error(self.fd).ok()) {
        self.abort();
        return;
    }
    self.advance();
}

template <net::stream Stream>
void http1_connection<Stream>::on_timer(timer& t) noexcept {
    static_cast<http1_connection&>(t).deadline_fired();
}

template <net::stream Stream>
void http1_connection<Stream>::advance() noexcept {
    step next = step::again;
    for (unsigned steps = 0; next == step::again && steps < steps_per_turn; ++steps) {
        if (state_ == state::closed) return;
        next = has_broken() ? abort() : take_step();
    }
    if (state_ == state::closed || has_broken()) return;
    send_collected();
    if (has_broken()) abort();
    if (next == step::again && state_ != state::closed) exchange_->advance_later();
}

template <net::stream Stream>
auto http1_connection<Stream>::take_step() noexcept -> step {
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
        case phase_type::handler:
        case phase_type::streaming: exchange_->content_arrived(); return step::wait;
    }
    return step::wait;
}

template <net::stream Stream>
void http1_connection<Stream>::deadline_fired() noexcept {
    if (!wire::deadline_has_passed()) return;
    if (state_ != state::open || !exchange_) return close_now();
    host().counters().timeouts.add();
    http1_exchange& e = *exchange_;
    if (e.queued_bytes() > 0) {  // the client does not read
        abort();
    } else if (e.phase == phase_type::handler && e.is_reading()) {
        e.fail(errc::timed_out);
    } else if (e.is_running()) {
        e.ctx.cancel(errc::timed_out);
    } else if (e.phase == phase_type::head || e.phase == phase_type::content) {
        refuse(http::status::request_timeout);
        advance();
    } else {
        close_now();
    }
}

template <net::stream Stream>
void http1_connection<Stream>::coroutine_finished() noexcept {
    http1_exchange& e = *exchange_;
    if (e.phase == phase_type::streaming) {
        end_stream(e.end_producer());
    } else {
        e.answer.settle(e.req);
        begin_answer();
    }
    advance();
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
auto http1_connection<Stream>::refuse(http::status why) noexcept -> step {
    host().counters().refusals.add();
    write_refusal(collected(), host(), why, is_head_request());
    return begin_closing(false);
}

template <net::stream Stream>
auto http1_connection<Stream>::begin_closing(bool is_clean) noexcept -> step {
    state_ = state::closing;
    is_clean_ = is_clean;
    return step::again;
}

template <net::stream Stream>
auto http1_connection<Stream>::finish_closing() noexcept -> step {
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

// RFC 9112, 9.6: a reset caused by unread bytes could take the answer away from the client.
template <net::stream Stream>
auto http1_connection<Stream>::linger() noexcept -> step {
    char dropped[4096];
    while (this->has_input()) {
        const io_result got = Stream::receive(dropped, sizeof dropped);
        if (got.would_block()) return step::wait;
        discarded_bytes_ += static_cast<std::uint32_t>(got.bytes());
        if (got.bytes() == 0 || discarded_bytes_ > discard_bytes_max) return close_now(), step::wait;
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

}  // namespace eventcore
