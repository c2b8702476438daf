// The function of development_certificate.hpp. Part of the component eventcore::tls: compiled once per
// program.
#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>

#include "eventcore/net/tls/development_certificate.hpp"
#include "eventcore/net/tls/openssl_pem.hpp"

namespace eventcore {

namespace net::detail {

inline bool add_extension(X509* to, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    const bool is_added = made && X509_add_ext(to, made, -1) == 1;
    X509_EXTENSION_free(made);
    return is_added;
}

// OpenSSL reads a list of names from one text, so no name may look like a list.
inline bool append_name(std::string& all, std::string_view name) {
    ASN1_OCTET_STRING* const ip = a2i_IPADDRESS(std::string(name).c_str());
    ASN1_OCTET_STRING_free(ip);
    if (name.empty() || (!ip && name.find_first_of(",:;\r\n ") != std::string_view::npos)) return false;
    if (!all.empty()) all += ',';
    all.append(ip ? "IP:" : "DNS:").append(name);
    return true;
}

inline std::string take_text(const bio_ptr& from) {
    char* at = nullptr;
    const long bytes = BIO_get_mem_data(from.get(), &at);
    return bytes > 0 ? std::string(at, static_cast<std::size_t>(bytes)) : std::string();
}

inline bool fill_certificate(X509* made, EVP_PKEY* key, const std::string& names, std::string_view first) {
    constexpr long seconds_valid = 30L * 24 * 3600, seconds_before = 3600;  // clocks differ
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof serial) != 1) return false;
    serial[0] &= 0x7f;  // positive
    BIGNUM* const number = BN_bin2bn(serial, sizeof serial, nullptr);
    const bool has_number = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made));
    BN_free(number);
    X509_NAME* const subject = X509_get_subject_name(made);
    const auto* common = reinterpret_cast<const unsigned char*>(first.data());
    return has_number && X509_set_version(made, X509_VERSION_3) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(made), -seconds_before) &&
           X509_gmtime_adj(X509_getm_notAfter(made), seconds_valid) && X509_set_pubkey(made, key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common, static_cast<int>(first.size()),
                                      -1, 0) == 1 &&
           X509_set_issuer_name(made, subject) == 1 &&
           add_extension(made, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(made, NID_key_usage, "critical,digitalSignature") &&
           add_extension(made, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(made, NID_subject_key_identifier, "hash") &&
           add_extension(made, NID_subject_alt_name, names) && X509_sign(made, key, EVP_sha256()) > 0;
}

}  // namespace net::detail

result<tls_certificate> make_development_certificate(std::initializer_list<std::string_view> names) {
    using namespace net::detail;
    ERR_clear_error();
    std::string all;
    for (std::string_view name : names)
        if (!append_name(all, name)) return errc::invalid_argument;
    if (all.empty()) return errc::invalid_argument;
    const key_ptr key(EVP_EC_gen("P-256"));
    const certificate_ptr made(X509_new());
    const bool is_filled = key && made && fill_certificate(made.get(), key.get(), all, *names.begin());
    const bio_ptr chain(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_mem()));
    const bool is_written =
        is_filled && chain && secret && PEM_write_bio_X509(chain.get(), made.get()) == 1 &&
        PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
    if (!is_written) return tls_error(ERR_peek_error());
    tls_certificate certificate;
    certificate.chain_pem = take_text(chain);
    certificate.key_pem = take_text(secret);
    return certificate;
}

}  // namespace eventcore
