// What handshakes begin with: certificates and settings as OpenSSL wants them, one set per worker, and the
// keys of the tickets, which are shared. The functions are in the component eventcore::tls.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/clock.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/net/tls/options.hpp"
#include "eventcore/net/tls/tls_socket.hpp"

struct ssl_ctx_st;

namespace eventcore::net {

// The keys that session tickets are sealed with (RFC 5077, 4; RFC 8446, 4.6.1). A key makes tickets for one
// period, and opens them as long as they may live. Any thread.
class tls_ticket_keys {
 public:
    static constexpr std::size_t name_bytes = 16;
    struct key {
        unsigned char name[name_bytes];
        unsigned char cipher[32];  // AES-256-CBC
        unsigned char mac[32];     // HMAC-SHA256
        time_point made;
    };
    enum class found : unsigned char { none, current, older };

    tls_ticket_keys(duration period, duration lifetime) noexcept : period_(period), lifetime_(lifetime) {}
    tls_ticket_keys(const tls_ticket_keys&) = delete;
    tls_ticket_keys& operator=(const tls_ticket_keys&) = delete;
    ~tls_ticket_keys();

    // The one to seal with; false when there is no randomness to be had.
    bool current(time_point now, key& copy) noexcept;
    found find(std::string_view name, time_point now, key& copy) noexcept;

 private:
    static constexpr std::size_t count_max = 16;
    bool rotate(time_point now) noexcept;

    duration period_;
    duration lifetime_;
    mutex mutex_;               // guards the keys
    key keys_[count_max] = {};  // the newest first
    std::size_t count_ = 0;
};

// The text of every file that the options name, read once, so that all workers get the same.
class tls_material {
 public:
    struct certificate {
        std::string chain_name, chain;  // PEM; the name is for messages
        std::string key_name, key;
        std::string ocsp_name, ocsp;  // DER; empty: none
    };

    tls_material() = default;
    tls_material(tls_material&&) = default;
    tls_material& operator=(tls_material&& other) noexcept {
        certificates.swap(other.certificates);
        client_ca_name.swap(other.client_ca_name);
        client_ca.swap(other.client_ca);
        return *this;
    }
    ~tls_material();  // wipes the keys

    static result<tls_material> load(const tls_options& options, std::string& failure);

    std::vector<certificate> certificates;
    std::string client_ca_name, client_ca;
};

// Connections that have begun keep what they began with, so a set may be replaced at any time.
class tls_contexts {
 public:
    tls_contexts() noexcept = default;
    tls_contexts(tls_contexts&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}
    tls_contexts& operator=(tls_contexts other) noexcept {
        std::swap(first_, other.first_);
        return *this;
    }
    ~tls_contexts();

    // `protocols`: for ALPN, the one we like best first. `tickets` outlives all connections; null: none are
    // made. On failure `failure` names the file and has OpenSSL's words.
    static result<tls_contexts> make(const tls_material& material, const tls_options& options,
                                     const std::vector<std::string>& protocols, tls_ticket_keys* tickets,
                                     std::string& failure);
    explicit operator bool() const noexcept { return first_ != nullptr; }

    // A connection whose handshake the other side begins. Fails when there is no memory.
    result<tls_session> accept(unique_fd socket) const noexcept;

 private:
    explicit tls_contexts(ssl_ctx_st* first) noexcept : first_(first) {}

    ssl_ctx_st* first_ = nullptr;  // owns all the others
};

}  // namespace eventcore::net
