// Handshakes: their limits, resumption, which certificate is shown, and who the client is.
#include <string>
#include <vector>

#include "eventcore/net/tls/tls_contexts.hpp"
#include "eventcore/web/router.hpp"
#include "support/tls_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using limit = ec::server_limit;

namespace {

auto who() {
    return ec::router(ec::get<"/">([] { return "hello"; }), ec::get<"/who">([](const ec::request& req) {
                          const ec::peer_info peer = req.peer();
                          return std::string(peer.certificate_subject) + " " +
                                 std::string(peer.certificate_fingerprint);
                      }));
}
// The caller frees it.
SSL_SESSION* session_after_request(std::uint16_t port, tls_client_setup setup = {}) {
    tls_test_client c(port, setup);
    REQUIRE(c.handshake());
    REQUIRE(content_of(c.get("/")) == "hello");
    return c.session();
}
bool is_resumed(std::uint16_t port, SSL_SESSION* session, tls_client_setup setup = {}) {
    setup.session = session;
    tls_test_client c(port, setup);
    REQUIRE(c.handshake());
    REQUIRE(content_of(c.get("/")) == "hello");
    return c.is_resumed();
}

}  // namespace

TEST_CASE("a handshake that takes too long is cut") {
    ec::tls_options options = tls_for_localhost();
    options.handshake_timeout = 50ms;
    running_server s(EVENTCORE_EVERY_REACTOR, who(), over_tls(ec::tls_acceptor(options)));
    SECTION("nothing is sent") {
        raw_client silent(s.port());
        CHECK(silent.is_at_end());
    }
    SECTION("half of a ClientHello is sent") {
        tls_test_client c(s.port());
        SSL_do_handshake(c.ssl());
        const std::string hello = c.take_output();
        REQUIRE(c.socket().send(std::string_view(hello).substr(0, hello.size() / 2)));
        CHECK(c.socket().is_at_end());
    }
    SECTION("the answer to the server is not sent") {
        tls_test_client c(s.port());
        SSL_do_handshake(c.ssl());
        REQUIRE(c.socket().send(c.take_output()));
        CHECK_FALSE(c.socket().receive_some().empty());
        CHECK(c.socket().receive_all().empty());
    }
    CHECK(s.server().statistics().reached(limit::handshake_time) == 1);
    CHECK(s.server().statistics().timeouts == 1);
}

TEST_CASE("handshakes in progress are bounded, and whoever is slow makes room") {
    ec::tls_options options = tls_for_localhost();
    options.handshakes_max = 2;
    running_server s(EVENTCORE_EVERY_REACTOR, who(), over_tls(ec::tls_acceptor(options)));
    raw_client first(s.port()), second(s.port());
    REQUIRE(eventually([&] { return s.server().statistics().connections_open == 2; }));
    raw_client third(s.port());
    CHECK(third.is_at_end());
    CHECK(s.server().statistics().reached(limit::handshakes) == 1);
    ::usleep(1'100'000);  // now the first two are slow
    tls_test_client c(s.port());
    REQUIRE(c.handshake());
    CHECK(content_of(c.get("/")) == "hello");
    CHECK(first.is_at_end());
    CHECK(s.server().statistics().reached(limit::handshakes) == 2);
}

TEST_CASE("connections count for their peer from the accept to their end") {
    running_server s(EVENTCORE_EVERY_REACTOR, who(),
                     over_tls(ec::tls_acceptor(tls_for_localhost()), {.connections_per_peer_max = 2}));
    {
        tls_test_client a(s.port()), b(s.port());
        REQUIRE(a.handshake());
        REQUIRE(content_of(a.get("/")) == "hello");
        REQUIRE(b.handshake());
        raw_client third(s.port());
        CHECK(third.is_at_end());
    }
    REQUIRE(eventually([&] { return s.server().statistics().connections_open == 0; }));
    tls_test_client c(s.port()), d(s.port());
    REQUIRE(c.handshake());
    CHECK(d.handshake());
}

TEST_CASE("sessions are resumed by any worker, with either version") {
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    running_server s(EVENTCORE_EVERY_REACTOR, who(),
                     over_tls(ec::tls_acceptor(tls_for_localhost()), {.workers = 3}));
    SSL_SESSION* session = session_after_request(s.port(), {.version_max = version});
    REQUIRE(session);
    for (int i = 0; i < 20; ++i) CHECK(is_resumed(s.port(), session, {.version_max = version}));
    CHECK(s.server().statistics().tls_resumptions == 20);
    SSL_SESSION_free(session);
}

TEST_CASE("sessions are resumed after a reload, and not when there are no tickets") {
    ec::tls_options options = tls_for_localhost();
    const bool has_tickets = GENERATE(true, false);
    if (!has_tickets) options.ticket_lifetime = {};
    ec::tls_acceptor tls(options);
    running_server s(EVENTCORE_EVERY_REACTOR, who(), over_tls(tls));
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    SSL_SESSION* session = session_after_request(s.port(), {.version_max = version});
    REQUIRE(tls.reload());
    CHECK(is_resumed(s.port(), session, {.version_max = version}) == has_tickets);
    SSL_SESSION_free(session);
}

TEST_CASE("a ticket opens with its key as long as it may live, and not longer") {
    using keys = ec::net::tls_ticket_keys;
    keys all(1h, 3h);
    const ec::time_point start{std::chrono::hours(100)};
    keys::key first, later, found;
    REQUIRE(all.current(start, first));
    REQUIRE(all.current(start + 59min, later));
    CHECK(std::memcmp(first.name, later.name, sizeof first.name) == 0);
    const std::string_view name(reinterpret_cast<const char*>(first.name), sizeof first.name);
    CHECK(all.find(name, start + 59min, found) == keys::found::current);
    CHECK(all.find(name, start + 61min, found) == keys::found::older);
    REQUIRE(all.current(start + 61min, later));
    CHECK(std::memcmp(first.name, later.name, sizeof first.name) != 0);
    CHECK(std::memcmp(first.cipher, later.cipher, sizeof first.cipher) != 0);
    CHECK(all.find(name, start + 61min, found) == keys::found::older);
    CHECK(std::memcmp(found.mac, first.mac, sizeof found.mac) == 0);
    CHECK(all.find(name, start + 239min, found) == keys::found::older);
    CHECK(all.find(name, start + 241min, found) == keys::found::none);
    CHECK(all.find(std::string(16, 'x'), start, found) == keys::found::none);
}

TEST_CASE("the certificate is the one for the host that the client asks for") {
    ec::tls_options options = tls_for_localhost();
    options.certificates.push_back(certificate_for({"example.org", "*.example.org"}));
    options.certificates.push_back(certificate_for({"www.example.org"}));
    options.certificates.push_back(certificate_for({"*.example.org", "example.org"}));  // never shown
    running_server s(EVENTCORE_EVERY_REACTOR, who(), over_tls(ec::tls_acceptor(options)));
    const auto shown = [&](const char* name) {
        tls_test_client c(s.port(), {.server_name = name});
        REQUIRE(c.handshake());
        REQUIRE(content_of(c.get("/")) == "hello");
        return c.common_name();
    };
    CHECK(shown("") == "localhost");
    CHECK(shown("unknown.net") == "localhost");
    CHECK(shown("example.org") == "example.org");
    CHECK(shown("EXAMPLE.org") == "example.org");
    CHECK(shown("api.example.org") == "example.org");
    CHECK(shown("www.example.org") == "www.example.org");  // exact before wildcard
    CHECK(shown("a.b.example.org") == "localhost");        // a wildcard is one label
    CHECK(shown(".example.org") == "localhost");
}

TEST_CASE("a client that has to show a certificate is known to the handler") {
    const ec::tls_certificate alice = certificate_for({"alice"}), mallory = certificate_for({"mallory"});
    const std::string roots = "/tmp/eventcore-tls-roots-" + std::to_string(::getpid());
    write_file(roots, alice.chain_pem);
    ec::tls_options options = tls_for_localhost();
    options.client = GENERATE(ec::client_certificate::required, ec::client_certificate::optional);
    options.client_ca_file = roots;
    running_server s(EVENTCORE_EVERY_REACTOR, who(), over_tls(ec::tls_acceptor(options)));
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const auto answer = [&](const ec::tls_certificate& own) {
        tls_test_client c(s.port(), {.version_max = version, .own = own});
        return c.handshake() ? content_of(c.get("/who")) : std::string("refused");
    };
    const std::string known = answer(alice);
    CHECK(known.substr(0, 9) == "CN=alice ");
    CHECK(known.size() == 9 + 64);
    const std::string unknown = answer(mallory);
    CHECK((unknown.empty() || unknown == "refused"));
    const std::string anonymous = answer({});
    if (options.client == ec::client_certificate::optional)
        CHECK(anonymous == " ");
    else
        CHECK((anonymous.empty() || anonymous == "refused"));
    // Who was known stays known when the session is resumed.
    SSL_SESSION* session = session_after_request(s.port(), {.version_max = version, .own = alice});
    tls_test_client again(s.port(), {.version_max = version, .session = session});
    REQUIRE(again.handshake());
    CHECK(again.is_resumed());
    CHECK(content_of(again.get("/who")) == known);
    SSL_SESSION_free(session);
    ::unlink(roots.c_str());
}
