#include "eventcore/web/websocket.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/testing.hpp"
#include "eventcore/web/router.hpp"
#include "eventcore/web/runtime_router.hpp"
#include "eventcore/web/topic.hpp"
#include "support/running_server.hpp"
#include "support/websocket_frames.hpp"

using namespace eventcore;
using namespace std::chrono_literals;
using namespace websocket_frames;
using texts = std::vector<std::string>;

namespace {

task<> echo(websocket ws) {
    while (auto m = co_await ws.receive()) co_await ws.send(*m);
}

// Everything up to the end of the connection, behind the head.
texts talk(std::uint16_t port, const std::string& bytes) {
    raw_client c(port);
    c.send(bytes);
    const std::string all = c.receive_all();
    CHECK(all.find(" 101 ") != std::string::npos);
    return frames_in(after_head(all));
}

// In the simulated machine.
struct machine {
    explicit machine(websocket_options options = {}, server_options of_server = {}) : sim(1) {
        sim.serve(router(get<"/">(std::move(options), echo)), std::move(of_server));
    }
    testing::simulation sim;
};
std::uint64_t times(const testing::simulation& sim, server_limit which) {
    return sim.counters().limits[static_cast<std::size_t>(which)].read();
}
std::uint64_t open_connections(const testing::simulation& sim) {
    return sim.counters().connections_accepted.read() - sim.counters().connections_closed.read();
}
texts frames_of(testing::client& c) { return frames_in(after_head(c.received())); }

}  // namespace

TEST_CASE("echo: messages, fragments, pings and the closing handshake, on every reactor") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo)));
    const std::string large(300'000, 'x');
    const std::string bytes = opening("/") + text("one") + masked(opcode::text, "tw", false) +
                              masked(opcode::ping, "?") + masked(opcode::continuation, "o") +
                              masked(opcode::binary, large) + text("") + closing(1000);
    CHECK(talk(s.port(), bytes) ==
          texts{"text:one", "pong:?", "text:two", "binary:" + large, "text:", "close:1000"});
}

TEST_CASE("the same in pieces of one byte") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo)));
    raw_client c(s.port());
    const std::string bytes =
        opening("/") + text("hello") + masked(opcode::binary, std::string(200, 'b')) + closing(4000);
    for (const char b : bytes) c.send({&b, 1});
    CHECK(frames_in(after_head(c.receive_all())) ==
          texts{"text:hello", "binary:" + std::string(200, 'b'), "close:4000"});
}

TEST_CASE("a handler gets copies of what it asks for, and the subprotocol") {
    running_server s(
        EVENTCORE_EVERY_REACTOR,
        router(provide(7), get<"/rooms/{room}/{n}">({.protocols = {"b", "a"}},
                                                    [](std::string room, int n, state<int> seven,
                                                       query<"q", std::string> q, websocket ws) -> task<> {
                                                        const std::string said = room + std::to_string(n) +
                                                                                 std::to_string(*seven) + *q +
                                                                                 std::string(ws.protocol());
                                                        co_await ws.send(said);
                                                    })));
    raw_client c(s.port());
    c.send(opening("/rooms/a%20room/5?q=x", "Sec-WebSocket-Protocol: z, a, b\r\n") + closing(1000));
    const std::string all = c.receive_all();
    CHECK(all.find("Sec-WebSocket-Protocol: b\r\n") != std::string::npos);
    CHECK(all.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
    CHECK(frames_in(after_head(all)) == texts{"text:a room57xb", "close:1000"});
}

TEST_CASE("what is no handshake, or from elsewhere, is answered as a request; the connection goes on") {
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(echo), get<"/open">({.origins = {"*"}}, echo)));
    raw_client c(s.port());
    c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    const std::string ordinary = c.receive_response();
    CHECK(ordinary.find(" 426 ") != std::string::npos);
    CHECK(ordinary.find("Upgrade: websocket\r\n") != std::string::npos);
    c.send(opening("/", "Origin: http://evil.example\r\n"));
    CHECK(c.receive_response().find(" 403 ") != std::string::npos);
    c.send(opening("/nowhere"));
    CHECK(c.receive_response().find(" 404 ") != std::string::npos);
    c.send(opening("/", "Origin: http://test\r\n") + closing(1000));
    CHECK(c.receive_all().find(" 101 ") != std::string::npos);
    raw_client d(s.port());
    d.send(opening("/open", "Origin: http://evil.example\r\n") + closing(1000));
    CHECK(d.receive_all().find(" 101 ") != std::string::npos);
}

TEST_CASE("earlier requests in the pipeline are answered first") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(get<"/">(echo), get<"/large">([] { return std::string(2'000'000, 'l'); })));
    raw_client c(s.port());
    c.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n" + opening("/") + text("x") + closing(1000));
    CHECK(c.receive_response().size() > 2'000'000);
    CHECK(frames_in(after_head(c.receive_all())) == texts{"text:x", "close:1000"});
}

TEST_CASE("a broken rule ends the WebSocket with its code, and the handler") {
    websocket_options small;
    small.message_bytes_max = 100;
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(small, echo)));
    CHECK(talk(s.port(), opening("/") + "\x81\x01x") == texts{"close:1002"});
    CHECK(talk(s.port(), opening("/") + text("\xff")) == texts{"close:1007"});
    CHECK(talk(s.port(), opening("/") + text(std::string(101, 'x'))) == texts{"close:1009"});
    CHECK(talk(s.port(), opening("/") + closing(1005)) == texts{"close:1002"});
    CHECK(talk(s.port(), opening("/") + masked(opcode::close, "")) == texts{"close:"});
}

TEST_CASE("a handler that returns closes with 1000, one that throws with 1011") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(get<"/ends">([](websocket ws) -> task<> { co_await ws.send("bye"); }),
                            get<"/fails">([](websocket) -> task<> {
                                static_cast<void>(co_await sleep_for(1ms));
                                throw std::runtime_error("on purpose");
                            }),
                            get<"/closes">([](websocket ws) -> task<> {
                                ws.close(close_code{4001}, "because");
                                CHECK_FALSE(co_await ws.receive());
                                CHECK_FALSE(co_await ws.send("too late"));
                            })));
    CHECK(talk(s.port(), opening("/ends") + closing(1000)) == texts{"text:bye", "close:1000"});
    CHECK(talk(s.port(), opening("/fails") + closing(1000)).back().substr(0, 6) == "close:");
    CHECK(talk(s.port(), opening("/closes") + closing(1000)) == texts{"close:4001"});
    CHECK(s.server().statistics().handler_failures == 1);
}

TEST_CASE("a peer that does not read makes send() wait, and gets everything when it does") {
    websocket_options options;
    options.watermark_bytes = 10'000;
    options.close_timeout = 100ms;
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">(options, [](websocket ws) -> task<> {
                         const std::string part(5000, 'p');
                         for (int i = 0; i < 2000; ++i) {
                             co_await ws.send_binary(part);
                             if (ws.unsent_bytes() > 20'000) ws.close(close_code::internal_error);
                         }
                     })));
    raw_client c(s.port(), nullptr, 4096);
    c.send(opening("/"));
    std::this_thread::sleep_for(50ms);
    const auto all = frames_in(after_head(c.receive_all()));
    CHECK(all.size() == 2001);
    CHECK(all.back() == "close:1000");
}

TEST_CASE("waits under a time-out of their own end with it; the WebSocket goes on") {
    const auto next = [](websocket& ws) -> task<bool> { co_return static_cast<bool>(co_await ws.receive()); };
    running_server s(EVENTCORE_EVERY_REACTOR, router(get<"/">([next](websocket ws) -> task<> {
                         auto first = next(ws);
                         const result<bool> late = co_await with_timeout(5ms, std::move(first));
                         co_await ws.send(late ? "a message" : "nothing yet");
                         while (auto m = co_await ws.receive()) co_await ws.send(*m);
                     })));
    raw_client c(s.port());
    c.send(opening("/"));
    std::string all;
    while (after_head(all).size() < 13) all += c.receive_some();
    c.send(text("now") + closing(1000));
    all += c.receive_all();
    CHECK(frames_in(after_head(all)) == texts{"text:nothing yet", "text:now", "close:1000"});
}

TEST_CASE("links send from other threads, until the WebSocket ends") {
    struct shared {
        std::mutex guard;
        std::optional<websocket_link> link;
    } place;
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(provide(&place), get<"/">([](state<shared> p, websocket ws) -> task<> {
                                {
                                    const std::lock_guard lock(p->guard);
                                    p->link.emplace(link_to(ws));
                                }
                                co_await ws.send("ready");
                                while (co_await ws.receive()) {
                                }
                            })));
    raw_client c(s.port());
    c.send(opening("/"));
    std::string all;
    while (all.find("ready") == std::string::npos) all += c.receive_some();
    const auto link = [&] {
        const std::lock_guard lock(place.guard);
        return *place.link;
    }();
    CHECK(link.is_open());
    CHECK(link.send("from elsewhere"));
    CHECK(link.send_binary("and again"));
    while (all.find("and again") == std::string::npos) all += c.receive_some();
    c.send(closing(1000));
    all += c.receive_all();
    CHECK(frames_in(after_head(all)) ==
          texts{"text:ready", "text:from elsewhere", "binary:and again", "close:1000"});
    s.stop();
    CHECK_FALSE(link.is_open());
    CHECK_FALSE(link.send("nobody hears"));
}

TEST_CASE("a topic reaches every subscriber on every worker, in order") {
    topic news;
    server_options two;
    two.workers = 2;
    running_server s(EVENTCORE_EVERY_REACTOR,
                     router(provide(&news), get<"/">([](state<topic> t, websocket ws) -> task<> {
                                const auto seat = t->subscribe(ws);
                                co_await ws.send("in");
                                while (auto m = co_await ws.receive()) co_await t->publish(m->view());
                            })),
                     two);
    std::vector<std::unique_ptr<raw_client>> clients;
    std::vector<std::string> heard(20);
    for (std::string& all : heard) {
        clients.push_back(std::make_unique<raw_client>(s.port()));
        clients.back()->send(opening("/"));
        while (all.find("in") == std::string::npos || after_head(all).empty())
            all += clients.back()->receive_some();
    }
    CHECK(news.subscribers() == 20);
    for (int i = 0; i < 50; ++i) clients[0]->send(text("m" + std::to_string(i)));
    texts expected{"text:in"};
    for (int i = 0; i < 50; ++i) expected.push_back("text:m" + std::to_string(i));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        while (heard[i].find("m49") == std::string::npos) heard[i] += clients[i]->receive_some();
        CHECK(frames_in(after_head(heard[i])) == expected);
    }
    news.publish("from no worker");
    while (heard[3].find("no worker") == std::string::npos) heard[3] += clients[3]->receive_some();
    clients.clear();
    s.stop();
    CHECK(news.subscribers() == 0);
}

TEST_CASE("slow consumers: left out, closed, or waited for") {
    const auto policy = GENERATE(slow_consumer::drop, slow_consumer::close, slow_consumer::wait);
    topic news(policy);
    websocket_options options;
    options.watermark_bytes = 20'000;
    options.queue_bytes_max = 100'000;
    std::atomic<int> published{0};
    running_server s(reactor_kind::epoll,
                     router(provide(&news),
                            get<"/listen">(options,
                                           [](state<topic> t, websocket ws) -> task<> {
                                               const auto seat = t->subscribe(ws);
                                               co_await ws.send("in");
                                               while (co_await ws.receive()) {
                                               }
                                           }),
                            get<"/speak">([&published](state<topic> t, websocket ws) -> task<> {
                                const std::string large(50'000, 'n');
                                for (int i = 0; i < 400; ++i) {
                                    if (!co_await t->publish(large)) co_return;
                                    ++published;
                                }
                                co_await ws.send("done");
                            })));
    raw_client slow(s.port(), nullptr, 4096);
    slow.send(opening("/listen"));
    while (slow.receive_some().find("in") == std::string::npos) {
    }
    raw_client speaker(s.port());
    speaker.send(opening("/speak"));
    if (policy == slow_consumer::wait) {
        std::this_thread::sleep_for(100ms);
        CHECK(published < 400);
        std::size_t bytes = 0;
        while (bytes < 400 * 50'000) bytes += slow.receive_some().size();
    }
    std::string said;
    while (said.find("done") == std::string::npos) said += speaker.receive_some();
    CHECK(published == 400);
    const auto full = s.server().statistics().reached(server_limit::write_queue);
    CHECK((full > 0) == (policy != slow_consumer::wait));
}

// ---- the simulated machine: time and races ----

TEST_CASE("a silent peer is pinged, and lost when it does not answer") {
    machine m;
    testing::client c = m.sim.connect();
    c.send(opening("/"));
    m.sim.advance(29s);
    CHECK(frames_of(c).empty());
    m.sim.advance(2s);
    CHECK(frames_of(c) == texts{"ping:"});
    c.send(masked(opcode::pong, ""));
    m.sim.advance(31s);
    CHECK(frames_of(c) == texts{"ping:", "ping:"});
    CHECK_FALSE(c.is_over());
    m.sim.advance(21s);
    CHECK(c.is_over());
    CHECK(times(m.sim, server_limit::idle_time) == 1);
}

TEST_CASE("a peer that does not answer our Close is waited for, but not for ever") {
    testing::simulation sim(1);
    bool has_ended = false;
    sim.serve(router(get<"/">([&has_ended](websocket ws) -> task<> {
        co_await ws.receive();
        has_ended = true;
    })));
    testing::client c = sim.connect();
    c.send(opening("/") + text("x"));
    sim.advance(1s);
    CHECK(has_ended);
    CHECK(frames_of(c) == texts{"close:1000"});
    CHECK_FALSE(c.is_over());
    sim.advance(6s);
    CHECK(c.is_over());
}

TEST_CASE("a peer that takes nothing is cut off") {
    testing::simulation sim(1);
    sim.serve(router(get<"/">([](websocket ws) -> task<> {
        const std::string part(100'000, 'p');
        while (co_await ws.send(part)) {
        }
    })));
    testing::client c = sim.connect();
    c.send(opening("/"));
    sim.advance(100ms);
    c.pause();
    sim.advance(40s);
    CHECK(times(sim, server_limit::write_time) == 1);
    c.resume();
    sim.advance(1s);
    CHECK(c.is_over());
}

TEST_CASE("a peer that goes cancels its handler, whatever it waits for") {
    testing::simulation sim(1);
    std::error_code why;
    sim.serve(router(get<"/">([&why](websocket ws) -> task<> {
        co_await ws.receive();
        why = (co_await sleep_for(1h)).error();
    })));
    testing::client c = sim.connect();
    c.send(opening("/") + text("x"));
    sim.advance(1s);
    SECTION("with a reset") { c.reset(); }
    SECTION("with the end of its bytes") { c.finish_sending(); }
    sim.advance(1s);
    CHECK(why == errc::closed);
    CHECK(open_connections(sim) == 0);
}

TEST_CASE("a server that drains says 1001 to everybody, and ends when they have answered") {
    testing::simulation sim(1);
    std::size_t ended = 0;
    sim.serve(router(get<"/">([&ended](websocket ws) -> task<> {
        while (auto m = co_await ws.receive()) co_await ws.send(*m);
        ++ended;
    })));
    testing::client a = sim.connect(), b = sim.connect();
    a.send(opening("/") + text("x"));
    b.send(opening("/"));
    sim.advance(1s);
    CHECK_FALSE(sim.drain(1s));
    CHECK(frames_of(a) == texts{"text:x", "close:1001"});
    CHECK(frames_of(b) == texts{"close:1001"});
    CHECK(ended == 2);
    a.send(closing(1001));
    b.send(closing(1001));
    CHECK(sim.drain(1s));
    CHECK(a.is_ended());
}

TEST_CASE("chance: whatever happens to the bytes, echoes are right and nothing is left behind") {
    CHECK(testing::for_each_seed(60, [](testing::simulation& sim) {
        sim.serve(router(get<"/">(echo)));
        const std::uint64_t seed = sim.seed();
        const std::string bytes = opening("/") + text("first") +
                                  masked(opcode::binary, std::string(40'000, 'b')) +
                                  masked(opcode::ping, "p") + text("last") + closing(1000);
        testing::client whole = sim.connect(), cut = sim.connect(), gone = sim.connect();
        whole.send(bytes);
        cut.send(bytes.substr(0, bytes.size() - 1 - seed * 631 % (bytes.size() - 1)));
        gone.send(bytes.substr(0, seed * 977 % bytes.size()));
        sim.advance(seed % 7 * 1ms);
        gone.reset();
        sim.advance(10s);
        cut.close();
        sim.advance(10min);
        const texts expected{"text:first", "binary:" + std::string(40'000, 'b'), "pong:p", "text:last",
                             "close:1000"};
        const bool is_right = whole.is_broken() || whole.is_refused() || frames_of(whole) == expected;
        sim.expect(is_right, "an echo of everything");
        sim.expect(open_connections(sim) == 0, "no connection is left");
    }));
}

TEST_CASE("a run-time route takes a WebSocket handler too; pings are answered while it only sends") {
    runtime_router routes;
    REQUIRE(routes.add(http::method::get, "/{n}", [](int n, websocket ws) -> task<> {
        const std::string text = std::to_string(n);
        for (int i = 0; i < 3; ++i) {
            if (!co_await ws.send(text)) co_return;
            if (!co_await sleep_for(1s)) co_return;
        }
    }));
    testing::simulation sim(1);
    sim.serve(routes);
    testing::client c = sim.connect();
    c.send(opening("/7") + masked(opcode::ping, "still here"));
    sim.advance(2500ms);
    CHECK(frames_of(c) == texts{"text:7", "pong:still here", "text:7", "text:7"});
    sim.advance(1s);
    CHECK(frames_of(c).back() == "close:1000");
}
