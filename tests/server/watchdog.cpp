#include "eventcore/server/watchdog.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/server/serve.hpp"
#include "eventcore/web/router.hpp"
#include "support/child_process.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

std::string line_of(const ec::log_record& record) {
    std::string line(record.message);
    for (const ec::log_field& field : record.fields)
        line.append(" ").append(field.name()).append("=").append(field.value());
    return line += '\n';
}

// What the log said, line by line "message name=value …"; written by several threads.
class log_lines {
 public:
    ec::logger logger() {
        return {[](void* self, const ec::log_record& record) noexcept {
                    static_cast<log_lines*>(self)->add(record);
                },
                this};
    }
    int count(std::string_view message, std::string_view field) {
        const ec::lock_guard lock(mutex_);
        int found = 0;
        for (std::string::size_type at = 0; at < text_.size();) {
            const std::string line = text_.substr(at, text_.find('\n', at) - at);
            const bool is_it = line.find(message) == 0 && line.find(field) != std::string::npos;
            found += is_it ? 1 : 0;
            at += line.size() + 1;
        }
        return found;
    }

 private:
    void add(const ec::log_record& record) {
        const ec::lock_guard lock(mutex_);
        text_ += line_of(record);
    }
    ec::mutex mutex_;
    std::string text_;
};

void hold(std::chrono::milliseconds length) { ::usleep(static_cast<useconds_t>(length.count()) * 1000); }

auto routes() {
    return ec::router(ec::get<"/">([] { return "quick"; }),  //
                      ec::get<"/held/{n}">([](int n) {
                          hold(std::chrono::milliseconds(n));
                          return "done";
                      }),
                      ec::get<"/later">([]() -> ec::task<std::string> {
                          static_cast<void>(co_await ec::sleep_for(5ms));
                          hold(400ms);
                          co_return "done";
                      }));
}

std::string ask(std::uint16_t port, const std::string& target) {
    raw_client client(port);
    client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return client.receive_response();
}

ec::server_options watched(ec::reactor_kind kind, log_lines& said) {
    ec::server_options options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.workers = 1;
    options.reactor = kind;
    options.stall_after = 100ms;
    options.log = said.logger();
    return options;
}

}  // namespace

TEST_CASE("a handler that holds the loop is named in the log, once") {
    log_lines said;
    ec::server s(routes(), watched(EVENTCORE_EVERY_REACTOR, said));
    REQUIRE(s.start());
    CHECK(content_of(ask(s.port(), "/held/500")) == "done");
    CHECK(said.count("a worker's loop is held", "route=/held/{n}") == 1);
    CHECK(s.statistics().reached(ec::server_limit::loop_time) >= 1);

    SECTION("after it has waited, too") {
        CHECK(content_of(ask(s.port(), "/later")) == "done");
        CHECK(said.count("a worker's loop is held", "route=/later") == 1);
    }
}

TEST_CASE("a server that waits, or is quick, holds nothing") {
    log_lines said;
    ec::server s(routes(), watched(EVENTCORE_EVERY_REACTOR, said));
    REQUIRE(s.start());
    for (int i = 0; i < 4; ++i) {
        CHECK(content_of(ask(s.port(), "/")) == "quick");
        hold(120ms);
    }
    CHECK(said.count("a worker's loop is held", "route=/") == 0);
}

namespace {

// serve(), for a process of its own; the log goes to `log_fd`.
[[noreturn]] void serve_here(ec::reactor_kind kind, ec::duration exit_timeout, int log_fd) {
    ec::server_options options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.workers = 2;
    options.reactor = kind;
    options.drain_timeout = 50ms;
    options.exit_timeout = exit_timeout;
    options.log = ec::logger(
        [](void* fd, const ec::log_record& record) noexcept {
            const std::string line = line_of(record);
            static_cast<void>(::write(*static_cast<int*>(fd), line.data(), line.size()) < 0);
        },
        &log_fd);
    std::_Exit(ec::serve(ec::router(ec::get<"/stuck/{id}">([](int) {
                                        for (;;) hold(10ms);
                                        return "never";
                                    }),
                                    ec::get<"/">([] { return "quick"; })),
                         options));
}
void start(child_process& served, ec::reactor_kind kind, ec::duration exit_timeout) {
    served.start([&](int log_fd) { serve_here(kind, exit_timeout, log_fd); });
    served.read_until("port=");
    REQUIRE(served.port_said() != 0);
}

}  // namespace

TEST_CASE("a stuck handler cannot hold the exit, and is named") {
    child_process served;
    start(served, EVENTCORE_EVERY_REACTOR, 200ms);
    raw_client client(served.port_said());
    REQUIRE(client.send("GET /stuck/7 HTTP/1.1\r\nHost: a\r\n\r\n"));
    hold(50ms);
    served.terminate();
    const int status = served.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
    CHECK(served.output().find("a worker does not end") != std::string::npos);
    CHECK(served.output().find("route=/stuck/{id}") != std::string::npos);
}

TEST_CASE("a server that can end does so with status 0") {
    child_process served;
    start(served, EVENTCORE_EVERY_REACTOR, 20s);
    CHECK(content_of(ask(served.port_said(), "/")) == "quick");
    served.terminate();
    const int status = served.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(served.output().find("does not end") == std::string::npos);
}
