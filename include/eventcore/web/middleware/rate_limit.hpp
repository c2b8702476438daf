// At most so many requests per client in a time; more are answered 429 with Retry-After (RFC 6585, 4).
//
//   ec::use(ec::rate_limit({.requests = 100, .per = 1min}))                     by the client's address
//   ec::use(ec::rate_limit({.requests = 10}, [](const ec::request& r) {         by a key of your own
//       return r.header("x-api-key").value_or("");
//   }))
//
// Workers that share a router share its limits. Workers with an application each would each have their own:
// give them one rate_limiter, by reference. A handler may ask one itself, at a price it knows.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "eventcore/base/assert.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/web/problem.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/response.hpp"

namespace eventcore {

struct rate_options {
    std::uint32_t requests = 60;  // on average …
    duration per = std::chrono::minutes(1);
    std::uint32_t burst = 0;    // at once, after a rest; 0: as many as `requests`
    std::size_t keys = 32'768;  // remembered at a time, 8 bytes each; never more memory than that
};

// A token bucket per key. Any thread may take, without locks.
//
// A bucket is one word, a part of the key's hash and the time at which the bucket is full again (the generic
// cell rate algorithm, ITU-T I.371), so that a compare-and-swap moves all of it. Eight places for a key; when
// all are taken, the bucket that is full soonest gives way: keys that are near their limit are remembered
// longest, and a flood of new keys evicts its own. Two keys may share a bucket, with a chance of 1 to 100,000
// that nobody can aim at, since the hash differs from process to process.
class rate_limiter {
 public:
    explicit rate_limiter(const rate_options& options)
        : interval_(ticks(options.per) / (options.requests > 0 ? options.requests : 1)),
          window_(interval_ * (options.burst > 0 ? options.burst : options.requests)),
          sets_(std::bit_ceil(options.keys / places > 0 ? options.keys / places : 1)),
          entries_(new std::atomic<std::uint64_t>[sets_ * places] {}) {
        EVENTCORE_ASSERT(options.requests > 0, "a rate limit lets at least one request pass");
        EVENTCORE_ASSERT(interval_ > 0 && window_ < time_mask / 4,
                         "a rate limit is at most 900,000 requests per second, and a burst takes weeks");
    }
    rate_limiter(const rate_limiter&) = delete;
    rate_limiter& operator=(const rate_limiter&) = delete;
    ~rate_limiter() { delete[] entries_; }

    // Takes `price` tokens of `key`. Zero: they were there. Else nothing was taken, and they will be there
    // after that time at the earliest. A price above the burst is never paid.
    duration take(std::uint64_t key, time_point now, std::uint32_t price = 1) const noexcept;
    // The same for a key that is text: an account, an API key, a path.
    duration take(std::string_view key, time_point now, std::uint32_t price = 1) const noexcept {
        std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
        for (char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        return take(hash, now, price);
    }

 private:
    static constexpr std::size_t places = 8;  // one cache line
    static constexpr unsigned time_bits = 44;
    static constexpr std::uint64_t time_mask = (std::uint64_t{1} << time_bits) - 1;
    static constexpr int tick_nanoseconds = 1024;  // 44 bits of them are 208 days, and may wrap around

    static constexpr std::uint64_t ticks(duration length) noexcept {
        return static_cast<std::uint64_t>(length.count()) / tick_nanoseconds;
    }
    static std::uint64_t mix(std::uint64_t bits) noexcept {
        static const char where_we_are = 0;  // not known to others: the system places programs at random
        bits ^= reinterpret_cast<std::uintptr_t>(&where_we_are);
        bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93U;
        bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93U;
        return bits ^ bits >> 32;
    }
    // How far the bucket is from full. A time outside the window has passed, however long ago.
    std::uint64_t debt(std::uint64_t entry, std::uint64_t now) const noexcept {
        const std::uint64_t ahead = (entry - now) & time_mask;
        return ahead <= window_ ? ahead : 0;
    }
    // Its place in the set, or the one it gets.
    std::size_t find(const std::atomic<std::uint64_t>* set, std::uint64_t mark,
                     std::uint64_t now) const noexcept;

    std::uint64_t interval_;  // in ticks, between two tokens
    std::uint64_t window_;    // in ticks, until an empty bucket is full
    std::size_t sets_;
    std::atomic<std::uint64_t>* entries_;  // [ part of the hash: 20 | full again: 44 ]; 0: free
};

inline std::size_t rate_limiter::find(const std::atomic<std::uint64_t>* set, std::uint64_t mark,
                                      std::uint64_t now) const noexcept {
    std::size_t soonest = 0;
    std::uint64_t least = UINT64_MAX;
    for (std::size_t i = 0; i < places; ++i) {
        const std::uint64_t entry = set[i].load(std::memory_order_relaxed);
        if (entry != 0 && (entry & ~time_mask) == mark) return i;
        const std::uint64_t owed = entry == 0 ? 0 : debt(entry, now);
        if (owed < least) least = owed, soonest = i;
    }
    return soonest;
}

inline duration rate_limiter::take(std::uint64_t key, time_point at, std::uint32_t price) const noexcept {
    const std::uint64_t hash = mix(key), mark = hash & ~time_mask;
    std::atomic<std::uint64_t>* const set = entries_ + (hash & (sets_ - 1)) * places;
    const std::uint64_t now = ticks(at.time_since_epoch()) & time_mask;
    const std::uint64_t cost = interval_ * price;
    for (;;) {
        std::atomic<std::uint64_t>& place = set[find(set, mark, now)];
        std::uint64_t entry = place.load(std::memory_order_relaxed);
        const bool is_ours = entry != 0 && (entry & ~time_mask) == mark;
        const std::uint64_t owed = (is_ours ? debt(entry, now) : 0) + cost;
        if (owed > window_) return duration(static_cast<std::int64_t>((owed - window_) * tick_nanoseconds));
        const std::uint64_t full_again = (now + owed) & time_mask;
        // (0 means free, and nothing else may.)
        const std::uint64_t fresh = mark | full_again, kept = fresh != 0 ? fresh : 1;
        if (place.compare_exchange_weak(entry, kept, std::memory_order_relaxed)) return {};
    }
}

namespace detail {

template <class Key>
class rate_limit_guard {
 public:
    rate_limit_guard(owned<rate_limiter> own, const rate_limiter* limiter, Key key)
        : own_(std::move(own)), limiter_(limiter), key_(std::move(key)) {}

    std::optional<response> operator()(request& req) const {
        const duration wait = limiter_->take(key_(req), req.ctx().home().now());
        if (wait <= duration::zero()) return std::nullopt;
        return refusal(wait);
    }

 private:
    static response refusal(duration wait) {
        response answer;
        set_problem(answer, problem{status::too_many_requests, {}, {}, {}});
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
        answer.set("Retry-After", std::to_string(seconds));
        return answer;
    }

    owned<rate_limiter> own_;  // null when it is somebody else's
    const rate_limiter* limiter_;
    Key key_;
};

// Clients without an IP address, behind a Unix-domain socket, are one client.
struct peer_key {
    std::uint64_t operator()(const request& req) const noexcept { return req.peer_group(); }
};

template <class Key>
inline constexpr bool is_rate_key = std::is_invocable_r_v<std::string_view, const Key&, const request&> ||
                                    std::is_invocable_r_v<std::uint64_t, const Key&, const request&>;

}  // namespace detail

// By the address of whoever connected (net::address::peer_group()): behind a proxy that is the proxy, so take
// a key from a field it sets. `key(const request&)` is a number, or text that lives as long as the request.
template <class Key = detail::peer_key>
detail::rate_limit_guard<Key> rate_limit(const rate_options& options, Key key = {}) {
    static_assert(detail::is_rate_key<Key>,
                  "eventcore: the key of a rate limit is a number or a std::string_view made from a const "
                  "ec::request&");
    auto own = make_owned<rate_limiter>(options);
    const rate_limiter* const limiter = own.get();
    return {std::move(own), limiter, std::move(key)};
}
// With a limiter that others use as well; it must outlive the router.
template <class Key = detail::peer_key>
detail::rate_limit_guard<Key> rate_limit(const rate_limiter& shared, Key key = {}) {
    static_assert(detail::is_rate_key<Key>,
                  "eventcore: the key of a rate limit is a number or a std::string_view made from a const "
                  "ec::request&");
    return {owned<rate_limiter>(), &shared, std::move(key)};
}

}  // namespace eventcore
