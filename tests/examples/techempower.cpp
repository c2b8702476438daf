#include "program.hpp"

// Sections 1 and 6 of the rules of the TechEmpower Framework Benchmarks.
TEST_CASE("techempower answers by the rules") {
    example_program techempower("techempower", EVENTCORE_EVERY_REACTOR_NAME);

    const std::string plain = techempower.ask("GET", "/plaintext");
    CHECK(status_of(plain) == 200);
    CHECK(content_of(plain) == "Hello, World!");
    CHECK(field_of(plain, "Content-Type").rfind("text/plain", 0) == 0);
    CHECK(field_of(plain, "Content-Length") == "13");

    const std::string json = techempower.ask("GET", "/json");
    CHECK(status_of(json) == 200);
    CHECK(content_of(json) == R"({"message":"Hello, World!"})");
    CHECK(field_of(json, "Content-Type") == "application/json");
    CHECK(field_of(json, "Content-Length") == "27");

    for (const std::string& response : {plain, json}) {
        CHECK(field_of(response, "Server") == "EventCore");
        const std::string date = field_of(response, "Date");  // "Sat, 21 Nov 2026 01:32:08 GMT"
        CHECK(date.size() == 29);
        CHECK(date.substr(3, 2) == ", ");
        CHECK(date.substr(25) == " GMT");
    }
    CHECK(techempower.stops_well());
}

TEST_CASE("techempower answers sixteen pipelined requests in order") {
    example_program techempower("techempower", EVENTCORE_EVERY_REACTOR_NAME);
    raw_client client(techempower.port());
    std::string requests;
    const std::string rest = " HTTP/1.1\r\nHost: example\r\n\r\n";
    for (const char* target : {"/plaintext", "/json"})
        for (int i = 0; i < 8; ++i) requests += "GET " + std::string(target) + rest;
    client.send(requests);
    for (int i = 0; i < 8; ++i) CHECK(content_of(client.receive_response()) == "Hello, World!");
    const std::string greeting = R"({"message":"Hello, World!"})";
    for (int i = 0; i < 8; ++i) CHECK(content_of(client.receive_response()) == greeting);
    client.close();
    CHECK(techempower.stops_well());
}
