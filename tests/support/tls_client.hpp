// A blocking TLS client that shows everything, made of OpenSSL alone: none of our code is on this side.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/net/tls/options.hpp"
#include "support/raw_client.hpp"

struct tls_client_setup {
    std::string server_name = {};
    std::string alpn = {};  // one protocol
    int version_max = TLS1_3_VERSION;
    SSL_SESSION* session = nullptr;       // to resume
    eventcore::tls_certificate own = {};  // PEM
    bool sends_byte_by_byte = false;
    bool asks_for_status = false;
    int receive_bytes = 0;  // of the kernel's buffer
};

class tls_test_client {
 public:
    explicit tls_test_client(std::uint16_t port, const tls_client_setup& setup = {})
        : socket_(port, nullptr, setup.receive_bytes),
          setup_(setup),
          context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_max_proto_version(context_, setup.version_max);
        if (!setup.own.chain_pem.empty()) use_certificate();
        ssl_ = SSL_new(context_);
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_, in_, out_);
        SSL_set_connect_state(ssl_);
        if (!setup.server_name.empty()) SSL_set_tlsext_host_name(ssl_, setup.server_name.c_str());
        if (setup.session) SSL_set_session(ssl_, setup.session);
        if (setup.asks_for_status) SSL_set_tlsext_status_type(ssl_, TLSEXT_STATUSTYPE_ocsp);
        const std::string offered = std::string(1, static_cast<char>(setup.alpn.size())) + setup.alpn;
        if (!setup.alpn.empty())
            SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(offered.data()),
                                static_cast<unsigned>(offered.size()));
    }
    tls_test_client(const tls_test_client&) = delete;
    tls_test_client& operator=(const tls_test_client&) = delete;
    ~tls_test_client() {
        if (SSL_is_init_finished(ssl_)) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }

    bool handshake() {
        return run([this] { return SSL_do_handshake(ssl_); }) == 1;
    }
    bool send(std::string_view bytes) {
        return run([&] { return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); }) > 0;
    }
    // One receive; empty at the end or when it fails.
    std::string receive_some(std::size_t most = 65536) {
        std::string bytes(most, '\0');
        const int got = run([&] { return SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size())); });
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    std::string receive_all() {
        std::string all;
        for (std::string some = receive_some(); !some.empty(); some = receive_some()) all += some;
        return all;
    }
    std::string receive_response() {
        while (true) {
            const std::string::size_type end = rest_.find("\r\n\r\n"), at = rest_.find("ontent-Length: ");
            if (end != std::string::npos) {
                const std::size_t length = at < end ? std::strtoull(rest_.c_str() + at + 15, nullptr, 10) : 0;
                if (rest_.size() >= end + 4 + length) {
                    const std::string response = rest_.substr(0, end + 4 + length);
                    rest_.erase(0, end + 4 + length);
                    return response;
                }
            }
            const std::string some = receive_some();
            if (some.empty()) return std::exchange(rest_, {});
            rest_ += some;
        }
    }
    std::string get(std::string_view path) {
        return send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n") ? receive_response()
                                                                                         : "";
    }
    // After receive_some() has said that there is nothing more: the server has said so too.
    bool has_heard_end() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void say_end() {
        SSL_shutdown(ssl_);
        flush();
    }

    // What is being sent is not sent, but collected: for tests that cut it.
    std::string encrypt(std::string_view bytes) {
        SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
        return take_output();
    }
    std::string take_output() {
        std::string all(BIO_ctrl_pending(out_), '\0');
        if (!all.empty()) BIO_read(out_, all.data(), static_cast<int>(all.size()));
        return all;
    }

    SSL* ssl() const { return ssl_; }
    raw_client& socket() { return socket_; }
    std::string_view version() const { return SSL_get_version(ssl_); }
    bool is_resumed() const { return SSL_session_reused(ssl_) != 0; }
    std::string alpn() const {
        const unsigned char* name = nullptr;
        unsigned bytes = 0;
        SSL_get0_alpn_selected(ssl_, &name, &bytes);
        return {reinterpret_cast<const char*>(name), bytes};
    }
    // The common name of the server's certificate.
    std::string common_name() const {
        char text[256] = {};
        X509* shown = SSL_get0_peer_certificate(ssl_);
        if (shown) X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text, sizeof text);
        return text;
    }
    // The caller's; null when the server has sent no ticket that was read.
    SSL_SESSION* session() const { return SSL_get1_session(ssl_); }

 private:
    template <class F>
    int run(F f) {
        while (true) {
            ERR_clear_error();
            const int done = f();
            const int why = done > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_, done);
            if (!flush() || why != SSL_ERROR_WANT_READ) return done;
            const std::string some = socket_.receive_some();
            if (some.empty()) return -1;
            BIO_write(in_, some.data(), static_cast<int>(some.size()));
        }
    }
    bool flush() {
        const std::string all = take_output();
        if (!setup_.sends_byte_by_byte) return socket_.send(all);
        for (char c : all)
            if (!socket_.send({&c, 1})) return false;
        return true;
    }
    void use_certificate() {
        BIO* chain = BIO_new_mem_buf(setup_.own.chain_pem.data(), -1);
        BIO* key = BIO_new_mem_buf(setup_.own.key_pem.data(), -1);
        X509* mine = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
        EVP_PKEY* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
        SSL_CTX_use_certificate(context_, mine);
        SSL_CTX_use_PrivateKey(context_, secret);
        X509_free(mine);
        EVP_PKEY_free(secret);
        BIO_free(chain);
        BIO_free(key);
    }

    raw_client socket_;
    tls_client_setup setup_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
    std::string rest_;
};
