// Certificates: what is wrong with them, and how they are replaced.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "eventcore/web/router.hpp"
#include "support/reactor_tasks.hpp"
#include "support/tls_server.hpp"
#include "support/wait_for.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::test::temporary_directory;

namespace {

auto hello() {
    return ec::router(ec::get<"/">([] { return "hello"; }));
}
struct files {
    temporary_directory directory;
    std::string chain = directory.at("chain.pem"), key = directory.at("key.pem");

    void write(const ec::tls_certificate& c) const {
        write_file(key, c.key_pem);
        write_file(chain, c.chain_pem);
    }
    ec::tls_options options() const {
        ec::tls_options o;
        o.certificates = {{.chain_file = chain, .key_file = key}};
        o.log = ec::logger(ec::log_level::off);
        return o;
    }
};
std::string failure_of(const ec::tls_options& options) {
    ec::server_options server = over_tls(ec::tls_acceptor(options));
    server.address = "127.0.0.1";
    server.port = 0;
    server.workers = 1;
    server.log = ec::logger(ec::log_level::off);
    ec::server s(hello(), server);
    CHECK_FALSE(s.start());
    return s.failure();
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
std::string common_name_at(std::uint16_t port) {
    tls_test_client c(port);
    REQUIRE(c.handshake());
    return c.common_name();
}

}  // namespace

TEST_CASE("what cannot be used is told with the file and the reason") {
    files f;
    const ec::tls_certificate good = certificate_for({"localhost"}), other = certificate_for({"localhost"});
    CHECK(has(failure_of({}), "certificates is empty"));
    CHECK(has(failure_of(f.options()), "cannot read \"" + f.chain + "\": No such file"));
    f.write({.chain_pem = good.chain_pem, .key_pem = other.key_pem});
    CHECK(has(failure_of(f.options()), "the private key \"" + f.key + "\" is not that of the certificate \"" +
                                           f.chain + "\": key values mismatch"));
    f.write({.chain_pem = "no certificate", .key_pem = good.key_pem});
    CHECK(has(failure_of(f.options()), "cannot use the certificate \"" + f.chain + "\": no start line"));
    f.write({.chain_pem = good.chain_pem.substr(0, 300), .key_pem = good.key_pem});
    CHECK(has(failure_of(f.options()), "cannot use the certificate \"" + f.chain + "\": "));
    f.write({.chain_pem = good.chain_pem, .key_pem = "no key"});
    CHECK(has(failure_of(f.options()), "cannot read the private key \"" + f.key + "\": "));
    f.write(good);
    ec::tls_options options = f.options();
    options.ciphers = "NONSENSE";
    CHECK(has(failure_of(options), "no cipher match"));
    options = f.options();
    options.groups = "P-1";
    CHECK(has(failure_of(options), "tls_options::groups"));
    options = f.options();
    options.certificates.front().ocsp_file = f.key;
    CHECK(has(failure_of(options), "no OCSP response (DER) that says anything is in \"" + f.key + "\""));
    options = f.options();
    options.client = ec::client_certificate::required;
    options.client_ca_file = f.directory.at("roots.pem");
    CHECK(has(failure_of(options), "cannot read \"" + options.client_ca_file + "\""));
    options = f.options();
    options.handshake_timeout = {};
    CHECK(has(failure_of(options), "tls_options::handshake_timeout"));
}

TEST_CASE("a development certificate is for the names it is made for, and for nothing that is no name") {
    CHECK(ec::make_development_certificate({"a.example.org", "*.example.org", "::1", "10.0.0.1"}));
    CHECK_FALSE(ec::make_development_certificate({}));
    CHECK_FALSE(ec::make_development_certificate({""}));
    CHECK_FALSE(ec::make_development_certificate({"a,DNS:b"}));
}

TEST_CASE("a reload changes what new connections see, and no other") {
    files f;
    f.write(certificate_for({"before"}));
    ec::tls_acceptor tls(f.options());
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(tls, {.workers = 2}));
    tls_test_client old(s.port());
    REQUIRE(old.handshake());
    CHECK(old.common_name() == "before");
    f.write(certificate_for({"after"}));
    REQUIRE(tls.reload());
    for (int i = 0; i < 8; ++i) CHECK(common_name_at(s.port()) == "after");
    CHECK(content_of(old.get("/")) == "hello");
    write_file(f.chain, "broken");
    std::string failure;
    CHECK_FALSE(tls.reload(&failure));
    CHECK(has(failure, f.chain));
    CHECK(common_name_at(s.port()) == "after");
}

TEST_CASE("files are watched, and a pair that does not match is not taken") {
    files f;
    f.write(certificate_for({"before"}));
    ec::tls_options options = f.options();
    options.watch_period = 10ms;
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(ec::tls_acceptor(options)));
    CHECK(common_name_at(s.port()) == "before");
    const ec::tls_certificate next = certificate_for({"after"});
    write_file(f.chain, next.chain_pem);  // its key comes later
    ::usleep(50'000);
    CHECK(common_name_at(s.port()) == "before");
    write_file(f.key, next.key_pem);
    CHECK(eventually([&] { return common_name_at(s.port()) == "after"; }));
}

TEST_CASE("certificates are replaced under load without one request that fails") {
    files f;
    f.write(certificate_for({"generation"}));
    ec::tls_acceptor tls(f.options());
    running_server s(EVENTCORE_EVERY_REACTOR, hello(), over_tls(tls, {.workers = 2}));
    std::atomic<bool> is_over{false};
    std::atomic<int> failed{0}, answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i)
        clients.emplace_back([&] {
            while (!is_over.load()) {
                tls_test_client c(s.port());
                bool is_good = c.handshake();
                for (int k = 0; k < 5 && is_good; ++k) is_good = content_of(c.get("/")) == "hello";
                (is_good ? answered : failed).fetch_add(1);
            }
        });
    for (int i = 0; i < 50; ++i) {
        f.write(certificate_for({"generation"}));
        if (!tls.reload()) failed.fetch_add(1);
    }
    REQUIRE(eventually([&] { return answered.load() > 20; }));
    is_over.store(true);
    for (std::thread& t : clients) t.join();
    CHECK(failed.load() == 0);
    CHECK(s.server().statistics().tls_failures == 0);
}
