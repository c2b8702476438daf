// HTTPS for a server: certificates, keys and settings, to be given to server_options::transport or to one of
// its addresses. Needs the component eventcore::tls, which has the functions.
//
//   ec::tls_acceptor tls({.certificates = {{.chain_file = "chain.pem", .key_file = "key.pem"}}});
//   return ec::serve(app, {.port = 8443, .transport = tls, .listen_also = {"*:8080"}});
#pragma once

#include <string>

#include "eventcore/base/owned.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/shared.hpp"
#include "eventcore/net/tls/options.hpp"
#include "eventcore/server/transport.hpp"

namespace eventcore {

class tls_session_pool;

// A protocol that the server speaks over TLS, and what serves it: see tls/pool.hpp.
struct tls_protocol {
    std::string alpn;  // "h2" (RFC 7301, 6)
    owned<tls_session_pool> (*make_pool)(const pool_services& services);
};

// A handle: copies are the same. It may be given to several servers. Nothing is read before one of them
// starts; server::failure() then says which file is wrong, and how.
class tls_acceptor {
 public:
    explicit tls_acceptor(tls_options options);

    // Reads all files again, as happens by itself when one changes (tls_options::watch_period). Handshakes
    // from now on use what was read; no connection is touched. On failure all stays as it was, and `failure`,
    // if any, has it in words. Any thread, once a server has started.
    result<> reload(std::string* failure = nullptr);

    // Before a server starts: `protocol` is offered before those that are known already, of which there is
    // one, HTTP/1.1.
    void prefer(tls_protocol protocol);

    operator shared<transport>() const noexcept { return transport_; }

 private:
    shared<transport> transport_;
};

}  // namespace eventcore
