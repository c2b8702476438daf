// Server-sent events (WHATWG HTML, 9.2): a response that goes on.
//
//   ec::get<"/ticks">([](ec::last_event_id seen) {
//       return ec::sse([n = number_after(seen)](ec::event_stream& out) -> ec::task<> { … });
//   })
//   co_await out.send({.data = "42", .type = "tick", .id = "7", .retry = {}});   // false: that was all
//
// Every event leaves at the end of its turn, in a chunk or a DATA frame of its own; nothing holds it back.
// While nothing is sent, a comment now and then keeps proxies from giving up, and shows us a client that has
// gone. A server that drains sends `last_event` and cancels the producer: clients come back elsewhere.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/timer_wheel.hpp"
#include "eventcore/web/body.hpp"
#include "eventcore/web/extract.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

// What a client that comes back has seen last; empty at first.
using last_event_id = header<"Last-Event-ID", std::optional<std::string>>;

// Views that live until send() has returned.
struct server_event {
    std::string_view data = {};  // may have several lines
    std::string_view type = {};  // "message" when empty. A line break in it, or in the id, ends it
    std::string_view id = {};    // what Last-Event-ID will be; empty: as before
    duration retry = {};         // how long the client waits before it comes back; zero: as before
};

struct event_stream_options {
    duration heartbeat = std::chrono::seconds(15);  // between comments while nothing is sent; zero: none
    duration retry = {};                            // sent first, when it is not zero
    std::string_view last_event = "close";  // the type of the last event when the server drains; a literal
};

// Appends the event as it is sent (section 9.2.5).
inline void append_event(byte_buffer& to, const server_event& event);

class event_stream : private timer, private drain_listener {
 public:
    event_stream(body_writer& out, context& surrounding, const event_stream_options& options)
        : timer(&beat), drain_listener(&draining), out_(out), ctx_(surrounding), options_(options) {
        out_.io().listen_for_drain(this);
        if (options_.retry > duration::zero()) {
            byte_buffer text;
            append_event(text, {{}, {}, {}, options_.retry});
            write_now(text.view());
        }
        rest();
    }
    event_stream(const event_stream&) = delete;
    event_stream& operator=(const event_stream&) = delete;
    ~event_stream() { out_.io().listen_for_drain(nullptr); }

    class send_operation;
    // Waits while more than the write watermark is on its way to the client.
    [[nodiscard]] send_operation send(const server_event& event);
    [[nodiscard]] send_operation send(std::string_view data);

    // What the producer runs under.
    context& ctx() noexcept { return ctx_; }

 private:
    void rest() noexcept {
        if (options_.heartbeat > duration::zero())
            ctx_.home().arm(*this, ctx_.home().now() + options_.heartbeat);
    }
    // Without waiting: little, and rarely.
    void write_now(std::string_view text) {
        if (ctx_.is_cancelled()) return;
        body_writer::write_awaiter written = out_.write(text);
        written.attach(ctx_);
        static_cast<void>(written.await_ready());
    }
    static void beat(timer& t) noexcept {
        auto& self = static_cast<event_stream&>(t);
        try {
            self.write_now(":\n\n");
        } catch (...) {  // no memory for a heartbeat: there will be another
        }
        self.rest();
    }
    static void draining(drain_listener& l) noexcept {
        auto& self = static_cast<event_stream&>(l);
        try {
            byte_buffer text;
            append_event(text, {"the server ends", self.options_.last_event, {}, {}});
            self.write_now(text.view());
        } catch (...) {  // the end of the response says as much
        }
        self.ctx_.cancel();
    }

    body_writer& out_;
    child_context ctx_;
    event_stream_options options_;
};

class event_stream::send_operation {
 public:
    send_operation(event_stream& stream, const server_event& event) : write_(stream.out_.io(), {}) {
        append_event(text_, event);
        write_.set_bytes(text_.view());
        stream.rest();
    }
    send_operation(const send_operation&) = delete;
    send_operation& operator=(const send_operation&) = delete;

    void attach(context& c) noexcept {
        is_cancelled_ = c.is_cancelled();
        write_.attach(c);
    }
    bool await_ready() { return is_cancelled_ || write_.await_ready(); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept { return write_.await_suspend(coroutine); }
    bool await_resume() noexcept { return !is_cancelled_ && static_cast<bool>(write_.await_resume()); }

 private:
    byte_buffer text_;
    body_writer::write_awaiter write_;
    bool is_cancelled_ = false;
};

inline event_stream::send_operation event_stream::send(const server_event& event) {
    return send_operation(*this, event);
}
inline event_stream::send_operation event_stream::send(std::string_view data) {
    return send_operation(*this, {data, {}, {}, {}});
}

namespace detail {

inline std::string_view first_line(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && text[end] != '\r' && text[end] != '\n' && text[end] != '\0') ++end;
    return text.substr(0, end);
}

inline void append_event_field(byte_buffer& to, std::string_view name, std::string_view value) {
    to.append(name);
    to.append(": ");
    to.append(value);
    to.append('\n');
}

// `produce` is a parameter, so that it lives as long as the coroutine it makes.
template <class F>
task<> write_events(body_writer& out, F& produce, event_stream_options options) {
    event_stream events(out, co_await this_context(), options);
    task<> producer = produce(events);
    co_await await_under<void>(events.ctx(), producer);
}

}  // namespace detail

inline void append_event(byte_buffer& to, const server_event& event) {
    if (event.retry > duration::zero()) {
        const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(event.retry).count();
        detail::append_event_field(to, "retry", std::to_string(length));
    }
    if (!event.id.empty()) detail::append_event_field(to, "id", detail::first_line(event.id));
    if (!event.type.empty()) detail::append_event_field(to, "event", detail::first_line(event.type));
    std::string_view rest = event.data;
    while (!rest.empty()) {
        std::size_t end = 0;
        while (end < rest.size() && rest[end] != '\r' && rest[end] != '\n') ++end;
        detail::append_event_field(to, "data", rest.substr(0, end));
        const bool is_pair = rest.substr(end, 2) == "\r\n";
        const bool is_last = end == rest.size();
        rest.remove_prefix(is_last ? end : end + (is_pair ? 2 : 1));
        if (!is_last && rest.empty()) detail::append_event_field(to, "data", {});
    }
    to.append('\n');
}

// The response of a handler. `produce` is a coroutine function `ec::task<> f(ec::event_stream& out)`, which
// may capture by value; when it ends, so does the response. A client that has gone cancels it.
template <class F>
response sse(F produce, event_stream_options options = {}) {
    static_assert(
        std::is_invocable_r_v<task<>, F&, event_stream&>,
        "eventcore: events are written by a coroutine function: ec::task<> f(ec::event_stream& out)");
    response made = stream(
        [produce = std::move(produce), options](body_writer& out) mutable -> task<> {
            return detail::write_events(out, produce, options);
        },
        "text/event-stream");
    made.set("Cache-Control", "no-store");
    made.set("X-Accel-Buffering", "no");  // nginx would gather it
    return made;
}

}  // namespace eventcore
