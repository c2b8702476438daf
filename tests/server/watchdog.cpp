#include "eventcore/server/watchdog.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/server/serve.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

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
        text_ += record.message;
        for (const ec::log_field& field : record.fields)
            text_.append(" ").append(field.name()).append("=").append(field.value());
        text_ += '\n';
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

// serve() in a process of its own, whose log comes through a pipe.
class serving_process {
 public:
    serving_process(ec::reactor_kind kind, ec::duration exit_timeout) {
        std::array<int, 2> both{};
        REQUIRE(::pipe2(both.data(), O_CLOEXEC) == 0);
        process_ = ::fork();
        if (process_ == 0) run(kind, exit_timeout, both[1]);
        ::close(both[1]);
        output_fd_ = both[0];
        REQUIRE(process_ > 0);
        read_until("port=");
        read_until("\n");
    }
    serving_process(const serving_process&) = delete;
    serving_process& operator=(const serving_process&) = delete;
    ~serving_process() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        ::close(output_fd_);
    }

    std::uint16_t port() const {
        return static_cast<std::uint16_t>(std::atoi(output_.c_str() + output_.find("port=") + 5));
    }
    const std::string& output() const { return output_; }
    void terminate() const { ::kill(process_, SIGTERM); }
    int wait() {
        int status = -1;
        read_until("\xff");  // never said: to the end
        ::waitpid(std::exchange(process_, -1), &status, 0);
        return status;
    }

 private:
    [[noreturn]] static void run(ec::reactor_kind kind, ec::duration exit_timeout, int log_fd) {
        ec::server_options options;
        options.address = "127.0.0.1";
        options.port = 0;
        options.workers = 2;
        options.reactor = kind;
        options.drain_timeout = 50ms;
        options.exit_timeout = exit_timeout;
        options.log = ec::logger(
            [](void* fd, const ec::log_record& record) noexcept {
                std::string line(record.message);
                for (const ec::log_field& field : record.fields)
                    line.append(" ").append(field.name()).append("=").append(field.value());
                line += '\n';
                static_cast<void>(::write(*static_cast<int*>(fd), line.data(), line.size()) < 0);
            },
            &log_fd);
        const int code = ec::serve(ec::router(ec::get<"/stuck/{id}">([](int) {
                                                  for (;;) hold(10ms);
                                                  return "never";
                                              }),
                                              ec::get<"/">([] { return "quick"; })),
                                   options);
        std::_Exit(code);
    }
    void read_until(std::string_view words) {
        char bytes[4096];
        pollfd waiting{output_fd_, POLLIN, 0};
        while (output_.find(words) == std::string::npos) {
            if (::poll(&waiting, 1, 30'000) <= 0) return;
            const ssize_t got = ::read(output_fd_, bytes, sizeof bytes);
            if (got <= 0) return;
            output_.append(bytes, static_cast<std::size_t>(got));
        }
    }

    pid_t process_ = -1;
    int output_fd_ = -1;
    std::string output_;
};

}  // namespace

TEST_CASE("a stuck handler cannot hold the exit, and is named") {
    serving_process served(EVENTCORE_EVERY_REACTOR, 200ms);
    REQUIRE(served.port() != 0);
    raw_client client(served.port());
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
    serving_process served(EVENTCORE_EVERY_REACTOR, 20s);
    CHECK(content_of(ask(served.port(), "/")) == "quick");
    served.terminate();
    const int status = served.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(served.output().find("does not end") == std::string::npos);
}
