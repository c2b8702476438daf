// HTTP/2 over TLS, by ALPN: requests and WebSockets, what a handler can see of its connection, and that
// nothing but what was agreed on is spoken.
#include <string>

#include "eventcore/web/middleware/https.hpp"
#include "eventcore/web/router.hpp"
#include "eventcore/web/websocket.hpp"
#include "support/h2_peer.hpp"
#include "support/tls_server.hpp"
#include "support/websocket_frames.hpp"

namespace ec = eventcore;

namespace {

// A blocking HTTP/2 client over TLS.
struct secure_client : h2::peer {
    explicit secure_client(std::uint16_t port)
        : wire(port, {.server_name = "localhost", .alpn = "h2"}), is_open(wire.handshake()) {
        send(h2::preface + h2::frame(h2::settings, 0, 0));
    }
    bool send(std::string_view bytes) { return wire.send(bytes); }
    const h2::answer& wait(std::uint32_t stream) {
        while (!answers[stream].is_over()) {
            const std::string some = wire.receive_some();
            if (some.empty()) break;
            take(some);
            if (!replies.empty()) send(std::exchange(replies, {}));
        }
        return answers[stream];
    }
    tls_test_client wire;
    bool is_open;
};

ec::task<> echo(ec::websocket ws) {
    while (auto m = co_await ws.receive()) co_await ws.send(*m);
}

auto routes() {
    return ec::router(ec::use(ec::https_redirect()), ec::use(ec::hsts()),
                      ec::get<"/">([](const ec::request& req) {
                          return req.is_encrypted() && req.peer().is_encrypted ? "encrypted" : "plain";
                      }),
                      ec::get<"/ws">(echo));
}

auto hello() {
    return ec::router(ec::get<"/">([] { return "hello"; }));
}
// Until `is_true`, or nothing comes any more.
template <class Condition>
bool read_until(tls_test_client& c, h2::peer& reader, Condition is_true) {
    while (!is_true()) {
        const std::string some = c.receive_some();
        if (some.empty()) return false;
        reader.take(some);
        if (!reader.replies.empty()) c.send(std::exchange(reader.replies, {}));
    }
    return true;
}

}  // namespace

TEST_CASE("a request over HTTP/2 and TLS knows that it is encrypted") {
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    secure_client c(s.port());
    REQUIRE(c.is_open);
    CHECK(c.wire.alpn() == "h2");
    REQUIRE(c.send(h2::get(1, "/")));
    CHECK(c.wait(1).status == 200);
    CHECK(c.wait(1).content == "encrypted");
    CHECK(c.wait(1).fields.count("strict-transport-security") == 1);
}

TEST_CASE("WebSockets and requests share an HTTP/2 connection over TLS") {
    using namespace websocket_frames;
    running_server s(EVENTCORE_EVERY_REACTOR, routes(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    secure_client c(s.port());
    REQUIRE(c.is_open);
    const std::string large(50'000, 'x');
    REQUIRE(c.send(h2::websocket(1, "/ws", h2::field("origin", "https://a.example")) +
                   h2::websocket(3, "/ws", h2::field("origin", "https://b.example")) + h2::get(5, "/")));
    REQUIRE(c.send(h2::content(1, text("one") + masked(opcode::binary, large) + closing(1000))));
    CHECK(frames_in(c.wait(1).content) ==
          std::vector<std::string>{"text:one", "binary:" + large, "close:1000"});
    CHECK(c.wait(1).is_ended);
    CHECK(c.wait(3).status == 403);
    CHECK(c.wait(5).content == "encrypted");
}

TEST_CASE("a client that has agreed on h2 hears of the settings before it has said a word") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_test_client c(s.port(), {.alpn = "h2", .version_max = version});
    REQUIRE(c.handshake());
    CHECK(c.alpn() == "h2");
    h2::peer reader;
    // The acknowledgement of what it hears is not sent before the preface.
    while (reader.settings_of_server.empty()) reader.take(c.receive_some());
    reader.replies.clear();
    for (const char byte : h2::preface + h2::frame(h2::settings, 0, 0) + h2::get(1, "/"))
        REQUIRE(c.send({&byte, 1}));
    CHECK(read_until(c, reader, [&] { return reader.answers[1].is_over(); }));
    CHECK(reader.answers[1].content == "hello");
}

TEST_CASE("a client that has agreed on h2 and speaks HTTP/1.1, or none, is sent away") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    for (const char* wrong :
         {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\r\n\r\n"}) {
        tls_test_client c(s.port(), {.alpn = "h2"});
        REQUIRE(c.handshake());
        REQUIRE(c.send(wrong));
        h2::peer reader;
        read_until(c, reader, [] { return false; });
        REQUIRE(reader.goaways.size() == 1);
        CHECK(reader.goaways[0].second == h2::protocol_error);
        CHECK(reader.answers.empty());
    }
}

TEST_CASE("connections that have agreed on h2 and said nothing are left when the server drains") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port(), {.alpn = "h2"});
    REQUIRE(c.handshake());
    h2::peer reader;
    REQUIRE(read_until(c, reader, [&] { return !reader.settings_of_server.empty(); }));
    s.stop();
    read_until(c, reader, [] { return false; });
    CHECK(!reader.goaways.empty());
    CHECK(c.has_heard_end());
}
