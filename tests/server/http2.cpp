// HTTP/2: one handler, one answer, whatever the protocol; and what only HTTP/2 has: streams, flow control,
// resets, GOAWAY.
#include <atomic>
#include <cstdlib>
#include <string>

#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/allocation_counts.hpp"
#include "support/h2_peer.hpp"
#include "support/running_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

struct witness {
    std::atomic<int> started{0}, cancelled{0};
    std::atomic<std::uint64_t> read{0};
};

ec::task<std::string> read_all(ec::body_reader& body, witness& seen) {
    std::string all;
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return "failed: " + piece.error().message();
        if (piece->empty()) break;
        all += *piece;
        seen.read += piece->size();
    }
    for (const auto field : body.trailers())
        all += " " + std::string(field.name) + "=" + std::string(field.value);
    co_return all;
}

ec::task<> write_pieces(ec::body_writer& out, int count) {
    const std::string piece(10'000, 'p');
    for (int i = 0; i < count; ++i)
        if (!co_await out.write(piece)) co_return;
}

std::string describe(ec::request& req) {
    std::string text = std::string(req.head().method_text) + "|" + std::string(req.head().target) + "|" +
                       std::string(req.path()) + "|" + std::string(req.query()) + "|" +
                       std::string(req.head().authority);
    for (const ec::http::field_id id :
         {ec::http::field_id::host, ec::http::field_id::cookie, ec::http::field_id::user_agent})
        text += "|" + std::string(req.header(id).value_or("-"));
    return text + "|" + std::string(req.header("x-own").value_or("-"));
}

auto routes(witness& seen) {
    return ec::router(
        ec::get<"/">([] { return "Hello, World!"; }), ec::get<"/describe">(describe),
        ec::get<"/nothing">([] { return ec::status::no_content; }), ec::get<"/set">([] {
            ec::response r(ec::status::created, "made");
            r.set("X-Own", "Yes").add("Set-Cookie", "a=1").set("Connection", "close");
            return r;
        }),
        ec::get<"/large">([] { return std::string(1'000'000, 'l'); }),
        ec::get<"/throws">([]() -> std::string { throw std::runtime_error("on purpose"); }),
        ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
        ec::post<"/read">([&seen](ec::body_reader& body) { return read_all(body, seen); }),
        ec::post<"/read-late">([&seen](ec::body_reader& body) -> ec::task<std::string> {
            static_cast<void>(co_await ec::sleep_for(10s));
            co_return co_await read_all(body, seen);
        }),
        ec::get<"/stream/{count}">([](int count) {
            return ec::stream([count](ec::body_writer& out) { return write_pieces(out, count); });
        }),
        ec::get<"/broken-stream">([] {
            return ec::stream([](ec::body_writer& out) -> ec::task<> {
                static_cast<void>(co_await out.write("half"));
                throw std::runtime_error("on purpose");
            });
        }),
        ec::get<"/wait/{ms}">([&seen](std::uint32_t ms) -> ec::task<std::string> {
            ++seen.started;
            const ec::result<> slept = co_await ec::sleep_for(std::chrono::milliseconds(ms));
            if (!slept) ++seen.cancelled;
            co_return slept ? "slept" : "cancelled";
        }),
        ec::post<"/length">([](ec::bytes content) {
            return content.view().size() == 1000 ? ec::status::ok : ec::status::bad_request;
        }),
        ec::get<"/allocations">([] { return std::to_string(test::allocations); }));
}

ec::testing::simulation_options calm() {
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::none();
    return options;
}

}  // namespace

TEST_CASE("HTTP/2 by prior knowledge gives the same answers as HTTP/1.1 on the same port") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    for (const char* path :
         {"/", "/nothing", "/set", "/large", "/missing", "/throws", "/stream/30", "/wait/1"}) {
        INFO(path);
        raw_client one(s.port());
        h2::client two(s.port());
        REQUIRE(one.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        REQUIRE(two.send(h2::get(1, path)));
        const std::string first = one.receive_all();
        const h2::answer& second = two.wait(1);
        CHECK(second.status == status_of(first));
        const bool is_chunked = has_line(first, "Transfer-Encoding: chunked");
        CHECK(second.content == (is_chunked ? unchunked(content_of(first)) : content_of(first)));
        CHECK(second.is_ended);
        for (const char* name : {"connection", "transfer-encoding", "keep-alive"})
            CHECK(second.fields.count(name) == 0);
        if (second.fields.count("content-length"))
            CHECK(has_line(first, "Content-Length: " + second.fields.at("content-length")));
        CHECK(second.fields.at("server") == "EventCore");
        CHECK(second.fields.at("date").size() == 29);
    }
    h2::client c(s.port());
    REQUIRE(c.send(h2::get(1, "/set")));
    CHECK(c.wait(1).fields.at("x-own") == "Yes");
    CHECK(c.wait(1).fields.at("content-type") == "text/plain; charset=utf-8");
}

TEST_CASE("a handler sees the head of an HTTP/2 request as it sees that of an HTTP/1.1 request") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    h2::client c(s.port());
    const std::string crumbs = h2::field("cookie", "a=b") + h2::field("x-own", "v") +
                               h2::field("cookie", "c=d") + h2::field("cookie", "e=f");
    REQUIRE(c.send(h2::get(1, "/describe?q=1", crumbs)));
    CHECK(c.wait(1).content == "GET|/describe?q=1|/describe|q=1|a.example|a.example|a=b; c=d; e=f|-|v");
    REQUIRE(c.send(h2::frame(h2::headers, h2::end_headers | h2::end_stream, 3,
                             h2::field(":method", "GET") + h2::field(":scheme", "http") +
                                 h2::field(":path", "/describe") + h2::field("host", "b.example"))));
    CHECK(c.wait(3).content == "GET|/describe|/describe||b.example|b.example|-|-|-");
    REQUIRE(c.send(h2::get(5, "/describe", h2::field("host", "b.example"))));
    CHECK(c.wait(5).status == 400);
    REQUIRE(c.send(h2::get(7, "http://a.example/describe")));
    CHECK(c.wait(7).reset + c.wait(7).status > 0);
    CHECK(c.wait(7).status != 200);
}

TEST_CASE("an HTTP/2 request's content arrives whole, streamed, late, with trailers") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen), {.body_bytes_max = 2'000'000});
    h2::client c(s.port());
    const std::string large(200'000, 'x');
    REQUIRE(c.send(h2::post(1, "/echo") + h2::content(1, large)));
    CHECK(c.wait(1).content == large);
    REQUIRE(c.send(h2::post(3, "/echo") + h2::post(5, "/read") + h2::content(5, "c", false) +
                   h2::content(3, "a", false) + h2::content(3, "b") + h2::content(5, "d")));
    CHECK(c.wait(3).content == "ab");
    CHECK(c.wait(5).content == "cd");
    REQUIRE(c.send(h2::post(7, "/read") + h2::content(7, "body", false) +
                   h2::frame(h2::headers, h2::end_headers | h2::end_stream, 7, h2::field("x-sum", "7"))));
    CHECK(c.wait(7).content == "body x-sum=7");
    REQUIRE(c.send(h2::post(9, "/read") + h2::content(9, "body", false) +
                   h2::frame(h2::headers, h2::end_headers | h2::end_stream, 9, h2::field("host", "b"))));
    CHECK(c.wait(9).status == 400);
    REQUIRE(c.send(h2::post(11, "/echo", h2::field("content-length", "3")) + h2::content(11, "four")));
    CHECK(c.wait(11).reset == h2::protocol_error);
    REQUIRE(c.send(h2::post(13, "/missing") + h2::content(13, large)));
    CHECK(c.wait(13).status == 404);
    REQUIRE(c.send(h2::get(15, "/")));
    CHECK(c.wait(15).status == 200);
    REQUIRE(c.send(h2::frame(h2::headers, h2::end_headers | h2::end_stream, 17, h2::head("HEAD", "/large"))));
    CHECK(c.wait(17).fields.at("content-length") == "1000000");
    CHECK(c.wait(17).content.empty());
}

TEST_CASE("who expects 100 (Continue) gets it when the content is wanted, and not when it is refused") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    h2::client c(s.port());
    const std::string expects = h2::field("expect", "100-continue");
    for (const auto& [stream, path] : {std::pair(1u, "/echo"), std::pair(3u, "/read")}) {
        REQUIRE(c.send(h2::post(stream, path, expects)));
        REQUIRE(c.until([&, id = stream] { return c.answers[id].interim.size() == 1; }));
        REQUIRE(c.send(h2::content(stream, "now")));
        CHECK(c.wait(stream).content == "now");
    }
    REQUIRE(c.send(h2::post(5, "/missing", expects)));
    CHECK(c.wait(5).status == 404);
    CHECK(c.wait(5).interim.empty());
    REQUIRE(c.send(h2::post(7, "/echo", h2::field("expect", "wonders"))));
    CHECK(c.wait(7).status == 417);
}

TEST_CASE("a client may send no more than its windows until the handler reads") {
    witness seen;
    ec::server_options options{.body_timeout = 100s, .body_grace = 100s};
    options.http2.stream_window_bytes = 100'000;
    ec::testing::simulation sim(1, calm());
    sim.serve(routes(seen), options);
    h2::simulated c(sim);
    c.until([&] { return c.acks == 1; });
    c.send(h2::post(1, "/read-late") + h2::content(1, std::string(100'000, 'x'), false));
    c.advance(5s);
    CHECK(c.settings_of_server[NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE] == 100'000);
    CHECK(c.windows[1] == 0);
    c.advance(10s);
    CHECK(seen.read == 100'000);
    CHECK(c.windows[1] == 100'000);
    c.send(h2::content(1, "end"));
    CHECK(c.wait(1).content.size() == 100'003);
}

TEST_CASE("a stream waits for its client's window, and others go on") {
    witness seen;
    ec::testing::simulation sim(1, calm());
    sim.serve(routes(seen), {.write_watermark_bytes = 50'000});
    h2::simulated c(sim, h2::setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0));
    c.gives_window = false;
    c.send(h2::get(1, "/stream/30") + h2::get(3, "/") + h2::window(3, 100));
    CHECK(c.wait(3).content == "Hello, World!");
    c.advance(1s);
    CHECK(c.answers[1].content.empty());
    CHECK(sim.counters().limits[static_cast<std::size_t>(limit::write_queue)].read() > 0);
    c.send(h2::window(1, 25'000));
    c.advance(1s);
    CHECK(c.answers[1].content.size() == 25'000);
    c.send(h2::window(1, 1'000'000) + h2::window(0, 1'000'000));
    CHECK(c.wait(1).content.size() == 300'000);
}

TEST_CASE("a reset cancels its handler and no other") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    h2::client c(s.port());
    REQUIRE(c.send(h2::get(1, "/wait/100000") + h2::get(3, "/wait/300")));
    REQUIRE(eventually([&] { return seen.started == 2; }));
    REQUIRE(c.send(h2::reset(1)));
    CHECK(eventually([&] { return seen.cancelled == 1; }));
    CHECK(c.wait(3).content == "slept");
    REQUIRE(c.send(h2::get(5, "/wait/100000")));
    REQUIRE(eventually([&] { return seen.started == 3; }));
    c.wire.reset();
    CHECK(eventually([&] { return seen.cancelled == 2; }));
    CHECK(eventually([&] { return s.server().statistics().connections_open == 0; }));
}

TEST_CASE("content that fails half-way is not ended but reset") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    h2::client c(s.port());
    REQUIRE(c.send(h2::get(1, "/broken-stream")));
    CHECK(c.wait(1).reset == h2::internal_error);
    CHECK_FALSE(c.wait(1).is_ended);
    REQUIRE(c.send(h2::get(3, "/")));
    CHECK(c.wait(3).status == 200);
}

TEST_CASE("who is drained is told first, served what is on its way, and then told which was the last") {
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    h2::client busy(s.port()), idle(s.port());
    REQUIRE(idle.send(h2::get(1, "/")));
    REQUIRE(idle.wait(1).status == 200);
    REQUIRE(busy.send(h2::get(1, "/wait/500")));
    REQUIRE(eventually([&] { return seen.started == 1; }));
    s.server().stop();
    CHECK(busy.wait(1).content == "slept");
    CHECK(busy.until_closed());
    REQUIRE(busy.goaways.size() == 2);
    CHECK(busy.goaways[0] == std::pair<std::uint32_t, std::uint32_t>(0x7fff'ffff, h2::no_error));
    CHECK(busy.goaways[1] == std::pair<std::uint32_t, std::uint32_t>(1, h2::no_error));
    CHECK(idle.until_closed());
    CHECK(idle.goaways.size() == 2);
    s.stop();
}

TEST_CASE("the preface may come in any pieces, and nothing but it begins HTTP/2") {
    witness seen;
    ec::testing::simulation sim(1, calm());
    sim.serve(routes(seen));
    const std::string all = h2::preface + h2::frame(h2::settings, 0, 0) + h2::get(1, "/");
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
        auto c = sim.connect();
        c.send(all.substr(0, cut));
        sim.advance(100ms);
        c.send(all.substr(cut));
        h2::peer reader;
        REQUIRE(sim.run_until([&] { return c.received().find("Hello, World!") != std::string::npos; }, 10s));
        reader.take(c.received());
        CHECK(reader.answers[1].is_ended);
    }
    for (const char* wrong :
         {"PRI * HTTP/2.0\r\n\r\nXX", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", "PRI / HTTP/2.0\r\n\r\n"}) {
        auto c = sim.connect();
        c.send(wrong);
        REQUIRE(sim.run_until([&] { return c.is_over(); }, 1min));
        CHECK(c.received().substr(0, 9) == "HTTP/1.1 ");
    }
}

TEST_CASE("who speaks nothing that looks like HTTP/1 gets no answer that looks like it") {
    witness seen;
    ec::testing::simulation sim(1, calm());
    sim.serve(routes(seen));
    for (const char* wrong : {"INVALID CONNECTION PREFACE\r\n\r\n", "PRI * XXXX/2.0\r\n\r\n", "A B C\n"}) {
        auto c = sim.connect();
        c.send(wrong);
        REQUIRE(sim.run_until([&] { return c.is_over(); }, 1min));
        CHECK(c.received().empty());
    }
    for (const char* mistaken : {"GET /\r\n\r\n", "FOO / HTTP/1.1 \r\n\r\n", "PUT / HTTX/1.1\r\n\r\n",
                                 "FOO\r\n\r\n", "FOO /\r\n\r\n", "\x16\x03\x01 x\r\n"}) {
        auto c = sim.connect();
        c.send(mistaken);
        REQUIRE(sim.run_until([&] { return c.is_over(); }, 1min));
        CHECK(c.received().substr(0, 12) == "HTTP/1.1 400");
    }
    auto second = sim.connect();
    second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nINVALID CONNECTION PREFACE\r\n\r\n");
    REQUIRE(sim.run_until([&] { return second.is_over(); }, 1min));
    CHECK(second.received().find("HTTP/1.1 400") != std::string::npos);
}

TEST_CASE("Upgrade to h2c is ignored, and HTTP/2 can be turned off") {
    witness seen;
    ec::server_options off;
    off.http2.enabled = false;
    running_server on_server(EVENTCORE_EVERY_REACTOR, routes(seen)),
        off_server(EVENTCORE_EVERY_REACTOR, routes(seen), off);
    raw_client upgrade(on_server.port());
    REQUIRE(
        upgrade.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                     "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"));
    CHECK(status_of(upgrade.receive_response()) == 200);
    raw_client refused(off_server.port());
    REQUIRE(refused.send(h2::preface));
    CHECK(status_of(refused.receive_all()) >= 400);
}

TEST_CASE("an HTTP/2 request in the steady state allocates nothing") {
    if (EVENTCORE_ASAN) return;  // there every pool hands its blocks back to the heap, on purpose
    witness seen;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(seen));
    const bool has_content = GENERATE(false, true);
    h2::client c(s.port());
    std::uint32_t stream = 1;
    const auto ask = [&](int times) {
        for (int i = 0; i < times; ++i, stream += 4) {
            REQUIRE(c.send(has_content
                               ? h2::post(stream, "/length") + h2::content(stream, std::string(1000, 'x'))
                               : h2::get(stream, "/")));
            REQUIRE(c.send(h2::get(stream + 2, "/wait/1")));
            REQUIRE(c.wait(stream).status == 200);
            REQUIRE(c.wait(stream + 2).status == 200);
        }
    };
    const auto allocated = [&] {
        REQUIRE(c.send(h2::get(stream, "/allocations")));
        const std::string text = c.wait(stream).content;
        stream += 2;
        return std::atoll(text.c_str());
    };
    ask(50);
    allocated();
    const auto before = allocated();
    ask(200);
    CHECK(allocated() - before <= 4);
}
