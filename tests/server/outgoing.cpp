// What a handler puts into an answer cannot make another message of it.
#include <string>

#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;

namespace {

// As if they came from a database, or from the request.
const std::string evil = "x\r\nSet-Cookie: stolen=1\r\n\r\n<html>";

auto routes() {
    return ec::router(
        ec::get<"/value">([] { return std::move(ec::response("v").set("x-name", evil)); }),
        ec::get<"/name">([] { return std::move(ec::response("n").set(evil, "x")); }), ec::get<"/nul">([] {
            return std::move(ec::response("0").add("x-name", std::string_view("a\0b", 3)));
        }),
        ec::get<"/type">([] { return ec::response::from_view("t", evil); }), ec::get<"/type-of-stream">([] {
            return ec::stream(
                [](ec::body_writer& out) -> ec::task<> { static_cast<void>(co_await out.write("never")); },
                evil);
        }),
        ec::get<"/interim">([] { return ec::response(ec::status::early_hints, "i"); }),
        ec::get<"/no-status">([] { return ec::response(static_cast<ec::status>(7), "s"); }),
        ec::get<"/">([] { return "hello"; }));
}

}  // namespace

TEST_CASE("an answer that would be two is a 500, and the connection goes on") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes());
    raw_client c(s.port());
    for (const char* path :
         {"/value", "/name", "/nul", "/type", "/type-of-stream", "/interim", "/no-status"}) {
        INFO(path);
        REQUIRE(c.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
        const std::string answer = c.receive_response();
        CHECK(status_of(answer) == 500);
        CHECK(answer.find("stolen") == std::string::npos);
    }
    REQUIRE(c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(c.receive_response()) == "hello");
    CHECK(s.server().statistics().handler_failures == 7);
}
