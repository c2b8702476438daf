#include "program.hpp"

TEST_CASE("hello answers its one route and ends when asked to") {
    example_program hello("hello", EVENTCORE_EVERY_REACTOR_NAME);
    const std::string response = hello.ask("GET", "/");
    CHECK(status_of(response) == 200);
    CHECK(content_of(response) == "Hello, World!\n");
    CHECK(field_of(response, "Content-Type") == "text/plain; charset=utf-8");
    CHECK(status_of(hello.ask("GET", "/nothing")) == 404);
    CHECK(status_of(hello.ask("POST", "/")) == 405);
    CHECK(hello.stops_well());
}

TEST_CASE("hello finishes a request in progress when it is asked to end") {
    example_program hello("hello", EVENTCORE_EVERY_REACTOR_NAME, {"--threads", "1"});
    raw_client client(hello.port());
    client.send("GET / HTTP/1.1\r\nHost: example\r\n");
    raw_client other(hello.port());  // by its answer, the first one's bytes have been read
    other.send("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
    CHECK(status_of(other.receive_response()) == 200);
    hello.terminate();
    CHECK(other.is_at_end());  // an idle connection ends at once: the drain has begun
    client.send("\r\n");
    const std::string response = client.receive_response();
    CHECK(status_of(response) == 200);
    CHECK(field_of(response, "Connection") == "close");
    CHECK(hello.ends_well());
}

TEST_CASE("an example explains its options, and refuses what it does not know") {
    const std::string program = EVENTCORE_BINARY_DIR "/bin/hello";
    CHECK(WEXITSTATUS(std::system((program + " --help > /dev/null").c_str())) == 0);
    CHECK(WEXITSTATUS(std::system((program + " --reactor steam 2> /dev/null").c_str())) == 2);
    CHECK(WEXITSTATUS(std::system((program + " --port 70000 2> /dev/null").c_str())) == 2);
    CHECK(WEXITSTATUS(std::system((program + " --tea yes 2> /dev/null").c_str())) == 2);
}
