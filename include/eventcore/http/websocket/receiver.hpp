// From received bytes to messages, as RFC 6455 section 5 has it, strictly; a server's side.
//
//     switch (receiver.next(input, size, capacity, limits)) { case received::text: … receiver.payload() }
//     drop receiver.consumed() bytes from the front of the input
//
// A message of one frame that fits the input is unmasked and handed out where it lies; fragments, what is
// compressed and what is large are gathered. Text is checked as it arrives, so that a bad octet is refused
// when it is there and not when its message ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/utf8.hpp"
#include "eventcore/http/websocket/frame.hpp"

namespace eventcore::websockets {

struct receive_limits {
    std::size_t frame_bytes_max = (std::numeric_limits<std::size_t>::max)();
    std::size_t message_bytes_max = 1024 * 1024;  // of what is compressed, before it is expanded
    bool allows_compression = false;              // permessage-deflate has been agreed on
};

enum class received : std::uint8_t {
    nothing,  // more bytes are needed
    text,
    binary,
    close,
    ping,
    pong,
    failed,  // see failure(); the connection cannot go on
};

class receiver {
 public:
    // Takes from `size` bytes at `input`, the first of them the one after the last consumed. `capacity`: the
    // most bytes the caller can hold there.
    received next(char* input, std::size_t size, std::size_t capacity, const receive_limits& limits);

    // How many bytes the latest next() is done with; payload() may lie in them.
    std::size_t consumed() const noexcept { return consumed_; }
    // Of the message or control frame; valid until the input changes or the next next().
    std::string_view payload() const noexcept { return payload_; }
    // The payload of the message has still to be expanded, and then, if it is text, to be checked.
    bool is_compressed() const noexcept { return is_compressed_; }
    close_code failure() const noexcept { return failure_; }
    // Between two messages: nothing would be lost with this object.
    bool is_at_rest() const noexcept { return !has_header_ && !in_message_; }
    // How much of a frame that is being gathered is still to come.
    std::uint64_t missing_bytes() const noexcept {
        return has_header_ && !is_in_place_ ? header_.payload_bytes - done_ : 0;
    }

 private:
    received fail(close_code why) noexcept {
        failure_ = why;
        return received::failed;
    }
    // received::nothing: all is well.
    received check_header(const receive_limits& limits);
    received take_in_place(char* frame, std::size_t size);
    received gather(char* input, std::size_t size);
    bool is_text_here() const noexcept {
        return message_code_ == opcode::text && !is_compressed_ && !is_control(header_.code);
    }
    received finish(opcode code, std::string_view payload);

    frame_header header_;
    std::size_t header_bytes_ = 0;
    std::uint64_t done_ = 0;  // bytes of the frame's payload that have been unmasked
    std::size_t consumed_ = 0;
    std::string_view payload_;
    byte_buffer gathered_;
    utf8_validator utf8_;
    close_code failure_ = close_code::none;
    opcode message_code_ = opcode::binary;
    bool has_header_ = false;
    bool is_in_place_ = false;
    bool in_message_ = false;  // a fragment has come, and the last one has not
    bool is_compressed_ = false;
    bool is_handed_out_ = false;  // gathered_ is the message the caller has seen
};

// What a Close frame says (section 5.5.1).
struct close_reason {
    close_code fault = close_code::none;  // of a payload that is no valid reason: what to answer with
    std::uint16_t code = 0;               // 1005 when there is none
    std::string_view text;
};

constexpr close_reason parse_close(std::string_view payload) {
    if (payload.empty()) return {close_code::none, static_cast<std::uint16_t>(close_code::none), {}};
    if (payload.size() == 1) return {close_code::protocol_error, 0, {}};
    const auto code = static_cast<std::uint16_t>(detail::read_number(payload.substr(0, 2)));
    if (!may_be_sent(code)) return {close_code::protocol_error, 0, {}};
    if (!is_utf8(payload.substr(2))) return {close_code::invalid_data, 0, {}};
    return {close_code::none, code, payload.substr(2)};
}

// ---- definitions ----

inline received receiver::next(char* input, std::size_t size, std::size_t capacity,
                               const receive_limits& limits) {
    if (is_handed_out_) {
        gathered_.release();
        is_handed_out_ = false;
    }
    consumed_ = 0;
    while (true) {
        if (!has_header_) {
            const std::string_view unread(input + consumed_, size - consumed_);
            const header_status status = parse_frame_header(unread, header_, header_bytes_);
            if (status == header_status::error) return fail(close_code::protocol_error);
            if (status == header_status::incomplete) return received::nothing;
            if (check_header(limits) != received::nothing) return received::failed;
            has_header_ = true;
            done_ = 0;
            const bool is_whole = !in_message_ && header_.is_final && !header_.is_compressed;
            is_in_place_ =
                is_control(header_.code) || (is_whole && header_.payload_bytes <= capacity - header_bytes_);
            if (!is_in_place_) consumed_ += header_bytes_;
        }
        const received outcome = is_in_place_ ? take_in_place(input + consumed_, size - consumed_)
                                              : gather(input + consumed_, size - consumed_);
        if (outcome != received::nothing || has_header_) return outcome;
    }
}

inline received receiver::check_header(const receive_limits& limits) {
    if (!header_.is_masked) return fail(close_code::protocol_error);  // section 5.1
    if (is_control(header_.code)) return received::nothing;
    const bool continues = header_.code == opcode::continuation;
    if (continues != in_message_) return fail(close_code::protocol_error);
    if (header_.is_compressed && (continues || !limits.allows_compression))
        return fail(close_code::protocol_error);
    if (header_.payload_bytes > limits.frame_bytes_max ||
        header_.payload_bytes > limits.message_bytes_max - gathered_.size())
        return fail(close_code::message_too_big);
    if (continues) return received::nothing;
    message_code_ = header_.code;
    is_compressed_ = header_.is_compressed;
    utf8_.reset();
    return received::nothing;
}

inline received receiver::take_in_place(char* frame, std::size_t size) {
    char* const payload = frame + header_bytes_;
    const std::size_t here = size - header_bytes_;
    const std::size_t arrived =
        here < header_.payload_bytes ? here : static_cast<std::size_t>(header_.payload_bytes);
    const auto before = static_cast<std::size_t>(done_);
    apply_mask(payload + before, arrived - before, header_.mask, done_);
    if (is_text_here() && !utf8_.add({payload + before, arrived - before}))
        return fail(close_code::invalid_data);
    done_ = arrived;
    if (done_ < header_.payload_bytes) return received::nothing;
    has_header_ = false;
    consumed_ += header_bytes_ + arrived;
    return finish(header_.code, {payload, arrived});
}

inline received receiver::gather(char* input, std::size_t size) {
    const std::uint64_t missing = header_.payload_bytes - done_;
    const std::size_t arrived = size < missing ? size : static_cast<std::size_t>(missing);
    apply_mask(input, arrived, header_.mask, done_);
    if (is_text_here() && !utf8_.add({input, arrived})) return fail(close_code::invalid_data);
    gathered_.append({input, arrived});
    consumed_ += arrived;
    done_ += arrived;
    if (done_ < header_.payload_bytes) return received::nothing;
    has_header_ = false;
    in_message_ = !header_.is_final;
    if (in_message_) return received::nothing;
    is_handed_out_ = true;
    return finish(message_code_, gathered_.view());
}

inline received receiver::finish(opcode code, std::string_view payload) {
    payload_ = payload;
    switch (code) {
        case opcode::close: return received::close;
        case opcode::ping: return received::ping;
        case opcode::pong: return received::pong;
        case opcode::text:
            if (!is_compressed_ && !utf8_.is_complete()) return fail(close_code::invalid_data);
            return received::text;
        default: return received::binary;
    }
}

}  // namespace eventcore::websockets
