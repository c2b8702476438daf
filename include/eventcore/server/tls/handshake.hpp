// A connection over TLS before it speaks anything: only the handshake, with its deadline. Afterwards the
// session moves to a connection of the protocol that was agreed on, and this object is free.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/coro/timer_wheel.hpp"
#include "eventcore/net/tls/tls_socket.hpp"
#include "eventcore/server/connection_pool.hpp"

namespace eventcore {

class tls_handshake final : private net::tls_socket, private timer, public connection_link {
 public:
    // `gone` is told when nobody watches the socket any more: then either has_succeeded(), and
    // take_session() has it, or it is closed.
    using gone_function = void (*)(tls_handshake&, void* owner) noexcept;
    tls_handshake(connection_host& host, gone_function gone, void* owner) noexcept
        : tls_socket(host.home(), &on_news), timer(&on_timer), host_(host), gone_(gone), owner_(owner) {}
    ~tls_handshake() = default;

    result<> open(net::tls_session session) noexcept { return tls_socket::open(std::move(session)); }
    void begin(duration longest) noexcept {
        began_ = host_.home().now();
        host_.home().arm(*this, began_ + longest);
    }
    bool has_succeeded() const noexcept { return state_ == state::succeeded; }
    using tls_socket::alpn;
    using tls_socket::take_session;
    time_point began() const noexcept { return began_; }
    bool is_open() const noexcept { return state_ == state::open; }

    // Found out when first asked, so that it is the same at the end.
    std::uint32_t peer_group() noexcept {
        if (peer_group_ == 0) peer_group_ = peer_address().peer_group();
        return peer_group_;
    }
    bool is_counted() const noexcept { return is_counted_; }
    void set_counted(bool is_counted) noexcept { is_counted_ = is_counted; }
    bool is_idle() const noexcept { return false; }
    void drain() noexcept {}  // it may bring a request yet
    std::string_view running_route() const noexcept { return {}; }
    void close_now() noexcept {
        if (state_ != state::open) return;
        host_.counters().tls_failures.add();
        leave(state::failed);
        tls_socket::close();
    }

 private:
    enum class state : std::uint8_t { open, succeeded, failed };

    static void on_news(io_handle& handle, std::uint8_t news) noexcept {
        auto& self = static_cast<tls_handshake&>(handle);
        if (news & readiness::gone) return self.gone_(self, self.owner_);
        if (self.state_ == state::open) self.go_on();
    }
    static void on_timer(timer& t) noexcept {
        auto& self = static_cast<tls_handshake&>(t);
        self.host_.counters().timeouts.add();
        self.host_.reached(server_limit::handshake_time);
        self.close_now();
    }
    void go_on() noexcept {
        const io_result outcome = tls_socket::handshake();
        if (outcome.would_block()) return;
        if (!outcome.ok()) return report(), close_now();
        host_.counters().tls_handshakes.add();
        if (is_resumed()) host_.counters().tls_resumptions.add();
        leave(state::succeeded);
        tls_socket::release();
    }
    void leave(state now) noexcept {
        state_ = now;
        host_.home().disarm(*this);
    }
    // Anybody can make handshakes fail: no news for an operator who has not asked.
    void report() noexcept {
        if (!host_.options().log.is_enabled(log_level::debug)) return;
        try {
            const std::string peer = peer_address().to_string(), why = failure().message();
            host_.options().log.debug("a TLS handshake failed", {{"peer", peer}, {"reason", why}});
        } catch (...) {  // no memory for the sentence
        }
    }

    connection_host& host_;
    gone_function gone_;
    void* owner_;
    time_point began_{};
    std::uint32_t peer_group_ = 0;
    state state_ = state::open;
    bool is_counted_ = false;
};

}  // namespace eventcore
