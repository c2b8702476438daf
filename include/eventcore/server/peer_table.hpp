// How many connections each peer has, over all workers of a server. Asked when a connection comes and when it
// goes, never in between: so a lock per shard is cheap enough, and the number is exact, which a share per
// worker could not be (SO_REUSEPORT spreads one peer's connections unevenly).
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "eventcore/base/thread.hpp"

namespace eventcore {

// Keys are net::address::peer_group(); 0 is no peer. Memory follows the number of different peers that are
// connected, 8 bytes each in a table at most 3/4 full, and is not given back before the end.
class peer_table {
 public:
    peer_table() noexcept = default;
    peer_table(const peer_table&) = delete;
    peer_table& operator=(const peer_table&) = delete;

    // One more connection of `peer`. False: it has `most` already, or there is no memory; then nothing is
    // counted.
    bool add(std::uint32_t peer, std::uint32_t most) noexcept {
        shard& s = shard_of(peer);
        const lock_guard lock(s.guard);
        return s.add(peer, most);
    }
    // One less.
    void remove(std::uint32_t peer) noexcept {
        shard& s = shard_of(peer);
        const lock_guard lock(s.guard);
        s.remove(peer);
    }
    std::uint32_t count(std::uint32_t peer) noexcept {
        shard& s = shard_of(peer);
        const lock_guard lock(s.guard);
        return s.count_of(peer);
    }

 private:
    static constexpr std::size_t shard_count = 16;

    struct entry {
        std::uint32_t peer = 0;  // 0: free
        std::uint32_t count = 0;
    };
    // Linear probing; taking one out closes the gap, so there are no tombstones.
    struct alignas(64) shard {
        ~shard() { delete[] entries; }

        bool add(std::uint32_t peer, std::uint32_t most) noexcept {
            if (used * 4 >= size * 3 && !grow()) return false;
            entry& at = entries[place_of(peer)];
            if (at.count >= most) return false;
            used += at.count == 0;
            at.peer = peer;
            ++at.count;
            return true;
        }
        void remove(std::uint32_t peer) noexcept {
            if (size == 0) return;
            const std::size_t place = place_of(peer);
            if (entries[place].count == 0) return;
            if (--entries[place].count > 0) return;
            --used;
            close_gap(place);
        }
        std::uint32_t count_of(std::uint32_t peer) const noexcept {
            return size == 0 ? 0 : entries[place_of(peer)].count;
        }

        // Where it is, or where it would go. There is always a free place.
        std::size_t place_of(std::uint32_t peer) const noexcept {
            std::size_t at = home_of(peer);
            while (entries[at].count != 0 && entries[at].peer != peer) at = (at + 1) & (size - 1);
            return at;
        }
        // The lowest bits have chosen the shard.
        std::size_t home_of(std::uint32_t peer) const noexcept { return (peer / shard_count) & (size - 1); }
        void close_gap(std::size_t gap) noexcept {
            entries[gap] = {};
            for (std::size_t at = (gap + 1) & (size - 1); entries[at].count != 0;
                 at = (at + 1) & (size - 1)) {
                const std::size_t way = (at - home_of(entries[at].peer)) & (size - 1);
                if (way < ((at - gap) & (size - 1))) continue;  // its home is behind the gap
                entries[gap] = entries[at];
                entries[at] = {};
                gap = at;
            }
        }
        bool grow() noexcept {
            const std::size_t before = size;
            auto* larger = new (std::nothrow) entry[before == 0 ? 16 : before * 2];
            if (!larger) return false;
            entry* const old = entries;
            entries = larger;
            size = before == 0 ? 16 : before * 2;
            for (std::size_t i = 0; i < before; ++i)
                if (old[i].count != 0) entries[place_of(old[i].peer)] = old[i];
            delete[] old;
            return true;
        }

        mutex guard;
        entry* entries = nullptr;
        std::size_t size = 0;  // a power of two, or 0
        std::size_t used = 0;
    };

    shard& shard_of(std::uint32_t peer) noexcept { return shards_[peer % shard_count]; }

    shard shards_[shard_count];
};

}  // namespace eventcore
