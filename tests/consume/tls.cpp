// Speaks TLS: needs the component eventcore::tls.
#include <eventcore/eventcore.hpp>
#include <eventcore/tls.hpp>

namespace ec = eventcore;

bool serves_tls() {
    const ec::tls_acceptor tls({.certificates = {ec::make_development_certificate().value()}});
    ec::server server(ec::router(ec::get<"/">([] { return "Hello, World!"; })),
                      {.address = "127.0.0.1", .port = 0, .transport = tls, .workers = 1});
    return bool(server.start());
}
