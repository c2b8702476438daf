// Content that does not fit, or should not be held, in memory: pulled from the client, pushed to the client.
//
//   while (true) {                                   // a handler that takes ec::body_reader& (upload)
//       ec::result<std::string_view> piece = co_await body.read();
//       if (!piece) co_return piece.error();         // client gone, too large, deadline
//       if (piece->empty()) break;                   // complete
//   }
//
// Both directions suspend, and that is the back-pressure: content that is not read stays in the kernel and
// stops the sender; a write above the watermark waits until the client has taken some.
#pragma once

#include <coroutine>
#include <string_view>

#include "eventcore/base/result.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/web/exchange.hpp"

namespace eventcore {

class body_reader {
 public:
    explicit body_reader(exchange& io) noexcept : io_(&io) {}

    class read_awaiter : public flow_waiter {
     public:
        explicit read_awaiter(exchange& io) noexcept : flow_waiter(&cancelled, &read_again), io_(io) {}
        ~read_awaiter() {
            if (is_pending()) io_.wait_to_read(nullptr);
        }
        bool await_ready() noexcept { return (outcome_ = io_.read(piece_)) != flow::would_block; }
        bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
            if (!suspend(coroutine)) return false;
            io_.wait_to_read(this);
            return true;
        }
        result<std::string_view> await_resume() noexcept {
            if (error()) return error();
            if (outcome_ == flow::failed) return io_.error();
            return outcome_ == flow::ready ? piece_ : std::string_view{};
        }

     private:
        static bool read_again(flow_waiter& self) noexcept {
            auto& waiter = static_cast<read_awaiter&>(self);
            waiter.outcome_ = waiter.io_.read(waiter.piece_);
            if (waiter.outcome_ == flow::would_block) waiter.io_.wait_to_read(&waiter);
            return waiter.outcome_ != flow::would_block;
        }
        static void cancelled(suspension& self, std::error_code reason) noexcept {
            auto& waiter = static_cast<read_awaiter&>(self);
            waiter.io_.wait_to_read(nullptr);
            waiter.complete(reason);
        }
        exchange& io_;
        std::string_view piece_;
        flow outcome_ = flow::would_block;
    };

    // The next piece, as much as has arrived, valid until the next read; an empty piece when the content is
    // complete. Errors: errc::closed (the client went away), errc::too_large (over the limit; the client is
    // answered 413), errc::malformed (broken chunked coding), or the reason the context was cancelled.
    [[nodiscard]] read_awaiter read() noexcept { return read_awaiter(*io_); }

    // Trailer fields (RFC 9110, 6.5), once read() has given the empty piece. Never merge them into the fields
    // of the head.
    const http::fields& trailers() const noexcept { return io_->trailers(); }

 private:
    exchange* io_;
};

class body_writer {
 public:
    explicit body_writer(exchange& io) noexcept : io_(&io) {}

    class write_awaiter : public flow_waiter {
     public:
        // Before it is awaited.
        void set_bytes(std::string_view bytes) noexcept { bytes_ = bytes; }
        write_awaiter(exchange& io, std::string_view bytes) noexcept
            : flow_waiter(&cancelled, &has_drained), io_(io), bytes_(bytes) {}
        ~write_awaiter() {
            if (is_pending()) io_.wait_to_write(nullptr);
        }
        bool await_ready() { return (outcome_ = io_.write(bytes_)) != flow::would_block; }
        bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
            if (!suspend(coroutine)) return false;
            io_.wait_to_write(this);
            return true;
        }
        result<> await_resume() noexcept {
            if (error()) return error();
            return outcome_ == flow::failed ? io_.error() : std::error_code{};
        }

     private:
        static bool has_drained(flow_waiter&) noexcept {
            return true;
        }  // the bytes were taken before the wait
        static void cancelled(suspension& self, std::error_code reason) noexcept {
            auto& waiter = static_cast<write_awaiter&>(self);
            waiter.io_.wait_to_write(nullptr);
            waiter.complete(reason);
        }
        exchange& io_;
        std::string_view bytes_;
        flow outcome_ = flow::ready;
    };

    // Sends `bytes`; they are taken (copied or sent) before this returns. Suspends while more than the write
    // watermark is waiting for the client. Errors: errc::closed when the client has gone, or the reason the
    // context was cancelled.
    [[nodiscard]] write_awaiter write(std::string_view bytes) noexcept { return write_awaiter(*io_, bytes); }

    // Writes of one turn leave together; flush() sends what there is now.
    void flush() noexcept { io_->flush(); }

    exchange& io() const noexcept { return *io_; }

 private:
    exchange* io_;
};

}  // namespace eventcore
