#include "eventcore/server/peer_table.hpp"

#include <thread>
#include <unordered_map>
#include <vector>

#include "catch.hpp"

namespace ec = eventcore;

TEST_CASE("a peer may have so many connections and no more, until one has gone") {
    ec::peer_table table;
    CHECK(table.add(7, 2));
    CHECK(table.add(7, 2));
    CHECK_FALSE(table.add(7, 2));
    CHECK(table.add(8, 2));
    table.remove(7);
    CHECK(table.count(7) == 1);
    CHECK(table.add(7, 2));
    table.remove(99);  // nobody
    CHECK(table.count(99) == 0);
}

TEST_CASE("the table counts like a map, however peers come and go") {
    ec::peer_table table;
    std::unordered_map<std::uint32_t, std::uint32_t> model;
    std::uint64_t random = 42;
    const auto next = [&](std::uint32_t below) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>(random >> 33) % below;
    };
    for (int i = 0; i < 200'000; ++i) {
        // Multiples of 16 meet in one shard, those of 16 * 64 in one place of it.
        const std::uint32_t peer = 1 + next(300) * (next(2) != 0 ? 16U : 1024U);
        if (next(2) != 0) {
            const bool may = model[peer] < 5;
            REQUIRE(table.add(peer, 5) == may);
            model[peer] += may;
        } else {
            table.remove(peer);
            if (model[peer] > 0) --model[peer];
        }
    }
    for (const auto& [peer, count] : model) REQUIRE(table.count(peer) == count);
}

TEST_CASE("many threads count together without losing one") {
    ec::peer_table table;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&table] {
            for (std::uint32_t i = 0; i < 20'000; ++i) {
                table.add(1 + i % 50, UINT32_MAX);
                if (i % 2 != 0) table.remove(1 + i % 50);
            }
        });
    for (std::thread& t : threads) t.join();
    // Odd i only remove what the same i added.
    for (std::uint32_t peer = 1; peer <= 50; ++peer)
        REQUIRE(table.count(peer) == (peer % 2 != 0 ? 4 * 400U : 0U));
}
