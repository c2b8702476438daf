// Connections that come to one worker and are served by another.
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "eventcore/server/intake.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;

namespace {

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

auto who_serves() {
    return ec::router(ec::get<"/">([] { return std::to_string(::pthread_self()); }));
}

// How many of the connections each worker serves, the fewest first.
std::vector<int> shares(std::vector<std::unique_ptr<raw_client>>& clients) {
    std::map<std::string, int> served;
    for (auto& client : clients) {
        REQUIRE(client->send(request));
        const std::string answer = client->receive_response();
        REQUIRE(status_of(answer) == 200);
        ++served[content_of(answer)];
    }
    std::vector<int> counts;
    for (const auto& [worker, count] : served) counts.push_back(count);
    std::sort(counts.begin(), counts.end());
    return counts;
}

// They come one after the other: each has been answered before the next one connects.
std::vector<int> shares_of_three(std::uint16_t port) {
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<raw_client>(port));
        REQUIRE(clients.back()->send(request));
        REQUIRE(status_of(clients.back()->receive_response()) == 200);
    }
    return shares(clients);
}

}  // namespace

TEST_CASE("three connections never meet on one of two workers") {
    running_server s(EVENTCORE_EVERY_REACTOR, who_serves(), {.workers = 2});
    for (int i = 0; i < 20; ++i) {
        CHECK(shares_of_three(s.port()) == std::vector<int>{1, 2});
        while (s.server().statistics().connections_open > 0) std::this_thread::yield();
    }
}

TEST_CASE("every worker serves connections of a Unix-domain socket") {
    const std::string path = "/tmp/eventcore-balance-" + std::to_string(::getpid()) + ".sock";
    ec::server_options options;
    options.workers = 3;
    options.listen_also = {"unix:" + path};
    running_server s(EVENTCORE_EVERY_REACTOR, who_serves(), options);
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 6; ++i) {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        clients.push_back(std::make_unique<raw_client>(raw_client::over{fd}));
        REQUIRE(clients.back()->send(request));
        REQUIRE(status_of(clients.back()->receive_response()) == 200);
    }
    CHECK(shares(clients).size() == 3);
}

TEST_CASE("connections stay where they came when they are told to") {
    ec::server_options options;
    options.workers = 3;
    options.balance_connections = false;
    running_server s(EVENTCORE_EVERY_REACTOR, who_serves(), options);
    int unequal = 0;
    for (int i = 0; i < 30; ++i) unequal += shares_of_three(s.port()) != std::vector<int>{1, 1, 1};
    CHECK(unequal > 0);
}

TEST_CASE("a server that is stopped while connections are on their way ends, and answers whom it took") {
    const eventcore::reactor_kind kind = EVENTCORE_EVERY_REACTOR;
    for (int round = 0; round < 20; ++round) {
        running_server s(kind, who_serves(), {.workers = 4, .drain_grace = std::chrono::milliseconds(1)});
        std::atomic<int> answered{0};
        std::vector<std::thread> clients;
        for (int i = 0; i < 3; ++i)
            clients.emplace_back([&, port = s.port()] {
                std::vector<std::unique_ptr<raw_client>> open;
                for (int n = 0; n < 50; ++n) {
                    open.push_back(std::make_unique<raw_client>(port));
                    if (!open.back()->is_connected() || !open.back()->send(request)) return;
                    if (status_of(open.back()->receive_response()) != 200) return;
                    ++answered;
                }
            });
        while (answered.load() < 20) std::this_thread::yield();
        s.stop();
        for (std::thread& client : clients) client.join();
        CHECK(s.server().statistics().connections_open == 0);
    }
}

TEST_CASE("an intake lets nobody in once it is closed, and knows who is still on the way") {
    ec::intake i;
    CHECK_FALSE(i.enter());
    i.open();
    CHECK(i.enter());
    CHECK(i.enter());
    i.close();
    CHECK_FALSE(i.enter());
    CHECK(i.count() == 2);
    i.leave();
    i.leave();
    CHECK(i.count() == 0);
}
