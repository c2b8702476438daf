// The answer to one request while it is being made: finished at once by a plain handler, later by a
// coroutine.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "eventcore/coro/task.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

class reply {
 public:
    // `on_finished` is scheduled when a handler that was still running after start has ended.
    explicit reply(ready_item& on_finished) noexcept : on_finished_(on_finished) {}
    reply(const reply&) = delete;
    reply& operator=(const reply&) = delete;
    ~reply() { destroy_frame(); }

    // True from start until the handler has ended and settle() was called.
    bool is_running() const noexcept { return static_cast<bool>(frame_); }

    // ---- for routes ----

    // Converts a finished handler's value: `void convert(T&& value, request&, response& out)`.
    template <class T>
    using convert_function = void (*)(T&&, request&, response&);

    void finish(response r) noexcept { value_ = std::move(r); }

    // Runs a handler's coroutine until it first waits. When it ends, now or later, `Convert` makes the
    // response.
    template <auto Convert, class T>
    void run(task<T> handler, request& req) {
        const bool ended = handler.start(req.ctx(), on_finished_);
        frame_ = handler.release();
        settle_ = &settle_as<Convert, T>;
        if (ended) settle(req);
    }

    // ---- for connections ----

    // When on_finished ran: takes the coroutine's value, or its exception, and frees its frame.
    void settle(request& req) noexcept {
        try {
            settle_(frame_, req, value_);
        } catch (...) {
            fail(std::current_exception());
        }
        destroy_frame();
    }
    void fail(std::exception_ptr what) noexcept {
        failure_ = std::move(what);
        value_ = response(status::internal_server_error);
    }
    // What the handler threw, if it threw; the value is then a plain 500.
    const std::exception_ptr& failure() const noexcept { return failure_; }
    response& value() noexcept { return value_; }

    // Ready for the next request. Destroys a handler that still runs.
    void reset() noexcept {
        destroy_frame();
        if (failure_) failure_ = nullptr;
        value_.reset();
    }

 private:
    template <auto Convert, class T>
    static void settle_as(std::coroutine_handle<> frame, request& req, response& out) {
        auto typed = std::coroutine_handle<typename task<T>::promise_type>::from_address(frame.address());
        if constexpr (std::is_void_v<T>) {
            typed.promise().take();
            Convert(req, out);
        } else {
            Convert(typed.promise().take(), req, out);
        }
    }
    void destroy_frame() noexcept {
        if (frame_) std::exchange(frame_, {}).destroy();
    }

    ready_item& on_finished_;
    std::coroutine_handle<> frame_{};
    void (*settle_)(std::coroutine_handle<>, request&, response&) = nullptr;
    std::exception_ptr failure_;
    response value_;
};

}  // namespace eventcore
