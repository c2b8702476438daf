// The functions of tls_contexts: from options to OpenSSL's contexts. Part of the component eventcore::tls:
// compiled once per program.
#pragma once

#include <openssl/ocsp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "eventcore/base/owning_list.hpp"
#include "eventcore/net/tls/openssl_pem.hpp"
#include "eventcore/net/tls/openssl_socket.hpp"
#include "eventcore/net/tls/openssl_tickets.hpp"
#include "eventcore/net/tls/tls_contexts.hpp"

namespace eventcore::net {

namespace detail {

using context_ptr = openssl_ptr<SSL_CTX, SSL_CTX_free>;

// What the contexts of one tls_contexts share. It belongs to the first of them, which OpenSSL keeps as long
// as any connection began with it.
struct context_set {
    // One of the certificates of a context, which belongs to it.
    struct shown {
        const X509* certificate;
        int key_type;
        std::string ocsp;  // empty: none
    };
    // Certificates for the same names, with keys of different types: OpenSSL shows the one whose signature
    // the client can check.
    struct entry {
        context_ptr owned;  // null: it is the first, which owns us
        SSL_CTX* context = nullptr;
        std::vector<std::string> names;  // sorted
        std::vector<shown> certificates;

        bool has(int key_type) const noexcept {
            return std::any_of(certificates.begin(), certificates.end(),
                               [=](const shown& s) { return s.key_type == key_type; });
        }
    };
    struct name {
        std::string text;
        std::size_t place;  // in the order of the certificates
        entry* of;
    };

    entry* choose(std::string_view asked) noexcept {
        if (entry* exact = find(asked)) return exact;
        const std::size_t dot = asked.find('.');
        if (dot == 0 || dot == std::string_view::npos || asked.size() > 255) return nullptr;
        char wildcard[258] = "*";
        std::memcpy(wildcard + 1, asked.data() + dot, asked.size() - dot);
        return find({wildcard, asked.size() - dot + 1});
    }

    // Null: it needs a context of its own.
    entry* place_for(const std::vector<std::string>& all_names, int key_type) noexcept {
        for (entry& e : entries)
            if (e.names == all_names && !e.has(key_type)) return &e;
        return nullptr;
    }

    owning_list<entry> entries;
    std::vector<name> names;  // sorted
    std::string protocols;    // as ALPN has them on the wire
    tls_ticket_keys* tickets = nullptr;

 private:
    entry* find(std::string_view text) noexcept {
        const auto at = std::lower_bound(names.begin(), names.end(), text,
                                         [](const name& n, std::string_view t) { return n.text < t; });
        return at != names.end() && at->text == text ? at->of : nullptr;
    }
};

// ---- what OpenSSL calls ----

inline int on_server_name(SSL* ssl, int*, void* opaque) {
    auto& set = *static_cast<context_set*>(opaque);
    const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!asked) return SSL_TLSEXT_ERR_NOACK;
    char lower[256];
    std::size_t size = 0;
    for (; asked[size] != '\0' && size < sizeof lower; ++size)
        lower[size] =
            asked[size] >= 'A' && asked[size] <= 'Z' ? static_cast<char>(asked[size] + 32) : asked[size];
    if (size > 0 && lower[size - 1] == '.') --size;
    const context_set::entry* chosen = set.choose({lower, size});
    if (!chosen) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_SSL_CTX(ssl, chosen->context);
    return SSL_TLSEXT_ERR_OK;
}

// A client that speaks none of our protocols must not take us for one that does (RFC 7301, 3.2).
inline int on_protocols(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                        const unsigned char* offered, unsigned offered_bytes, void* opaque) {
    const std::string& ours = static_cast<context_set*>(opaque)->protocols;
    unsigned char* match = nullptr;
    const int outcome =
        SSL_select_next_proto(&match, chosen_bytes, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned>(ours.size()), offered, offered_bytes);
    *chosen = match;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

inline int on_status_request(SSL* ssl, void* opaque) {
    const X509* const chosen = SSL_get_certificate(ssl);
    for (const context_set::shown& each : static_cast<context_set::entry*>(opaque)->certificates) {
        if (each.certificate != chosen || each.ocsp.empty()) continue;
        void* copy = OPENSSL_memdup(each.ocsp.data(), each.ocsp.size());
        if (!copy) break;
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(each.ocsp.size()));
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

// Where the first context of a set keeps the set, to delete it.
inline int owner_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr,
        [](void*, void* set, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<context_set*>(set); });
    return index;
}

inline int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, int seals) {
    const auto* socket = static_cast<const tls_socket*>(SSL_get_app_data(ssl));
    const auto* set = static_cast<const context_set*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    return seal_or_open_ticket(*set->tickets, socket->home().now(), name, iv, cipher, mac, seals != 0);
}

// ---- making them ----

class context_maker {
 public:
    context_maker(const tls_material& material, const tls_options& options, context_set& set,
                  std::string& failure) noexcept
        : material_(material), options_(options), set_(set), failure_(failure) {}

    // Each false or null: see failure.

    // One without a certificate.
    context_ptr make(context_set::entry& entry) {
        context_ptr made(SSL_CTX_new(TLS_server_method()));
        entry.context = made.get();
        if (!made) return fail("cannot make a TLS context");
        const bool is_made =
            set_protocol(made.get()) && set_client_roots(made.get()) && set_tickets(made.get());
        return is_made ? std::move(made) : context_ptr();
    }
    // Empty: it failed.
    std::vector<certificate_ptr> read(const tls_material::certificate& from) {
        std::vector<certificate_ptr> chain = read_certificates(from.chain);
        check(!chain.empty(), cannot_use, from.chain_name);
        return chain;
    }
    bool add(const std::vector<certificate_ptr>& chain, const tls_material::certificate& from,
             context_set::entry& to) {
        return set_certificate(to.context, chain, from) && set_key(to.context, from) && set_ocsp(from, to);
    }

 private:
    static constexpr std::string_view cannot_use = "cannot use the certificate";

    context_ptr fail(std::string what) {
        if (failure_.empty()) failure_ = std::move(what.append(": ").append(take_openssl_errors()));
        return {};
    }
    bool check(bool is_good, std::string_view what, std::string_view name) {
        if (is_good) return true;
        std::string text(what);
        if (!name.empty()) text.append(" \"").append(name).append("\"");
        return static_cast<bool>(fail(std::move(text)));
    }

    bool set_protocol(SSL_CTX* made) {
        SSL_CTX_set_min_proto_version(
            made, options_.version_min == tls_version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
        SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_read_ahead(made, 1);
        SSL_CTX_set_info_callback(made, &tls_bio::on_info);
        SSL_CTX_set_default_passwd_cb(made, &no_passphrase);
        SSL_CTX_set_alpn_select_cb(made, &on_protocols, &set_);
        SSL_CTX_set_tlsext_servername_callback(made, &on_server_name);
        SSL_CTX_set_tlsext_servername_arg(made, &set_);
        return check(SSL_CTX_set_cipher_list(made, options_.ciphers.c_str()) == 1,
                     "tls_options::ciphers is no list of ciphers that can be used:", options_.ciphers) &&
               check(SSL_CTX_set1_groups_list(made, options_.groups.c_str()) == 1,
                     "tls_options::groups is no list of groups that can be used:", options_.groups);
    }
    bool set_certificate(SSL_CTX* made, const std::vector<certificate_ptr>& chain,
                         const tls_material::certificate& from) {
        bool is_good = SSL_CTX_use_certificate(made, chain.front().get()) == 1;
        for (std::size_t i = 1; is_good && i < chain.size(); ++i)
            is_good = SSL_CTX_add1_chain_cert(made, chain[i].get()) == 1;
        return check(is_good, cannot_use, from.chain_name);
    }
    bool set_key(SSL_CTX* made, const tls_material::certificate& from) {
        const key_ptr key = read_key(from.key);
        if (!check(static_cast<bool>(key), "cannot read the private key", from.key_name)) return false;
        const bool fits = X509_check_private_key(SSL_CTX_get0_certificate(made), key.get()) == 1;
        const std::string what = "the private key \"" + from.key_name + "\" is not that of the certificate";
        return check(fits, what, from.chain_name) && check(SSL_CTX_use_PrivateKey(made, key.get()) == 1,
                                                           "cannot use the private key", from.key_name);
    }
    bool set_ocsp(const tls_material::certificate& from, context_set::entry& to) {
        const X509* const mine = SSL_CTX_get0_certificate(to.context);
        to.certificates.push_back({mine, key_type_of(mine), from.ocsp});
        if (from.ocsp.empty()) return true;
        const auto* at = reinterpret_cast<const unsigned char*>(from.ocsp.data());
        OCSP_RESPONSE* read = d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(from.ocsp.size()));
        const bool is_good = read && OCSP_response_status(read) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
        OCSP_RESPONSE_free(read);
        SSL_CTX_set_tlsext_status_cb(to.context, &on_status_request);
        SSL_CTX_set_tlsext_status_arg(to.context, &to);
        return check(is_good, "no OCSP response (DER) that says anything is in", from.ocsp_name);
    }
    bool set_client_roots(SSL_CTX* made) {
        if (options_.client == client_certificate::ignored) return true;
        const std::vector<certificate_ptr> roots = read_certificates(material_.client_ca);
        bool is_good = !roots.empty();
        for (const certificate_ptr& root : roots) {
            is_good = is_good && X509_STORE_add_cert(SSL_CTX_get_cert_store(made), root.get()) == 1;
            is_good = is_good && SSL_CTX_add_client_CA(made, root.get()) == 1;
        }
        const bool must = options_.client == client_certificate::required;
        SSL_CTX_set_verify(made, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
        return check(is_good, "cannot use the roots of client certificates in", material_.client_ca_name);
    }
    // A ticket is good only where the same is asked of clients.
    bool set_tickets(SSL_CTX* made) {
        unsigned char asked[SHA256_DIGEST_LENGTH];
        std::string text = material_.client_ca;
        text += static_cast<char>(options_.client);
        SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), asked);
        SSL_CTX_set_session_id_context(made, asked, sizeof asked);
        SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
        if (!set_.tickets) {
            SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
            SSL_CTX_set_num_tickets(made, 0);
            return true;
        }
        SSL_CTX_set_timeout(
            made, std::chrono::duration_cast<std::chrono::seconds>(options_.ticket_lifetime).count());
        return SSL_CTX_set_tlsext_ticket_key_evp_cb(made, &on_ticket) == 1;
    }

    const tls_material& material_;
    const tls_options& options_;
    context_set& set_;
    std::string& failure_;
};

// Into the context that has its names, or one of its own. `first` is the one that owns the set.
inline bool take_certificate(const tls_material& material, const tls_options& options, context_set& set,
                             context_ptr& first, const tls_material::certificate& from,
                             std::string& failure) {
    context_maker maker(material, options, set, failure);
    const std::vector<certificate_ptr> chain = maker.read(from);
    if (chain.empty()) return false;
    std::vector<std::string> names = host_names(chain.front().get());
    std::sort(names.begin(), names.end());
    context_set::entry* place = set.place_for(names, key_type_of(chain.front().get()));
    if (place) return maker.add(chain, from, *place);
    place = &set.entries.emplace_back();
    context_ptr made = maker.make(*place);
    if (!made || !maker.add(chain, from, *place)) return false;
    for (const std::string& name : names) set.names.push_back({name, set.names.size(), place});
    place->names = std::move(names);
    SSL_CTX_set_app_data(made.get(), &set);
    if (!first) SSL_CTX_set_ex_data(made.get(), owner_index(), &set);
    (first ? place->owned : first) = std::move(made);
    return true;
}

// False, and `failure` says why: files are for people.
inline bool read_file(const std::string& name, std::string& text, std::string& failure) {
    constexpr std::size_t most = 16 * 1024 * 1024;
    std::FILE* file = std::fopen(name.c_str(), "rbe");
    char piece[4096];
    std::size_t got = 0;
    text.clear();
    while (file && text.size() < most && (got = std::fread(piece, 1, sizeof piece, file)) > 0)
        text.append(piece, got);
    const bool is_read = file && !std::ferror(file) && text.size() < most;
    const int why = text.size() < most ? errno : EFBIG;
    if (file) std::fclose(file);
    if (!is_read) failure = "cannot read \"" + name + "\": " + system_error(why).message();
    return is_read;
}

}  // namespace detail

// ---- material ----

tls_material::~tls_material() {
    for (certificate& c : certificates) OPENSSL_cleanse(c.key.data(), c.key.size());
}

result<tls_material> tls_material::load(const tls_options& options, std::string& failure) {
    tls_material all;
    all.certificates.reserve(options.certificates.size());
    const auto take = [&](const std::string& text, const std::string& file, std::string& to,
                          std::string& name) {
        name = text.empty() ? file : "(text)";
        to = text;
        return !text.empty() || detail::read_file(file, to, failure);
    };
    for (const tls_certificate& from : options.certificates) {
        certificate& to = all.certificates.emplace_back();
        const bool is_read = take(from.chain_pem, from.chain_file, to.chain, to.chain_name) &&
                             // One file may hold both.
                             take(from.key_pem, from.key_file.empty() ? from.chain_file : from.key_file,
                                  to.key, to.key_name) &&
                             (from.ocsp_file.empty() || take({}, from.ocsp_file, to.ocsp, to.ocsp_name));
        if (!is_read) return errc::invalid_argument;
    }
    const bool reads_roots = options.client != client_certificate::ignored;
    if (reads_roots && !take({}, options.client_ca_file, all.client_ca, all.client_ca_name))
        return errc::invalid_argument;
    if (all.certificates.empty()) {
        failure = "tls_options::certificates is empty: a TLS server needs one";
        return errc::invalid_argument;
    }
    return all;
}

// ---- contexts ----

tls_contexts::~tls_contexts() {
    if (first_) SSL_CTX_free(first_);
}

result<tls_contexts> tls_contexts::make(const tls_material& material, const tls_options& options,
                                        const std::vector<std::string>& protocols, tls_ticket_keys* tickets,
                                        std::string& failure) {
    ERR_clear_error();
    auto* set = new detail::context_set;
    detail::context_ptr first;
    set->tickets = tickets;
    for (const std::string& name : protocols)
        set->protocols.append(1, static_cast<char>(name.size())).append(name);
    for (const tls_material::certificate& from : material.certificates) {
        if (detail::take_certificate(material, options, *set, first, from, failure)) continue;
        if (!first) delete set;
        return errc::invalid_argument;
    }
    // Of two certificates with a name the first one has it.
    std::sort(set->names.begin(), set->names.end(), [](const auto& a, const auto& b) {
        return a.text != b.text ? a.text < b.text : a.place < b.place;
    });
    return tls_contexts(first.release());
}

result<tls_session> tls_contexts::accept(unique_fd socket) const noexcept {
    ERR_clear_error();
    SSL* ssl = SSL_new(first_);
    BIO* bio = ssl ? tls_bio::make() : nullptr;
    if (!bio) {
        SSL_free(ssl);
        return system_error(ENOMEM);
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return tls_session(std::move(socket), ssl);
}

}  // namespace eventcore::net
