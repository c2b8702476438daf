// The library behind eventcore::tls: the one file that includes OpenSSL.
#include "eventcore/net/tls/openssl_client.hpp"
#include "eventcore/net/tls/openssl_contexts.hpp"
#include "eventcore/net/tls/openssl_development_certificate.hpp"
#include "eventcore/server/tls/acceptor_definition.hpp"
