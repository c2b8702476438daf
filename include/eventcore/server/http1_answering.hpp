// The steps of an HTTP/1 connection from the end of the handler to the next request.
#pragma once

#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/server/http1_steps.hpp"

namespace eventcore {

// The handler has ended, now or before: its answer, or the one that has to take its place.
template <net::stream Stream>
auto http1_connection<Stream>::begin_answer() -> step {
    http1_exchange& e = *exchange_;
    set_deadline(no_deadline);
    if (e.answer.failure()) host().report_failure(e.req.route(), e.answer.failure());
    const bool has_failed = e.content.refusal() != http::status::ok || e.error() || e.ctx.is_cancelled();
    if (has_failed) [[unlikely]]
        return answer_failure();
    if (e.answer.value().kind() == response::content_kind::tunnel) return begin_tunnel();
    if (!can_be_sent(e.answer.value())) {
        host().report_unsendable(e.req.route());
        e.answer.finish(http::status::internal_server_error);
    }
    if (e.answer.value().code() == http::status::too_many_requests) host().reached(server_limit::rate);
    if (host().is_draining() || (!e.content.is_complete() && !can_discard())) keeps_alive_ = false;

    const std::string_view content = e.answer.value().content();
    const bool is_small = content.size() < gather_bytes_min;
    const http1_framing framing = write_answer_head(collected(), host(), e.head, e.answer.value(),
                                                    keeps_alive_, is_small ? content.size() : 0);
    keeps_alive_ = framing.keeps_alive;
    if (!framing.sends_content) return end_request();
    if (e.answer.value().kind() == response::content_kind::stream) return start_stream(framing.is_chunked);
    if (e.answer.value().kind() == response::content_kind::file) return start_file();
    if (is_small) {
        collected().append(content);
        return end_request();
    }
    e.content_left = content;
    e.phase = phase_type::sending;
    return step::again;
}

// The request has come to an end that is no answer of its handler.
template <net::stream Stream>
auto http1_connection<Stream>::answer_failure() -> step {
    const http1_exchange& e = *exchange_;
    if (e.content.refusal() != http::status::ok) return refuse(e.content.refusal());
    if (e.error() == errc::timed_out) return refuse(http::status::request_timeout);
    if (e.error() == errc::overloaded) return refuse(http::status::service_unavailable);
    if (e.error()) return leave_unanswered();
    return refuse(http::status::service_unavailable);
}

// Unread content may be skipped when the client is sending it anyway and it is little.
template <net::stream Stream>
bool http1_connection<Stream>::can_discard() const noexcept {
    const http1_exchange& e = *exchange_;
    if (e.head.expects_continue && !e.has_sent_continue) return false;
    return e.content.remaining() <= discard_bytes_max;
}

// A small file that is in memory leaves with its head: one call instead of two, and dearer ones.
template <net::stream Stream>
auto http1_connection<Stream>::start_file() -> step {
    http1_exchange& e = *exchange_;
    const file_region& region = e.answer.value().file();
    if (region.length <= small_file_bytes_max) {
        const auto length = static_cast<std::size_t>(region.length);
        char* const to = collected().prepare(length);
        if (file_calls::read_no_wait(region.file.get(), to, length, region.offset).bytes() == length) {
            collected().commit(length);
            return end_request();
        }
    }
    e.file_left = region.length;
    e.phase = phase_type::sending;
    if (is_corked(region)) Stream::cork(true);
    return step::again;
}

// Large content, or a file, leaves without being copied.
template <net::stream Stream>
auto http1_connection<Stream>::send_content() -> step {
    http1_exchange& e = *exchange_;
    e.content_left.remove_prefix(send_parts(e.content_left, e.file_left > 0));
    if (has_broken()) return step::again;
    if (e.queued_bytes() > 0) return step::wait;
    if (!e.content_left.empty()) return wait_to_write(), step::wait;
    return e.file_left > 0 ? send_file_part() : end_request();
}

template <net::stream Stream>
auto http1_connection<Stream>::send_file_part() -> step {
    http1_exchange& e = *exchange_;
    file_region& region = e.answer.value().file();
    const std::uint64_t most = e.file_left < file_bytes_per_step ? e.file_left : file_bytes_per_step;
    const io_result sent =
        Stream::send_file(region.file.get(), region.offset, static_cast<std::size_t>(most));
    if (sent.would_block()) return wait_to_write(), step::wait;
    // The disk has failed or the file has shrunk: the promised length cannot be kept, and the client must see
    // that.
    if (sent.bytes() == 0) return close_now(), step::wait;
    region.offset += sent.bytes();
    e.file_left -= sent.bytes();
    if (e.file_left > 0) return step::again;
    if (is_corked(region)) Stream::cork(false);
    return end_request();
}

template <net::stream Stream>
auto http1_connection<Stream>::start_stream(bool is_chunked) -> step {
    http1_exchange& e = *exchange_;
    e.phase = phase_type::streaming;
    e.is_chunked = is_chunked;
    e.queue(collected().view());
    collected().clear();
    e.ctx.set_deadline(no_deadline);
    std::exception_ptr failure;
    try {
        if (!e.start_producer(e.answer.value().start_stream(e.writer()))) {
            host().handler_waits(e.is_counted);
            if (host().closes_idle()) e.tell_drain();
            drain_queue();
            return has_broken() ? step::again : step::wait;
        }
        failure = e.end_producer();
    } catch (...) {
        failure = std::current_exception();
    }
    return end_stream(std::move(failure));
}

// The last chunk says that the content is complete: content that failed must not get it.
template <net::stream Stream>
auto http1_connection<Stream>::end_stream(std::exception_ptr failure) -> step {
    http1_exchange& e = *exchange_;
    if (failure) host().report_failure(e.req.route(), failure);
    if (e.error() || e.ctx.is_cancelled()) return close_now(), step::wait;
    if (failure) return leave_unanswered();
    if (e.is_chunked) e.queue(h1::last_chunk);
    e.phase = phase_type::sending;
    return step::again;
}

template <net::stream Stream>
auto http1_connection<Stream>::end_request() -> step {
    http1_exchange& e = *exchange_;
    if (!keeps_alive_) return begin_closing(client_is_done());
    if (!e.content.is_complete()) {
        e.phase = phase_type::discard;
        return step::again;
    }
    discarded_bytes_ = 0;
    if (e.queued_bytes() == 0) e.sending.stop();
    e.end_request();
    if (!e.input.empty()) e.head_started = now();
    // However much is pipelined, the answers that wait for the end of the turn stay few.
    if (collected().size() >= connection_host::scratch_bytes) send_collected();
    return step::again;
}

template <net::stream Stream>
auto http1_connection<Stream>::discard_content() -> step {
    std::string_view piece;
    switch (exchange_->read(piece)) {
        case flow::ready:
            discarded_bytes_ += static_cast<std::uint32_t>(piece.size());
            return discarded_bytes_ <= discard_bytes_max ? step::again : begin_closing(false);
        case flow::end: return end_request();
        case flow::would_block: return step::wait;
        case flow::failed: break;
    }
    return begin_closing(false);
}

}  // namespace eventcore
