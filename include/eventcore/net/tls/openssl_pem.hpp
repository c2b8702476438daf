// Certificates and keys out of PEM text. Part of the component eventcore::tls: compiled once per program.
#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/net/tls/openssl_errors.hpp"

namespace eventcore::net::detail {

// An object of OpenSSL with the function that frees it.
template <class T, void (*Free)(T*)>
class openssl_ptr {
 public:
    openssl_ptr() noexcept = default;
    explicit openssl_ptr(T* object) noexcept : object_(object) {}
    openssl_ptr(openssl_ptr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    openssl_ptr& operator=(openssl_ptr other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~openssl_ptr() {
        if (object_) Free(object_);
    }
    T* get() const noexcept { return object_; }
    T* release() noexcept { return std::exchange(object_, nullptr); }
    explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
    T* object_ = nullptr;
};
using bio_ptr = openssl_ptr<BIO, BIO_free_all>;
using certificate_ptr = openssl_ptr<X509, X509_free>;
using key_ptr = openssl_ptr<EVP_PKEY, EVP_PKEY_free>;

// Over the text, which must outlive it.
inline bio_ptr read_from(std::string_view text) {
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key that wants a passphrase cannot be used: nobody is asked for one on a terminal.
inline int no_passphrase(char*, int, int, void*) { return -1; }

inline key_ptr read_key(std::string_view pem) {
    const bio_ptr from = read_from(pem);
    return key_ptr(PEM_read_bio_PrivateKey(from.get(), nullptr, &no_passphrase, nullptr));
}

// All of the text; empty when there is none or one is broken.
inline std::vector<certificate_ptr> read_certificates(std::string_view pem) {
    std::vector<certificate_ptr> all;
    const bio_ptr from = read_from(pem);
    while (X509* next = PEM_read_bio_X509(from.get(), nullptr, &no_passphrase, nullptr))
        all.emplace_back(next);
    const bool is_at_end = !all.empty() && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (is_at_end)
        ERR_clear_error();
    else
        all.clear();
    return all;
}

// EVP_PKEY_RSA, EVP_PKEY_EC …; 0 when its key cannot be read.
inline int key_type_of(const X509* certificate) noexcept {
    const EVP_PKEY* const key = X509_get0_pubkey(certificate);
    return key ? EVP_PKEY_get_base_id(key) : 0;
}

inline std::string in_lower_case(std::string_view name) {
    std::string lower(name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return lower;
}

// The host names a certificate is for, in lower case; wildcards as "*.example.org" (RFC 6125, 6.4.3). The
// common name has not counted since RFC 2818, and does only where nothing else is.
inline std::vector<std::string> host_names(X509* certificate) {
    std::vector<std::string> names;
    auto* all =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS) continue;
        const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
        const int bytes = ASN1_STRING_length(name->d.dNSName);
        names.push_back(in_lower_case({text, static_cast<std::size_t>(bytes)}));
    }
    GENERAL_NAMES_free(all);
    if (!names.empty()) return names;
    char common[256];
    const int bytes =
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof common);
    if (bytes > 0) names.push_back(in_lower_case({common, static_cast<std::size_t>(bytes)}));
    return names;
}

}  // namespace eventcore::net::detail
