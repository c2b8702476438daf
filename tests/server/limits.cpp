// Every limit fires, is answered as docs/server.md says, and is counted.
#include <sys/resource.h>

#include <string>
#include <vector>

#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

const std::string hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

auto routes() {
    return ec::router(ec::get<"/">([] { return "hello"; }),
                      ec::get<"/page">([] { return std::string(7000, 'p'); }),
                      ec::get<"/slow-down">([]() -> ec::response { return ec::status::too_many_requests; }),
                      ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }));
}

// The last connection is answered, and so it is known to have been accepted after the others.
std::vector<owned_client> keep_alive(std::uint16_t port, std::size_t count) {
    std::vector<owned_client> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(ec::make_owned<raw_client>(port));
        REQUIRE(clients.back()->send(hello));
        REQUIRE(content_of(clients.back()->receive_response()) == "hello");
    }
    return clients;
}

}  // namespace

TEST_CASE("what is too long is refused with its status, and counted") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(),
                     {.body_bytes_max = 100,
                      .limits = {.request_line_bytes = 64, .field_count = 5, .field_section_bytes = 256}});
    const auto status = [&](const std::string& request) {
        raw_client c(s.port());
        c.send(request);
        return status_of(c.receive_all());
    };
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    CHECK(status("GET /" + std::string(64, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
    CHECK(status(head + "X: " + std::string(256, 'x') + "\r\n\r\n") == 431);
    CHECK(status(head + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n") == 431);
    CHECK(status("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n") == 413);
    const ec::server_statistics seen = s.server().statistics();
    CHECK(seen.reached(limit::request_line) == 1);
    CHECK(seen.reached(limit::field_section) == 2);
    CHECK(seen.reached(limit::content) == 1);
    CHECK(seen.refusals == 4);
}

TEST_CASE("a trailer section over its limit is refused, however small the buffer") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.read_buffer_bytes = 64});
    const std::string start =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n";
    raw_client fits(s.port());
    REQUIRE(fits.send(start + "X: " + std::string(4000, 't') + "\r\n\r\n"));
    CHECK(content_of(fits.receive_response()) == "abcde");
    raw_client over(s.port());
    over.send(start + "X: " + std::string(5000, 't') + "\r\n\r\n");
    CHECK(status_of(over.receive_all()) == 431);
    CHECK(s.server().statistics().reached(limit::field_section) == 1);
}

TEST_CASE("a connection that had its requests is closed with the last answer") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.requests_per_connection = 3});
    raw_client c(s.port());
    REQUIRE(c.send(hello + hello + hello + hello));
    CHECK_FALSE(has_line(c.receive_response(), "Connection: close"));
    CHECK_FALSE(has_line(c.receive_response(), "Connection: close"));
    CHECK(has_line(c.receive_response(), "Connection: close"));
    CHECK(c.is_at_end());
    CHECK(s.server().statistics().requests == 3);
    CHECK(s.server().statistics().reached(limit::requests_per_connection) == 1);
}

TEST_CASE("a new connection takes the place of an idle one when all are taken") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.connections_max = 3});
    auto idle = keep_alive(s.port(), 3);
    auto next = keep_alive(s.port(), 1);
    CHECK(idle[0]->is_at_end());
    REQUIRE(idle[2]->send(hello));
    CHECK(content_of(idle[2]->receive_response()) == "hello");
    CHECK(s.server().statistics().reached(limit::idle_connections) == 1);
    CHECK(s.server().statistics().reached(limit::connections) == 0);
}

TEST_CASE("accepting pauses when no connection is idle, and nobody is kept alive meanwhile") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.connections_max = 2});
    std::vector<owned_client> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(ec::make_owned<raw_client>(s.port()));
        REQUIRE(busy.back()->send("GET / HTTP/1.1\r\n"));
    }
    REQUIRE(eventually([&] { return s.server().statistics().reached(limit::connections) == 1; }));
    raw_client waiting(s.port());  // the kernel has it, the server does not
    REQUIRE(waiting.send(hello));
    REQUIRE(busy[0]->send("Host: a\r\n\r\n"));
    CHECK(has_line(busy[0]->receive_all(), "Connection: close"));
    CHECK(content_of(waiting.receive_response()) == "hello");
    CHECK(s.server().statistics().connections_accepted == 4);
}

TEST_CASE("one address may have so many connections, whichever workers they reached") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.workers = 2, .connections_per_peer_max = 3});
    auto clients = keep_alive(s.port(), 3);
    raw_client refused(s.port());
    const std::string answer = refused.receive_all();
    CHECK(status_of(answer) == 503);
    CHECK(has_line(answer, "Connection: close"));
    raw_client other(s.port(), "127.0.0.2");
    REQUIRE(other.send(hello));
    CHECK(content_of(other.receive_response()) == "hello");
    clients.pop_back();
    REQUIRE(eventually([&] { return s.server().statistics().connections_open == 3; }));
    clients.push_back(std::move(keep_alive(s.port(), 1).front()));
    CHECK(s.server().statistics().reached(limit::peer_connections) == 1);
}

TEST_CASE("however much is pipelined, others have their turn") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), {.pipelined_per_turn = 4});
    raw_client c(s.port());
    std::string all;
    for (int i = 0; i < 20; ++i) all += hello;
    REQUIRE(c.send(all));
    for (int i = 0; i < 20; ++i) REQUIRE(content_of(c.receive_response()) == "hello");
    CHECK(s.server().statistics().reached(limit::pipelining) >= 4);
}

TEST_CASE("requests are not answered ahead of a client that does not read") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes());
    raw_client c(s.port(), nullptr, 4096);
    constexpr int count = 3000;  // 21 MB of answers, more than the kernel would hold
    std::string all;
    for (int i = 0; i < count; ++i) all += "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
    REQUIRE(c.send(all));
    std::uint64_t before = 0;
    const auto stands_still = [&] {
        const std::uint64_t now = s.server().statistics().requests;
        ::usleep(50'000);
        return std::exchange(before, now) == now && now > 0;
    };
    REQUIRE(eventually(stands_still));
    CHECK(before < count);
    auto other = keep_alive(s.port(), 1);
    for (int i = 0; i < count; ++i) REQUIRE(content_of(c.receive_response()).size() == 7000);
}

TEST_CASE("429 is counted, whoever said it") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes());
    raw_client c(s.port());
    REQUIRE(c.send("GET /slow-down HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(status_of(c.receive_response()) == 429);
    CHECK(s.server().statistics().reached(limit::rate) == 1);
}

TEST_CASE("every limit has a name") {
    for (std::size_t i = 0; i < ec::server_limit_count; ++i)
        CHECK_FALSE(to_string(static_cast<limit>(i)).empty());
    CHECK(to_string(limit::rate) == "rate");
}

TEST_CASE("options that cannot be meant are refused with a sentence that names them") {
    const auto why = [](ec::server_options options) {
        options.address = "127.0.0.1";
        options.port = 0;
        options.log = ec::logger(ec::log_level::off);
        ec::server s(routes(), options);
        const ec::result<> started = s.start();
        REQUIRE_FALSE(started);
        CHECK(started.error() == ec::errc::invalid_argument);
        return s.failure();
    };
    CHECK(why({.header_timeout = 0s}) ==
          "server_options::header_timeout has to be more than 0, at most 365 days");
    CHECK(why({.body_grace = -1s}) == "server_options::body_grace has to be 0 to 365 days");
    CHECK(why({.request_timeout = ec::duration::max()}).find("request_timeout") != std::string::npos);
    CHECK(why({.connections_max = 0}).find("connections_max has to be 1 to") != std::string::npos);
    CHECK(why({.pipelined_per_turn = 0}).find("pipelined_per_turn") != std::string::npos);
    CHECK(why({.read_buffer_bytes = 0}).find("read_buffer_bytes has to be 64 to") != std::string::npos);
    CHECK(why({.limits = {.field_count = 0}}).find("limits.field_count") != std::string::npos);
    CHECK(why({.backlog = -5}).find("backlog") != std::string::npos);
    CHECK(why({.server_name = "a\r\nSet-Cookie: b"}).find("server_name cannot be sent") != std::string::npos);
}

TEST_CASE("connections leave descriptors for the rest of the process") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    const std::size_t one = ec::connections_that_fit(1), two = ec::connections_that_fit(2),
                      many = ec::connections_that_fit(100);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(one == 40);
    CHECK(two == 32);
    CHECK(many == 100);
}
