#include "eventcore/server/server_exchange.hpp"

#include <string>

#include "eventcore/server/http1_exchange.hpp"
#include "support/allocation_counts.hpp"
#include "support/running_server.hpp"

using namespace eventcore;

TEST_CASE(
    "what waits for a client that is never up to date is as large as what waits, not as what was sent") {
    auto home = reactor::open().value();
    const server_options options;
    worker_counters counters;
    const application none(nullptr, [](const void*, request&) { return route_choice(); });
    connection_host host(*home, none, options, counters);
    http1_exchange e(host);
    const std::string piece(10'000, 'p');
    for (int i = 0; i < 20; ++i) e.queue(piece);
    const std::size_t before = test::allocations;
    for (int i = 0; i < 5000; ++i) {
        e.queue_sent(piece.size());
        e.queue(std::string(piece.size(), static_cast<char>('a' + i % 26)));
    }
    CHECK(e.queued_bytes() == 200'000);
    CHECK(e.queued_view().substr(0, 2) == std::string(2, static_cast<char>('a' + 4980 % 26)));
    CHECK(e.queued_view().back() == static_cast<char>('a' + 4999 % 26));
    CHECK(test::allocations - before <= 5000 + 1);  // the strings, and at most once the block
}
