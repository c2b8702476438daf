#include "program.hpp"

TEST_CASE("quickstart serves its page and its health") {
    example_program quickstart("quickstart", EVENTCORE_EVERY_REACTOR_NAME);
    CHECK(quickstart.output().find("workers=2") != std::string::npos);

    const std::string page = quickstart.ask("GET", "/");
    CHECK(status_of(page) == 200);
    CHECK(field_of(page, "Content-Type") == "text/html; charset=utf-8");
    CHECK(content_of(page) == "<h1>Welcome to EventCore!</h1>");

    const std::string health = quickstart.ask("GET", "/api/health");
    CHECK(status_of(health) == 200);
    CHECK(field_of(health, "Content-Type") == "application/json");
    CHECK(content_of(health) == R"({"status":"healthy","server":"EventCore"})");

    // It embeds the server, and leaves signals to its surroundings.
    quickstart.terminate();
    const int status = quickstart.wait();
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM));
}
