// What coroutines wait with, over any socket of stream.hpp: tcp_stream and tls_stream are made of it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/unique_fd.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/net/stream.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore::net {

// Besides what net::stream asks for, a Socket has
//
//   failure()            why the last call failed, where the errno does not say it all
//   reading_may_send     whether receive() itself may have bytes to send (TLS)
template <class Socket>
class basic_stream {
 public:
    class read_operation;
    class write_operation;
    class send_file_operation;

    basic_stream(basic_stream&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    basic_stream& operator=(basic_stream&& other) noexcept {
        if (this == &other) return *this;
        close();
        node_ = std::exchange(other.node_, nullptr);
        return *this;
    }

    bool is_open() const noexcept { return node_ != nullptr; }
    explicit operator bool() const noexcept { return is_open(); }

    // What there is, at least one byte, at most what fits; 0 at the end. Yields result<std::size_t>.
    [[nodiscard]] read_operation read_some(std::span<char> to) noexcept { return read_operation(node_, to); }
    // All of it, in order; the memory is used until the result is there. Yields result<>.
    [[nodiscard]] write_operation write_all(std::string_view bytes) noexcept {
        return write_operation(node_, bytes);
    }
    [[nodiscard]] write_operation write_all(std::span<const iovec> parts) noexcept {
        return write_operation(node_, parts);
    }
    // `bytes` of a file from `offset` on; over TCP from kernel to kernel. Yields result<std::uint64_t>: fewer
    // than asked for when the file ends. Reading a cold file blocks the thread.
    [[nodiscard]] send_file_operation send_file(int file, std::uint64_t offset,
                                                std::uint64_t bytes) noexcept {
        return send_file_operation(node_, file, offset, bytes);
    }

    // Waits of other coroutines on this stream end with errc::canceled.
    void close() noexcept;

    // For a codec that drives the socket itself.
    Socket& socket() noexcept {
        EVENTCORE_ASSERT(node_, "a stream that is not open was used");
        return *node_;
    }

 protected:
    class node;
    class wait_operation;
    class release_operation;

    basic_stream() noexcept = default;
    explicit basic_stream(node* n) noexcept : node_(n) {}
    ~basic_stream() { close(); }

    node* node_ = nullptr;
};

// The socket and who waits on it. Freed when the kernel has let go of it, which is later than close().
template <class Socket>
class basic_stream<Socket>::node final : public Socket {
 public:
    explicit node(reactor& home) noexcept : Socket(home, &notified) {}

    static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        recycler::deallocate(memory, bytes);
    }

    wait_operation* reader = nullptr;
    wait_operation* writer = nullptr;
    release_operation* releaser = nullptr;

 private:
    static void notified(io_handle& handle, std::uint8_t news) noexcept;
};

// One attempt now, more of them when the socket has news, until it ends. Any news may help either way: TLS
// may have to send before it can receive.
template <class Socket>
class basic_stream<Socket>::wait_operation : public suspension {
 public:
    bool await_ready() noexcept { return !ctx().is_cancelled() && attempt_(*this); }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return false;
        EVENTCORE_ASSERT(!place(), "a stream is read by one coroutine at a time, and written by one");
        place() = this;
        ask_for_news();
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
    friend class basic_stream;

    wait_operation*& place() noexcept { return is_writer_ ? node_->writer : node_->reader; }
    void ask_for_news() noexcept {
        if (is_writer_ || Socket::reading_may_send) node_->want_write();
    }
    void on_news() noexcept {
        if (!attempt_(*this)) return ask_for_news();
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

template <class Socket>
class basic_stream<Socket>::read_operation final : public wait_operation {
 public:
    read_operation(node* n, std::span<char> to) noexcept : wait_operation(n, false, &attempt), to_(to) {
        EVENTCORE_ASSERT(!to.empty(), "a read needs room");
    }
    result<std::size_t> await_resume() const noexcept {
        if (const std::error_code failure = this->outcome()) return failure;
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

template <class Socket>
class basic_stream<Socket>::write_operation final : public wait_operation {
 public:
    write_operation(node* n, std::string_view bytes) noexcept
        : wait_operation(n, true, &attempt),
          one_{const_cast<char*>(bytes.data()), bytes.size()},
          parts_(&one_),
          count_(1) {}
    write_operation(node* n, std::span<const iovec> parts) noexcept
        : wait_operation(n, true, &attempt), parts_(parts.data()), count_(parts.size()) {}
    result<> await_resume() const noexcept { return this->outcome(); }

 private:
    static constexpr unsigned batch_count = 16;

    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<write_operation&>(waiting);
        while (true) {
            iovec batch[batch_count];
            const unsigned count = self.next_batch(batch);
            if (count == 0) return true;
            if (!self.socket().is_ready(readiness::writable)) return false;
            const io_result sent = self.socket().send(batch, count);
            if (!sent.ok()) return self.ends_with(sent);
            self.advance(sent.bytes());
        }
    }
    // What is left, from parts_[index_] + offset_ on.
    unsigned next_batch(iovec* batch) noexcept {
        unsigned count = 0;
        std::size_t skip = offset_;
        for (std::size_t i = index_; i < count_ && count < batch_count; ++i, skip = 0)
            if (parts_[i].iov_len > skip)
                batch[count++] = {static_cast<char*>(parts_[i].iov_base) + skip, parts_[i].iov_len - skip};
        return count;
    }
    void advance(std::size_t bytes) noexcept {
        while (bytes > 0) {
            const std::size_t left = parts_[index_].iov_len - offset_;
            const std::size_t step = bytes < left ? bytes : left;
            bytes -= step;
            offset_ += step;
            if (offset_ == parts_[index_].iov_len) ++index_, offset_ = 0;
        }
    }

    iovec one_{};
    const iovec* parts_;
    std::size_t count_;
    std::size_t index_ = 0;  // bytes before parts_[index_] + offset_ are sent
    std::size_t offset_ = 0;
};

template <class Socket>
class basic_stream<Socket>::send_file_operation final : public wait_operation {
 public:
    send_file_operation(node* n, int file, std::uint64_t offset, std::uint64_t bytes) noexcept
        : wait_operation(n, true, &attempt), file_(file), offset_(offset), left_(bytes) {}
    result<std::uint64_t> await_resume() const noexcept {
        if (const std::error_code failure = this->outcome()) return failure;
        return sent_;
    }

 private:
    static constexpr std::uint64_t step_bytes = 1 << 20;  // other connections get their turn in between

    static bool attempt(wait_operation& waiting) noexcept {
        auto& self = static_cast<send_file_operation&>(waiting);
        while (self.left_ > 0) {
            if (!self.socket().is_ready(readiness::writable)) return false;
            const auto step = static_cast<std::size_t>(self.left_ < step_bytes ? self.left_ : step_bytes);
            const io_result sent = self.socket().send_file(self.file_, self.offset_, step);
            if (!sent.ok()) return self.ends_with(sent);
            if (sent.bytes() == 0) return true;
            self.offset_ += sent.bytes();
            self.left_ -= sent.bytes();
            self.sent_ += sent.bytes();
        }
        return true;
    }
    int file_;
    std::uint64_t offset_;
    std::uint64_t left_;
    std::uint64_t sent_ = 0;
};

template <class Socket>
class basic_stream<Socket>::release_operation final : public suspension {
 public:
    explicit release_operation(node* n) noexcept : suspension(&cancelled), node_(n) {
        EVENTCORE_ASSERT(n && !n->reader && !n->writer, "a stream was released while somebody waits on it");
    }
    ~release_operation() {
        if (is_pending()) node_->releaser = nullptr;
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
        if (!suspend(coroutine)) return node_->close(), false;
        node_->releaser = this;
        node_->home().release(*node_);
        return true;
    }
    result<unique_fd> await_resume() noexcept {
        if (error()) return error();
        return std::move(released_);
    }

 private:
    friend class basic_stream<Socket>::node;
    void on_gone(int fd) noexcept {
        released_ = unique_fd(fd);
        complete();
    }
    static void cancelled(suspension& waiting, std::error_code reason) noexcept {
        auto& self = static_cast<release_operation&>(waiting);
        self.node_->releaser = nullptr;
        self.complete(reason);
    }

    node* node_;
    unique_fd released_;
};

// Both waits may be told by one notice. Coroutines run later, so nothing is destroyed in between.
template <class Socket>
void basic_stream<Socket>::node::notified(io_handle& handle, std::uint8_t news) noexcept {
    auto& self = static_cast<node&>(handle);
    if (news & readiness::gone) {
        if (self.releaser)
            self.releaser->on_gone(self.fd);
        else if (self.fd >= 0)
            self.home().close_socket(self.fd);
        delete &self;
        return;
    }
    if (self.reader) self.reader->on_news();
    if (self.writer) self.writer->on_news();
}

template <class Socket>
void basic_stream<Socket>::close() noexcept {
    node* closing = std::exchange(node_, nullptr);
    if (!closing) return;
    if (wait_operation* reader = std::exchange(closing->reader, nullptr)) reader->on_close();
    if (wait_operation* writer = std::exchange(closing->writer, nullptr)) writer->on_close();
    closing->close();
}

}  // namespace eventcore::net
