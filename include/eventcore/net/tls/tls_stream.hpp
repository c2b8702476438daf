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

#include <coroutine>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventcore/base/recycler.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/task.hpp"
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

class tls_stream {
    class node;
    class wait_operation;

 public:
    class handshake_operation;
    class read_operation;
    class write_operation;
    class shutdown_operation;

    // Not open.
    tls_stream() noexcept = default;
    static result<tls_stream> open(reactor& home, tls_session session);
    tls_stream(tls_stream&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    tls_stream& operator=(tls_stream&& other) noexcept {
        if (this == &other) return *this;
        close();
        node_ = std::exchange(other.node_, nullptr);
        return *this;
    }
    ~tls_stream() { close(); }

    bool is_open() const noexcept { return node_ != nullptr; }
    explicit operator bool() const noexcept { return is_open(); }

    // First of all, and once. Yields result<>; the errors of TLS are of tls_category().
    [[nodiscard]] handshake_operation handshake() noexcept;
    // What there is, at least one byte, at most what fits; 0 when the peer has said that it is done. Where
    // its bytes just end they may have been cut, and that is ECONNRESET. Yields result<std::size_t>.
    [[nodiscard]] read_operation read_some(std::span<char> to) noexcept;
    // All of it, in order; the memory is used until the result is there. Yields result<>.
    [[nodiscard]] write_operation write_all(std::string_view bytes) noexcept;
    // Says that we are done, so that the peer knows our bytes to be complete; reading goes on. Yields
    // result<>.
    [[nodiscard]] shutdown_operation shutdown() noexcept;
    // Waits of other coroutines on this stream end with errc::canceled.
    void close() noexcept;

    // What was agreed on: alpn(), version(), is_resumed(); and why something failed.
    tls_socket& socket() noexcept;

 private:
    explicit tls_stream(node* n) noexcept : node_(n) {}
    node* node_ = nullptr;
};

// The whole way: a connection to `to`, and the handshake. The deadline and the cancellation of the awaiting
// coroutine end it. `client` outlives the task. Errors: those of connect(), those of tls_category(),
// ECONNRESET when the peer just ends.
template <only_if_used = nullptr>
task<result<tls_stream>> connect_tls(const tls_client& client, address to, std::string host,
                                     connect_options options = {});
task<result<tls_stream>> connect_tls(const tls_client&& client, address to, std::string host,
                                     connect_options options = {}) = delete;

// ---- how it waits ----

// The socket and who waits on it. Freed when the kernel has let go of it, which is later than close().
class tls_stream::node final : public tls_socket {
 public:
    explicit node(reactor& home) noexcept : tls_socket(home, &notified) {}

    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }

    wait_operation* reader = nullptr;
    wait_operation* writer = nullptr;

 private:
    static void notified(io_handle& handle, std::uint8_t news) noexcept;
};

// One attempt now, more of them when the socket has news, until it ends. Any news may help either way: TLS
// may have to send before it can receive.
class tls_stream::wait_operation : public suspension {
 public:
    bool await_ready() noexcept { return !ctx().is_cancelled() && attempt_(*this); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        EVENTCORE_ASSERT(!place(), "a stream is read by one coroutine at a time, and written by one");
        place() = this;
        node_->want_write();
        return true;
    }

 protected:
    // True when the operation has ended, well or badly.
    using attempt_function = bool (*)(wait_operation&) noexcept;
    wait_operation(node* n, bool is_writer, attempt_function attempt) noexcept
        : suspension(&cancelled), node_(n), attempt_(attempt), is_writer_(is_writer) {
        EVENTCORE_ASSERT(n, "a stream that is not open was used");
    }
    ~wait_operation() {
        if (is_pending() && node_) place() = nullptr;
    }

    node& socket() noexcept { return *node_; }
    // False when it has to wait.
    bool ends_with(io_result outcome) noexcept {
        if (outcome.would_block()) return false;
        if (!outcome.ok()) failure_ = node_->failure() ? node_->failure() : outcome.error();
        return true;
    }
    std::error_code outcome() const noexcept { return failure_ ? failure_ : error(); }

 private:
    friend class tls_stream;
    friend class node;

    wait_operation*& place() noexcept { return is_writer_ ? node_->writer : node_->reader; }
    void on_news() noexcept {
        if (!attempt_(*this)) return node_->want_write();
        place() = nullptr;
        complete();
    }
    void on_close() noexcept {
        node_ = nullptr;
        complete(errc::canceled);
    }
    static void cancelled(suspension& waiting, std::error_code reason) noexcept {
        auto& self = static_cast<wait_operation&>(waiting);
        self.place() = nullptr;
        self.complete(reason);
    }

    node* node_;
    attempt_function attempt_;
    std::error_code failure_{};
    bool is_writer_;
};

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

class tls_stream::read_operation final : public wait_operation {
 public:
    read_operation(node* n, std::span<char> to) noexcept : wait_operation(n, false, &attempt), to_(to) {
        EVENTCORE_ASSERT(!to.empty(), "a read needs room");
    }
    result<std::size_t> await_resume() const noexcept {
        if (const std::error_code failure = outcome()) return failure;
        return got_;
    }

 private:
    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<read_operation&>(waiting);
        if (!self.socket().has_input()) return false;
        const io_result got = self.socket().receive(self.to_.data(), self.to_.size());
        self.got_ = got.bytes();
        return self.ends_with(got);
    }
    std::span<char> to_;
    std::size_t got_ = 0;
};

class tls_stream::write_operation final : public wait_operation {
 public:
    write_operation(node* n, std::string_view bytes) noexcept
        : wait_operation(n, true, &attempt), left_(bytes) {}
    result<> await_resume() const noexcept { return outcome(); }

 private:
    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<write_operation&>(waiting);
        while (!self.left_.empty()) {
            if (!self.socket().is_ready(readiness::writable)) return false;
            const iovec part{const_cast<char*>(self.left_.data()), self.left_.size()};
            const io_result sent = self.socket().send(&part, 1);
            if (!sent.ok()) return self.ends_with(sent);
            self.left_.remove_prefix(sent.bytes());
        }
        return true;
    }
    std::string_view left_;
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

inline void tls_stream::node::notified(io_handle& handle, std::uint8_t news) noexcept {
    auto& self = static_cast<node&>(handle);
    if (news & readiness::gone) {
        delete &self;
        return;
    }
    if (self.reader) self.reader->on_news();
    if (self.writer) self.writer->on_news();
}

inline result<tls_stream> tls_stream::open(reactor& home, tls_session session) {
    auto* fresh = new node(home);
    const result<> opened = fresh->open(std::move(session));
    if (opened) return tls_stream(fresh);
    delete fresh;
    return opened.error();
}

inline tls_stream::handshake_operation tls_stream::handshake() noexcept { return handshake_operation(node_); }
inline tls_stream::read_operation tls_stream::read_some(std::span<char> to) noexcept {
    return read_operation(node_, to);
}
inline tls_stream::write_operation tls_stream::write_all(std::string_view bytes) noexcept {
    return write_operation(node_, bytes);
}
inline tls_stream::shutdown_operation tls_stream::shutdown() noexcept { return shutdown_operation(node_); }

inline void tls_stream::close() noexcept {
    node* closing = std::exchange(node_, nullptr);
    if (!closing) return;
    if (wait_operation* reader = std::exchange(closing->reader, nullptr)) reader->on_close();
    if (wait_operation* writer = std::exchange(closing->writer, nullptr)) writer->on_close();
    closing->close();
}

inline tls_socket& tls_stream::socket() noexcept {
    EVENTCORE_ASSERT(node_, "a stream that is not open was used");
    return *node_;
}

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
