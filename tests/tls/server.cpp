// A server over TLS: what is agreed on, what handlers see, what moves, and how connections end.
#include <fcntl.h>

#include <atomic>
#include <string>

#include "eventcore/web/router.hpp"
#include "support/tls_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

std::string pattern(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
    return text;
}
auto hello() {
    return ec::router(ec::get<"/">([] { return "hello"; }), ec::get<"/peer">([](const ec::request& req) {
                          const ec::peer_info peer = req.peer();
                          std::string text = peer.is_encrypted ? "encrypted " : "plain ";
                          return text.append(peer.tls_version).append(" ").append(peer.server_name);
                      }));
}
auto contents() {
    return ec::router(
        ec::get<"/large">([] { return pattern(3'000'000); }), ec::get<"/file">([]() -> ec::response {
            const std::string name = "/tmp/eventcore-tls-" + std::to_string(::getpid());
            write_file(name, pattern(1'000'001));
            ec::unique_fd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
            ::unlink(name.c_str());
            return ec::response::from_file(ec::file_region(std::move(file), 1, 1'000'000), "text/plain");
        }),
        ec::get<"/stream">([]() -> ec::response {
            return ec::stream([](ec::body_writer& out) -> ec::task<> {
                for (int i = 0; i < 300; ++i) {
                    const std::string block = pattern(10'000);
                    const ec::result<> sent = co_await out.write(block);
                    if (!sent) co_return;
                }
            });
        }),
        ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }));
}

}  // namespace

TEST_CASE("a request over TLS is answered, and the handler can see how it came") {
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port(), {.server_name = "localhost", .alpn = "http/1.1", .version_max = version});
    REQUIRE(c.handshake());
    CHECK(c.alpn() == "http/1.1");
    CHECK(content_of(c.get("/")) == "hello");
    CHECK(content_of(c.get("/peer")) == "encrypted " + std::string(c.version()) + " localhost");
    CHECK(s.server().statistics().tls_handshakes == 1);
    CHECK(s.server().statistics().connections_accepted == 1);
}

TEST_CASE("plain and encrypted listeners share a server") {
    const std::string path = "/tmp/eventcore-tls-" + std::to_string(::getpid()) + ".sock";
    const ec::tls_acceptor tls(tls_for_localhost());
    ec::server_options options{.workers = 2};
    options.listen_also = {{"unix:" + path, tls}};
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), options);
    raw_client plain(s.port());
    REQUIRE(plain.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(content_of(plain.receive_response()) == "plain  ");
    CHECK(::access(path.c_str(), F_OK) == 0);
}

TEST_CASE("a handshake may come one byte at a time, and a request after it") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port(), {.sends_byte_by_byte = true});
    REQUIRE(c.handshake());
    CHECK(content_of(c.get("/")) == "hello");
    CHECK(content_of(c.get("/")) == "hello");
}

TEST_CASE("a request that comes with the end of the handshake is not left lying") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port());
    // Until the client has finished: its last flight is in the output with the request behind it.
    while (!SSL_is_init_finished(c.ssl())) {
        const int done = SSL_do_handshake(c.ssl());
        if (done == 1) break;
        REQUIRE(c.socket().send(c.take_output()));
        const std::string some = c.socket().receive_some();
        REQUIRE_FALSE(some.empty());
        BIO_write(SSL_get_rbio(c.ssl()), some.data(), static_cast<int>(some.size()));
    }
    REQUIRE(c.socket().send(c.encrypt("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
    CHECK(content_of(c.receive_response()) == "hello");
}

TEST_CASE("pipelined requests in one record, and one request in many, are answered") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    std::string many;
    for (int i = 0; i < 500; ++i) many += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    REQUIRE(c.send(many));
    for (int i = 0; i < 500; ++i) REQUIRE(content_of(c.receive_response()) == "hello");
    std::string records;
    for (char byte : std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) records += c.encrypt({&byte, 1});
    REQUIRE(c.socket().send(records));
    CHECK(content_of(c.receive_response()) == "hello");
}

TEST_CASE("large contents, files and streams arrive whole, however slowly the client reads") {
    const bool is_slow = GENERATE(false, true);
    running_server s(EVENTCORE_EVERY_REACTOR, contents(),
                     over_tls(ec::tls_acceptor(tls_for_localhost()), {.body_bytes_max = 8'000'000}));
    tls_test_client c(s.port(), {.receive_bytes = is_slow ? 4096 : 0});
    REQUIRE(c.handshake());
    CHECK(content_of(c.get("/large")) == pattern(3'000'000));
    CHECK(content_of(c.get("/file")) == pattern(1'000'001).substr(1));
    REQUIRE(c.send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    const std::string streamed = unchunked(content_of(c.receive_all()));
    REQUIRE(streamed.size() == 3'000'000);
    CHECK(streamed.substr(2'990'000) == pattern(10'000));
    CHECK(c.has_heard_end());
}

TEST_CASE("content is received whole, in any number of records") {
    running_server s(EVENTCORE_EVERY_REACTOR, contents(),
                     over_tls(ec::tls_acceptor(tls_for_localhost()), {.body_bytes_max = 8'000'000}));
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    const std::size_t sizes[] = {0, 1, 100, 16'384, 16'385, 2'000'000};
    for (const std::size_t bytes : sizes) {
        const std::string content = pattern(bytes);
        REQUIRE(c.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
                       "\r\n\r\n"));
        if (bytes > 0) REQUIRE(c.send(content));
        REQUIRE(content_of(c.receive_response()) == content);
    }
}

TEST_CASE("the server says close_notify before it closes") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    const char* const request =
        GENERATE("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "BROKEN\r\n\r\n");
    REQUIRE(c.send(request));
    CHECK(status_of(c.receive_all()) != 0);
    CHECK(c.has_heard_end());
    CHECK(c.socket().receive_some().empty());
}

TEST_CASE("content that is cut off is no content, unless the client has said that it ends there") {
    std::atomic<int> failed{0}, complete{0};
    auto app = ec::router(ec::post<"/">([&](ec::body_reader& body) -> ec::task<std::string> {
        while (true) {
            const ec::result<std::string_view> piece = co_await body.read();
            if (!piece) {
                failed.fetch_add(1);
                co_return "cut";
            }
            if (piece->empty()) break;
        }
        complete.fetch_add(1);
        co_return "whole";
    }));
    running_server s(EVENTCORE_EVERY_REACTOR, std::move(app),
                     over_tls(ec::tls_acceptor(tls_for_localhost())));
    constexpr std::string_view half = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello";
    SECTION("cut between records") {
        tls_test_client c(s.port());
        REQUIRE(c.handshake());
        REQUIRE(c.send(half));
        c.socket().finish_sending();
        CHECK(c.receive_all().empty());
        CHECK_FALSE(c.has_heard_end());
    }
    SECTION("cut within a record") {
        tls_test_client c(s.port());
        REQUIRE(c.handshake());
        REQUIRE(c.send(half));
        const std::string rest = c.encrypt("world");
        REQUIRE(c.socket().send(std::string_view(rest).substr(0, rest.size() - 1)));
        c.socket().finish_sending();
        CHECK(c.receive_all().empty());
    }
    SECTION("a record that was tampered with") {
        tls_test_client c(s.port());
        REQUIRE(c.handshake());
        REQUIRE(c.send(half));
        std::string rest = c.encrypt("world");
        rest.back() = static_cast<char>(rest.back() ^ 1);
        REQUIRE(c.socket().send(rest));
        CHECK(c.receive_all().empty());
    }
    CHECK(eventually([&] { return failed.load() == 1; }));
    s.stop();
    CHECK(complete.load() == 0);
}

TEST_CASE("a client that has said close_notify still gets its answer") {
    running_server s(EVENTCORE_EVERY_REACTOR, contents(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    const std::string request = c.encrypt("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    SSL_shutdown(c.ssl());
    REQUIRE(c.socket().send(request + c.take_output()));
    CHECK(content_of(c.receive_response()) == pattern(3'000'000));
    CHECK(c.receive_some().empty());
    CHECK(c.has_heard_end());
}

TEST_CASE("keys may be changed while requests are made") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    for (int i = 0; i < 20; ++i) {
        REQUIRE(SSL_key_update(c.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        REQUIRE(content_of(c.get("/")) == "hello");
    }
}

TEST_CASE("renegotiation is refused") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client c(s.port(), {.version_max = TLS1_2_VERSION});
    REQUIRE(c.handshake());
    REQUIRE(content_of(c.get("/")) == "hello");
    REQUIRE(SSL_renegotiate(c.ssl()) == 1);
    CHECK_FALSE(c.handshake());
    CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION);
    CHECK(c.socket().receive_all().empty());  // and that was the end of it
}

TEST_CASE("whoever speaks no TLS, or an old one, is turned away, and others are not") {
    ec::tls_options options = tls_for_localhost();
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(options)));
    raw_client plain(s.port());
    REQUIRE(plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(status_of(plain.receive_all()) == 0);
    tls_test_client old(s.port(), {.version_max = TLS1_1_VERSION});
    SSL_set_security_level(old.ssl(), 0);
    CHECK_FALSE(old.handshake());
    tls_test_client other(s.port(), {.alpn = "imap"});
    CHECK_FALSE(other.handshake());
    CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    CHECK(content_of(c.get("/")) == "hello");
    CHECK(eventually([&] { return s.server().statistics().tls_failures == 3; }));
    CHECK(s.server().statistics().tls_handshakes == 1);
}

TEST_CASE("TLS 1.3 alone, where that is asked for") {
    ec::tls_options options = tls_for_localhost();
    options.version_min = ec::tls_version::tls1_3;
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(options)));
    tls_test_client older(s.port(), {.version_max = TLS1_2_VERSION});
    CHECK_FALSE(older.handshake());
    tls_test_client c(s.port());
    CHECK(c.handshake());
}

TEST_CASE("a server over TLS drains") {
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(tls_for_localhost())));
    tls_test_client idle(s.port());
    REQUIRE(idle.handshake());
    REQUIRE(content_of(idle.get("/")) == "hello");
    tls_test_client shaking(s.port(), {});
    s.server().stop();
    CHECK(idle.receive_some().empty());
    CHECK(idle.has_heard_end());
    shaking.socket().close();
    s.server().wait();
    CHECK(s.server().statistics().connections_open == 0);
}
