// Calls an application without sockets: a request made from strings, an answer as strings.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/web/application.hpp"
#include "support/manual_scheduler.hpp"

namespace eventcore::test {

// The content comes in pieces, one per turn; what is written is kept.
class fake_exchange : public exchange {
 public:
    void add(std::string piece) {
        pieces_.push_back(std::move(piece));
        wake_reader();
    }
    void end() {
        ended_ = true;
        wake_reader();
    }
    flow read(std::string_view& piece) noexcept override {
        if (next_ < pieces_.size()) return piece = pieces_[next_++], flow::ready;
        return ended_ ? flow::end : flow::would_block;
    }
    flow write(std::string_view bytes) override { return written.append(bytes), flow::ready; }
    void flush() noexcept override {}
    std::error_code error() const noexcept override { return errc::closed; }
    const http::fields& trailers() const noexcept override { return trailer_section; }
    bool is_encrypted() const noexcept override { return encrypted; }

    std::string written;
    bool encrypted = false;
    http::fields trailer_section;

 private:
    std::vector<std::string> pieces_;
    std::size_t next_ = 0;
    bool ended_ = false;
};

using field_strings = std::vector<std::pair<std::string, std::string>>;

struct answer {
    http::status code{};
    std::string content;
    std::string content_type;
    field_strings fields;
    std::string route;
    std::exception_ptr failure;
    body_use use{};
    std::uint64_t body_bytes_max = 0;
    route_times times;
    bool was_running = false;  // the handler had not ended when start returned

    std::string field(std::string_view name) const {
        for (const auto& [n, v] : fields)
            if (equal_ignoring_case(n, name)) return v;
        return {};
    }
};

// The parts a connection would have. The strings live as long as the object.
class exchange_under_test {
 public:
    exchange_under_test(std::string method, std::string target, const field_strings& fields)
        : method_(std::move(method)), target_(std::move(target)) {
        for (const auto& [name, value] : fields) {
            slots_.push_back({static_cast<std::uint32_t>(lines_.size()),
                              static_cast<std::uint32_t>(lines_.size() + name.size()),
                              static_cast<std::uint32_t>(value.size()),
                              static_cast<std::uint16_t>(name.size()), http::find_field_id(name), 0});
            lines_ += name + value;
            if (equal_ignoring_case(name, "host")) authority_ = value;
        }
        head_.verb = http::parse_method(method_);
        head_.method_text = method_;
        head_.target = target_;
        head_.authority = authority_;
        const std::string_view whole = target_;
        const std::size_t question = index_of(whole, '?');
        head_.path = whole.substr(0, question);
        if (question < whole.size()) head_.query = whole.substr(question + 1);
        if (whole == "*") head_.form = http::target_form::asterisk;
        head_.fields = http::field_list(lines_.data(), slots_.data(), slots_.size());
    }

    // `content` arrives whole or, for routes that stream, in two pieces one after the other.
    void run(const application& app, std::string_view content) {
        choice = app.route(req);
        if (choice.use == body_use::whole) req.set_content(content);
        choice.start(choice, req, out);
        was_running = out.is_running();
        if (choice.use == body_use::stream) {
            loop.run_ready();
            io.add(std::string(content.substr(0, content.size() / 2)));
            loop.run_ready();
            io.add(std::string(content.substr(content.size() / 2)));
            io.end();
        }
        finish();
    }

    manual_scheduler loop;
    context ctx{loop};
    arena memory;
    fake_exchange io;

 private:
    struct finished_item : ready_item {
        finished_item()
            : ready_item([](ready_item& i) noexcept { static_cast<finished_item&>(i).done = true; }) {}
        bool done = false;
    };
    void finish() {
        while (out.is_running()) {
            loop.run_ready();
            if (finished_.done)
                out.settle(req);
            else if (loop.next_deadline() != no_deadline)
                loop.advance(loop.next_deadline() - loop.now());
            else
                throw std::logic_error("the handler waits for ever");
        }
        if (out.value().kind() != response::content_kind::stream) return;
        body_writer writer(io);
        loop.run(ctx, out.value().start_stream(writer));
    }

    std::string method_, target_, lines_, authority_;
    std::vector<http::field_slot> slots_;
    http::request_head head_;
    finished_item finished_;

 public:
    request req{head_, ctx, memory, io};
    reply out{finished_};
    route_choice choice;
    bool was_running = false;
};

inline answer call(const application& app, std::string method, std::string target,
                   const field_strings& fields = {}, std::string_view content = {}) {
    exchange_under_test e(std::move(method), std::move(target), fields);
    e.run(app, content);
    answer a;
    response& r = e.out.value();
    a.code = r.code();
    a.content = r.kind() == response::content_kind::stream ? e.io.written : std::string(r.content());
    a.content_type = r.content_type();
    for (const http::field_view field : r.fields()) a.fields.emplace_back(field.name, field.value);
    a.route = e.req.route();
    a.failure = e.out.failure();
    a.use = e.choice.use;
    a.body_bytes_max = e.choice.body_bytes_max;
    if (e.choice.times) a.times = *e.choice.times;
    a.was_running = e.was_running;
    return a;
}
inline answer get(const application& app, std::string target, const field_strings& fields = {}) {
    return call(app, "GET", std::move(target), fields);
}

}  // namespace eventcore::test
