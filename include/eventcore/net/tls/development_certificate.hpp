// A certificate to develop with: no authority knows it, so every client has to be told to trust it.
#pragma once

#include <initializer_list>
#include <string_view>

#include "eventcore/base/result.hpp"
#include "eventcore/net/tls/options.hpp"

namespace eventcore {

// Self-signed, for these host names and IP addresses, with a new P-256 key; good for 30 days from now. Both
// are PEM text. Fails when a name cannot be in a certificate.
result<tls_certificate> make_development_certificate(std::initializer_list<std::string_view> names = {
                                                         "localhost", "127.0.0.1", "::1"});

}  // namespace eventcore
