// One of the example programs, as a process of its own on 127.0.0.1 and a port of the kernel's choice.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "support/child_process.hpp"
#include "support/raw_client.hpp"

// Every reactor this machine has and the examples were built with.
inline std::vector<std::string> reactor_names() {
    std::vector<std::string> names;
    using eventcore::reactor_kind;
    for (reactor_kind kind : {reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue}) {
        eventcore::reactor_options options;
        options.kind = kind;
        if (eventcore::reactor::open(options)) names.emplace_back(eventcore::to_string(kind));
    }
    return names;
}
#define EVENTCORE_EVERY_REACTOR_NAME GENERATE(from_range(reactor_names()))

class example_program {
 public:
    example_program(const std::string& name, const std::string& reactor,
                    const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {EVENTCORE_BINARY_DIR "/bin/" + name};
        for (const char* argument : {"--address", "127.0.0.1", "--port", "0", "--threads", "2", "--reactor"})
            arguments.emplace_back(argument);
        arguments.push_back(reactor);
        arguments.insert(arguments.end(), more.begin(), more.end());
        start(arguments);
        process_.read_until("listening");
        INFO(name << " said: " << output());
        port_ = process_.port_said();
        REQUIRE(port_ != 0);
        CHECK(output().find("reactor=\"" + reactor + ":") != std::string::npos);
    }

    std::uint16_t port() const { return port_; }
    pid_t process() const { return process_.process(); }
    const std::string& output() const { return process_.output(); }

    // On a connection of its own. `fields` are whole lines.
    std::string ask(const std::string& method, const std::string& target, std::string_view fields = {},
                    std::string_view content = {}) const {
        raw_client client(port_);
        REQUIRE(client.is_connected());
        std::string request = method + " " + target + " HTTP/1.1\r\nHost: example\r\nConnection: close\r\n";
        request += fields;
        if (!content.empty()) request += "Content-Length: " + std::to_string(content.size()) + "\r\n";
        request += "\r\n";
        request += content;
        client.send(request);
        return client.receive_all();
    }

    void terminate() const { process_.terminate(); }
    // The exit status as of waitpid(2).
    int wait() { return process_.wait(); }
    // Whether it ends with status 0 by itself; if not, its last words go to the log.
    bool ends_well() {
        const int status = wait();
        const bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!well) WARN("status " << status << " of waitpid(2), having said:\n" << output());
        return well;
    }
    bool stops_well() {
        terminate();
        return ends_well();
    }

 private:
    void start(const std::vector<std::string>& arguments) {
        std::vector<char*> argv;
        for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        process_.start([&](int output_fd) {
            ::dup2(output_fd, STDOUT_FILENO);
            ::dup2(output_fd, STDERR_FILENO);
            ::unsetenv("EVENTCORE_REACTOR");
            ::execv(argv[0], argv.data());
            ::_exit(127);
        });
    }

    child_process process_;
    std::uint16_t port_ = 0;
};

// The value of a field; empty when it is not there.
inline std::string field_of(const std::string& response, std::string_view name) {
    const std::string head = response.substr(0, response.find("\r\n\r\n") + 2);
    const std::string::size_type at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::string::size_type begin = at + 4 + name.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

// A directory that goes away with what is in it.
class scratch_directory {
 public:
    scratch_directory() : path_("/tmp/eventcore-examples-XXXXXX") {
        REQUIRE(::mkdtemp(path_.data()) != nullptr);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() { static_cast<void>(std::system(("rm -rf " + path_).c_str())); }

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    void make(const std::string& name) const { REQUIRE(::mkdir((*this / name).c_str(), 0777) == 0); }
    void write(const std::string& name, std::string_view content) const {
        std::ofstream(*this / name, std::ios::binary) << content;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(*this / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    bool has(const std::string& name) const { return ::access((*this / name).c_str(), F_OK) == 0; }

 private:
    std::string path_;
};
