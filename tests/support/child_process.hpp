// A process of its own for a test, whose words come through a pipe.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "catch.hpp"

class child_process {
 public:
    child_process() = default;
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        ::close(output_fd_);
    }

    // Once. `run(fd)` happens in the child and does not return; what is written to fd is its output.
    template <class F>
    void start(F run) {
        std::array<int, 2> both{};
        REQUIRE(::pipe2(both.data(), O_CLOEXEC) == 0);
        process_ = ::fork();
        if (process_ == 0) run(both[1]);
        ::close(both[1]);
        output_fd_ = both[0];
        REQUIRE(process_ > 0);
    }

    pid_t process() const { return process_; }
    const std::string& output() const { return output_; }
    // The number after "port=" in what a server has said; 0 when it has said none.
    std::uint16_t port_said() const {
        const std::string::size_type at = output_.find("port=");
        return at == std::string::npos ? std::uint16_t{0}
                                       : static_cast<std::uint16_t>(std::atoi(output_.c_str() + at + 5));
    }

    // Until it has said so, to the end of the line, or its output has ended, or nothing came for 30 s.
    void read_until(std::string_view words) {
        char bytes[4096];
        pollfd waiting{output_fd_, POLLIN, 0};
        while (output_.find(words) == std::string::npos || output_.back() != '\n') {
            if (::poll(&waiting, 1, 30'000) <= 0) return;
            const ssize_t got = ::read(output_fd_, bytes, sizeof bytes);
            if (got <= 0) return;
            output_.append(bytes, static_cast<std::size_t>(got));
        }
    }
    void terminate() const { ::kill(process_, SIGTERM); }
    // The exit status as of waitpid(2). Reads what it says to its end first, so that a long report cannot
    // fill the pipe.
    int wait() {
        int status = -1;
        read_until(nothing_said);
        ::waitpid(std::exchange(process_, -1), &status, 0);
        return status;
    }

 private:
    static constexpr std::string_view nothing_said = "\xff";  // no program says this: reads to the end

    pid_t process_ = -1;
    int output_fd_ = -1;
    std::string output_;
};
