// What an HTTP/2 client may not do: each attack ends its connection or its stream, is counted, and costs
// others nothing.
#include <string>

#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/h2_peer.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

ec::testing::simulation_options calm() {
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::none();
    return options;
}

struct tally {
    int started = 0, cancelled = 0;
    std::size_t written = 0;  // by /endless
};

// A server in a simulation, and what it has counted.
struct bench {
    explicit bench(ec::server_options options = {}) : sim(1, calm()) {
        sim.serve(ec::router(ec::get<"/">([] { return "Hello, World!"; }),
                             ec::get<"/large">([] { return std::string(1'000'000, 'l'); }),
                             ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
                             ec::post<"/stream">([](ec::body_reader& body) -> ec::task<ec::response> {
                                 while (true) {
                                     const ec::result<std::string_view> piece = co_await body.read();
                                     if (!piece) co_return ec::response(piece.error().message());
                                     if (piece->empty()) co_return ec::status::ok;
                                 }
                             }),
                             ec::get<"/endless">([this] {
                                 return ec::stream([this](ec::body_writer& out) -> ec::task<> {
                                     const std::string piece(10'000, 'e');
                                     do {
                                         seen.written += piece.size();
                                     } while (co_await out.write(piece));
                                 });
                             }),
                             ec::get<"/cookie">([](const ec::request& req) {
                                 return std::string(req.header(ec::http::field_id::cookie).value_or("-"));
                             }),
                             ec::get<"/wait">([this]() -> ec::task<std::string> {
                                 ++seen.started;
                                 const ec::result<> slept = co_await ec::sleep_for(1h);
                                 seen.cancelled += !slept;
                                 co_return "waited";
                             })),
                  options);
    }
    std::uint64_t reached(limit which) const {
        return sim.counters().limits[static_cast<std::size_t>(which)].read();
    }
    // Another client is served, and nothing is left of the first.
    void check_health() {
        h2::simulated other(sim);
        other.send(h2::get(1, "/"));
        CHECK(other.wait(1).status == 200);
    }
    tally seen;
    ec::testing::simulation sim;
};

// Sends `piece(n)` until the server has had enough.
template <class Piece>
bool is_stopped(h2::simulated& c, Piece piece, int most = 20'000) {
    for (int n = 0; n < most && c.goaways.empty() && !c.wire.is_over(); ++n) {
        c.send(piece(n));
        if (n % 50 == 0) c.advance(1ms);
    }
    return c.is_sent_away(h2::enhance_your_calm);
}

std::uint32_t stream_number(int n) { return 1 + 2 * static_cast<std::uint32_t>(n); }

}  // namespace

TEST_CASE("streams that are opened and reset at once end the connection, and start few handlers") {
    bench b;
    h2::simulated c(b.sim);
    CHECK(is_stopped(c,
                     [](int n) { return h2::get(stream_number(n), "/wait") + h2::reset(stream_number(n)); }));
    CHECK(b.reached(limit::http2_resets) == 1);
    CHECK(b.seen.started <= 4);  // those whose reset came in another packet
    CHECK(b.seen.started == b.seen.cancelled);
    b.check_health();
}

TEST_CASE("resets that the client provokes cost it as much as its own") {
    bench b;
    const auto overflow = [](int n) {
        const std::uint32_t id = stream_number(n);
        return h2::post(id, "/stream") + h2::window(id, 0x7fff'ffff) + h2::window(id, 0x7fff'ffff);
    };
    const auto malformed = [](int n) {
        return h2::get(stream_number(n), "/", h2::field("connection", "close"));
    };
    h2::simulated first(b.sim), second(b.sim);
    CHECK(is_stopped(first, overflow));
    CHECK(b.reached(limit::http2_resets) == 1);
    CHECK(is_stopped(second, malformed));
    CHECK(b.reached(limit::http2_resets) == 2);
    // These end the connection at once.
    const std::string at_once[] = {h2::post(1, "/stream") + h2::window(1, 0),
                                   h2::get(1, "/wait") + h2::content(1, "x")};
    for (const std::string& attack : at_once) {
        h2::simulated c(b.sim);
        c.send(attack);
        CHECK(c.until([&] { return !c.goaways.empty(); }));
        CHECK(c.until_closed(1min));
    }
    b.check_health();
}

TEST_CASE("what was on its way for a stream that we reset is no mistake, until the client has ended it") {
    bench b;
    const auto answered_early = [](h2::simulated& c) {
        c.send(h2::post(1, "/nowhere", h2::field("expect", "100-continue")));
        CHECK(c.wait(1).status == 404);
        CHECK(c.until([&] { return c.answers[1].reset == h2::no_error; }));
        c.send(h2::content(1, "late", false));
        c.advance(1s);
        CHECK(c.answers[1].reset == h2::no_error);
    };
    h2::simulated after_reset(b.sim), after_end(b.sim), headers_after_reset(b.sim);
    answered_early(after_reset);
    after_reset.send(h2::reset(1));
    after_reset.send(h2::content(1, "wrong"));
    CHECK(after_reset.until([&] { return after_reset.answers[1].reset == h2::stream_closed; }));
    answered_early(after_end);
    after_end.send(h2::content(1, "the end"));
    after_end.send(h2::content(1, "wrong"));
    CHECK(after_end.until([&] { return after_end.answers[1].reset == h2::stream_closed; }));
    after_reset.answers[1].reset = -1;
    after_reset.send(h2::post(3, "/wait"));
    after_reset.advance(1s);
    after_reset.send(h2::reset(3) + h2::content(3, "wrong"));
    CHECK(after_reset.until([&] { return after_reset.answers[3].reset == h2::stream_closed; }));
    answered_early(headers_after_reset);
    headers_after_reset.send(h2::reset(1));
    headers_after_reset.send(h2::get(1, "/"));
    CHECK(headers_after_reset.is_sent_away(h2::stream_closed));
    b.check_health();
}

TEST_CASE("as many uploads as there may be are refused at once, and what they had on its way is dropped") {
    bench b;
    h2::simulated c(b.sim);
    constexpr int count = 128;
    std::string heads, contents;
    for (int n = 0; n < count; ++n) {
        heads += h2::post(stream_number(n), "/nowhere", h2::field("expect", "100-continue"));
        contents += h2::content(stream_number(n), "late", false) + h2::content(stream_number(n), "end");
    }
    c.send(heads);
    CHECK(c.wait(stream_number(count - 1)).status == 404);
    c.send(contents + h2::get(stream_number(count), "/"));
    CHECK(c.wait(stream_number(count)).status == 200);
    for (int n = 0; n < count; ++n) CHECK(c.answers[stream_number(n)].reset == h2::no_error);
    CHECK(c.goaways.empty());
    CHECK(b.reached(limit::http2_resets) == 0);
}

TEST_CASE("a stream that depends on itself ends the connection, however the frame is cut") {
    bench b;
    const std::string self = h2::frame(h2::priority, 0, 3, h2::number(3, 4) + "w");
    const std::string other = h2::frame(h2::priority, 0, 3, h2::number(0x80000001, 4) + "w");
    for (std::size_t cut = 1; cut <= self.size(); ++cut) {
        h2::simulated good(b.sim), bad(b.sim);
        for (h2::simulated* c : {&good, &bad}) {
            const std::string& frame = c == &bad ? self : other;
            c->advance(1s);  // what has to be acknowledged may not come in the middle
            c->send(frame.substr(0, cut));
            b.sim.advance(1s);
            c->send(frame.substr(cut) + h2::get(1, "/"));
        }
        CHECK(good.wait(1).status == 200);
        CHECK(bad.is_sent_away(h2::protocol_error));
    }
}

TEST_CASE("some resets now and then are fine") {
    bench b;
    h2::simulated c(b.sim);
    for (int n = 0; n < 1000; ++n) {
        c.send(h2::get(stream_number(n), "/wait"));
        c.advance(50ms);
        c.send(h2::reset(stream_number(n)));
        c.advance(50ms);
    }
    CHECK(c.goaways.empty());
    CHECK(b.seen.cancelled == 1000);
    CHECK(b.reached(limit::http2_resets) == 0);
}

TEST_CASE("floods of frames that bring nothing end the connection") {
    bench b;
    const std::string ping = h2::frame(h2::ping, 0, 0, "12345678");
    const std::string floods[] = {
        ping,
        h2::frame(h2::ping, h2::ack, 0, "12345678"),
        h2::frame(h2::settings, 0, 0),
        h2::frame(h2::settings, 0, 0, h2::setting(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0)),
        h2::frame(h2::priority, 0, 5, std::string_view("\0\0\0\0\x0f", 5)),
        h2::frame(h2::data, 0, 1),
        h2::frame(h2::data, h2::padded, 1, std::string_view("\x03\0\0\0", 4)),
        h2::window(0, 1),
        h2::window(1, 1),
        h2::frame(0x77, 0, 0, "?"),
    };
    for (const std::string& flood : floods) {
        INFO(static_cast<int>(flood[3]) << " with flags " << static_cast<int>(flood[4]));
        const std::uint64_t before = b.reached(limit::http2_idle_frames);
        h2::simulated c(b.sim);
        c.send(h2::post(1, "/stream"));
        CHECK(is_stopped(c, [&](int) { return flood; }));
        CHECK(b.reached(limit::http2_idle_frames) == before + 1);
        CHECK(c.until_closed());
    }
    b.check_health();
}

TEST_CASE("a client that pings and does not read the answers is not read any more") {
    bench b;
    h2::simulated c(b.sim);
    c.wire.pause();
    for (int i = 0; i < 200; ++i) c.send(h2::get(stream_number(i), "/large"));
    for (int i = 0; i < 20'000; ++i) c.send(h2::frame(h2::ping, 0, 0, "12345678"));
    CHECK(b.sim.run_until([&] { return c.wire.is_over() || b.sim.open_descriptors() <= 2; }, 1h));
    b.check_health();
}

TEST_CASE("a header block has to end") {
    bench b;
    const std::string first = h2::frame(h2::headers, h2::end_stream, 1, h2::head("GET", "/"));
    const auto blocks = [&](const std::string& more) {
        INFO(more.size());
        h2::simulated c(b.sim);
        const std::uint64_t before = b.reached(limit::field_section);
        c.send(first);
        CHECK(is_stopped(c, [&](int) { return more; }));
        CHECK(b.reached(limit::field_section) == before + 1);
        CHECK(b.sim.counters().requests.read() == 0);
    };
    blocks(h2::frame(h2::continuation, 0, 1));
    blocks(h2::frame(h2::continuation, 0, 1, h2::field("x-a", "b")));
    blocks(h2::frame(h2::continuation, 0, 1, h2::field("x-a", std::string(16'000, 'b'))));
    // One that just stays as it is.
    h2::simulated c(b.sim);
    c.until([&] { return c.acks == 1; });
    c.send(first);
    CHECK(c.is_sent_away(h2::enhance_your_calm));
    CHECK(b.reached(limit::header_time) == 1);
    b.check_health();
}

TEST_CASE("a header list may not be longer than its limits, however small it is on the wire") {
    bench b;
    h2::simulated c(b.sim);
    const auto with = [](std::uint32_t id, const std::string& more) { return h2::get(id, "/", more); };
    std::string many;
    for (int i = 0; i < 101; ++i) many += h2::field("x-" + std::to_string(i), "v");
    c.send(with(1, h2::field("x-large", std::string(15'000, 'x'))));
    CHECK(c.wait(1).status == 200);
    c.send(h2::frame(h2::headers, h2::end_stream, 3, h2::head("GET", "/")) +
           h2::frame(h2::continuation, 0, 3, h2::field("x-a", std::string(10'000, 'x'))) +
           h2::frame(h2::continuation, h2::end_headers, 3, h2::field("x-b", std::string(10'000, 'x'))));
    CHECK(c.wait(3).status == 431);
    c.send(with(5, many));
    CHECK(c.wait(5).status == 431);
    c.send(h2::get(7, "/" + std::string(9'000, 'p')));
    CHECK(c.wait(7).status == 414);
    CHECK(b.reached(limit::field_section) == 2);
    CHECK(b.reached(limit::request_line) == 1);
    // A table entry of 3,000 bytes, said a thousand times in one byte each.
    c.send(with(9, h2::field("x-bomb", std::string(3'000, 'b'), 0x40)));
    CHECK(c.wait(9).status == 200);
    c.send(with(11, std::string(1000, static_cast<char>(0xbe))));
    CHECK(c.is_sent_away(h2::enhance_your_calm));
    CHECK(b.reached(limit::field_section) == 3);
    b.check_health();
}

TEST_CASE("more streams than allowed are refused, and those that are there go on") {
    ec::server_options options;
    options.http2.streams_max = 10;
    bench b(options);
    h2::simulated c(b.sim);
    for (int n = 0; n < 15; ++n) c.send(h2::post(stream_number(n), "/echo"));
    c.until([&] { return c.answers.size() == 5; });
    for (int n = 10; n < 15; ++n) CHECK(c.answers[stream_number(n)].reset == h2::refused_stream);
    CHECK(c.settings_of_server[NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS] == 10);
    CHECK(b.reached(limit::http2_streams) == 5);
    for (int n = 0; n < 10; ++n) {
        c.send(h2::content(stream_number(n), "x"));
        CHECK(c.wait(stream_number(n)).content == "x");
    }
}

TEST_CASE("contents put together on one connection are bounded together") {
    ec::server_options options{.body_bytes_max = 100'000};
    options.http2.collected_bytes_max = 250'000;
    bench b(options);
    h2::simulated c(b.sim);
    const std::string much(90'000, 'x');
    c.send(h2::post(1, "/echo") + h2::content(1, std::string(100'001, 'x')));
    CHECK(c.wait(1).status == 413);
    for (int n = 1; n < 4; ++n) {
        c.send(h2::post(stream_number(n), "/echo"));
        c.advance(1s);
        c.send(h2::content(stream_number(n), much, false));
        c.advance(1s);
    }
    CHECK(c.wait(7).status == 503);
    c.send(h2::content(3, "."));
    CHECK(c.wait(3).content == much + ".");
    c.send(h2::post(9, "/echo") + h2::content(9, "x"));
    CHECK(c.wait(9).status == 200);
}

TEST_CASE("what waits for a window is bounded for a connection, not for each of its streams") {
    bench b;
    h2::simulated one(b.sim, h2::setting(4, 0)), many(b.sim, h2::setting(4, 0));
    one.send(h2::get(1, "/endless"));
    one.advance(1s);
    CHECK(b.seen.written > 256 * 1024);
    CHECK(b.seen.written < 300'000);
    b.seen.written = 0;
    for (int n = 0; n < 100; ++n) many.send(h2::get(stream_number(n), "/endless"));
    many.advance(1s);
    CHECK(b.seen.written >= 100 * 20'000);
    CHECK(b.seen.written <= 100 * 30'000 + 600'000);  // the first had more to share
    // A share that has become small is still enough to go on with.
    many.gives_window = false;
    many.send(h2::window(0, 10'000'000));
    for (int n = 0; n < 100; ++n) many.send(h2::window(stream_number(n), 60'000));
    many.advance(1s);
    for (int n = 0; n < 100; ++n) CHECK(many.answers[stream_number(n)].content.size() == 60'000);
    CHECK(many.goaways.empty());
}

TEST_CASE("a client's cookie may come in as many crumbs as it likes, and is one") {
    bench b;
    h2::simulated c(b.sim);
    std::string more, wanted;
    for (int n = 0; n < 40; ++n) {
        more += h2::field("cookie", "n=" + std::to_string(n)) + h2::field("x-" + std::to_string(n), "y");
        wanted += (n ? "; n=" : "n=") + std::to_string(n);
    }
    c.send(h2::get(1, "/cookie", more) + h2::get(3, "/cookie", h2::field("cookie", "alone")));
    CHECK(c.wait(1).content == wanted);
    CHECK(c.wait(3).content == "alone");
}

TEST_CASE("an answer waits for its client's window only so long") {
    bench b;
    for (const char* path : {"/large", "/endless"}) {
        INFO(path);
        const std::uint64_t before = b.reached(limit::write_time);
        h2::simulated none(b.sim, h2::setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0));
        none.gives_window = false;
        none.send(h2::get(1, path) + h2::get(3, "/") + h2::window(3, 100));
        CHECK(none.wait(3).status == 200);
        CHECK(none.wait(1).reset == h2::cancel);
        CHECK(b.reached(limit::write_time) == before + 1);
        // One byte a second is no way around it.
        h2::simulated drips(b.sim, h2::setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0));
        drips.gives_window = false;
        drips.send(h2::get(1, path));
        for (int i = 0; i < 200 && !drips.answers[1].is_over(); ++i) {
            drips.send(h2::window(1, 1));
            drips.advance(1s);
        }
        CHECK(drips.answers[1].reset == h2::cancel);
        CHECK(b.reached(limit::write_time) == before + 2);
    }
    h2::simulated slow(b.sim);
    slow.gives_window = false;  // of the connection
    slow.send(h2::get(1, "/large") + h2::window(1, 10'000'000));
    CHECK(slow.wait(1).reset == h2::cancel);
    b.check_health();
}

TEST_CASE("a client that does not read at all is given up") {
    bench b;
    h2::simulated c(b.sim, h2::setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 100'000'000));
    c.send(h2::window(0, 100'000'000) + h2::get(1, "/endless"));
    c.until([&] { return !c.answers[1].content.empty(); });
    c.wire.pause();
    CHECK(b.sim.run_until([&] { return b.reached(limit::write_time) == 1; }, 10min));
    b.check_health();
}

TEST_CASE("requests have the deadlines of HTTP/1.1, each for itself") {
    bench b({.body_timeout = 10s, .idle_timeout = 60s, .request_timeout = 20s});
    h2::simulated c(b.sim);
    c.send(h2::post(1, "/echo") + h2::content(1, "half", false) + h2::post(3, "/stream") +
           h2::get(5, "/wait"));
    CHECK(c.wait(1).status == 408);
    CHECK(c.wait(3).status == 408);
    CHECK(b.reached(limit::body_time) == 2);
    CHECK(c.wait(5).status == 503);
    CHECK(b.seen.cancelled == 1);
    CHECK(b.reached(limit::request_time) == 1);
    CHECK(c.until_closed());
    CHECK(b.reached(limit::idle_time) == 1);
    REQUIRE_FALSE(c.goaways.empty());
    CHECK(c.goaways.back().second == h2::no_error);
    h2::simulated silent(b.sim);
    CHECK(silent.until_closed(1min));
    CHECK(b.reached(limit::header_time) == 1);
    CHECK(b.sim.drain());
    CHECK(b.sim.open_descriptors() == 0);
}

TEST_CASE("a connection has an end by requests and by time, and is left in order") {
    bench b({.requests_per_connection = 3, .connection_lifetime = 10min});
    h2::simulated c(b.sim);
    for (int n = 0; n < 3; ++n) {
        c.send(h2::get(stream_number(n), "/"));
        CHECK(c.wait(stream_number(n)).status == 200);
    }
    CHECK(c.until_closed(1min));
    REQUIRE(c.goaways.size() == 2);
    CHECK(c.goaways[1] == std::pair<std::uint32_t, std::uint32_t>(5, h2::no_error));
    h2::simulated old(b.sim);
    old.send(h2::get(1, "/"));
    CHECK(old.wait(1).status == 200);
    for (int n = 1; old.goaways.empty() && n < 1000; n += 1) {
        old.advance(30s);
        old.send(h2::frame(h2::ping, 0, 0, "12345678"));
    }
    CHECK(old.until_closed(1min));
    b.check_health();
}

TEST_CASE("requests beyond the handlers that may wait are shed") {
    bench b({.shed_in_flight = 2});
    h2::simulated c(b.sim);
    c.send(h2::get(1, "/wait") + h2::get(3, "/wait") + h2::get(5, "/"));
    CHECK(c.wait(5).status == 503);
    CHECK(c.wait(5).fields.at("retry-after") == "1");
    c.send(h2::reset(1));
    c.advance(1s);
    c.send(h2::get(7, "/"));
    CHECK(c.wait(7).status == 200);
}

TEST_CASE("whatever the network does to it, a connection answers each stream once and leaves nothing") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        INFO(seed);
        ec::testing::simulation_options options;
        options.faults = seed % 2 ? ec::testing::fault_plan::patient() : ec::testing::fault_plan::hostile();
        ec::testing::simulation sim(seed, options);
        sim.serve(ec::router(ec::get<"/">([] { return "Hello, World!"; }),
                             ec::get<"/large">([] { return std::string(300'000, 'l'); }),
                             ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
                             ec::get<"/wait/{ms}">([](std::uint32_t ms) -> ec::task<std::string> {
                                 static_cast<void>(co_await ec::sleep_for(std::chrono::milliseconds(ms)));
                                 co_return "waited";
                             })));
        {
            h2::simulated c(sim);
            for (int n = 0; n < 12; n += 4) {
                c.send(h2::get(stream_number(n), "/large") + h2::get(stream_number(n + 1), "/wait/30"));
                c.send(h2::post(stream_number(n + 2), "/echo") +
                       h2::content(stream_number(n + 2), "content"));
                c.send(h2::get(stream_number(n + 3), "/wait/100000") + h2::reset(stream_number(n + 3)));
                c.advance(10ms);
            }
            const bool is_answered = c.until([&] {
                bool all = true;
                for (int n = 0; n < 12; ++n)
                    all = all && (n % 4 == 3 || c.answers[stream_number(n)].is_over());
                return all;
            });
            for (int n = 0; is_answered && n < 12; n += 4) {
                CHECK(c.answers[stream_number(n)].content.size() == 300'000);
                CHECK(c.answers[stream_number(n + 2)].content == "content");
            }
            CHECK((is_answered || seed % 2 == 0));
        }
        CHECK(sim.drain());
        CHECK(sim.open_descriptors() == 0);
    }
}
