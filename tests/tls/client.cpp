// The coroutine's side of TLS: whom it trusts, what it moves, and how it ends.
#include <fcntl.h>

#include <string>
#include <thread>
#include <vector>

#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/web/router.hpp"
#include "support/reactor_tasks.hpp"
#include "support/tls_server.hpp"

using namespace reactors;
using namespace std::chrono_literals;
using net::tls_client;
using net::tls_client_options;
using net::tls_stream;
using test::run_on;
namespace ec = eventcore;

namespace {

std::string pattern(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
}
struct reached {
    std::error_code failure{};
    std::string alpn{}, version{}, answer{};
};
task<reached> get(const tls_client* client, std::uint16_t port, std::string host) {
    reached r;
    result<tls_stream> made = co_await net::connect_tls(*client, net::address::loopback_ipv4(port), host);
    if (!made) {
        r.failure = made.error();
        co_return r;
    }
    r.alpn = made->socket().alpn();
    r.version = made->socket().version();
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const result<> sent = co_await made->write_all(request);
    if (!sent) r.failure = sent.error();
    char room[1000];
    while (!r.failure) {
        const result<std::size_t> got = co_await made->read_some(room);
        if (!got) r.failure = got.error();
        if (!got || *got == 0) break;
        r.answer.append(room, *got);
    }
    co_return r;
}
auto hello() {
    return ec::router(ec::get<"/">(
        [](const ec::request& req) { return "hello " + std::string(req.peer().certificate_subject); }));
}
owned<reactor> open_reactor(reactor_kind kind) {
    reactor_options options;
    options.kind = kind;
    return std::move(reactor::open(options).value());
}

}  // namespace

TEST_CASE("a client trusts whom it is told to trust, and only for the host it asked for") {
    const reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    const ec::tls_options options = tls_for_localhost();
    ec::server_options without_http2;
    without_http2.http2.enabled = false;
    running_server s(kind, hello(), over_tls(ec::tls_acceptor(options), without_http2));
    const owned<reactor> r = open_reactor(kind);
    const auto ask = [&](const tls_client_options& how, const char* host) {
        const tls_client client = std::move(tls_client::make(how).value());
        return run_on(*r, get(&client, s.port(), host));
    };
    const std::string pem = options.certificates.front().chain_pem;
    const reached good = ask({.ca_pem = pem, .alpn = {"h2", "http/1.1"}}, "localhost");
    CHECK_FALSE(good.failure);
    CHECK(good.alpn == "http/1.1");
    CHECK(good.version == "TLSv1.3");
    CHECK(content_of(good.answer) == "hello ");
    CHECK(content_of(ask({.ca_pem = pem}, "127.0.0.1").answer) == "hello ");
    CHECK(content_of(ask({.verifies = false}, "whatever").answer) == "hello ");

    const std::error_code unknown = ask({}, "localhost").failure;
    CHECK(unknown.category() == net::tls_category());
    CHECK(unknown.message().find("self-signed") != std::string::npos);
    const std::error_code other_host = ask({.ca_pem = pem}, "example.org").failure;
    CHECK(other_host.message() == "hostname mismatch");
    CHECK(ask({.ca_pem = pem}, "127.0.0.2").failure.message() == "IP address mismatch");
    CHECK(ask({.ca_pem = pem}, "").failure == ec::errc::invalid_argument);
}

TEST_CASE("a client shows its certificate when it is asked") {
    const reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    const ec::tls_certificate alice = certificate_for({"alice"});
    const test::temporary_directory directory;
    write_file(directory.at("roots.pem"), alice.chain_pem);
    ec::tls_options options = tls_for_localhost();
    options.client = ec::client_certificate::required;
    options.client_ca_file = directory.at("roots.pem");
    running_server s(kind, hello(), over_tls(ec::tls_acceptor(options)));
    const owned<reactor> r = open_reactor(kind);
    tls_client_options how;
    how.ca_pem = options.certificates.front().chain_pem;
    const tls_client anonymous = std::move(tls_client::make(how).value());
    CHECK(run_on(*r, get(&anonymous, s.port(), "localhost")).failure);
    how.certificate = {alice};
    const tls_client known = std::move(tls_client::make(how).value());
    CHECK(content_of(run_on(*r, get(&known, s.port(), "localhost")).answer) == "hello CN=alice");
}

TEST_CASE("what a client cannot be made of is told") {
    std::string failure;
    CHECK_FALSE(tls_client::make({.ca_file = "/nonexistent.pem"}, &failure));
    CHECK(failure.find("cannot read \"/nonexistent.pem\"") != std::string::npos);
    CHECK_FALSE(tls_client::make({.ca_pem = "nonsense"}, &failure));
    CHECK(failure.find("no start line") != std::string::npos);
    const ec::tls_certificate one = certificate_for({"a"}), other = certificate_for({"a"});
    CHECK_FALSE(tls_client::make({.certificate = {{.chain_pem = one.chain_pem, .key_pem = other.key_pem}}},
                                 &failure));
    CHECK(failure.find("key values mismatch") != std::string::npos);
    CHECK(tls_client::make({}));
}

namespace {

task<> write_pattern(tls_stream* to, std::size_t bytes, result<>* outcome) {
    const std::string text = pattern(bytes);
    *outcome = co_await to->write_all(text);
}
task<std::string> echo(const tls_client* client, std::uint16_t port, std::size_t bytes) {
    result<tls_stream> made =
        co_await net::connect_tls(*client, net::address::loopback_ipv4(port), "localhost");
    if (!made) co_return made.error().message();
    const std::string head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + std::to_string(bytes) +
        "\r\n\r\n";
    const result<> sent = co_await made->write_all(head);
    if (!sent) co_return sent.error().message();
    result<> written;
    std::string all;
    scope writing(co_await this_context());
    writing.spawn(&write_pattern, &*made, bytes, &written);
    std::vector<char> room(30'000);
    while (true) {
        const result<std::size_t> got = co_await made->read_some(room);
        if (!got) co_return got.error().message();
        if (*got == 0) break;
        all.append(room.data(), *got);
    }
    co_await writing.join();
    if (!written) co_return written.error().message();
    co_return content_of(all);
}
// An application that sends content back while it still comes.
auto echoing() {
    return ec::router(ec::post<"/echo">([](ec::body_reader& body) -> ec::response {
        return ec::stream([&body](ec::body_writer& out) -> ec::task<> {
            while (true) {
                const ec::result<std::string_view> piece = co_await body.read();
                if (!piece || piece->empty()) break;
                const ec::result<> sent = co_await out.write(*piece);
                if (!sent) break;
            }
        });
    }));
}

// The server, and a client that trusts it.
struct echo_over_tls {
    explicit echo_over_tls(reactor_kind kind)
        : server(kind, echoing(), over_tls(ec::tls_acceptor(options))), home(open_reactor(kind)) {}
    ec::tls_options options = tls_for_localhost();
    running_server server;
    owned<reactor> home;
    tls_client client =
        std::move(tls_client::make({.ca_pem = options.certificates.front().chain_pem}).value());
};

}  // namespace

TEST_CASE("a stream is read and written at once") {
    const echo_over_tls e(EVENTCORE_EVERY_REACTOR);
    CHECK(unchunked(run_on(*e.home, echo(&e.client, e.server.port(), 3'000'000))) == pattern(3'000'000));
}

namespace {

// Head and content in parts, the rest of the content from a file, at an offset.
task<std::string> echo_of_parts(const tls_client* client, std::uint16_t port, int file,
                                std::size_t file_bytes) {
    result<tls_stream> made =
        co_await net::connect_tls(*client, net::address::loopback_ipv4(port), "localhost");
    if (!made) co_return made.error().message();
    std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
                       std::to_string(6 + file_bytes - 2) + "\r\n\r\n";
    std::string one = "one", two = "two";
    const iovec parts[] = {{head.data(), head.size()}, {one.data(), 3}, {nullptr, 0}, {two.data(), 3}};
    const result<> sent = co_await made->write_all(parts);
    if (!sent) co_return sent.error().message();
    const result<std::uint64_t> copied = co_await made->send_file(file, 2, 1 << 30);
    if (!copied) co_return copied.error().message();
    if (*copied != file_bytes - 2) co_return "the file was cut";
    char room[1000];
    std::string all;
    while (true) {
        const result<std::size_t> got = co_await made->read_some(room);
        if (!got) co_return got.error().message();
        if (*got == 0) break;
        all.append(room, *got);
    }
    co_return unchunked(content_of(all));
}

}  // namespace

TEST_CASE("a stream takes parts, and a file") {
    const echo_over_tls e(EVENTCORE_EVERY_REACTOR);
    const test::temporary_directory directory;
    const std::string text = pattern(70'000);
    write_file(directory.at("content"), text);
    const unique_fd file(::open(directory.at("content").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    CHECK(run_on(*e.home, echo_of_parts(&e.client, e.server.port(), file.get(), text.size())) ==
          "onetwo" + text.substr(2));
}

namespace {

// A server whose bytes a test decides on, with OpenSSL alone behind it.
class hand_made_server {
 public:
    explicit hand_made_server(const ec::tls_certificate& c)
        : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          context_(SSL_CTX_new(TLS_server_method())) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t bytes = sizeof at;
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &bytes) == 0);
        port = ntohs(at.sin_port);
        BIO* chain = BIO_new_mem_buf(c.chain_pem.data(), -1);
        BIO* key = BIO_new_mem_buf(c.key_pem.data(), -1);
        X509* mine = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
        EVP_PKEY* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
        SSL_CTX_use_certificate(context_, mine);
        SSL_CTX_use_PrivateKey(context_, secret);
        X509_free(mine);
        EVP_PKEY_free(secret);
        BIO_free(chain);
        BIO_free(key);
    }
    hand_made_server(const hand_made_server&) = delete;
    hand_made_server& operator=(const hand_made_server&) = delete;
    ~hand_made_server() {
        ::close(listener_);
        SSL_CTX_free(context_);
    }
    // Sends "half" and ends, with close_notify or without. For a thread of its own.
    void serve_one(bool says_end) {
        const int peer = ::accept(listener_, nullptr, nullptr);
        SSL* ssl = SSL_new(context_);
        SSL_set_fd(ssl, peer);
        if (SSL_accept(ssl) == 1) {
            SSL_write(ssl, "half", 4);
            if (says_end) SSL_shutdown(ssl);
            ::shutdown(peer, SHUT_WR);
            char rest[1000];
            while (::read(peer, rest, sizeof rest) > 0) {
            }
        }
        SSL_free(ssl);
        ::close(peer);
    }
    std::uint16_t port = 0;

 private:
    int listener_;
    SSL_CTX* context_;
};

task<result<tls_stream>> connect_quickly(const tls_client* client, std::uint16_t port) {
    return with_timeout(50ms, net::connect_tls(*client, net::address::loopback_ipv4(port), "localhost"));
}

}  // namespace

TEST_CASE("bytes that end without close_notify are an error, with it they are the end") {
    const bool says_end = GENERATE(true, false);
    const owned<reactor> r = open_reactor(EVENTCORE_EVERY_REACTOR);
    const ec::tls_certificate certificate = certificate_for({"localhost"});
    hand_made_server s(certificate);
    std::thread serving([&] { s.serve_one(says_end); });
    {
        const tls_client client = std::move(tls_client::make({.ca_pem = certificate.chain_pem}).value());
        const reached got = run_on(*r, get(&client, s.port, "localhost"));
        CHECK(got.answer == "half");
        CHECK(got.failure == (says_end ? std::error_code() : ec::system_error(ECONNRESET)));
    }
    turn_until(*r, [turns = 0]() mutable { return ++turns > 3; });
    serving.join();
}

TEST_CASE("a server that says nothing is given up when the time is over") {
    const owned<reactor> r = open_reactor(EVENTCORE_EVERY_REACTOR);
    const ec::tls_certificate certificate = certificate_for({"localhost"});
    hand_made_server s(certificate);  // nobody accepts
    const tls_client client = std::move(tls_client::make({.ca_pem = certificate.chain_pem}).value());
    const result<tls_stream> made = run_on(*r, connect_quickly(&client, s.port));
    REQUIRE_FALSE(made);
    CHECK(made.error() == ec::errc::timed_out);
}
