// Session tickets: their keys, and how OpenSSL asks for them. Part of the component eventcore::tls: compiled
// once per program.
#pragma once

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <cstring>

#include "eventcore/net/tls/tls_contexts.hpp"

namespace eventcore::net {

tls_ticket_keys::~tls_ticket_keys() { OPENSSL_cleanse(keys_, sizeof keys_); }

bool tls_ticket_keys::rotate(time_point now) noexcept {
    key fresh;
    if (RAND_bytes(fresh.name, sizeof fresh.name) != 1) return false;
    if (RAND_priv_bytes(fresh.cipher, sizeof fresh.cipher) != 1) return false;
    if (RAND_priv_bytes(fresh.mac, sizeof fresh.mac) != 1) return false;
    fresh.made = now;
    if (count_ < count_max) ++count_;
    std::memmove(static_cast<void*>(keys_ + 1), keys_, (count_ - 1) * sizeof(key));
    keys_[0] = fresh;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

bool tls_ticket_keys::current(time_point now, key& copy) noexcept {
    const lock_guard lock(mutex_);
    if ((count_ == 0 || now - keys_[0].made >= period_) && !rotate(now)) return false;
    copy = keys_[0];
    return true;
}

auto tls_ticket_keys::find(std::string_view name, time_point now, key& copy) noexcept -> found {
    const lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count_; ++i) {
        if (std::memcmp(keys_[i].name, name.data(), name_bytes) != 0) continue;
        if (now - keys_[i].made > period_ + lifetime_) break;
        copy = keys_[i];
        return i == 0 && now - keys_[0].made < period_ ? found::current : found::older;
    }
    return found::none;
}

namespace detail {

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1: the ticket is good, 2: and gets a new key, 0: none, -1: failed.
inline int seal_or_open_ticket(tls_ticket_keys& keys, time_point now, unsigned char* name, unsigned char* iv,
                               EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seals) {
    tls_ticket_keys::key key;
    auto found = tls_ticket_keys::found::current;
    if (seals) {
        if (!keys.current(now, key) || RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1) return -1;
        std::memcpy(name, key.name, sizeof key.name);
    } else {
        found = keys.find({reinterpret_cast<const char*>(name), tls_ticket_keys::name_bytes}, now, key);
        if (found == tls_ticket_keys::found::none) return 0;
    }
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof key.mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    bool is_set = EVP_MAC_CTX_set_params(mac, params) == 1;
    is_set = is_set && EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher, iv, seals) == 1;
    OPENSSL_cleanse(&key, sizeof key);
    if (!is_set) return -1;
    return found == tls_ticket_keys::found::older ? 2 : 1;
}

}  // namespace detail

}  // namespace eventcore::net
