// TLS: for servers tls_acceptor, for clients net::tls_stream. Link the component eventcore::tls, which has
// what is only declared here, and OpenSSL behind it.
#pragma once

#include "eventcore/net/tls/development_certificate.hpp"
#include "eventcore/net/tls/tls_stream.hpp"
#include "eventcore/server/tls/acceptor.hpp"
