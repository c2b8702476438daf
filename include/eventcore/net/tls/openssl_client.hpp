// The functions of tls_client. Part of the component eventcore::tls: compiled once per program.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "eventcore/net/tls/openssl_contexts.hpp"
#include "eventcore/net/tls/tls_stream.hpp"

namespace eventcore::net {

namespace detail {

inline bool set_roots(SSL_CTX* to, const tls_client_options& options, std::string& failure) {
    if (!options.verifies) return true;
    SSL_CTX_set_verify(to, SSL_VERIFY_PEER, nullptr);
    if (options.ca_file.empty() && options.ca_pem.empty()) {
        if (SSL_CTX_set_default_verify_paths(to) == 1) return true;
        failure = "cannot load the system's roots: " + take_openssl_errors();
        return false;
    }
    std::string text = options.ca_pem;
    if (text.empty() && !read_file(options.ca_file, text, failure)) return false;
    const std::vector<certificate_ptr> roots = read_certificates(text);
    bool is_good = !roots.empty();
    for (const certificate_ptr& root : roots)
        is_good = is_good && X509_STORE_add_cert(SSL_CTX_get_cert_store(to), root.get()) == 1;
    if (!is_good) failure = "cannot use the roots in \"" + options.ca_file + "\": " + take_openssl_errors();
    return is_good;
}

inline bool set_own_certificate(SSL_CTX* to, const tls_client_options& options, std::string& failure) {
    if (options.certificate.empty()) return true;
    tls_options as_server;
    as_server.certificates = {options.certificate.front()};
    const result<tls_material> loaded = tls_material::load(as_server, failure);
    if (!loaded) return false;
    const std::vector<certificate_ptr> chain = read_certificates(loaded->certificates.front().chain);
    const key_ptr key = read_key(loaded->certificates.front().key);
    bool is_good = !chain.empty() && key && SSL_CTX_use_certificate(to, chain.front().get()) == 1 &&
                   SSL_CTX_use_PrivateKey(to, key.get()) == 1;
    for (std::size_t i = 1; is_good && i < chain.size(); ++i)
        is_good = SSL_CTX_add1_chain_cert(to, chain[i].get()) == 1;
    if (!is_good) failure = "cannot use the client's certificate and key: " + take_openssl_errors();
    return is_good;
}

}  // namespace detail

tls_client::~tls_client() {
    if (context_) SSL_CTX_free(context_);
}

result<tls_client> tls_client::make(const tls_client_options& options, std::string* failure) {
    ERR_clear_error();
    std::string why;
    detail::context_ptr made(SSL_CTX_new(TLS_client_method()));
    std::string protocols;
    for (const std::string& name : options.alpn)
        protocols.append(1, static_cast<char>(name.size())).append(name);
    bool is_good = static_cast<bool>(made);
    if (is_good) {
        const bool is_newest = options.version_min == tls_version::tls1_3;
        SSL_CTX_set_min_proto_version(made.get(), is_newest ? TLS1_3_VERSION : TLS1_2_VERSION);
        SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_read_ahead(made.get(), 1);
        SSL_CTX_set_info_callback(made.get(), &tls_bio::on_info);
        SSL_CTX_set_default_passwd_cb(made.get(), &detail::no_passphrase);
        // 0 is success here.
        is_good =
            protocols.empty() ||
            SSL_CTX_set_alpn_protos(made.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                                    static_cast<unsigned>(protocols.size())) == 0;
    }
    is_good = is_good && detail::set_roots(made.get(), options, why) &&
              detail::set_own_certificate(made.get(), options, why);
    if (is_good) return tls_client(made.release());
    if (failure) *failure = why.empty() ? detail::take_openssl_errors() : why;
    return errc::invalid_argument;
}

result<tls_session> tls_client::connect(unique_fd socket, const std::string& host) const noexcept {
    ERR_clear_error();
    SSL* const ssl = SSL_new(context_);
    BIO* const bio = ssl ? tls_bio::make() : nullptr;
    if (!bio) {
        SSL_free(ssl);
        return system_error(ENOMEM);
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    tls_session session(std::move(socket), ssl);
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // An IP address is looked for among the certificate's addresses, and is no server name (RFC 6066, 3).
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return session;
    const bool is_set = !host.empty() && SSL_set1_host(ssl, host.c_str()) == 1 &&
                        SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    if (!is_set) return errc::invalid_argument;
    return session;
}

}  // namespace eventcore::net
