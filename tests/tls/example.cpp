// The example program, with a certificate of its own making and with one from files.
#include <string>
#include <vector>

#include "examples/program.hpp"
#include "support/reactor_tasks.hpp"
#include "support/tls_server.hpp"

namespace ec = eventcore;

namespace {

// A build may be without examples.
bool has_example() { return ::access(EVENTCORE_BINARY_DIR "/bin/https", X_OK) == 0; }

// Without the shim for kqueue, which examples do not have.
std::vector<std::string> real_reactors() {
    std::vector<std::string> names;
    for (const std::string& name : reactor_names())
        if (name != "kqueue" || !EVENTCORE_HAS_EPOLL) names.push_back(name);
    return names;
}

}  // namespace

TEST_CASE("https says hello over TLS") {
    if (!has_example()) {
        WARN("the examples are not built");
        return;
    }
    example_program https("https", GENERATE(from_range(real_reactors())));
    tls_test_client c(https.port(), {.server_name = "localhost", .alpn = "http/1.1"});
    REQUIRE(c.handshake());
    CHECK(c.common_name() == "localhost");
    CHECK(content_of(c.get("/")) == "Hello over TLSv1.3!\n");
    CHECK(https.stops_well());
}

TEST_CASE("https takes a certificate from files") {
    if (!has_example()) {
        WARN("the examples are not built");
        return;
    }
    const ec::test::temporary_directory directory;
    const ec::tls_certificate certificate = certificate_for({"files.test"});
    write_file(directory.at("chain.pem"), certificate.chain_pem);
    write_file(directory.at("key.pem"), certificate.key_pem);
    ::setenv("CERTIFICATE", directory.at("chain.pem").c_str(), 1);
    ::setenv("KEY", directory.at("key.pem").c_str(), 1);
    {
        example_program https("https", GENERATE(from_range(real_reactors())));
        tls_test_client c(https.port());
        REQUIRE(c.handshake());
        CHECK(c.common_name() == "files.test");
        CHECK(https.stops_well());
    }
    ::unsetenv("CERTIFICATE");
    ::unsetenv("KEY");
}
