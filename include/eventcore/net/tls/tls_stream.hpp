// A TLS connection for coroutines, as a client:
//
//   auto client = ec::net::tls_client::make({});                     // once: it loads the system's roots
//   auto peer = co_await ec::net::connect_tls(*client, address, "example.org");
//   co_await peer->write_all("GET / HTTP/1.1\r\n…");
//   result<std::size_t> n = co_await peer->read_some(buffer);        // 0: the peer has said that it is done
//
// The server's certificate has to lead to a root we trust and be for the host that was asked for, unless the
// options say otherwise. Needs the component eventcore::tls.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eventcore/base/result.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/net/basic_stream.hpp"
#include "eventcore/net/connect.hpp"
#include "eventcore/net/tls/options.hpp"
#include "eventcore/net/tls/tls_socket.hpp"

struct ssl_ctx_st;

namespace eventcore::net {

struct tls_client_options {
    std::string ca_file = {};  // roots to trust, PEM, in the place of the system's
    std::string ca_pem = {};   // or their text
    // Off: nobody knows who is at the other end, and it may be anybody. For tests.
    bool verifies = true;
    std::vector<std::string> alpn = {};             // the protocol we like best first: "h2", "http/1.1"
    std::vector<tls_certificate> certificate = {};  // our own, at most one, for servers that ask for it
    tls_version version_min = tls_version::tls1_2;
};

// What connections begin with; may be shared by the threads of a program.
class tls_client {
 public:
    tls_client() noexcept = default;
    tls_client(tls_client&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    tls_client& operator=(tls_client other) noexcept {
        std::swap(context_, other.context_);
        return *this;
    }
    ~tls_client();

    // On failure `failure`, if any, has it in words.
    static result<tls_client> make(const tls_client_options& options, std::string* failure = nullptr);

    // For a connected socket: a session that is going to ask for `host`, a name or an IP address, and to
    // accept nobody else.
    result<tls_session> connect(unique_fd socket, const std::string& host) const noexcept;

 private:
    explicit tls_client(ssl_ctx_st* context) noexcept : context_(context) {}
    ssl_ctx_st* context_ = nullptr;
};

// read_some() yields 0 when the peer has said that it is done. Where its bytes just end they may have been
// cut, and that is ECONNRESET. The errors of TLS are of tls_category().
class tls_stream : public basic_stream<tls_socket> {
 public:
    class handshake_operation;
    class shutdown_operation;

    // Not open.
    tls_stream() noexcept = default;
    static result<tls_stream> open(reactor& home, tls_session session);

    // First of all, and once. Yields result<>.
    [[nodiscard]] handshake_operation handshake() noexcept;
    // Says that we are done, so that the peer knows our bytes to be complete; reading goes on. Yields
    // result<>.
    [[nodiscard]] shutdown_operation shutdown() noexcept;

 private:
    using basic_stream::basic_stream;
};

// The whole way: a connection to `to`, and the handshake. The deadline and the cancellation of the awaiting
// coroutine end it. `client` outlives the task. Errors: those of connect(), those of tls_category(),
// ECONNRESET when the peer just ends.
template <only_if_used = nullptr>
task<result<tls_stream>> connect_tls(const tls_client& client, address to, std::string host,
                                     connect_options options = {});
task<result<tls_stream>> connect_tls(const tls_client&& client, address to, std::string host,
                                     connect_options options = {}) = delete;

class tls_stream::handshake_operation final : public wait_operation {
 public:
    explicit handshake_operation(node* n) noexcept : wait_operation(n, true, &attempt) {}
    result<> await_resume() const noexcept { return outcome(); }

 private:
    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<handshake_operation&>(waiting);
        return self.ends_with(self.socket().handshake());
    }
};

class tls_stream::shutdown_operation final : public wait_operation {
 public:
    explicit shutdown_operation(node* n) noexcept : wait_operation(n, true, &attempt) {}
    result<> await_resume() const noexcept { return outcome(); }

 private:
    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<shutdown_operation&>(waiting);
        return self.ends_with(self.socket().shutdown_write());
    }
};

// ---- definitions ----

inline result<tls_stream> tls_stream::open(reactor& home, tls_session session) {
    auto* fresh = new node(home);
    const result<> opened = fresh->open(std::move(session));
    if (opened) return tls_stream(fresh);
    delete fresh;
    return opened.error();
}

inline tls_stream::handshake_operation tls_stream::handshake() noexcept { return handshake_operation(node_); }
inline tls_stream::shutdown_operation tls_stream::shutdown() noexcept { return shutdown_operation(node_); }

template <only_if_used>
task<result<tls_stream>> connect_tls(const tls_client& client, address to, std::string host,
                                     connect_options options) {
    result<tcp_stream> plain = co_await connect(to, options);
    if (!plain) co_return plain.error();
    reactor& home = plain->socket().home();
    result<unique_fd> socket = co_await plain->release();
    if (!socket) co_return socket.error();
    result<tls_session> session = client.connect(std::move(*socket), host);
    if (!session) co_return session.error();
    result<tls_stream> made = tls_stream::open(home, std::move(*session));
    if (!made) co_return made.error();
    const result<> shaken = co_await made->handshake();
    if (!shaken) co_return shaken.error();
    co_return std::move(*made);
}

}  // namespace eventcore::net
