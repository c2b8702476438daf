// HTTP/2 over TLS, by ALPN: requests and WebSockets, and what a handler can see of its connection.
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
