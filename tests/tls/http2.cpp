// HTTP/2 over TLS: what ALPN has agreed on is spoken, and nothing else.
#include <string>

#include "eventcore/web/router.hpp"
#include "support/h2_peer.hpp"
#include "support/tls_server.hpp"

namespace ec = eventcore;

namespace {

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
