// WebSockets over HTTP/2 (RFC 8441): handlers like those of tests/server/websocket.cpp, on streams among
// others.
#include <atomic>
#include <cstdlib>
#include <string>

#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/http/websocket/zlib_deflate.hpp"
#include "eventcore/testing.hpp"
#include "eventcore/web/event_stream.hpp"
#include "eventcore/web/router.hpp"
#include "eventcore/web/topic.hpp"
#include "eventcore/web/websocket.hpp"
#include "support/allocation_counts.hpp"
#include "support/h2_peer.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"
#include "support/websocket_frames.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using namespace websocket_frames;
using texts = std::vector<std::string>;

namespace {

task<> echo(websocket ws) {
    while (auto m = co_await ws.receive()) co_await ws.send(*m);
}

task<> an_hour() { static_cast<void>(co_await sleep_for(1h)); }

testing::simulation_options calm() {
    testing::simulation_options options;
    options.faults = testing::fault_plan::none();
    return options;
}

// A server in a simulated machine, and one HTTP/2 client of it.
struct machine {
    template <class Router>
    explicit machine(Router routes, server_options options = {}, std::string_view settings = {})
        : sim(1, calm()), client(start(std::move(routes), std::move(options)), settings) {}
    template <class Router>
    testing::simulation& start(Router routes, server_options options) {
        sim.serve(std::move(routes), std::move(options));
        return sim;
    }
    std::uint64_t times(server_limit which) const {
        return sim.counters().limits[static_cast<std::size_t>(which)].read();
    }
    texts frames(std::uint32_t stream) { return frames_in(client.answers[stream].content); }

    testing::simulation sim;
    h2::simulated client;
};

// One that sends as fast as it may, and counts what it got rid of.
auto flood(std::atomic<int>& sent, websocket_options options = {}) {
    return get<"/flood">(std::move(options), [&sent](websocket ws) -> task<> {
        const std::string part(10'000, 'p');
        while (co_await ws.send_binary(part)) ++sent;
    });
}

}  // namespace

TEST_CASE("a WebSocket on a stream: messages, fragments, pings and the closing handshake") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo)));
    h2::client c(s.port());
    const std::string large(300'000, 'x');
    REQUIRE(c.send(h2::websocket(1, "/")));
    REQUIRE(c.until([&] { return c.answers[1].status != 0; }));
    CHECK(c.settings_of_server[NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL] == 1);
    CHECK(c.answers[1].status == 200);
    for (const char* name :
         {"sec-websocket-accept", "upgrade", "connection", "content-length", "content-type"})
        CHECK(c.answers[1].fields.count(name) == 0);
    CHECK(c.answers[1].fields.at("server") == "EventCore");
    REQUIRE(c.send(h2::content(1,
                               text("one") + masked(opcode::text, "tw", false) + masked(opcode::ping, "?") +
                                   masked(opcode::continuation, "o"),
                               false)));
    // Less than the window of 256 KiB at once.
    const std::string frame = masked(opcode::binary, large);
    REQUIRE(c.send(h2::content(1, std::string_view(frame).substr(0, 200'000), false)));
    REQUIRE(c.until([&] { return c.windows[1] > 100'000; }));
    REQUIRE(c.send(h2::content(1, std::string_view(frame).substr(200'000), false)));
    REQUIRE(c.send(h2::content(1, text("") + closing(1000), false)));
    const h2::answer& all = c.wait(1);
    CHECK(frames_in(all.content) ==
          texts{"text:one", "pong:?", "text:two", "binary:" + large, "text:", "close:1000"});
    CHECK(all.is_ended);
    REQUIRE(c.send(h2::get(3, "/nothing")));
    CHECK(c.wait(3).status == 404);
}

TEST_CASE("a WebSocket on a stream, in pieces of one byte, and all at once before it is open") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo)));
    const std::string bytes = text("hello") + masked(opcode::binary, std::string(200, 'b')) + closing(4000);
    const texts expected{"text:hello", "binary:" + std::string(200, 'b'), "close:4000"};
    h2::client c(s.port());
    REQUIRE(c.send(h2::websocket(1, "/")));
    for (const char b : bytes) REQUIRE(c.send(h2::content(1, {&b, 1}, false)));
    CHECK(frames_in(c.wait(1).content) == expected);
    REQUIRE(c.send(h2::websocket(3, "/") + h2::content(3, bytes)));
    CHECK(frames_in(c.wait(3).content) == expected);
    CHECK(c.wait(3).is_ended);
    CHECK(c.wait(3).reset == -1);
}

TEST_CASE("the handler of a WebSocket cannot tell that it is on a stream") {
    const auto describe = [](request& req) {
        return std::string(req.head().method_text) + " " + std::string(req.head().target) + " " +
               std::string(req.head().authority);
    };
    const auto note = [&describe](request& req, next go) -> task<response> {
        static_cast<void>(co_await sleep_for(1ms));  // what has arrived meanwhile is kept
        response r = co_await go(req);
        r.set("X-Seen", describe(req));
        co_return r;
    };
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(use(note), provide(7),
                            get<"/rooms/{room}/{n}">({.protocols = {"b", "a"}},
                                                     [](std::string room, int n, state<int> seven,
                                                        query<"q", std::string> q, websocket ws) -> task<> {
                                                         const std::string said = room + std::to_string(n) +
                                                                                  std::to_string(*seven) +
                                                                                  *q +
                                                                                  std::string(ws.protocol());
                                                         co_await ws.send(said);
                                                         co_await echo(std::move(ws));
                                                     })));
    h2::client c(s.port());
    REQUIRE(c.send(h2::websocket(1, "/rooms/a%20room/5?q=x", h2::field("sec-websocket-protocol", "z, a, b")) +
                   h2::content(1, text("early"), false)));
    REQUIRE(c.send(h2::content(1, closing(1000), false)));
    const h2::answer& all = c.wait(1);
    CHECK(all.fields.at("sec-websocket-protocol") == "b");
    CHECK(all.fields.at("x-seen") == "GET /rooms/a%20room/5?q=x a.example");
    CHECK(frames_in(all.content) == texts{"text:a room57xb", "text:early", "close:1000"});
}

TEST_CASE("an extended CONNECT that opens no WebSocket is refused, and the connection goes on") {
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        router(get<"/">(echo), get<"/open">({.origins = {"*"}}, echo), get<"/page">([] { return "a page"; }),
               get<"/away">([] { return status::found; }), get<"/stream">([] {
                   return stream(
                       [](body_writer& out) -> task<> { static_cast<void>(co_await out.write("x")); });
               })));
    h2::client c(s.port());
    std::uint32_t stream = 1;
    const auto status = [&](const std::string& what) {
        REQUIRE(c.send(what));
        const h2::answer& got = c.wait(stream);
        stream += 2;
        return got.status != 0 ? got.status : -got.reset;
    };
    const std::string version = h2::field("sec-websocket-version", "13");
    CHECK(status(h2::connect(stream, "/", version, "connect-udp")) == 501);
    CHECK(status(h2::websocket(stream, "/nowhere")) == 404);
    CHECK(status(h2::websocket(stream, "/page")) == 501);
    CHECK(status(h2::websocket(stream, "/stream")) == 501);
    CHECK(status(h2::websocket(stream, "/away")) == 302);
    CHECK(status(h2::connect(stream, "/")) == 400);
    CHECK(status(h2::connect(stream, "/", h2::field("sec-websocket-version", "12"))) == 400);
    CHECK(c.answers[stream - 2].fields.at("sec-websocket-version") == "13");
    CHECK(status(h2::websocket(stream, "/", h2::field("content-length", "0"))) == 400);
    const std::string elsewhere = h2::field("origin", "http://evil.example");
    CHECK(status(h2::websocket(stream, "/", elsewhere)) == 403);
    CHECK(status(h2::websocket(stream, "/open", elsewhere) + h2::content(stream, closing(1000))) == 200);
    CHECK(status(h2::websocket(stream, "/", h2::field("origin", "https://a.example")) +
                 h2::content(stream, closing(1000))) == 200);
    CHECK(status(h2::get(stream, "/", version)) == 400);  // without :protocol: an ordinary request
    // A CONNECT without :protocol, to a host, as before.
    const std::string plain = h2::field(":method", "CONNECT") + h2::field(":authority", "a.example:443");
    CHECK(status(h2::frame(h2::headers, h2::end_headers, stream, plain)) == 501);
    CHECK(status(h2::get(stream, "/page")) == 200);
}

TEST_CASE("a :protocol where none may be, or without what belongs to it, is malformed") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo)));
    h2::client c(s.port());
    const std::string method = h2::field(":method", "CONNECT"),
                      protocol = h2::field(":protocol", "websocket"), scheme = h2::field(":scheme", "http"),
                      path = h2::field(":path", "/"), authority = h2::field(":authority", "a.example"),
                      version = h2::field("sec-websocket-version", "13");
    std::uint32_t stream = 1;
    for (const std::string& block :
         {h2::field(":method", "GET") + protocol + scheme + path + authority + version,
          method + protocol + path + authority + version, method + protocol + scheme + authority + version,
          method + protocol + scheme + path + version,
          method + protocol + protocol + scheme + path + authority,
          method + scheme + path + authority + version + protocol}) {
        REQUIRE(c.send(h2::frame(h2::headers, h2::end_headers, stream, block)));
        CHECK(c.wait(stream).reset == h2::protocol_error);
        stream += 2;
    }
    // And nothing but DATA belongs into one (RFC 9113, 8.5).
    REQUIRE(c.send(h2::websocket(stream, "/")));
    REQUIRE(c.until([&] { return c.answers[stream].status == 200; }));
    REQUIRE(
        c.send(h2::frame(h2::headers, h2::end_headers | h2::end_stream, stream, h2::field("x-sum", "7"))));
    CHECK(c.wait(stream).reset == h2::protocol_error);
}

TEST_CASE("a broken rule ends the WebSocket and not its connection") {
    websocket_options small;
    small.message_bytes_max = 100;
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(get<"/">(small, echo), get<"/fails">([](websocket) -> task<> {
                                static_cast<void>(co_await sleep_for(1ms));
                                throw std::runtime_error("on purpose");
                            })));
    h2::client c(s.port());
    const auto said = [&](std::uint32_t stream, std::string_view path, const std::string& bytes) {
        REQUIRE(c.send(h2::websocket(stream, path) + h2::content(stream, bytes)));
        return frames_in(c.wait(stream).content);
    };
    CHECK(said(1, "/", "\x81\x01x") == texts{"close:1002"});
    CHECK(said(3, "/", text("\xff")) == texts{"close:1007"});
    CHECK(said(5, "/", text(std::string(101, 'x'))) == texts{"close:1009"});
    REQUIRE(c.send(h2::websocket(7, "/fails")));
    REQUIRE(c.until([&] { return !c.answers[7].content.empty(); }));
    CHECK(frames_in(c.answers[7].content) == texts{"close:1011"});
    REQUIRE(c.send(h2::content(7, closing(1011))));
    CHECK(c.wait(7).is_ended);
    CHECK(s.server().statistics().handler_failures == 1);
    CHECK(s.server().statistics().reached(server_limit::content) == 1);
}

TEST_CASE("a WebSocket and ordinary requests share a connection") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(get<"/">(echo), get<"/large">([] { return std::string(1'000'000, 'l'); }),
                            post<"/echo">([](bytes content) { return std::string(content.view()); })));
    h2::client c(s.port());
    REQUIRE(c.send(h2::websocket(1, "/") + h2::websocket(3, "/")));
    std::uint32_t stream = 5;
    for (int i = 0; i < 20; ++i, stream += 4) {
        REQUIRE(c.send(h2::content(1, text("a" + std::to_string(i)), false) + h2::get(stream, "/large") +
                       h2::content(3, text("b" + std::to_string(i)), false) + h2::post(stream + 2, "/echo") +
                       h2::content(stream + 2, std::to_string(i))));
        CHECK(c.wait(stream).content.size() == 1'000'000);
        CHECK(c.wait(stream + 2).content == std::to_string(i));
    }
    REQUIRE(c.until([&] {
        return frames_in(c.answers[1].content).size() == 20 && frames_in(c.answers[3].content).size() == 20;
    }));
    CHECK(frames_in(c.answers[1].content)[19] == "text:a19");
    CHECK(frames_in(c.answers[3].content)[7] == "text:b7");
}

TEST_CASE("a WebSocket carries more than any content may have") {
    machine m(router(get<"/">(echo)), {.body_bytes_max = 1000, .stream_bytes_max = 1000});
    m.client.send(h2::websocket(1, "/"));
    const std::string part(50'000, 'x');
    for (int i = 0; i < 40; ++i) {
        m.client.send(h2::content(1, masked(opcode::binary, part), false));
        m.client.advance(1s);
    }
    m.client.send(h2::content(1, closing(1000)));
    CHECK(m.client.wait(1).is_ended);
    CHECK(m.frames(1).size() == 41);
    CHECK(m.client.windows[1] > 1'900'000);
}

TEST_CASE("messages are compressed over HTTP/2 as well") {
    websocket_options options;
    options.deflate.codec = &websockets::zlib();
    options.deflate.message_bytes_min = 0;
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(options, [](websocket ws) -> task<> {
                         const std::string large(1000, 'x');
                         while (auto m = co_await ws.receive())
                             if (m->view() == "Hello") co_await ws.send(large);
                     })));
    h2::client c(s.port());
    const std::string offer = h2::field("sec-websocket-extensions", "permessage-deflate");
    REQUIRE(c.send(h2::websocket(1, "/", offer)));
    // "Hello" as RFC 7692, 7.2.3.1 has it, masked with zeros.
    const std::string hello("\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00", 13);
    REQUIRE(c.send(h2::content(1, hello + closing(1000))));
    const h2::answer& all = c.wait(1);
    CHECK(all.fields.at("sec-websocket-extensions").substr(0, 18) == "permessage-deflate");
    CHECK(all.content.size() < 40);
    CHECK(all.content[0] == '\xc1');
}

TEST_CASE("a WebSocket whose client keeps the window shut waits, bounded, and stops nobody") {
    std::atomic<int> sent{0};
    websocket_options options;
    options.watermark_bytes = 100'000;
    machine m(router(flood(sent, options), get<"/">(echo), get<"/page">([] { return "a page"; })), {},
              h2::setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 70'000));
    m.client.gives_window = false;
    m.client.send(h2::window(0, 1 << 30) + h2::websocket(1, "/flood") + h2::websocket(3, "/"));
    m.client.advance(1s);
    CHECK(m.client.answers[1].content.size() == 70'000);
    CHECK(sent <= 18);
    m.client.send(h2::content(3, text("x"), false) + h2::get(5, "/page"));
    CHECK(m.client.wait(5).content == "a page");
    CHECK(m.frames(3) == texts{"text:x"});
    m.client.send(h2::window(1, 30'000));
    m.client.advance(1s);
    CHECK(m.client.answers[1].content.size() == 100'000);
    m.client.advance(40s);
    CHECK(m.times(server_limit::write_time) == 1);
    CHECK(m.client.answers[1].reset == h2::cancel);
    m.client.send(h2::get(7, "/page"));
    CHECK(m.client.wait(7).status == 200);
}

TEST_CASE("a client that takes nothing at all loses its WebSockets with its connection") {
    std::atomic<int> sent{0};
    bool has_ended = false;
    testing::simulation sim(1, calm());
    sim.serve(router(get<"/">([&](websocket ws) -> task<> {
        const std::string part(100'000, 'p');
        while (co_await ws.send(part)) ++sent;
        has_ended = true;
    })));
    sim.advance(1s);
    const auto before = sim.open_descriptors();
    h2::simulated c(sim);
    c.send(h2::window(0, 1 << 30) + h2::websocket(1, "/") + h2::window(1, 1 << 30));
    sim.advance(1ms);
    c.wire.pause();
    sim.advance(2min);
    c.wire.resume();
    sim.advance(10s);
    CHECK(has_ended);
    CHECK(sim.open_descriptors() == before);
}

TEST_CASE("what a handler does not receive is not asked for, and other streams go on") {
    machine m(router(get<"/late">([](websocket ws) -> task<> {
                         const bool has_come = static_cast<bool>(co_await ws.receive());
                         CHECK(has_come);
                         static_cast<void>(co_await sleep_for(100s));
                         while (auto more = co_await ws.receive())
                             co_await ws.send(more->view().substr(0, 1));
                     }),
                     post<"/echo">([](bytes content) { return std::string(content.view()); })));
    m.client.send(h2::websocket(1, "/late") + h2::content(1, text("first"), false));
    m.client.advance(1s);
    const std::string part = masked(opcode::binary, std::string(50'000, 'x'));
    for (int i = 0; i < 5; ++i) m.client.send(h2::content(1, part, false));
    m.client.advance(10s);
    CHECK(m.client.windows[1] <= 11);
    m.client.send(h2::post(3, "/echo") + h2::content(3, "content"));
    CHECK(m.client.wait(3).content == "content");
    m.client.advance(100s);
    CHECK(m.client.windows[1] > 131'000);
    CHECK(m.frames(1).size() == 5);
}

TEST_CASE("the end of a stream or of its connection is the end of its WebSocket") {
    std::atomic<int> open{0};
    std::error_code why;
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">([&](websocket ws) -> task<> {
                         ++open;
                         co_await ws.receive();
                         why = (co_await sleep_for(1h)).error();
                         --open;
                     })));
    h2::client c(s.port());
    REQUIRE(c.send(h2::websocket(1, "/") + h2::websocket(3, "/")));
    REQUIRE(c.send(h2::content(1, text("x"), false) + h2::content(3, text("x"), false)));
    REQUIRE(eventually([&] { return open == 2; }));
    SECTION("reset") {
        REQUIRE(c.send(h2::reset(1)));
        CHECK(eventually([&] { return open == 1; }));
        REQUIRE(c.send(h2::reset(3)));
    }
    SECTION("ended") {
        REQUIRE(c.send(h2::content(1, "")));
        CHECK(eventually([&] { return open == 1; }));
        CHECK(c.wait(1).reset == h2::cancel);
        REQUIRE(c.send(h2::content(3, "")));
    }
    SECTION("the connection reset") { c.wire.reset(); }
    SECTION("the connection ended") { c.wire.finish_sending(); }
    SECTION("the connection broken") { REQUIRE(c.send(h2::frame(h2::data, 0, 0, "x"))); }
    CHECK(eventually([&] { return open == 0; }));
    c.wire.close();
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
    s.stop();
    CHECK(why == errc::closed);
}

TEST_CASE("a WebSocket on a stream has its own deadlines and not a request's") {
    machine m(router(get<"/">(echo)), {.body_timeout = 1s, .idle_timeout = 100s, .request_timeout = 1s});
    m.client.send(h2::websocket(1, "/"));
    m.client.advance(29s);
    CHECK(m.frames(1).empty());
    m.client.advance(2s);
    CHECK(m.frames(1) == texts{"ping:"});
    m.client.send(h2::content(1, masked(opcode::pong, ""), false));
    m.client.advance(31s);
    CHECK(m.frames(1) == texts{"ping:", "ping:"});
    CHECK_FALSE(m.client.answers[1].is_over());
    m.client.advance(21s);
    CHECK(m.client.answers[1].reset == h2::cancel);
    CHECK(m.times(server_limit::idle_time) == 1);
    CHECK(m.times(server_limit::request_time) == 0);
}

TEST_CASE("a server that drains says 1001 on every stream, and a last event; then it leaves") {
    machine m(router(get<"/">(echo), get<"/events">([] {
                         return sse([](event_stream& out) -> task<> {
                             while (co_await out.send("tick"))
                                 if (!co_await sleep_for(1s)) break;
                         });
                     })));
    m.client.send(h2::websocket(1, "/") + h2::content(1, text("x"), false) + h2::websocket(3, "/") +
                  h2::get(5, "/events"));
    m.client.advance(1500ms);
    CHECK_FALSE(m.sim.drain(1s));
    m.client.look();
    CHECK(m.frames(1) == texts{"text:x", "close:1001"});
    CHECK(m.frames(3) == texts{"close:1001"});
    const std::string& events = m.client.answers[5].content;
    CHECK(events.find("event: close\ndata: the server ends\n\n") != std::string::npos);
    CHECK(m.client.answers[5].is_ended);
    m.client.send(h2::content(1, closing(1001)) + h2::content(3, closing(1001)));
    CHECK(m.sim.drain(1s));
    CHECK(m.client.until_closed());
    CHECK(m.client.answers[1].is_ended);
    CHECK(m.client.wire.is_ended());
}

TEST_CASE("destroyed handlers may still speak to other streams of their connection") {
    topic news;
    struct farewell {
        topic& to;
        ~farewell() { to.publish(std::string(40'000, 'b')); }
    };
    testing::simulation sim(1, calm());
    sim.serve(router(provide(&news), get<"/">([](state<topic> t, websocket ws) -> task<> {
                         const farewell at_end{*t};
                         const auto seat = t->subscribe(ws);
                         static_cast<void>(co_await shield(an_hour()));
                     })),
              {.drain_timeout = 1s});
    {
        h2::simulated c(sim);
        c.send(h2::websocket(1, "/") + h2::websocket(3, "/") + h2::websocket(5, "/"));
        c.advance(1s);
        CHECK(news.subscribers() == 3);
        SECTION("one is reset") {
            c.send(h2::reset(3));
            c.advance(2h);
        }
        SECTION("all are ended by force") { CHECK(sim.drain(1min)); }
        SECTION("the connection is lost") { c.wire.reset(); }
    }
    sim.advance(3h);
    CHECK(news.subscribers() == 0);
}

TEST_CASE("chance: whatever happens to the bytes, echoes over HTTP/2 are right and nothing is left behind") {
    CHECK(testing::for_each_seed(60, [](testing::simulation& sim) {
        sim.serve(router(get<"/">(echo)));
        const std::uint64_t seed = sim.seed();
        const std::string bytes = text("first") + masked(opcode::binary, std::string(40'000, 'b')) +
                                  masked(opcode::ping, "p") + text("last") + closing(1000);
        const texts expected{"text:first", "binary:" + std::string(40'000, 'b'), "pong:p", "text:last",
                             "close:1000"};
        {
            h2::simulated c(sim);
            c.send(h2::websocket(1, "/") + h2::content(1, bytes, seed % 2 == 0));
            c.send(h2::websocket(3, "/") + h2::content(3, bytes.substr(0, seed * 977 % bytes.size()), false));
            c.advance(seed % 7 * 1ms);
            c.send(h2::reset(3));
            c.until([&] { return c.answers[1].is_over(); });
            const bool is_right =
                c.wire.is_broken() || c.wire.is_refused() || frames_in(c.answers[1].content) == expected;
            sim.expect(is_right, "an echo of everything");
        }
        sim.advance(10min);
        const auto open =
            sim.counters().connections_accepted.read() - sim.counters().connections_closed.read();
        sim.expect(open == 0, "no connection is left");
    }));
}

TEST_CASE("messages over HTTP/2 allocate nothing in the steady state") {
    if (EVENTCORE_ASAN) return;  // there every pool hands its blocks back to the heap, on purpose
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        router(get<"/">(echo), get<"/allocations">([] { return std::to_string(test::allocations); })));
    h2::client c(s.port());
    REQUIRE(c.send(h2::websocket(1, "/")));
    std::uint32_t stream = 3;
    std::size_t expected = 0;
    const auto talk = [&](int times) {
        for (int i = 0; i < times; ++i) {
            REQUIRE(c.send(h2::content(1, text(std::string(1000, 'x')), false)));
            expected += 1004;
            REQUIRE(c.until([&] { return c.answers[1].content.size() == expected; }));
        }
    };
    const auto allocated = [&] {
        REQUIRE(c.send(h2::get(stream, "/allocations")));
        const std::string text = c.wait(stream).content;
        stream += 2;
        return std::atoll(text.c_str());
    };
    talk(50);
    allocated();
    const auto before = allocated();
    talk(200);
    CHECK(allocated() - before <= 4);
}
