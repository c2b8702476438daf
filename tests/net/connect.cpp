#include "eventcore/net/connect.hpp"

#include <dirent.h>

#include <string>
#include <vector>

#include "catch.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using net::address;
using net::tcp_stream;
using test::run_on;

namespace {

int open_descriptors() {
    int count = 0;
    DIR* listing = ::opendir("/proc/self/fd");
    while (::readdir(listing)) ++count;
    ::closedir(listing);
    return count;
}
address address_of(const tcp_listener& l) {
    return address::from(reinterpret_cast<const sockaddr*>(&l.address), sizeof l.address);
}
// A port nobody listens on.
address refusing_address() {
    const tcp_listener closed_soon;
    return address_of(closed_soon);
}
// A listener whose queue is full: the kernel drops further attempts, which then hang.
struct deaf_listener {
    deaf_listener() {
        REQUIRE(::listen(door.fd.get(), 0) == 0);
        for (unique_fd& client : clients) {
            client = unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            (void)::connect(client.get(), reinterpret_cast<const sockaddr*>(&door.address),
                            sizeof door.address);
        }
    }
    tcp_listener door;
    unique_fd clients[4];
};

task<result<tcp_stream>> connect_any(std::vector<address> to, net::connect_options options = {}) {
    result<tcp_stream> made = co_await net::connect(std::span<const address>(to), options);
    co_return made;
}
task<> keep_error(task<result<tcp_stream>> work, std::error_code* to) {
    const result<tcp_stream> made = co_await std::move(work);
    *to = made.error();
}

}  // namespace

TEST_CASE("a connection is made and carries bytes") {
    const auto r = every_reactor();
    const tcp_listener door;
    result<tcp_stream> made = run_on(*r, net::connect(address_of(door)));
    REQUIRE(made);
    CHECK(made->peer_address() == address_of(door));
    const unique_fd theirs(::accept(door.fd.get(), nullptr, nullptr));
    write_all(theirs.get(), "welcome");
    auto read = [](tcp_stream* from) -> task<std::string> {
        std::string text(100, '\0');
        const result<std::size_t> got = co_await from->read_some(text);
        text.resize(got.value_or(0U));
        co_return text;
    };
    CHECK(run_on(*r, read(&*made)) == "welcome");
}

TEST_CASE("a refused connection is an error and leaves no descriptor") {
    const auto r = every_reactor();
    const address nobody = refusing_address();
    const int before = open_descriptors();
    CHECK(run_on(*r, net::connect(nobody)).error() == std::errc::connection_refused);
    CHECK(run_on(*r, net::connect(address())).error() == errc::invalid_argument);
    CHECK(run_on(*r, net::connect(*address::parse("unix:/nowhere/at/all"))).error() ==
          std::errc::no_such_file_or_directory);
    settle(*r);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a connect that hangs ends with its deadline or its cancellation and leaves no descriptor") {
    const auto r = every_reactor();
    const deaf_listener deaf;
    const int before = open_descriptors();
    CHECK(run_on(*r, with_timeout(10ms, net::connect(address_of(deaf.door)))).error() == errc::timed_out);
    context root(*r);
    {
        scope children(root);
        std::error_code error;
        children.spawn(keep_error(net::connect(address_of(deaf.door)), &error));
        settle(*r);
        CHECK(children.running() == 1);
        children.cancel();
        REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
        CHECK(error == errc::canceled);
        children.spawn(keep_error(net::connect(address_of(deaf.door)), &error));
    }
    settle(*r);
    CHECK(open_descriptors() == before);
}

TEST_CASE("of several addresses the first that answers wins") {
    const auto r = every_reactor();
    const tcp_listener door;
    const deaf_listener deaf;
    const address good = address_of(door), hangs = address_of(deaf.door), refuses = refusing_address();
    const int before = open_descriptors();
    {
        net::connect_options hurried;
        hurried.attempt_delay = 5ms;
        CHECK(run_on(*r, connect_any({good, hangs}))->peer_address() == good);
        CHECK(run_on(*r, connect_any({refuses, refuses, good}))->peer_address() == good);
        CHECK(run_on(*r, connect_any({hangs, refuses, hangs, good}, hurried))->peer_address() == good);
    }
    settle(*r);
    CHECK(open_descriptors() == before);
    CHECK(run_on(*r, connect_any({refuses, refuses})).error() == std::errc::connection_refused);
    CHECK(run_on(*r, connect_any({})).error() == errc::invalid_argument);
    CHECK(run_on(*r, with_timeout(20ms, connect_any({hangs, hangs}))).error() == errc::timed_out);
    settle(*r);
    CHECK(open_descriptors() == before);
}

TEST_CASE("the families take turns, beginning with the first") {
    const std::vector<address> given = {address::loopback_ipv6(1), address::loopback_ipv6(2),
                                        address::loopback_ipv6(3), address::loopback_ipv4(4),
                                        address::loopback_ipv4(5)};
    net::detail::address_order order(given);
    std::vector<int> ports;
    while (const address* next = order.next()) ports.push_back(next->port());
    CHECK(ports == std::vector<int>{1, 4, 2, 5, 3});
    CHECK(order.next() == nullptr);
}

TEST_CASE("a scheduler that is no reactor cannot connect") {
    test::manual_scheduler home;
    CHECK(home.run(net::connect(address::loopback_ipv4(1))).error() == errc::not_supported);
}
