// What a TLS server can be told: certificates, who may connect, limits. The defaults are Mozilla's
// "intermediate" set, but for the DHE suites, whose key exchange costs the server far more than the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eventcore/base/clock.hpp"
#include "eventcore/observe/log.hpp"

namespace eventcore {

// A certificate with its key, from PEM files or from PEM text in memory; text is taken where there is some.
struct tls_certificate {
    std::string chain_file = {};  // the server's own certificate first, then those that lead to a root
    std::string key_file = {};
    std::string ocsp_file = {};  // an OCSP response (DER) to staple; read again on every reload
    std::string chain_pem = {};
    std::string key_pem = {};
};

enum class tls_version : std::uint8_t { tls1_2, tls1_3 };

enum class client_certificate : std::uint8_t {
    ignored,   // not asked for
    optional,  // asked for; one that cannot be verified ends the handshake, none does not
    required,
};

struct tls_options {
    // Chosen by the host name the client asks for: an exact name of the certificate, then a wildcard
    // ("*.example.org" is one label). The first one is for all others. Several for exactly the same names,
    // with keys of different types (RSA, ECDSA, Ed25519), stand in for each other: a client is shown one
    // whose signature it can check.
    std::vector<tls_certificate> certificates = {};

    tls_version version_min = tls_version::tls1_2;
    // OpenSSL's notation. TLS 1.3 has suites of its own, all of them good.
    std::string ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
    std::string groups = "X25519:P-256:P-384";

    // request::peer() says who a client is. client_ca_file has the roots, PEM, that its certificate must
    // lead to.
    client_certificate client = client_certificate::ignored;
    std::string client_ca_file = {};

    // ---- limits ----
    duration handshake_timeout = std::chrono::seconds(10);  // from the accept to its end: closed
    // Per server, divided among the workers. One more closes the oldest, if that is slow, or else itself.
    std::size_t handshakes_max = 4096;

    // ---- resumption ---- by tickets; nothing is kept here. Their keys are random, live in memory only, and
    // are the same for all workers.
    duration ticket_lifetime = std::chrono::hours(12);   // at most; zero: no tickets
    duration ticket_key_period = std::chrono::hours(6);  // then new tickets get a new key

    // How often to look whether a file has changed, and to load all of them again if so. Zero: never, then
    // tls_acceptor::reload() does it.
    duration watch_period = std::chrono::seconds(10);

    logger log = {};  // of reloads
};

}  // namespace eventcore
