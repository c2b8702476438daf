#include "program.hpp"

namespace {

std::string post_order(const example_program& demo, std::string_view text,
                       std::string_view type = "Content-Type: application/json\r\n") {
    return demo.ask("POST", "/api/orders", type, text);
}

}  // namespace

TEST_CASE("the demo's page holds everything it needs") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    const std::string page = demo.ask("GET", "/");
    CHECK(status_of(page) == 200);
    CHECK(field_of(page, "Content-Type") == "text/html; charset=utf-8");
    CHECK(field_of(page, "content-security-policy").find("default-src 'none'") == 0);
    const std::string html = content_of(page);
    CHECK(html.find("<!doctype html>") == 0);
    CHECK(html.find("</html>") != std::string::npos);
    for (const char* elsewhere : {"src=\"http", "href=\"http", "@import", "url(http"}) {
        CAPTURE(elsewhere);
        CHECK(html.find(elsewhere) == std::string::npos);
    }
    CHECK(demo.stops_well());
}

TEST_CASE("the demo's routes take typed parameters") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    CHECK(content_of(demo.ask("GET", "/api/people/2")) ==
          R"({"id":2,"name":"Grace Hopper","known_for":"the first compiler"})");
    CHECK(status_of(demo.ask("GET", "/api/people/99")) == 404);
    CHECK(status_of(demo.ask("GET", "/api/people/ada")) == 404);
    const std::string refused = demo.ask("DELETE", "/api/people/2");
    CHECK(status_of(refused) == 405);
    CHECK(refused.find("allow: GET, HEAD, OPTIONS\r\n") != std::string::npos);
    CHECK(content_of(demo.ask("GET", "/api/hello/Grace%20%E2%98%95")) == "Hello, Grace \xE2\x98\x95!\n");
    CHECK(content_of(demo.ask("GET", "/api/nap?ms=1")) == "slept 1 ms\n");
    CHECK(status_of(demo.ask("GET", "/api/nap?ms=2000")) == 504);
    CHECK(status_of(demo.ask("GET", "/api/nap?ms=soon")) == 400);
    CHECK(content_of(demo.ask("GET", "/api/routes")).find("/api/uploads/{id}") != std::string::npos);
}

TEST_CASE("the demo takes orders as JSON and says what is wrong with them") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    const std::string taken = post_order(demo, R"({"drink":"tea","cups":2,"name":"Ada"})");
    CHECK(status_of(taken) == 201);
    CHECK(content_of(taken) ==
          R"({"number":1,"text":"2 cups for Ada","ordered":{"drink":"tea","cups":2,"name":"Ada"}})");
    const auto pointer_of = [&](std::string_view order, int status) {
        const std::string refused = post_order(demo, order);
        CHECK(status_of(refused) == status);
        CHECK(field_of(refused, "Content-Type") == "application/problem+json");
        const std::string content = content_of(refused);
        const std::string::size_type at = content.find("\"pointer\":\"");
        if (at == std::string::npos) return std::string();
        return content.substr(at + 11, content.find('"', at + 11) - at - 11);
    };
    CHECK(pointer_of(R"({"drink":"tea","cups":"two","name":"Ada"})", 400) == "/cups");
    CHECK(pointer_of(R"({"drink":"lemonade","cups":1,"name":"Ada"})", 400) == "/drink");
    CHECK(pointer_of(R"({"drink":"tea","cups":40,"name":"Ada"})", 422) == "/cups");
    CHECK(pointer_of(R"({"drink":"tea","cups":1})", 400) == "/name");
    CHECK(pointer_of(R"({"drink":"tea","cups":1)", 400).empty());
    CHECK(status_of(post_order(demo, "drink=tea", "Content-Type: text/plain\r\n")) == 415);
}

TEST_CASE("the demo's tale arrives in pieces and is whole") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    raw_client client(demo.port());
    client.send("GET /api/tale?pause_ms=1 HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n");
    std::string all;
    int receives = 0;
    for (std::string some = client.receive_some(); !some.empty(); some = client.receive_some()) {
        all += some;
        ++receives;
    }
    CHECK(receives > 5);
    CHECK(field_of(all, "Transfer-Encoding") == "chunked");
    const std::string tale = unchunked(content_of(all));
    CHECK(tale.find("Your request arrived") == 0);
    CHECK(tale.find("the coroutine ends.\n") == tale.size() - 20);
}

TEST_CASE("the demo survives a reader who goes away, and ends") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    {
        raw_client client(demo.port());
        client.send("GET /api/tale?pause_ms=1 HTTP/1.1\r\nHost: example\r\n\r\n");
        CHECK_FALSE(client.receive_some().empty());
        client.reset();
    }
    CHECK(status_of(demo.ask("GET", "/api/server")) == 200);
    CHECK(demo.stops_well());
}

TEST_CASE("the demo counts an upload while it arrives") {
    example_program demo("demo", EVENTCORE_EVERY_REACTOR_NAME);
    raw_client client(demo.port());
    client.send("PUT /api/uploads/7 HTTP/1.1\r\nHost: example\r\nContent-Length: 9\r\n\r\n12345");
    std::string progress;
    for (int i = 0; i < 2000 && progress.find("\"bytes\":5") == std::string::npos; ++i) {
        progress = content_of(demo.ask("GET", "/api/uploads/7"));
        ::usleep(1000);
    }
    CHECK(progress == R"({"bytes":5,"pieces":1})");
    client.send("6789");
    const std::string done = content_of(client.receive_response());
    CHECK(done.find(R"("bytes":9,)") != std::string::npos);
    CHECK(done.find(R"("crc32":"cbf43926")") != std::string::npos);  // the check value of CRC-32
    CHECK(status_of(demo.ask("GET", "/api/uploads/8")) == 404);
}

TEST_CASE("the demo tells which reactor runs, and counts") {
    const std::string reactor = EVENTCORE_EVERY_REACTOR_NAME;
    example_program demo("demo", reactor);
    CHECK(status_of(demo.ask("GET", "/api/fail")) == 500);
    const std::string facts = content_of(demo.ask("GET", "/api/server"));
    CHECK(facts.find("\"reactor\":\"" + reactor + "\"") != std::string::npos);
    CHECK(facts.find("\"reason\":\"" + reactor + ": ") != std::string::npos);
    CHECK(facts.find(R"("workers":2)") != std::string::npos);
    CHECK(facts.find(R"("requests":2,)") != std::string::npos);
    CHECK(facts.find(R"("handler_failures":1)") != std::string::npos);
}
