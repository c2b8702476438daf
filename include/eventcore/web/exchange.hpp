// What a protocol offers a running handler: the request's content as it arrives, the response's content as it
// leaves. HTTP/1 and HTTP/2 connections and the in-process test client each implement it; a handler sees only
// the body_reader and body_writer made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "eventcore/base/error.hpp"
#include "eventcore/coro/context.hpp"
#include "eventcore/http/fields.hpp"

namespace eventcore {

// How an attempt to move bytes ended.
enum class flow : std::uint8_t {
    ready,        // bytes were moved
    would_block,  // nothing to read yet, or enough is queued to be written: wait
    end,          // reading: the content is complete
    failed,       // see exchange::error(); the connection cannot go on
};

// A coroutine that waits until bytes can move again.
class flow_waiter : public suspension {
 public:
    // Called by the connection, at most once per wait. What it brings may not be enough, half of a chunk's
    // size, say: then the waiter waits again.
    void wake(std::error_code error = {}) noexcept {
        if (is_pending() && (error || can_go_on_(*this))) complete(error);
    }

 protected:
    // Tries again; false: it has told the exchange that it waits.
    using try_function = bool (*)(flow_waiter&) noexcept;
    flow_waiter(cancel_function on_cancel, try_function can_go_on) noexcept
        : suspension(on_cancel), can_go_on_(can_go_on) {}
    ~flow_waiter() = default;

 private:
    try_function can_go_on_;
};

// Whether the request asks to go on as something else (web/tunnel.hpp).
enum class tunnel_form : std::uint8_t {
    none,              // there is no way to
    upgrade,           // by an Upgrade field, answered 101 (RFC 9110, 7.8)
    extended_connect,  // by CONNECT with :protocol, answered 200 (RFC 8441)
};

// Facts about the connection a request came over. The texts live as long as the request.
struct peer_info {
    std::string_view address;  // "127.0.0.1:50412", "[::1]:50412", "unix:"
    bool is_encrypted = false;
    // Over TLS:
    std::string_view tls_version = {};  // "TLSv1.3"
    std::string_view server_name = {};  // which host the client asked for (SNI); empty: it did not say
    // The client's certificate, if it has shown one that the server could verify (mTLS); else empty.
    std::string_view certificate_subject = {};      // as RFC 4514 writes it: "CN=alice,O=Example"
    std::string_view certificate_fingerprint = {};  // SHA-256 of the certificate, in lower case hex
};

// A response that would go on, told that the server drains.
class drain_listener {
 public:
    using told_function = void (*)(drain_listener&) noexcept;
    explicit drain_listener(told_function f) noexcept : told_(f) {}
    void tell() noexcept { told_(*this); }

 private:
    told_function told_;
};

class exchange {
 public:
    // The next piece of the request's content. ready: `piece` is valid until the next call. would_block: the
    // waiter set by wait_to_read() is woken when there is more.
    virtual flow read(std::string_view& piece) noexcept = 0;
    // Queues all of `bytes`, or fails. would_block: they were taken, but the queue is above its watermark;
    // the waiter set by wait_to_write() is woken when it has drained.
    virtual flow write(std::string_view bytes) = 0;
    // Hands what is queued to the kernel now instead of at the end of this turn.
    virtual void flush() noexcept = 0;
    // Why read() or write() failed.
    virtual std::error_code error() const noexcept = 0;
    // The request's trailer section, once read() has answered `end`.
    virtual const http::fields& trailers() const noexcept = 0;
    // Who is at the other end. Found out when first asked: most handlers never do.
    virtual peer_info peer() noexcept { return {}; }
    // As peer() says it, but found out without work.
    virtual bool is_encrypted() const noexcept { return false; }
    // A number for the peer's address, or its network, whatever the port: what limits per client go by. 0
    // where there is none. See net::address::peer_group().
    virtual std::uint32_t peer_group() noexcept { return 0; }

    // How a response can carry a tunnel here.
    virtual tunnel_form can_tunnel() const noexcept { return tunnel_form::none; }

    void wait_to_read(flow_waiter* waiter) noexcept { reader_ = waiter; }
    void wait_to_write(flow_waiter* waiter) noexcept { writer_ = waiter; }
    bool is_reading() const noexcept { return reader_ != nullptr; }

    // Told once; at most one listens, and says null before it goes.
    void listen_for_drain(drain_listener* listener) noexcept { drain_listener_ = listener; }
    void tell_drain() noexcept {
        if (drain_listener* told = std::exchange(drain_listener_, nullptr)) told->tell();
    }

 protected:
    ~exchange() = default;
    void wake_reader(std::error_code error = {}) noexcept { wake(reader_, error); }
    void wake_writer(std::error_code error = {}) noexcept { wake(writer_, error); }

 private:
    static void wake(flow_waiter*& slot, std::error_code error) noexcept {
        flow_waiter* waiter = slot;
        slot = nullptr;
        if (waiter) waiter->wake(error);
    }

    flow_waiter* reader_ = nullptr;  // at most one coroutine reads and one writes
    flow_waiter* writer_ = nullptr;
    drain_listener* drain_listener_ = nullptr;
};

}  // namespace eventcore
