// What a connection needs from below: bytes in order, both ways, without ever blocking and without a
// coroutine. TCP is one (tcp_socket.hpp); TLS is one that runs over another.
#pragma once

#include <sys/uio.h>

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "eventcore/reactor/io.hpp"

namespace eventcore::net {

// The calls answer at once: a count, or a negative errno, -EAGAIN for "not now".
//
//   receive      0 is the end of the peer's bytes. After -EAGAIN it is worth calling again when handle() has
//                news of one of the bits of receive_waits_for() (TLS may have to send before it can receive).
//   send         may take less than it was given; the rest is to be offered again, unchanged, when handle()
//                has news of send_waits_for(). In between, want_write() asks for news of `writable`.
//                `more`: further bytes follow at once, so a short packet need not leave yet.
//   send_file    as send; -EOPNOTSUPP where the stream cannot: read the file and send its bytes.
//   cork         from true to false, packets that are not full may wait: for a head and a file behind it.
//   flush        pushes out what the stream itself holds back (TLS records); 0 when nothing is held.
//   has_input    receive() may give bytes without news: the socket is ready, or the stream holds some.
//   shutdown_write  the peer sees the end of our bytes; receiving goes on.
//   close        no more calls; handle() hears `gone` in a later turn, then the stream may be destroyed.
template <class S>
concept stream = requires(S& s, const S& c, void* to, const iovec* parts, unsigned count, std::size_t bytes,
                          int file, std::uint64_t offset, bool more) {
    { s.receive(to, bytes) } noexcept -> std::same_as<io_result>;
    { s.send(parts, count, more) } noexcept -> std::same_as<io_result>;
    { s.send_file(file, offset, bytes) } noexcept -> std::same_as<io_result>;
    { s.cork(more) } noexcept;
    { s.flush() } noexcept -> std::same_as<io_result>;
    { s.shutdown_write() } noexcept -> std::same_as<io_result>;
    { c.has_input() } noexcept -> std::same_as<bool>;
    { c.receive_waits_for() } noexcept -> std::same_as<std::uint8_t>;
    { c.send_waits_for() } noexcept -> std::same_as<std::uint8_t>;
    { s.want_write() } noexcept;
    { s.close() } noexcept;
    { s.handle() } noexcept -> std::same_as<io_handle&>;
    { c.home() } noexcept -> std::same_as<reactor&>;
};

}  // namespace eventcore::net
