// TLS over a connected socket, as a stream (net/stream.hpp): the part that a connection derives from. Its
// calls never block. The functions are in the component eventcore::tls, so that no program sees OpenSSL's
// headers.
//
// OpenSSL reads records from the socket and writes them to it directly, through a BIO of ours: no byte is
// copied but by the cipher. What the socket does not take of a record is held here, one record at most, and
// the plaintext in it counts as sent only when all of it has left.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/net/stream.hpp"
#include "eventcore/net/tcp_socket.hpp"

struct bio_st;
struct ssl_st;

namespace eventcore::net {

// A connection and the state of its TLS, while nobody waits on it: new, or on its way from the one who made
// the handshake to the one who speaks the protocol that was agreed on. Closes both if nobody takes them.
class tls_session {
 public:
    tls_session() noexcept = default;
    tls_session(unique_fd socket, ssl_st* ssl) noexcept : socket_(std::move(socket)), ssl_(ssl) {}
    tls_session(tls_session&& other) noexcept
        : socket_(std::move(other.socket_)), ssl_(std::exchange(other.ssl_, nullptr)) {}
    tls_session& operator=(tls_session&&) = delete;
    ~tls_session();

 private:
    friend class tls_socket;
    unique_fd socket_;
    ssl_st* ssl_ = nullptr;
};

// The errors of TLS: what OpenSSL says ("wrong version number"), or why a certificate was not accepted
// ("certificate has expired").
const std::error_category& tls_category() noexcept;

// At an address that does not move while the socket is open. Which functions are whose is said in stream.hpp;
// besides:
//
//   receive      -ECONNRESET where the peer's bytes end without its close_notify: they may have been cut.
//   send_file    reads the file, since nothing else can encrypt it; a cold one blocks the thread.
//   close        says close_notify, if the socket takes it at once.
class tls_socket : public tcp_socket {
 public:
    tls_socket(reactor& home, notify_function on_news) noexcept : tcp_socket(home, on_news) {}
    ~tls_socket() { free_session(); }

    // Takes a session and watches its socket. On failure it is closed.
    result<> open(tls_session session) noexcept;
    // Goes on with the handshake. ok: it is over, and all that belongs to it has left. would_block: again
    // with the next news. Else: failure() says why, and the peer has been told.
    io_result handshake() noexcept;
    // The socket is let go of, and `gone` follows; then take_session() has what was opened.
    void release() noexcept { home().release(*this); }
    tls_session take_session() noexcept;

    io_result receive(void* to, std::size_t bytes) noexcept;
    io_result send(const iovec* parts, unsigned count, bool more = false) noexcept;
    io_result send_file(int file, std::uint64_t offset, std::size_t bytes) noexcept;
    io_result flush() noexcept;
    io_result shutdown_write() noexcept;
    bool has_input() const noexcept { return has_buffered_ || tcp_socket::has_input(); }
    std::uint8_t receive_waits_for() const noexcept {
        return static_cast<std::uint8_t>(tcp_socket::receive_waits_for() |
                                         (is_clogged() ? readiness::writable : 0));
    }
    static constexpr bool reading_may_send = true;
    void close() noexcept;
    // What the kernel has of a record that has not left yet does not count as sent.
    std::size_t unsent_bytes() const noexcept {
        const std::size_t all = tcp_socket::unsent_bytes();
        return all > pushed_bytes_ ? all - pushed_bytes_ : 0;
    }

    // ---- what was agreed on; all of it lives as long as the socket is open ----

    // The protocol to speak, "h2"; empty when the client did not say.
    std::string_view alpn() const noexcept;
    std::string_view version() const noexcept;      // "TLSv1.3"
    std::string_view server_name() const noexcept;  // that the client asked for, or the server was asked for
    bool is_resumed() const noexcept;
    // Why the last call failed.
    std::error_code failure() const noexcept;

    // For connections: fills what peer_info has of TLS.
    template <class Info>
    void describe_peer(Info& info, arena& memory) const {
        info.is_encrypted = true;
        info.tls_version = memory.copy(version());
        info.server_name = memory.copy(server_name());
        std::string subject, fingerprint;
        if (!describe_certificate(subject, fingerprint)) return;
        info.certificate_subject = memory.copy(subject);
        info.certificate_fingerprint = memory.copy(fingerprint);
    }

 private:
    friend struct tls_bio;
    static constexpr std::size_t record_bytes_max = 16 * 1024;  // RFC 8446, 5.1
    // What the peer makes us answer while it reads nothing ends here.
    static constexpr std::size_t held_bytes_max = 32 * 1024;

    bool is_clogged() const noexcept { return held_.size() - held_sent_ > held_bytes_max; }
    // False: the peer has sent no certificate that was verified.
    bool describe_certificate(std::string& subject, std::string& fingerprint) const;
    io_result read_bio(char* to, std::size_t bytes) noexcept;
    io_result write_bio(const char* bytes, std::size_t count) noexcept;
    io_result fail(int call_result) noexcept;
    io_result send_record(const void* bytes, std::size_t count, bool more) noexcept;
    std::size_t report_encrypted(std::size_t offered) noexcept;
    void say_end() noexcept;
    void free_session() noexcept;

    ssl_st* ssl_ = nullptr;
    byte_buffer held_;  // of records: [ sent | to be sent: from held_sent_ ]
    std::size_t held_sent_ = 0;
    std::size_t pushed_bytes_ = 0;     // of the record that is held, already with the kernel
    std::size_t encrypted_bytes_ = 0;  // plaintext in records, not yet reported as sent
    unsigned long reason_ = 0;         // OpenSSL's, of the failure
    int failure_ = 0;                  // an errno: nothing can be moved any more
    bool has_buffered_ = false;        // OpenSSL has bytes that make no news
    bool has_ended_ = false;           // the socket's bytes have
    bool has_said_end_ = false;
    bool is_established_ = false;
    bool more_follows_ = false;
};
static_assert(stream<tls_socket>);

}  // namespace eventcore::net
