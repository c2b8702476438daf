#include "eventcore/web/event_stream.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/testing.hpp"
#include "eventcore/web/router.hpp"

using namespace eventcore;
using namespace std::chrono_literals;

namespace {

std::string text_of(const server_event& event) {
    byte_buffer out;
    append_event(out, event);
    return std::string(out.view());
}

task<> count_for_ever(event_stream& out) {
    for (int n = 0;; ++n) {
        const std::string text = std::to_string(n);
        if (!co_await out.send({text, "tick", text, {}})) co_return;
        if (!co_await sleep_for(1s)) co_return;
    }
}

}  // namespace

TEST_CASE("events as they are sent") {
    CHECK(text_of({"one", {}, {}, {}}) == "data: one\n\n");
    CHECK(text_of({"one", "add", "7", 1500ms}) == "retry: 1500\nid: 7\nevent: add\ndata: one\n\n");
    CHECK(text_of({"a\nb\r\nc\rd", {}, {}, {}}) == "data: a\ndata: b\ndata: c\ndata: d\n\n");
    CHECK(text_of({"a\n", {}, {}, {}}) == "data: a\ndata: \n\n");
    CHECK(text_of({{}, "a\nevil: 1", "b\r\nevil: 2", {}}) == "id: b\nevent: a\n\n");
}

TEST_CASE("a stream of events, and what a client that comes back has seen") {
    const auto routes = router(get<"/">([](last_event_id seen) {
        return sse(
            [from = *seen ? **seen : std::string("nothing")](event_stream& out) -> task<> {
                co_await out.send(from);
                co_await out.send({"two", "x", {}, {}});
            },
            {.retry = 2s});
    }));
    testing::test_client client(routes);
    const testing::answer first = client.get("/");
    CHECK(first.field("content-type") == "text/event-stream");
    CHECK(first.field("cache-control") == "no-store");
    CHECK(first.content == "retry: 2000\n\ndata: nothing\n\nevent: x\ndata: two\n\n");
    CHECK(testing::answer(client.get("/").with("last-event-id", "41")).content.find("data: 41\n") !=
          std::string::npos);
}

TEST_CASE("each event leaves at once; silence is broken by comments") {
    testing::simulation sim(1);
    sim.serve(router(get<"/">([] {
        return sse(
            [](event_stream& out) -> task<> {
                co_await out.send("begin");
                static_cast<void>(co_await sleep_for(50s));
                co_await out.send("end");
            },
            {.heartbeat = 20s});
    })));
    testing::client c = sim.connect();
    c.begin("GET", "/");
    sim.advance(1s);
    CHECK(c.received().find("\r\ndata: begin\n\n\r\n") != std::string::npos);
    CHECK(c.received().find(":\n\n") == std::string::npos);
    sim.advance(55s);
    const testing::answer all = c.answers().at(0);
    CHECK(all.content == "data: begin\n\n:\n\n:\n\ndata: end\n\n");
}

TEST_CASE("a client that goes cancels the producer") {
    testing::simulation sim(1);
    bool has_ended = false;
    sim.serve(router(get<"/">([&has_ended] {
        return sse([&has_ended](event_stream& out) -> task<> {
            co_await count_for_ever(out);
            has_ended = true;
        });
    })));
    testing::client c = sim.connect();
    c.begin("GET", "/");
    sim.advance(3s);
    CHECK_FALSE(has_ended);
    c.reset();
    sim.advance(3s);
    CHECK(has_ended);
}

TEST_CASE("a server that drains sends a last event and ends the response") {
    testing::simulation sim(1);
    sim.serve(router(get<"/">([] { return sse(count_for_ever); })));
    testing::client c = sim.connect();
    c.begin("GET", "/");
    sim.advance(1500ms);
    CHECK(sim.drain(2s));
    sim.advance(1s);
    const testing::answer all = c.answers().at(0);
    CHECK(all.content.find("data: 1\n\nevent: close\ndata: the server ends\n\n") != std::string::npos);
}
