// A server on 127.0.0.1 and a port of the kernel's choice, on a given reactor, for the length of a test.
#pragma once

#include <vector>
#include <utility>

#include "catch.hpp"
#include "eventcore/server/server.hpp"
#include "support/raw_client.hpp"

// Every reactor this binary and this machine have.
inline std::vector<eventcore::reactor_kind> reactor_kinds() {
    using eventcore::reactor_kind;
    std::vector<reactor_kind> kinds;
    for (reactor_kind kind : {reactor_kind::io_uring, reactor_kind::epoll, reactor_kind::kqueue}) {
        eventcore::reactor_options options;
        options.kind = kind;
        if (eventcore::reactor::open(options)) kinds.push_back(kind);
    }
    return kinds;
}
#define EVENTCORE_EVERY_REACTOR GENERATE(from_range(reactor_kinds()))

class running_server {
 public:
    template <class Router>
    running_server(eventcore::reactor_kind kind, Router router, eventcore::server_options options = {})
        : server_(std::move(router), on_loopback(kind, std::move(options))) {
        REQUIRE(server_.start());
        REQUIRE(server_.port() != 0);
    }

    eventcore::server& server() { return server_; }
    std::uint16_t port() const { return server_.port(); }
    // Stops and waits: afterwards what handlers wrote may be read.
    void stop() {
        server_.stop();
        server_.wait();
    }

 private:
    static eventcore::server_options on_loopback(eventcore::reactor_kind kind,
                                                 eventcore::server_options options) {
        options.address = "127.0.0.1";
        options.port = 0;
        if (options.workers == 0) options.workers = 1;
        options.reactor = kind;
        options.log = eventcore::logger(eventcore::log_level::off);
        return options;
    }
    eventcore::server server_;
};
