#include "eventcore/server/server.hpp"

#include <memory>
#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;

namespace {

auto hello() {
    return ec::router(ec::get<"/">([] { return "hello"; }));
}
ec::server_options quiet(ec::server_options options) {
    options.log = ec::logger(ec::log_level::off);
    return options;
}

}  // namespace

TEST_CASE("an address that is taken is an error that names it") {
    running_server first(EVENTCORE_EVERY_REACTOR, hello());
    ec::server second(hello(), quiet({.address = "127.0.0.1", .port = first.port(), .workers = 2}));
    const ec::result<> started = second.start();
    REQUIRE_FALSE(started);
    CHECK(started.error() == std::errc::address_in_use);
    CHECK(second.failure().find("127.0.0.1:" + std::to_string(first.port())) != std::string::npos);
    CHECK(second.failure().find("in use") != std::string::npos);
}

TEST_CASE("an address that is none is an error that quotes it") {
    ec::server s(hello(), quiet({.address = "not-an-address", .workers = 1}));
    REQUIRE_FALSE(s.start());
    CHECK(s.failure().find("\"not-an-address\"") != std::string::npos);
}

TEST_CASE("several servers live in one process, each with several workers") {
    running_server a(EVENTCORE_EVERY_REACTOR, hello(), {.workers = 3});
    running_server b(EVENTCORE_EVERY_REACTOR, hello(), {.workers = 2});
    CHECK(a.server().worker_count() == 3);
    for (int i = 0; i < 40; ++i) {
        raw_client c(i % 2 ? a.port() : b.port());
        REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        REQUIRE(content_of(c.receive_response()) == "hello");
    }
    CHECK(a.server().statistics().requests == 20);
}

TEST_CASE("a server listens on every address it is given") {
    const std::string path = "/tmp/eventcore-test-" + std::to_string(::getpid()) + ".sock";
    ec::server_options options = quiet({.address = "127.0.0.1", .port = 0, .workers = 2});
    options.listen_also = {"unix:" + path};
    ec::server s(hello(), options);
    REQUIRE(s.start());
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(c.receive_response()) == "hello");
    CHECK(::access(path.c_str(), F_OK) == 0);
    s.stop();
    s.wait();
    CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("every worker has an application of its own when asked, made and destroyed on its thread") {
    struct app {
        static std::atomic<int>& alive() {
            static std::atomic<int> count{0};
            return count;
        }
        app() { alive().fetch_add(1); }
        ~app() { alive().fetch_sub(1); }
        int hits = 0;
        auto routes() {
            return ec::router(ec::get<"/hits">([this] { return std::to_string(++hits); }));
        }
    };
    {
        ec::server s(ec::make_owned<ec::detail::per_worker_app<app>>(),
                     quiet({.address = "127.0.0.1", .port = 0, .workers = 2}));
        REQUIRE(s.start());
        CHECK(app::alive() == 2);
        raw_client c(s.port());
        for (int i = 1; i <= 5; ++i) {
            REQUIRE(c.send("GET /hits HTTP/1.1\r\nHost: a\r\n\r\n"));
            CHECK(content_of(c.receive_response()) == std::to_string(i));
        }
    }
    CHECK(app::alive() == 0);
}

TEST_CASE("an application that cannot be made is an error of start") {
    struct app {
        app() { throw std::runtime_error("no database"); }
        auto routes() { return hello(); }
    };
    ec::server s(ec::make_owned<ec::detail::per_worker_app<app>>(),
                 quiet({.address = "127.0.0.1", .port = 0, .workers = 2}));
    REQUIRE_FALSE(s.start());
    CHECK(s.failure().find("no database") != std::string::npos);
}

TEST_CASE("over the limit on connections accepting pauses until one closes") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), {.workers = 1, .connections_max = 3});
    auto ask = [](raw_client& c) { return c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); };
    raw_client a(s.port()), b(s.port());
    auto third = std::make_unique<raw_client>(s.port());
    for (raw_client* c : {&a, &b, third.get()}) {
        REQUIRE(ask(*c));
        REQUIRE(content_of(c->receive_response()) == "hello");
    }
    raw_client waiting(s.port());  // the kernel accepts it, the server does not
    REQUIRE(ask(waiting));
    ::usleep(50'000);
    CHECK(s.server().statistics().connections_open <= 4);
    third.reset();
    CHECK(content_of(waiting.receive_response()) == "hello");
}

TEST_CASE("a handler may stop its server") {
    ec::server* self = nullptr;
    ec::server s(ec::router(ec::post<"/stop">([&self] {
                     self->stop();
                     return "stopping";
                 })),
                 quiet({.address = "127.0.0.1", .port = 0, .workers = 1}));
    self = &s;
    REQUIRE(s.start());
    raw_client c(s.port());
    REQUIRE(c.send("POST /stop HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    CHECK(content_of(c.receive_response()) == "stopping");
    s.wait();
}
