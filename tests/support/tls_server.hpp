// A server over TLS with a certificate that nobody else has, on a given reactor.
#pragma once

#include <cstdio>
#include <string>
#include <utility>

#include "eventcore/tls.hpp"
#include "support/running_server.hpp"
#include "support/tls_client.hpp"

inline eventcore::tls_certificate certificate_for(std::initializer_list<std::string_view> names) {
    return eventcore::make_development_certificate(names).value();
}
inline eventcore::tls_options tls_for_localhost() {
    eventcore::tls_options options;
    options.certificates = {certificate_for({"localhost", "127.0.0.1"})};
    options.log = eventcore::logger(eventcore::log_level::off);
    return options;
}
inline eventcore::server_options over_tls(const eventcore::tls_acceptor& tls,
                                          eventcore::server_options options = {}) {
    options.transport = tls;
    return options;
}
inline void write_file(const std::string& name, std::string_view text) {
    std::FILE* file = std::fopen((name + ".new").c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    std::rename((name + ".new").c_str(), name.c_str());
}
