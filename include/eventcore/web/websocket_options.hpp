// What a WebSocket route may set, and what goes through a WebSocket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "eventcore/base/clock.hpp"
#include "eventcore/http/websocket/extension.hpp"
#include "eventcore/http/websocket/frame.hpp"

namespace eventcore {

using websockets::close_code;

struct websocket_options {
    // Subprotocols, the best first; the first that the client offers is chosen. None in common: none is.
    std::vector<std::string> protocols = {};
    // Origins ("https://example.org") of pages that may connect, besides those of the same host; "*": all. A
    // request without Origin comes from no page, and passes.
    std::vector<std::string> origins = {};

    std::size_t message_bytes_max = 1024 * 1024;  // below 4 GiB; expanded as well; over it: closed with 1009
    std::size_t frame_bytes_max = 0;              // 0: as long as a message may be
    std::size_t watermark_bytes = 256 * 1024;     // send() waits while more than this is unsent
    // Of what comes by link or topic and nobody waits for: what does not fit meets the slow_consumer policy.
    std::size_t queue_bytes_max = 1024 * 1024;

    duration ping_after = std::chrono::seconds(30);     // without a byte from the peer; zero: never
    duration pong_timeout = std::chrono::seconds(20);   // then it is gone
    duration close_timeout = std::chrono::seconds(5);   // for the peer's Close after ours
    duration write_timeout = std::chrono::seconds(30);  // without the peer taking a byte: closed

    websockets::deflate_options deflate = {};
};

// A message that was received, or is to be sent. Its bytes belong to somebody else.
class message {
 public:
    message() noexcept = default;
    message(std::string_view bytes, bool is_text) noexcept
        : data_(bytes.data()),
          size_(static_cast<std::uint32_t>(bytes.size())),
          is_text_(is_text),
          is_there_(true) {}

    std::string_view view() const noexcept { return {data_, size_}; }
    operator std::string_view() const noexcept { return view(); }
    std::size_t size() const noexcept { return size_; }
    bool is_text() const noexcept { return is_text_; }  // else binary

    // Of receive(): false when there will be no more. `*m` and `m->` are the message itself.
    explicit operator bool() const noexcept { return is_there_; }
    const message& operator*() const noexcept { return *this; }
    const message* operator->() const noexcept { return this; }

 private:
    const char* data_ = nullptr;
    std::uint32_t size_ = 0;
    bool is_text_ = false;
    bool is_there_ = false;
};
static_assert(sizeof(message) == 16);  // every handler's frame has one

}  // namespace eventcore
