// A connection for coroutines, TCP or Unix-domain:
//
//   result<std::size_t> n = co_await peer.read_some(buffer);   // 0: the peer is done sending
//   result<> sent = co_await peer.write_all("hello\n");
//
// A cancelled wait ends with the reason of the cancellation; bytes that were moved before stay moved. Errors
// of the kernel come as they are (ECONNRESET, EPIPE). One coroutine may read while another writes.
#pragma once

#include <cstddef>
#include <utility>

#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/net/basic_stream.hpp"
#include "eventcore/net/tcp_socket.hpp"

namespace eventcore::net {

class tcp_stream : public basic_stream<tcp_socket> {
 public:
    class connect_operation;
    using basic_stream::release_operation;

    // Not open.
    tcp_stream() noexcept = default;
    // Takes a connected, non-blocking descriptor, such as a listener accepts.
    static result<tcp_stream> open(reactor& home, int connected_fd);
    // Begins to connect; usable once connected() has yielded success. See connect.hpp for the whole act.
    static result<tcp_stream> begin_connect(reactor& home, const address& to, const tcp_options& options);
    [[nodiscard]] connect_operation connected() noexcept;

    // The peer sees the end of our bytes; reading goes on.
    result<> shutdown_write() noexcept;
    // Gives the descriptor to whoever goes on with it in another way, as TLS does; then the stream is not
    // open. Yields result<unique_fd>.
    [[nodiscard]] release_operation release() noexcept;

    address peer_address() const noexcept;
    address local_address() const noexcept;
    result<> set_options(const tcp_options& options) noexcept;

 private:
    using basic_stream::basic_stream;
};

class tcp_stream::connect_operation final : public wait_operation {
 public:
    explicit connect_operation(node* n) noexcept : wait_operation(n, true, &attempt) {}
    result<> await_resume() const noexcept { return outcome(); }

 private:
    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<connect_operation&>(waiting);
        if (!self.socket().is_ready(readiness::writable | readiness::hung_up)) return false;
        const io_result ended = self.socket().home().socket_error(self.socket().fd);
        return self.ends_with(ended);
    }
};

// ---- definitions ----

inline result<tcp_stream> tcp_stream::open(reactor& home, int connected_fd) {
    auto* fresh = new node(home);
    const result<> opened = fresh->open(connected_fd);
    if (opened) return tcp_stream(fresh);
    delete fresh;
    return opened.error();
}

inline result<tcp_stream> tcp_stream::begin_connect(reactor& home, const address& to,
                                                    const tcp_options& options) {
    if (!to.is_set()) return errc::invalid_argument;
    const io_result opened = home.open_socket(to.family(), SOCK_STREAM);
    if (!opened.ok()) return opened.error();
    unique_fd socket(static_cast<int>(opened.bytes()));
    const result<> set = set_tcp_options(home, socket.get(), options);
    if (!set) return set.error();
    const io_result begun = home.connect_socket(socket.get(), to.data(), to.size());
    const bool is_under_way = begun.error_number() == EINPROGRESS;
    if (!begun.ok() && !is_under_way) return begun.error();

    auto* fresh = new node(home);
    if (is_under_way) fresh->ready = 0;
    const result<> watched = fresh->open(socket.release());
    if (watched) return tcp_stream(fresh);
    delete fresh;
    return watched.error();
}
inline tcp_stream::connect_operation tcp_stream::connected() noexcept { return connect_operation(node_); }

inline result<> tcp_stream::shutdown_write() noexcept {
    const io_result done = socket().shutdown_write();
    return done.ok() ? result<>() : result<>(done.error());
}

inline tcp_stream::release_operation tcp_stream::release() noexcept {
    return release_operation(std::exchange(node_, nullptr));
}

inline address tcp_stream::peer_address() const noexcept { return node_ ? node_->peer_address() : address(); }
inline address tcp_stream::local_address() const noexcept {
    return node_ ? node_->local_address() : address();
}
inline result<> tcp_stream::set_options(const tcp_options& options) noexcept {
    return set_tcp_options(socket().home(), socket().fd, options);
}

}  // namespace eventcore::net
