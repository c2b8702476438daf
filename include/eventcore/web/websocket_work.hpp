// What a WebSocket holds while a message is incomplete, unread or unsent, and at no other time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/http/websocket/receiver.hpp"
#include "eventcore/web/websocket_options.hpp"

namespace eventcore::detail {

class websocket_core;

// A coroutine that waits for a WebSocket, under a context of its own or to be able to send.
// What waits until enough has been sent, or nothing will be any more.
struct websocket_sender : list_node {
    using woken_function = void (*)(websocket_sender&, std::error_code why) noexcept;
    explicit websocket_sender(woken_function f) noexcept : woken(f) {}
    woken_function woken;
};

class websocket_wait final : public suspension, public websocket_sender {
 public:
    websocket_wait(websocket_core& core, context& c) noexcept
        : suspension(&cancelled), websocket_sender(&was_woken), core_(core) {
        attach(c);
    }
    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }

    using suspension::error;
    using suspension::is_pending;
    bool begin(std::coroutine_handle<> coroutine) noexcept { return suspend(coroutine); }
    void wake(std::error_code why = {}) noexcept {
        websocket_sender::unlink();
        if (is_pending()) complete(why);
    }
    websocket_core& core() const noexcept { return core_; }

 private:
    static void was_woken(websocket_sender& self, std::error_code why) noexcept {
        static_cast<websocket_wait&>(self).wake(why);
    }
    static void cancelled(suspension& self, std::error_code reason) noexcept;

    websocket_core& core_;
};

// What is called when the connection has been handed over: makes the handler's coroutine.
struct websocket_starter {
    task<> (*start)(websocket_starter*, websocket_core&);
    void (*destroy)(websocket_starter*) noexcept;
};

// Received bytes: [ done with | unread | room ].
class websocket_input {
 public:
    websocket_input() noexcept = default;
    websocket_input(const websocket_input&) = delete;
    websocket_input& operator=(const websocket_input&) = delete;
    ~websocket_input() { release(); }
    void release() noexcept {
        recycler::deallocate(std::exchange(block_, nullptr), capacity_);
        capacity_ = first_ = last_ = 0;
    }

    char* first() const noexcept { return block_ + first_; }
    std::size_t size() const noexcept { return last_ - first_; }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return first_ == last_; }
    void consume(std::size_t bytes) noexcept {
        first_ += bytes;
        if (first_ == last_) first_ = last_ = 0;
    }
    // Room for at least a byte; what is unread moves to the front for it.
    void make_room(std::size_t bytes) {
        if (!block_) {
            capacity_ = recycler::usable_bytes(bytes);
            block_ = static_cast<char*>(recycler::allocate(capacity_));
        }
        if (last_ < capacity_ || first_ == 0) return;
        std::memmove(block_, block_ + first_, last_ - first_);
        last_ -= first_;
        first_ = 0;
    }
    char* room() const noexcept { return block_ + last_; }
    std::size_t room_bytes() const noexcept { return capacity_ - last_; }
    void commit(std::size_t bytes) noexcept { last_ += bytes; }

 private:
    char* block_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

struct websocket_work {
    explicit websocket_work(websocket_core& core) noexcept : later(core), finished(core) {}
    websocket_work(const websocket_work&) = delete;
    websocket_work& operator=(const websocket_work&) = delete;
    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }
    ~websocket_work() {
        if (starter) starter->destroy(starter);
    }

    struct own_item : ready_item {
        explicit own_item(websocket_core& core) noexcept : ready_item(&run_later), owner(core) {}
        websocket_core& owner;
    };
    static void run_later(ready_item& item) noexcept;

    std::size_t unsent() const noexcept { return out.size() - out_sent; }
    std::string_view unsent_view() const noexcept { return out.view().substr(out_sent); }

    own_item later;     // another turn
    own_item finished;  // the handler has ended
    websocket_starter* starter = nullptr;
    std::uintptr_t receiver_waits = 0;  // see websocket_core::place_
    intrusive_list<websocket_sender> senders;

    websocket_input in;
    websockets::receiver decoder;
    byte_buffer expanded;
    message pending;             // complete, and not yet received by the handler
    std::size_t to_consume = 0;  // of the input, when the handler is done with its message
    unsigned messages = 0;       // handed out in this turn
    unsigned reads = 0;          // in this turn

    byte_buffer out;
    std::size_t out_sent = 0;
    time_point write_deadline = no_deadline;
    time_point close_deadline = no_deadline;
    void* expander = nullptr;
    void* compressor = nullptr;
};

}  // namespace eventcore::detail
