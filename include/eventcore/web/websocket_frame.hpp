// A WebSocket frame made once and sent to many, by several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/http/websocket/frame.hpp"

namespace eventcore {

// What becomes of a message for a WebSocket that has not taken those before it.
enum class slow_consumer : std::uint8_t {
    drop,   // over websocket_options::queue_bytes_max: this message is left out
    close,  // over queue_bytes_max: it is closed (1013)
    wait,   // over watermark_bytes: the publisher waits. One that does not: as `close`
};

namespace detail {

// Header and payload in one block, counted. `pending` counts who has not finished with it, besides.
class shared_frame {
 public:
    static shared_frame& make(websockets::opcode code, std::string_view payload) {
        const std::size_t most = sizeof(shared_frame) + websockets::frame_header_bytes_max + payload.size();
        auto* made = ::new (recycler::allocate(most)) shared_frame(most);
        char* const to = made->begin();
        char* end = websockets::write_frame_header(to, code, payload.size(), false);
        if (!payload.empty()) std::memcpy(end, payload.data(), payload.size());
        made->size_ = static_cast<std::size_t>(end - to) + payload.size();
        return *made;
    }
    shared_frame(const shared_frame&) = delete;
    shared_frame& operator=(const shared_frame&) = delete;

    std::string_view view() const noexcept { return {begin(), size_}; }

    void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            recycler::deallocate(this, block_bytes_);
    }

 private:
    explicit shared_frame(std::size_t bytes) noexcept : block_bytes_(bytes) {}
    char* begin() noexcept { return reinterpret_cast<char*>(this + 1); }
    const char* begin() const noexcept { return reinterpret_cast<const char*>(this + 1); }

    std::atomic<std::uint32_t> references_{1};
    std::size_t block_bytes_;
    std::size_t size_ = 0;
};

class frame_ref {
 public:
    explicit frame_ref(shared_frame& adopted) noexcept : frame_(&adopted) {}
    frame_ref(const frame_ref& other) noexcept : frame_(other.frame_) { frame_->hold(); }
    frame_ref(frame_ref&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    frame_ref& operator=(const frame_ref&) = delete;
    ~frame_ref() {
        if (frame_) frame_->drop();
    }
    std::string_view view() const noexcept { return frame_->view(); }

 private:
    shared_frame* frame_;
};

}  // namespace detail

}  // namespace eventcore
