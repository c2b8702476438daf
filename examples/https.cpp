// The smallest server over TLS: https://localhost:8443/
//
//   https --port 8443                             makes itself a certificate for development
//   CERTIFICATE=chain.pem KEY=key.pem https …     takes yours, and takes it again when the files change
#include <eventcore/eventcore.hpp>
#include <eventcore/tls.hpp>

#include <cstdio>
#include <cstdlib>

namespace ec = eventcore;

static ec::tls_certificate find_certificate() {
    const char* const chain = std::getenv("CERTIFICATE");
    const char* const key = std::getenv("KEY");
    if (chain && key) return {.chain_file = chain, .key_file = key};
    std::puts("a self-signed certificate, for development only");
    return ec::make_development_certificate().value();
}

int main(int argc, char** argv) {
    const auto app = ec::router(ec::get<"/">([](const ec::request& req) {
        const ec::peer_info peer = req.peer();
        return "Hello over " + std::string(peer.tls_version) + "!\n";
    }));
    const ec::tls_acceptor tls({.certificates = {find_certificate()}});
    return ec::serve(app, argc, argv, {.port = 8443, .transport = tls});
}
