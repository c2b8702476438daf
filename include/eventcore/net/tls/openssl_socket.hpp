// The functions of tls_socket. Part of the component eventcore::tls: compiled once per program.
#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "eventcore/net/tls/openssl_errors.hpp"
#include "eventcore/net/tls/tls_socket.hpp"

namespace eventcore::net {

// ---- what OpenSSL calls ----

// A BIO whose data is the tls_socket. It takes whatever OpenSSL writes: SSL_write() has always ended when it
// returns, and nothing of OpenSSL's rules for repeating it applies.
struct tls_bio {
    static BIO* make() {
        static BIO_METHOD* const methods = make_methods();
        return methods ? BIO_new(methods) : nullptr;
    }
    // SSL_CTX_set_info_callback(3). A client that wants to renegotiate has been refused, and could go on
    // asking: what it sends is not read any more.
    static void on_info(const SSL* ssl, int where, int value) {
        const bool is_alert = (where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT;
        auto* const socket = static_cast<tls_socket*>(SSL_get_app_data(ssl));
        if (is_alert && socket && (value & 0xff) == SSL_AD_NO_RENEGOTIATION && socket->failure_ == 0)
            socket->failure_ = EPROTO;
    }

 private:
    static tls_socket& of(BIO* bio) noexcept { return *static_cast<tls_socket*>(BIO_get_data(bio)); }
    static BIO_METHOD* make_methods() {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "eventcore socket");
        if (!made) return nullptr;
        BIO_meth_set_read(made, &read);
        BIO_meth_set_write(made, &write);
        BIO_meth_set_ctrl(made, &control);
        BIO_meth_set_create(made, &create);
        return made;
    }
    static int create(BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
    }
    static int read(BIO* bio, char* to, int bytes) {
        BIO_clear_retry_flags(bio);
        const io_result got = of(bio).read_bio(to, static_cast<std::size_t>(bytes));
        if (got.would_block()) BIO_set_retry_read(bio);
        return got.ok() ? static_cast<int>(got.bytes()) : -1;
    }
    static int write(BIO* bio, const char* bytes, int count) {
        BIO_clear_retry_flags(bio);
        return of(bio).write_bio(bytes, static_cast<std::size_t>(count)).ok() ? count : -1;
    }
    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

io_result tls_socket::read_bio(char* to, std::size_t bytes) noexcept {
    if (failure_ != 0) return io_result(-failure_);
    if (!tcp_socket::has_input()) return io_result(-EAGAIN);
    const io_result got = tcp_socket::receive(to, bytes);
    if (got.is_end()) has_ended_ = true;
    if (!got.ok() && !got.would_block()) failure_ = got.error_number();
    return got;
}

io_result tls_socket::write_bio(const char* bytes, std::size_t count) noexcept {
    std::size_t sent = 0;
    if (held_.empty() && is_ready(readiness::writable)) {
        const iovec part{const_cast<char*>(bytes), count};
        const io_result pushed = tcp_socket::send(&part, 1, more_follows_);
        if (!pushed.ok() && !pushed.would_block()) {
            failure_ = pushed.error_number();
            return pushed;
        }
        sent = pushed.bytes();
    }
    if (sent == count) return io_result(static_cast<std::int64_t>(count));
    pushed_bytes_ += sent;
    try {
        held_.append({bytes + sent, count - sent});
    } catch (...) {
        failure_ = ENOMEM;
        return io_result(-ENOMEM);
    }
    return io_result(static_cast<std::int64_t>(count));
}

// ---- from one owner to another ----

tls_session::~tls_session() {
    if (!ssl_) return;
    SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
}

result<> tls_socket::open(tls_session session) noexcept {
    ssl_ = std::exchange(session.ssl_, nullptr);
    BIO_set_data(SSL_get_rbio(ssl_), this);
    SSL_set_app_data(ssl_, this);
    is_established_ = SSL_is_init_finished(ssl_) != 0;
    has_buffered_ = SSL_has_pending(ssl_) != 0;
    const result<> opened = tcp_socket::open(session.socket_.release());
    if (!opened) free_session();
    return opened;
}

tls_session tls_socket::take_session() noexcept {
    BIO_set_data(SSL_get_rbio(ssl_), nullptr);
    SSL_set_app_data(ssl_, nullptr);
    return {unique_fd(std::exchange(fd, -1)), std::exchange(ssl_, nullptr)};
}

// Without this a session that was closed in a hurry could not be resumed.
void tls_socket::free_session() noexcept {
    if (!ssl_) return;
    if (is_established_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(std::exchange(ssl_, nullptr));
}

// ---- moving bytes ----

// A call has not succeeded: it has to wait, the peer has ended, or nothing can be moved any more.
io_result tls_socket::fail(int call_result) noexcept {
    const int what = SSL_get_error(ssl_, call_result);
    if (what == SSL_ERROR_WANT_READ && failure_ == 0) return io_result(-EAGAIN);
    if (what == SSL_ERROR_ZERO_RETURN) return io_result(0);
    reason_ = has_ended_ ? 0 : ERR_peek_error();
    if (failure_ == 0) failure_ = has_ended_ ? ECONNRESET : EPROTO;
    return io_result(-failure_);
}

io_result tls_socket::handshake() noexcept {
    if (failure_ != 0) return io_result(-failure_);
    if (!is_established_) {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl_);
        if (done != 1) {
            const io_result failed = fail(done);
            const bool has_more_to_say = !held_.empty() && flush().would_block();
            if (has_more_to_say && failed.would_block()) want_write();
            return failed.ok() ? io_result(-EPROTO) : failed;  // close_notify in the middle of it
        }
        is_established_ = true;
        has_buffered_ = SSL_has_pending(ssl_) != 0;
    }
    const io_result flushed = flush();
    if (flushed.would_block()) want_write();
    if (flushed.ok()) pushed_bytes_ = 0;
    return flushed;
}

io_result tls_socket::receive(void* to, std::size_t bytes) noexcept {
    if (failure_ != 0) return io_result(-failure_);
    if (is_clogged() && !flush().ok()) {
        if (failure_ == 0) want_write();
        return io_result(failure_ == 0 ? -EAGAIN : -failure_);
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_, to, bytes, &got);
    has_buffered_ = done == 1 && SSL_has_pending(ssl_) != 0;
    return done == 1 ? io_result(static_cast<std::int64_t>(got)) : fail(done);
}

io_result tls_socket::flush() noexcept {
    while (!held_.empty()) {
        if (failure_ != 0) return io_result(-failure_);
        if (!is_ready(readiness::writable)) return io_result(-EAGAIN);
        const iovec part{held_.data() + held_sent_, held_.size() - held_sent_};
        const io_result sent = tcp_socket::send(&part, 1, false);
        if (sent.would_block()) return sent;
        if (!sent.ok()) {
            failure_ = sent.error_number();
            return sent;
        }
        held_sent_ += sent.bytes();
        pushed_bytes_ += sent.bytes();
        if (held_sent_ < held_.size()) continue;
        held_.release();
        held_sent_ = 0;
    }
    return io_result(0);
}

// All of `count` is in the record that this makes. ok: and the socket has taken the record.
io_result tls_socket::send_record(const void* bytes, std::size_t count, bool more) noexcept {
    ERR_clear_error();
    more_follows_ = more;
    std::size_t written = 0;
    std::size_t all = 0;
    while (all < count) {  // a peer may ask for smaller records (RFC 6066, 4)
        const int done = SSL_write_ex(ssl_, static_cast<const char*>(bytes) + all, count - all, &written);
        if (done != 1) {
            const io_result failed = fail(done);
            if (failure_ == 0) failure_ = EPROTO;  // it never has to wait
            return failed.ok() || failed.would_block() ? io_result(-EPROTO) : failed;
        }
        all += written;
    }
    encrypted_bytes_ += count;
    return held_.empty() ? io_result(0) : io_result(-EAGAIN);
}

// Of the plaintext that is on its way, how much is the beginning of what is offered now.
std::size_t tls_socket::report_encrypted(std::size_t offered) noexcept {
    const std::size_t reported = encrypted_bytes_ < offered ? encrypted_bytes_ : offered;
    encrypted_bytes_ -= reported;
    pushed_bytes_ = 0;
    return reported;
}

namespace {

// The pieces of a gathered write as pieces of at most a record. Small ones are put together: a copy is
// cheaper than another record.
class record_source {
 public:
    record_source(const iovec* parts, unsigned count) noexcept : part_(parts), end_(parts + count) {}

    std::size_t left() const noexcept {
        std::size_t all = 0;
        for (const iovec* p = part_; p != end_; ++p) all += p->iov_len;
        return all - offset_;
    }
    void skip(std::size_t bytes) noexcept {
        while (bytes > 0) {
            const std::size_t here = part_->iov_len - offset_, step = bytes < here ? bytes : here;
            bytes -= step;
            offset_ += step;
            if (offset_ == part_->iov_len) ++part_, offset_ = 0;
        }
    }
    // Takes the next `most` bytes, or what there is; `room` has room for them.
    std::string_view take(char* room, std::size_t most) noexcept {
        while (part_->iov_len == 0) ++part_;
        const char* const at = static_cast<const char*>(part_->iov_base) + offset_;
        const std::size_t here = part_->iov_len - offset_;
        if (here >= most || part_ + 1 == end_) {
            const std::size_t bytes = here < most ? here : most;
            skip(bytes);
            return {at, bytes};
        }
        std::size_t filled = 0;
        for (std::size_t all = left(); filled < most && filled < all;) {
            const std::size_t rest = part_->iov_len - offset_;
            const std::size_t step = rest < most - filled ? rest : most - filled;
            if (step > 0)
                std::memcpy(room + filled, static_cast<const char*>(part_->iov_base) + offset_, step);
            filled += step;
            offset_ += step;
            if (offset_ == part_->iov_len) ++part_, offset_ = 0;
        }
        return {room, filled};
    }

 private:
    const iovec* part_;
    const iovec* end_;
    std::size_t offset_ = 0;  // in *part_
};

}  // namespace

io_result tls_socket::send(const iovec* parts, unsigned count, bool more) noexcept {
    if (failure_ != 0) return io_result(-failure_);
    if (const io_result flushed = flush(); !flushed.ok()) return flushed;
    record_source source(parts, count);
    std::size_t left = source.left();
    std::size_t sent = report_encrypted(left);
    source.skip(sent);
    left -= sent;
    char room[record_bytes_max];
    while (left > 0) {
        const std::string_view piece = source.take(room, record_bytes_max);
        left -= piece.size();
        const io_result pushed = send_record(piece.data(), piece.size(), more || left > 0);
        if (pushed.would_block() && sent > 0) break;
        if (!pushed.ok()) return pushed;
        sent += report_encrypted(piece.size());
    }
    return io_result(static_cast<std::int64_t>(sent));
}

io_result tls_socket::send_file(int file, std::uint64_t offset, std::size_t bytes) noexcept {
    if (failure_ != 0) return io_result(-failure_);
    if (const io_result flushed = flush(); !flushed.ok()) return flushed;
    std::size_t sent = report_encrypted(bytes);
    char room[record_bytes_max];
    while (sent < bytes) {
        const std::size_t wanted = bytes - sent < sizeof room ? bytes - sent : sizeof room;
        const io_result got =
            retry_interrupted([&] { return ::pread(file, room, wanted, static_cast<off_t>(offset + sent)); });
        if (got.is_end() || (!got.ok() && sent > 0)) break;
        if (!got.ok()) return got;
        const io_result pushed = send_record(room, got.bytes(), sent + got.bytes() < bytes);
        if (pushed.would_block() && sent > 0) break;
        if (!pushed.ok()) return pushed;
        sent += report_encrypted(got.bytes());
    }
    return io_result(static_cast<std::int64_t>(sent));
}

// ---- the end ----

void tls_socket::say_end() noexcept {
    if (!is_established_ || failure_ != 0 || std::exchange(has_said_end_, true)) return;
    ERR_clear_error();
    more_follows_ = false;
    static_cast<void>(SSL_shutdown(ssl_));
}

io_result tls_socket::shutdown_write() noexcept {
    if (failure_ != 0) return io_result(-failure_);
    say_end();
    if (const io_result flushed = flush(); !flushed.ok()) return flushed;
    return tcp_socket::shutdown_write();
}

void tls_socket::close() noexcept {
    say_end();
    free_session();
    held_.release();
    held_sent_ = 0;
    has_buffered_ = false;
    tcp_socket::close();
}

// ---- what was agreed on ----

std::string_view tls_socket::alpn() const noexcept {
    const unsigned char* name = nullptr;
    unsigned bytes = 0;
    if (ssl_) SSL_get0_alpn_selected(ssl_, &name, &bytes);
    return {reinterpret_cast<const char*>(name), bytes};
}
std::string_view tls_socket::version() const noexcept { return ssl_ ? SSL_get_version(ssl_) : ""; }
std::string_view tls_socket::server_name() const noexcept {
    const char* name = ssl_ ? SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name) : nullptr;
    return name ? name : "";
}
bool tls_socket::is_resumed() const noexcept { return ssl_ && SSL_session_reused(ssl_) != 0; }

std::error_code tls_socket::failure() const noexcept {
    if (failure_ == 0) return {};
    if (ssl_ && ERR_GET_REASON(reason_) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        const long why = SSL_get_verify_result(ssl_);
        if (why != X509_V_OK) return {-static_cast<int>(why), tls_category()};
    }
    return reason_ != 0 ? detail::tls_error(reason_) : system_error(failure_);
}

bool tls_socket::describe_certificate(std::string& subject, std::string& fingerprint) const {
    const X509* shown = ssl_ ? SSL_get0_peer_certificate(ssl_) : nullptr;
    if (!shown || SSL_get_verify_result(ssl_) != X509_V_OK) return false;
    BIO* text = BIO_new(BIO_s_mem());
    if (!text) return false;
    X509_NAME_print_ex(text, X509_get_subject_name(shown), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* at = nullptr;
    const long bytes = BIO_get_mem_data(text, &at);
    subject.assign(at, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    BIO_free(text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(shown, EVP_sha256(), digest, &size) != 1) return false;
    constexpr std::string_view hex = "0123456789abcdef";
    for (unsigned i = 0; i < size; ++i) {
        fingerprint += hex[digest[i] >> 4];
        fingerprint += hex[digest[i] & 15];
    }
    return true;
}

}  // namespace eventcore::net
