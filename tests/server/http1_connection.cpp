#include "eventcore/server/http1_connection.hpp"

#include <string>
#include <string_view>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

auto hello_routes() {
    return ec::router(ec::get<"/">([] { return "Hello, World!"; }),
                      ec::get<"/number/{n}">([](int n) { return std::to_string(n); }),
                      ec::get<"/later">([]() -> ec::task<std::string> {
                          static_cast<void>(co_await ec::sleep_for(5ms));
                          co_return std::string("later");
                      }),
                      ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
                      ec::get<"/big">([] { return std::string(3'000'000, 'x'); }),
                      ec::get<"/throws">([]() -> std::string { throw std::runtime_error("deliberate"); }),
                      ec::get<"/throws-later">([]() -> ec::task<std::string> {
                          static_cast<void>(co_await ec::sleep_for(1ms));
                          throw std::runtime_error("deliberate");
                      }),
                      ec::get<"/peer">([](ec::request& r) { return std::string(r.peer().address); }));
}

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

}  // namespace

TEST_CASE("a request is answered with status, Date, Server, type and length") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send(get("/")));
    const std::string answer = c.receive_response();
    CHECK(answer.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
    CHECK(has_line(answer, "Server: EventCore"));
    CHECK(has_line(answer, "Content-Length: 13"));
    CHECK(has_line(answer, "Content-Type: text/plain; charset=utf-8"));
    CHECK(answer.find("\r\nDate: ") != std::string::npos);
    CHECK(content_of(answer) == "Hello, World!");
}

TEST_CASE("a connection answers one request after another, and closes when asked to") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    for (int i = 0; i < 50; ++i) {
        REQUIRE(c.send(get("/number/" + std::to_string(i))));
        REQUIRE(content_of(c.receive_response()) == std::to_string(i));
    }
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    CHECK(has_line(c.receive_response(), "Connection: close"));
    CHECK(c.is_at_end());
}

TEST_CASE("pipelined requests are answered in order, those of one read with one write") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    std::string all;
    for (int i = 0; i < 100; ++i) all += get("/number/" + std::to_string(i));
    REQUIRE(c.send(all));
    const std::string first = c.receive_some(1 << 20);
    for (int i = 0; i < 100; ++i) REQUIRE(first.find("\r\n\r\n" + std::to_string(i)) != std::string::npos);
}

TEST_CASE("a pipelined request behind one that waits is answered after it") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send(get("/later") + get("/") + get("/later") + get("/number/7")));
    CHECK(content_of(c.receive_response()) == "later");
    CHECK(content_of(c.receive_response()) == "Hello, World!");
    CHECK(content_of(c.receive_response()) == "later");
    CHECK(content_of(c.receive_response()) == "7");
}

TEST_CASE("a request that arrives byte by byte is the same request") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde" + get("/number/9");
    for (char byte : request) REQUIRE(c.send({&byte, 1}));
    CHECK(content_of(c.receive_response()) == "abcde");
    CHECK(content_of(c.receive_response()) == "9");
}

TEST_CASE("HTTP/1.0 closes unless keep-alive is asked for") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client closing(s.port());
    REQUIRE(closing.send("GET / HTTP/1.0\r\n\r\n"));
    CHECK(content_of(closing.receive_all()) == "Hello, World!");
    raw_client keeping(s.port());
    REQUIRE(keeping.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    CHECK(has_line(keeping.receive_response(), "Connection: keep-alive"));
    REQUIRE(keeping.send("GET / HTTP/1.0\r\n\r\n"));
    CHECK(content_of(keeping.receive_all()) == "Hello, World!");
}

TEST_CASE("HEAD has the length of GET and no content") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(
        c.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /big HTTP/1.1\r\nHost: a\r\n\r\n" + get("/number/3")));
    CHECK(has_line(c.receive_response(true), "Content-Length: 13"));
    CHECK(has_line(c.receive_response(true), "Content-Length: 3000000"));
    CHECK(content_of(c.receive_response()) == "3");
}

TEST_CASE("an answer larger than every buffer arrives whole, and the connection lives on") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send(get("/big") + get("/number/1") + get("/big")));
    CHECK(content_of(c.receive_response()) == std::string(3'000'000, 'x'));
    CHECK(content_of(c.receive_response()) == "1");
    CHECK(content_of(c.receive_response()).size() == 3'000'000);
}

TEST_CASE("a handler that throws answers 500 and leaves the connection and the worker alive") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send(get("/throws") + get("/throws-later") + get("/")));
    CHECK(status_of(c.receive_response()) == 500);
    CHECK(status_of(c.receive_response()) == 500);
    CHECK(status_of(c.receive_response()) == 200);
    CHECK(s.server().statistics().handler_failures == 2);
}

TEST_CASE("a broken request gets one answer, and nothing after it is a request") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n" + get("/")));
    const std::string all = c.receive_all();
    CHECK(status_of(all) == 400);
    CHECK(has_line(all, "Connection: close"));
    CHECK(all.find("HTTP/1.1", 8) == std::string::npos);
    CHECK(s.server().statistics().refusals == 1);
}

TEST_CASE("heads over the limits are refused with their status") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    const auto refused_with = [&](const std::string& request) {
        raw_client c(s.port());
        c.send(request);
        return status_of(c.receive_all());
    };
    CHECK(refused_with("GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
    CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n") == 431);
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 200; ++i) many += "X: y\r\n";
    CHECK(refused_with(many + "\r\n") == 431);
}

TEST_CASE("the largest head within the limits is accepted") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(16'000, 'a') + "\r\n\r\n" +
                   get("/number/2")));
    CHECK(status_of(c.receive_response()) == 200);
    CHECK(content_of(c.receive_response()) == "2");
}

TEST_CASE("a client that stops sending after its request still gets the answer") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send(get("/later")));
    c.finish_sending();
    CHECK(content_of(c.receive_response()) == "later");
    CHECK(c.is_at_end());
}

TEST_CASE("the handler can ask who the client is") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    sockaddr_in own{};
    socklen_t bytes = sizeof own;
    REQUIRE(::getsockname(c.fd(), reinterpret_cast<sockaddr*>(&own), &bytes) == 0);
    REQUIRE(c.send(get("/peer")));
    CHECK(content_of(c.receive_response()) == "127.0.0.1:" + std::to_string(ntohs(own.sin_port)));
}

TEST_CASE("a thousand connections that come, ask and go leave nothing open") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    for (int i = 0; i < 1000; ++i) {
        raw_client c(s.port());
        REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        REQUIRE(content_of(c.receive_all()) == "Hello, World!");
    }
    s.stop();
    CHECK(s.server().statistics().connections_accepted == 1000);
    CHECK(s.server().statistics().connections_open == 0);
}

TEST_CASE("a refused HEAD gets no content") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    raw_client c(s.port());
    REQUIRE(c.send("HEAD / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n"));
    const std::string answer = c.receive_all();
    CHECK(status_of(answer) == 400);
    CHECK(content_of(answer).empty());
}

TEST_CASE("a connection may end in any step of a turn, the last that it has included") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello_routes());
    for (int before = 245; before <= 260; ++before) {
        raw_client c(s.port());
        std::string all;
        for (int i = 0; i < before; ++i) all += get("/");
        REQUIRE(c.send(all + "broken\r\n\r\n"));
        REQUIRE(c.receive_all().find("HTTP/1.1 400") != std::string::npos);
    }
}
