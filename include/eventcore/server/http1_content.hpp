// The content of one HTTP/1 request as it comes out of the input: its framing undone, its size bounded
// (RFC 9112, 6 and 7.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/server/input_buffer.hpp"
#include "eventcore/web/exchange.hpp"

namespace eventcore {

class http1_content {
 public:
    void start(const http::request_head& head, const h1::limits& limits, std::uint64_t bytes_max) noexcept {
        framing_ = head.framing;
        remaining_ = head.content_length;
        bytes_left_ = bytes_max;
        is_complete_ = framing_ == http::body_framing::none;
        refusal_ = http::status::ok;
        limits_ = &limits;
        if (!trailers_.empty()) trailers_.clear();
        if (is_complete_) return;
        decoder_.reset();
        if (framing_ == http::body_framing::content_length && remaining_ > bytes_max)
            refusal_ = http::status::content_too_large;
    }

    // All of it has been taken.
    bool is_complete() const noexcept { return is_complete_; }
    // ok, or the status that refuses the request: 400 for a broken coding, 413 for too much.
    http::status refusal() const noexcept { return refusal_; }
    // Bytes still to come, where the framing tells; 0 while chunked.
    std::uint64_t remaining() const noexcept { return remaining_; }
    bool is_chunked() const noexcept { return framing_ == http::body_framing::chunked; }
    const http::fields& trailers() const noexcept { return trailers_; }

    // Takes the next piece out of `input`. ready: `piece` points into the input, until that changes.
    // would_block: the input is used up. end, or failed: see refusal().
    flow next(input_buffer& input, std::string_view& piece) noexcept {
        if (refusal_ != http::status::ok) return flow::failed;
        if (is_complete_) return flow::end;
        return is_chunked() ? next_chunked(input, piece) : next_counted(input, piece);
    }

 private:
    flow next_counted(input_buffer& input, std::string_view& piece) noexcept {
        const std::string_view unread = input.unread();
        if (unread.empty()) return flow::would_block;
        piece = unread.substr(
            0, remaining_ < unread.size() ? static_cast<std::size_t>(remaining_) : unread.size());
        remaining_ -= piece.size();
        is_complete_ = remaining_ == 0;
        input.consume(piece.size());
        return flow::ready;
    }

    flow next_chunked(input_buffer& input, std::string_view& piece) noexcept {
        try {
            return decode(input, piece);
        } catch (...) {  // no memory for the trailers
            return refuse(http::status::service_unavailable);
        }
    }
    flow decode(input_buffer& input, std::string_view& piece) {
        const std::string_view unread = input.unread();
        const h1::chunk_step step = decoder_.step(unread.data(), unread.size(), *limits_, &trailers_);
        input.consume(step.consumed);
        switch (step.state) {
            case h1::chunk_status::data:
                if (step.data.size() > bytes_left_) return refuse(http::status::content_too_large);
                bytes_left_ -= step.data.size();
                piece = step.data;
                return flow::ready;
            case h1::chunk_status::end: is_complete_ = true; return flow::end;
            case h1::chunk_status::need_more: return flow::would_block;
            case h1::chunk_status::error: break;
        }
        return refuse(step.refusal);
    }

    flow refuse(http::status why) noexcept {
        refusal_ = why;
        return flow::failed;
    }

    http::body_framing framing_ = http::body_framing::none;
    http::status refusal_ = http::status::ok;
    bool is_complete_ = true;
    std::uint64_t remaining_ = 0;
    std::uint64_t bytes_left_ = 0;  // of the limit, for chunked content
    const h1::limits* limits_ = nullptr;
    h1::chunked_decoder decoder_;
    http::fields trailers_;
};

}  // namespace eventcore
