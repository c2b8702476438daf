#include <string>

#include "program.hpp"

TEST_CASE("ticker: events with ids, and what a client that comes back has missed") {
    example_program ticker("ticker", EVENTCORE_EVERY_REACTOR_NAME);
    raw_client c(ticker.port());
    c.send("GET /ticks HTTP/1.1\r\nHost: test\r\n\r\n");
    std::string all;
    while (all.find("data: ") == std::string::npos) all += c.receive_some();
    CHECK(all.find("Content-Type: text/event-stream") != std::string::npos);
    const std::size_t at = all.find("id: ") + 4;
    const long first = std::stol(all.substr(at));

    raw_client again(ticker.port());
    again.send("GET /ticks HTTP/1.1\r\nHost: test\r\nLast-Event-ID: " + std::to_string(first + 5) +
               "\r\n\r\n");
    std::string more;
    while (more.find("data: ") == std::string::npos) more += again.receive_some();
    CHECK(std::stol(more.substr(more.find("id: ") + 4)) == first + 6);
    CHECK(ticker.ask("GET", "/").find("<canvas") != std::string::npos);
}
