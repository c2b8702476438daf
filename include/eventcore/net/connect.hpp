// Connecting to a peer: co_await connect(address), or connect(addresses) when a name has several (RFC 8305,
// "Happy Eyeballs").
//
// The deadline and the cancellation of the awaiting coroutine end an attempt; no descriptor is left behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "eventcore/base/result.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/net/address.hpp"
#include "eventcore/net/tcp_stream.hpp"
#include "eventcore/reactor/reactor.hpp"

namespace eventcore::net {

struct connect_options {
    // How long an attempt has before the next address is tried beside it (RFC 8305, section 5).
    duration attempt_delay = std::chrono::milliseconds(250);
    tcp_options tcp{};
};

// Errors: the kernel's (ECONNREFUSED, EHOSTUNREACH, …), errc::timed_out or errc::canceled as the context
// says, errc::not_supported when the home scheduler is no reactor.
template <only_if_used = nullptr>
task<result<tcp_stream>> connect(address to, connect_options options = {}) {
    context& c = co_await this_context();
    auto* home = dynamic_cast<reactor*>(&c.home());
    if (!home) co_return errc::not_supported;
    if (c.is_cancelled()) co_return c.reason();
    result<tcp_stream> begun = tcp_stream::begin_connect(*home, to, options.tcp);
    if (!begun) co_return begun.error();
    const result<> connected = co_await begun->connected();
    if (!connected) co_return connected.error();
    co_return std::move(*begun);
}

// The first address that answers wins: families take turns, a further attempt begins when one has failed or
// had its delay, and the losers are cancelled and waited for. `addresses` must live until the result is
// there; at most 32 of them are tried. The error is that of the last attempt.
template <only_if_used = nullptr>
task<result<tcp_stream>> connect(std::span<const address> addresses, connect_options options = {});

namespace detail {

// The order of RFC 8305, section 4: as given, but a family does not follow itself while the other has some
// left.
class address_order {
 public:
    explicit address_order(std::span<const address> all) noexcept
        : all_(all.first(all.size() < 32 ? all.size() : 32)) {}

    // Null when all have been given.
    const address* next() noexcept {
        const address* chosen = nullptr;
        std::size_t at = 0;
        for (std::size_t i = all_.size(); i-- > 0;) {
            if (given_ & bit(i)) continue;
            const bool preferred = all_[i].family() != last_family_;
            if (chosen && !preferred && chosen->family() != last_family_) continue;
            chosen = &all_[i];
            at = i;
        }
        if (chosen) {
            given_ |= bit(at);
            last_family_ = chosen->family();
        }
        return chosen;
    }

 private:
    static std::uint32_t bit(std::size_t i) noexcept { return std::uint32_t{1} << i; }
    std::span<const address> all_;
    std::uint32_t given_ = 0;
    int last_family_ = AF_UNSPEC;
};

struct connect_race {
    tcp_stream winner;
    std::error_code last_error = make_error_code(errc::invalid_argument);  // of an empty list
    unsigned running = 0;
    event changed;  // an attempt has ended
};

template <only_if_used = nullptr>
task<> attempt(connect_race* race, address to, connect_options options) {
    ++race->running;
    result<tcp_stream> made = co_await connect(to, options);
    --race->running;
    if (made && !race->winner)
        race->winner = std::move(*made);
    else if (!made && made.error() != errc::canceled)
        race->last_error = made.error();
    race->changed.set();
}

template <only_if_used = nullptr>
task<result<>> wait_for(event* e) {
    const result<> waited = co_await e->wait();
    co_return waited;
}

}  // namespace detail

template <only_if_used>
task<result<tcp_stream>> connect(std::span<const address> addresses, connect_options options) {
    context& c = co_await this_context();
    detail::address_order order(addresses);
    detail::connect_race race;
    scope attempts(c);
    const address* next = order.next();
    while (!race.winner && !c.is_cancelled() && (next || race.running > 0)) {
        race.changed.reset();
        if (next) {
            attempts.spawn(&detail::attempt<>, &race, *next, options);
            next = order.next();
        }
        const duration patience = next ? options.attempt_delay : (duration::max)();
        (void)co_await with_timeout(patience, detail::wait_for(&race.changed));
    }
    attempts.cancel();
    co_await attempts.join();
    if (race.winner) co_return std::move(race.winner);
    if (c.is_cancelled()) co_return c.reason();
    co_return race.last_error;
}

}  // namespace eventcore::net
