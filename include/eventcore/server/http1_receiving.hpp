// The steps of an HTTP/1 connection from the first byte of a head to the start of the handler.
#pragma once

#include "eventcore/server/http1_steps.hpp"

namespace eventcore {

template <net::stream Stream>
auto http1_connection<Stream>::take_head() -> step {
    http1_exchange& e = *exchange_;
    if (!e.input.empty()) {
        const std::string_view unread = e.input.unread();
        const h1::parse_outcome outcome =
            e.parser.parse(unread.data(), unread.size(), options().limits, e.slots(), e.head);
        if (outcome.state == h1::parse_status::complete) return begin_request(outcome.head_bytes);
        if (outcome.state == h1::parse_status::error) {
            if (!speaks_http2()) return speaks_no_http() ? leave_unanswered() : refuse(outcome.refusal);
            if (unread.size() >= http2_preface.size()) return take_over(host().http2()->open_session());
        }
    }
    send_collected();
    if (has_broken()) return step::again;
    if (e.queued_bytes() > 0) return step::wait;
    if (!make_room_for_head()) return refuse(http::status::request_header_fields_too_large);
    const bool begins = e.input.empty();
    switch (receive(e.input, e.input.room_bytes())) {
        case flow::ready:
            if (begins) e.head_started = now();
            return step::again;
        case flow::would_block: park(); return step::wait;
        case flow::end: close_now(); return step::wait;  // also in the middle of a head: nobody to answer
        case flow::failed: return step::again;
    }
    return step::wait;
}

template <net::stream Stream>
bool http1_connection<Stream>::make_room_for_head() {
    input_buffer& input = exchange_->input;
    if (!input.has_block()) input.acquire(options().read_buffer_bytes);
    if (!input.empty() && input.room_bytes() > 0) return true;
    input.compact();
    if (input.room_bytes() > 0) return true;
    const std::size_t most =
        std::size_t{options().limits.request_line_bytes} + options().limits.field_section_bytes;
    if (input.unread().size() > most) return false;
    input.grow(2 * input.unread().size());
    return true;
}

// Nothing to do until more arrives. An idle connection gives everything back.
template <net::stream Stream>
void http1_connection<Stream>::park() noexcept {
    if (!exchange_->input.empty()) return set_deadline(exchange_->head_started + options().header_timeout);
    if (host().closes_idle()) return close_now();
    give_back_exchange();
    if (requests_ == 0) return;
    // A connection in use hears of its end from an answer: closing it just now could cross a request.
    const time_point idle = now() + options().idle_timeout, soon = now() + idle_grace, end = end_of_life();
    const time_point latest = end < soon ? soon : end;
    set_deadline(idle < latest ? idle : latest);
}

template <net::stream Stream>
[[gnu::always_inline]] inline auto http1_connection<Stream>::begin_request(std::size_t head_bytes) -> step {
    http1_exchange& e = *exchange_;
    e.input.consume(head_bytes);
    e.phase = phase_type::content;
    ++requests_;
    host().counters().requests.add();
    set_deadline(no_deadline);
    keeps_alive_ = may_keep_alive();
    if (host().is_overloaded()) return shed();
    e.choice = host().app().route(e.req);
    e.content.start(e.head, options().limits, content_bytes_max());
    if (e.content.refusal() != http::status::ok) return refuse(e.content.refusal());
    if (!e.head.has_body()) return start_handler();
    start_receiving();
    if (!waits_for_content()) return start_handler();
    if (!e.choice.admit) return step::again;
    e.choice.is_admitted = e.choice.admit(e.choice, e.req, e.answer);
    return e.choice.is_admitted ? step::again : begin_answer();
}

template <net::stream Stream>
bool http1_connection<Stream>::may_keep_alive() noexcept {
    if (!exchange_->head.keep_alive || host().is_draining() || host().is_full()) return false;
    const std::uint32_t most = options().requests_per_connection;
    if (most != 0 && requests_ >= most) {
        host().reached(server_limit::requests_per_connection);
        return false;
    }
    if (now() < end_of_life()) return true;
    host().reached(server_limit::connection_time);
    return false;
}

// Cheaper than anything else that could be done: no route, no handler, and no allocation. Content would have
// to be read, or the connection be closed.
template <net::stream Stream>
auto http1_connection<Stream>::shed() -> step {
    http1_exchange& e = *exchange_;
    host().reached(server_limit::overload);
    host().counters().refusals.add();
    if (e.head.has_body()) keeps_alive_ = false;
    write_shed_answer(collected(), host(), e.head, keeps_alive_);
    e.content.start({}, options().limits, 0);
    return keeps_alive_ ? end_request() : begin_closing(client_is_done());
}

template <net::stream Stream>
void http1_connection<Stream>::start_receiving() noexcept {
    http1_exchange& e = *exchange_;
    duration longest = options().body_timeout;
    std::uint64_t rate = options().body_rate_min;
    if (const route_times* own = e.choice.times) {
        if (own->body_timeout > duration::zero()) longest = own->body_timeout;
        if (own->has_body_rate) rate = own->body_rate_min;
    }
    e.receiving.start(options().body_grace, longest, rate);
}

template <net::stream Stream>
duration http1_connection<Stream>::request_timeout() const noexcept {
    const route_times* own = exchange_->choice.times;
    return own && own->request_timeout > duration::zero() ? own->request_timeout : options().request_timeout;
}

template <net::stream Stream>
std::uint64_t http1_connection<Stream>::content_bytes_max() const noexcept {
    const route_choice& choice = exchange_->choice;
    if (choice.body_bytes_max > 0) return choice.body_bytes_max;
    return choice.use == body_use::stream ? options().stream_bytes_max : options().body_bytes_max;
}

// Content nobody wants is dropped first as well, so that the answer cannot cross it on its way; but a client
// that asked whether it should send is told by the answer.
template <net::stream Stream>
bool http1_connection<Stream>::waits_for_content() const noexcept {
    const http1_exchange& e = *exchange_;
    return e.choice.use == body_use::whole || (e.choice.use == body_use::none && !e.head.expects_continue);
}

// The handler wants the content whole. Where there is room for it behind the head it stays there and is
// looked at in place; else it is gathered piece by piece.
template <net::stream Stream>
auto http1_connection<Stream>::collect_content() -> step {
    http1_exchange& e = *exchange_;
    const bool in_place = fits_behind_head();
    if (in_place && e.input.unread().size() < e.content.remaining()) {
        const flow received = receive_content();
        if (received == flow::failed) return content_failed();
        return received == flow::ready ? step::again : step::wait;
    }
    std::string_view piece;
    switch (e.read(piece)) {
        case flow::ready:
            if (in_place) {
                e.req.set_content(piece);
                return start_handler();
            }
            if (e.choice.use == body_use::whole) e.content_bytes.append(piece);
            return step::again;
        case flow::end: e.req.set_content(e.content_bytes.view()); return start_handler();
        case flow::would_block: return step::wait;
        case flow::failed: break;
    }
    return content_failed();
}

template <net::stream Stream>
auto http1_connection<Stream>::content_failed() -> step {
    const http::status refusal = exchange_->content.refusal();
    return refusal != http::status::ok ? refuse(refusal) : leave_unanswered();
}

template <net::stream Stream>
bool http1_connection<Stream>::fits_behind_head() const noexcept {
    const http1_exchange& e = *exchange_;
    if (e.phase != phase_type::content || e.choice.use != body_use::whole) return false;
    if (e.content.is_chunked() || !e.content_bytes.empty()) return false;
    return e.content.remaining() <= e.input.unread().size() + e.input.room_bytes();
}

template <net::stream Stream>
flow http1_connection<Stream>::receive_content() {
    http1_exchange& e = *exchange_;
    if (e.head.expects_continue && !e.has_sent_continue && e.content_input().empty()) {
        e.has_sent_continue = true;
        collected().append(h1::continue_response);
    }
    send_collected();
    input_buffer& input = fits_behind_head() ? e.input : e.use_stream_input();
    std::size_t wanted = input.room_bytes();
    if (!e.content.is_chunked() && e.content.remaining() < wanted)
        wanted = static_cast<std::size_t>(e.content.remaining());
    const std::size_t before = input.unread().size();
    const flow outcome = receive(input, wanted);
    if (outcome == flow::would_block) set_deadline(e.receiving.wait(now()));
    if (outcome == flow::ready) e.receiving.arrived(now(), input.unread().size() - before);
    if (outcome == flow::ready)
        set_deadline(e.phase == phase_type::handler ? now() + request_timeout() : no_deadline);
    if (outcome != flow::end && outcome != flow::failed) return outcome;
    e.fail(errc::closed);
    return flow::failed;
}

template <net::stream Stream>
auto http1_connection<Stream>::start_handler() -> step {
    http1_exchange& e = *exchange_;
    e.phase = phase_type::handler;
    e.ctx.set_deadline(e.choice.use == body_use::stream ? no_deadline : now() + request_timeout());
    e.ctx.set_activity(e.req.route_pattern());
    {
        const scheduler::working_on activity(host().home(), e.ctx.activity());
        e.choice.start(e.choice, e.req, e.answer);
    }
    if (!e.answer.is_running()) return begin_answer();
    host().handler_waits(e.is_counted);
    if (!e.is_reading()) set_deadline(now() + request_timeout());
    if (options().half_close_is_gone && this->is_ready(readiness::hung_up)) return abort();
    return step::wait;
}

}  // namespace eventcore
