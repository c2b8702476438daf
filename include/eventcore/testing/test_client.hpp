// Calls an application as a server would, without a socket, a thread or a wait:
//
//   ec::testing::test_client client(routes);                // any router; it must outlive the client
//   ec::testing::answer a = client.get("/users/7");         // in an ordinary test
//   ec::testing::answer a = co_await client.get("/users/7");  // in a coroutine, on its scheduler
//
// The request is written as HTTP/1.1 and read by the server's parser, so that a bad target is answered here
// as it is there. Time-outs, the connection and its limits are the server's own: simulation.hpp has those.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/http/h1/parser.hpp"
#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/testing/answer.hpp"
#include "eventcore/web/application.hpp"

namespace eventcore::testing {

namespace detail {

// A scheduler with nothing but coroutines and virtual time.
class still_scheduler final : public scheduler {
 public:
    still_scheduler() { set(time_point(std::chrono::seconds(1000))); }

    // Lets time leap from timer to timer until `is_done`; throws when nothing is left that could lead to it.
    template <class Condition>
    void run_until(Condition is_done) {
        const running here(*this);
        run_turn();
        while (!is_done()) {
            if (!has_ready() && next_deadline() == no_deadline)
                throw std::logic_error("the handler waits for something that cannot happen here");
            if (!has_ready()) set(next_deadline());
            run_turn();
        }
    }
    void advance(duration length) {
        const time_point end = now() + length;
        const running here(*this);
        run_turn();
        while (has_ready() || next_deadline() <= end) {
            if (!has_ready()) set(next_deadline());
            run_turn();
        }
        set(end);
        run_turn();
    }

 private:
    void set(time_point now) noexcept {
        set_now(now, wall_time_point(std::chrono::hours(24 * 20'454)) + now.time_since_epoch());
    }
};

// The content is there from the start; what is written is kept.
class memory_exchange final : public exchange {
 public:
    explicit memory_exchange(std::string_view content) noexcept : left_(content) {}

    flow read(std::string_view& piece) noexcept override {
        if (left_.empty()) return flow::end;
        piece = std::exchange(left_, {});
        return flow::ready;
    }
    flow write(std::string_view bytes) override { return written.append(bytes), flow::ready; }
    void flush() noexcept override {}
    std::error_code error() const noexcept override { return errc::closed; }
    const http::fields& trailers() const noexcept override { return no_trailers_; }
    peer_info peer() noexcept override { return {"127.0.0.1:50000", false}; }

    std::string written;

 private:
    std::string_view left_;
    http::fields no_trailers_;
};

// One request on its way through an application. It must not move.
class application_call {
 public:
    using finished_function = void (*)(void* owner) noexcept;

    // `text` and `content` must outlive it.
    application_call(const application& app, std::string_view text, std::string_view content,
                     std::uint64_t content_bytes_max) noexcept
        : app_(app), text_(text), content_(content), content_bytes_max_(content_bytes_max), io_(content) {}
    application_call(const application_call&) = delete;
    application_call& operator=(const application_call&) = delete;

    // True when the answer is there. If not, `finished` is called when it is.
    bool start(context& parent, finished_function finished, void* owner) {
        finished_ = finished;
        owner_ = owner;
        ctx_.emplace(parent);
        const h1::limits bounds;
        h1::request_parser parser;
        const auto parsed = parser.parse(text_.data(), text_.size(), bounds, {slots_, slot_count}, head_);
        if (parsed.state != h1::parse_status::complete) {
            refuse(parsed.state == h1::parse_status::error ? parsed.refusal : http::status::bad_request);
            return true;
        }
        parts_.emplace(*this);
        request& req = parts_->req;
        const route_choice choice = app_.route(req);
        const std::uint64_t most = choice.body_bytes_max ? choice.body_bytes_max : content_bytes_max_;
        if (choice.use != body_use::none && content_.size() > most) {
            refuse(http::status::content_too_large);
            return true;
        }
        if (choice.use == body_use::whole) req.set_content(content_);
        choice.start(choice, req, parts_->out);
        return !parts_->out.is_running() && take_response();
    }
    answer take() { return std::move(answer_); }

 private:
    static constexpr std::uint32_t slot_count = 128;
    struct item : ready_item {
        explicit item(application_call& c) noexcept : ready_item(&run), owner(c) {}
        static void run(ready_item& i) noexcept { static_cast<item&>(i).owner.go_on(); }
        application_call& owner;
    };
    struct parts {
        explicit parts(application_call& c) noexcept
            : req(c.head_, *c.ctx_, c.memory_, c.io_), out(c.ended_) {}
        request req;
        reply out;
    };

    void refuse(http::status why) { answer_.status = static_cast<int>(why); }
    // The handler, or what produces its stream, has ended.
    void go_on() noexcept {
        if (parts_->out.is_running()) {
            parts_->out.settle(parts_->req);
            if (!take_response()) return;
        } else {
            take_stream();
        }
        finished_(owner_);
    }
    // False: a stream is still being written.
    bool take_response() noexcept {
        response& r = parts_->out.value();
        answer_.status = static_cast<int>(r.code());
        answer_.failure = parts_->out.failure();
        if (!r.content_type().empty()) answer_.fields.emplace_back("content-type", r.content_type());
        for (const http::field_view field : r.fields()) answer_.fields.emplace_back(field.name, field.value);
        const bool has_content =
            head_.verb != http::method::head && answer_.status != 204 && answer_.status != 304;
        if (!has_content) return true;
        if (r.kind() == content_kind::file) read_file(r.file());
        if (r.kind() != content_kind::stream) return answer_.content.append(r.content()), true;
        producer_.emplace(r.start_stream(writer_));
        if (!producer_->start(*ctx_, ended_)) return false;
        take_stream();
        return true;
    }
    void take_stream() noexcept {
        answer_.content = std::move(io_.written);
        answer_.failure = producer_->exception();
        if (answer_.failure) answer_.status = 0;  // the client would see a broken connection
    }
    void read_file(const file_region& region) noexcept {
        answer_.content.resize(static_cast<std::size_t>(region.length));
        std::size_t have = 0;
        while (have < answer_.content.size()) {
            const io_result got = file_calls::read(region.file.get(), answer_.content.data() + have,
                                                   answer_.content.size() - have, region.offset + have);
            if (got.bytes() == 0) break;
            have += got.bytes();
        }
        if (have < answer_.content.size()) answer_.status = 0;
    }

    application app_;
    std::string_view text_, content_;
    std::uint64_t content_bytes_max_;
    finished_function finished_ = nullptr;
    void* owner_ = nullptr;
    answer answer_;
    http::field_slot slots_[slot_count];
    http::request_head head_;
    arena memory_;
    memory_exchange io_;
    body_writer writer_{io_};
    item ended_{*this};
    std::optional<child_context> ctx_;
    std::optional<parts> parts_;
    std::optional<task<>> producer_;
};

}  // namespace detail

class test_client {
 public:
    class call;

    template <class Router>
        requires requires(const Router& r) { r.application(); }
    explicit test_client(const Router& router) : test_client(router.application()) {}
    explicit test_client(application app) : app_(app), time_(new detail::still_scheduler) {}

    [[nodiscard]] call get(std::string_view target) const;
    [[nodiscard]] call head(std::string_view target) const;
    [[nodiscard]] call post(std::string_view target, std::string_view content) const;
    [[nodiscard]] call put(std::string_view target, std::string_view content) const;
    [[nodiscard]] call remove(std::string_view target) const;  // DELETE
    [[nodiscard]] call ask(std::string_view method, std::string_view target,
                           std::string_view content = {}) const;

    // Lets the time of the client pass: for what handlers have left behind. Not for co_await.
    void advance(duration length) { time_->advance(length); }
    scheduler& home() noexcept { return *time_; }

    std::uint64_t content_bytes_max = 1024 * 1024;  // of routes without a limit of their own; over it: 413

 private:
    application app_;
    owned<detail::still_scheduler> time_;
};

// A request. Awaited, or turned into an answer, it is made; once.
class test_client::call final : public suspension {
 public:
    call(const test_client& client, std::string_view method, std::string_view target,
         std::string_view content)
        : suspension(&cancelled), client_(client), content_(content) {
        text_.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n");
        if (!content.empty()) text_ += "Content-Length: " + std::to_string(content.size()) + "\r\n";
    }

    // With this field, too: client.get("/").with("accept", "text/html").
    call& with(std::string_view name, std::string_view value) {
        text_.append(name).append(": ").append(value).append("\r\n");
        return *this;
    }

    // Here and now: virtual time leaps to whatever the handler waits for. Throws std::logic_error when that
    // cannot come, as for an event nobody sets.
    answer run() {
        context root(*client_.time_);
        bool is_done = false;
        begin();
        const auto finished = [](void* done) noexcept { *static_cast<bool*>(done) = true; };
        const auto start = [&] { is_done = call_->start(root, finished, &is_done); };
        {
            const scheduler::running here(*client_.time_);
            start();
        }
        if (!is_done) client_.time_->run_until([&] { return is_done; });
        answer made = call_->take();
        call_.reset();
        return made;
    }
    operator answer() { return run(); }

    // ---- co_await ----

    bool await_ready() {
        begin();
        is_done_ = call_->start(ctx(), &ended, this);
        return is_done_;
    }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept { return suspend(coroutine); }
    // Cancelled before it began: status 0.
    answer await_resume() {
        answer made = is_done_ ? call_->take() : answer();
        call_.reset();
        return made;
    }

 private:
    void begin() {
        text_ += "\r\n";
        call_.emplace(client_.app_, text_, content_, client_.content_bytes_max);
    }
    static void ended(void* self) noexcept {
        auto& c = *static_cast<call*>(self);
        c.is_done_ = true;
        if (c.is_pending()) c.complete();
    }
    // The handler runs under a context below ours: it hears of it, and ends.
    static void cancelled(suspension&, std::error_code) noexcept {}

    const test_client& client_;
    std::string text_;
    std::string content_;
    std::optional<detail::application_call> call_;
    bool is_done_ = false;
};

// ---- definitions ----

inline auto test_client::ask(std::string_view method, std::string_view target, std::string_view content) const
    -> call {
    return call(*this, method, target, content);
}
inline auto test_client::get(std::string_view target) const -> call { return call(*this, "GET", target, {}); }
inline auto test_client::head(std::string_view target) const -> call {
    return call(*this, "HEAD", target, {});
}
inline auto test_client::post(std::string_view target, std::string_view content) const -> call {
    return call(*this, "POST", target, content);
}
inline auto test_client::put(std::string_view target, std::string_view content) const -> call {
    return call(*this, "PUT", target, content);
}
inline auto test_client::remove(std::string_view target) const -> call {
    return call(*this, "DELETE", target, {});
}

}  // namespace eventcore::testing
