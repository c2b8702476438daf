#include "eventcore/net/address.hpp"

#include <set>
#include <string>
#include <unordered_set>

#include "catch.hpp"

using namespace eventcore;
using net::address;

namespace {

std::string text_of(std::string_view text, std::uint16_t default_port = 0) {
    const result<address> parsed = address::parse(text, default_port);
    return parsed ? parsed->to_string() : "error: " + parsed.error().message();
}
bool refused(std::string_view text) { return !address::parse(text).has_value(); }

}  // namespace

TEST_CASE("an address is read and written back") {
    CHECK(text_of("127.0.0.1:80") == "127.0.0.1:80");
    CHECK(text_of("255.255.255.255:65535") == "255.255.255.255:65535");
    CHECK(text_of("127.0.0.1", 8080) == "127.0.0.1:8080");
    CHECK(text_of("127.0.0.1:0", 8080) == "127.0.0.1:0");
    CHECK(text_of("[::1]:80") == "[::1]:80");
    CHECK(text_of("[::1]", 443) == "[::1]:443");
    CHECK(text_of("::1", 443) == "[::1]:443");
    CHECK(text_of("*:8080") == "[::]:8080");
    CHECK(text_of("unix:/run/x.sock") == "unix:/run/x.sock");
    CHECK(text_of("unix:relative") == "unix:relative");
}

TEST_CASE("an IPv6 address is written as RFC 5952 says") {
    CHECK(text_of("[2001:0DB8:0:0:0:0:0002:0001]:1") == "[2001:db8::2:1]:1");
    CHECK(text_of("[2001:db8:0:1:1:1:1:1]:1") == "[2001:db8:0:1:1:1:1:1]:1");
    CHECK(text_of("[2001:0:0:1:0:0:0:1]:1") == "[2001:0:0:1::1]:1");
    CHECK(text_of("[2001:db8:0:0:1:0:0:1]:1") == "[2001:db8::1:0:0:1]:1");
    CHECK(text_of("[::ffff:192.0.2.1]:1") == "[::ffff:192.0.2.1]:1");
}

TEST_CASE("what is nearly an address is refused") {
    for (const char* text : {"",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:+1",
                             "127.0.0.1: 80",
                             "127.0.0.1:080000",
                             "127.0.0:80",
                             "127.0.0.1.1:80",
                             "127.0.0.256:80",
                             "127.0.0.01:80",
                             "0x7f.0.0.1:80",
                             "127.0.0.1 :80",
                             "1:80",
                             ":80",
                             "80",
                             "localhost:80",
                             "[::1",
                             "::1]:80",
                             "[::1]80",
                             "[::1]:",
                             "[]:80",
                             "[::1::]:80",
                             "[:::1]:80",
                             "[1:2:3:4:5:6:7:8:9]:80",
                             "[12345::]:80",
                             "[g::]:80",
                             "[127.0.0.1]:80",
                             "[::1%]:80",
                             "[::1%no-such-zone]:80",
                             "unix:",
                             "*",
                             "127..0.1:80",
                             ".127.0.0.1:1",
                             "127.0.0.1.:1"})
        if (std::string_view(text) != "*") CHECK(refused(text));
    CHECK(refused(std::string_view("unix:/a\0b", 9)));
    CHECK(refused(std::string_view("[::1\0]:80", 9)));
    CHECK(refused("unix:" + std::string(200, 'x')));
}

TEST_CASE("the error says what is wrong") {
    CHECK(text_of("localhost:80") ==
          "error: not an IPv4 address (four numbers 0 to 255); names are not resolved");
    CHECK(text_of("127.0.0.1:http") == "error: the port is not a number from 0 to 65535");
    CHECK(text_of("[::1]80") == "error: an IPv6 address with a port is written [address]:port");
    CHECK(std::string_view(net::make_error_code(net::address_error::empty).category().name()) ==
          "eventcore.address");
}

TEST_CASE("a link-local address keeps its zone") {
    const result<address> parsed = address::parse("[fe80::1%1]:80");
    REQUIRE(parsed);
    CHECK(parsed->scope_id() == 1);
    CHECK(parsed->to_string() == "[fe80::1%1]:80");
    CHECK_FALSE(*parsed == *address::parse("[fe80::1%2]:80"));
    CHECK(address::parse("[fe80::1%lo]:80").has_value());
}

TEST_CASE("the longest path of a Unix-domain socket is one byte shorter than the kernel's field") {
    CHECK(address::unix_path(std::string(sizeof(sockaddr_un::sun_path) - 1, 'p')).has_value());
    CHECK_FALSE(address::unix_path(std::string(sizeof(sockaddr_un::sun_path), 'p')).has_value());
}

#ifdef __linux__
TEST_CASE("an abstract name begins with a zero byte and is written with an @") {
    const result<address> parsed = address::parse("unix:@name");
    REQUIRE(parsed);
    CHECK(parsed->is_abstract());
    CHECK(parsed->unix_name() == std::string_view("\0name", 5));
    CHECK(parsed->to_string() == "unix:@name");
}
#endif

TEST_CASE("what the kernel gives is understood, and an unknown family is no address") {
    const address v4 = address::loopback_ipv4(80);
    CHECK(address::from(v4.data(), v4.size()) == v4);
    CHECK(v4.is_loopback());
    sockaddr unknown{};
    unknown.sa_family = 77;
    CHECK_FALSE(address::from(&unknown, sizeof unknown).is_set());
    CHECK_FALSE(address::from(v4.data(), 4).is_set());
    CHECK_FALSE(address::from(v4.data(), 0).is_set());
    sockaddr_un unnamed{};
    unnamed.sun_family = AF_UNIX;
    const address peer = address::from(reinterpret_cast<const sockaddr*>(&unnamed), sizeof(sa_family_t));
    CHECK(peer.is_unix());
    CHECK(peer.unix_name().empty());
    CHECK(peer.to_string() == "unix:");
}

TEST_CASE("addresses compare by what they name") {
    const address a = address::loopback_ipv4(80), b = address::loopback_ipv4(81),
                  c = address::loopback_ipv6(80);
    CHECK(a == address::loopback_ipv4(80));
    CHECK_FALSE(a == b);
    CHECK(a.with_port(81) == b);
    CHECK((a < b && !(b < a)));
    CHECK((a < c) != (c < a));
    CHECK(std::unordered_set<address>{a, b, c, a}.size() == 3);
    CHECK_FALSE(address().is_set());
    CHECK(address::any_ipv6(1).is_any());
    CHECK(address::any_ipv4(1).is_any());
    CHECK_FALSE(a.is_any());
}

TEST_CASE("a peer is an IPv4 address or the network of an IPv6 address, whatever the port") {
    const auto group = [](std::string_view text) { return address::parse(text, 1)->peer_group(); };
    CHECK(group("127.0.0.1:80") == group("127.0.0.1:81"));
    CHECK(group("127.0.0.1:80") == group("[::ffff:127.0.0.1]:80"));
    CHECK(group("127.0.0.1") != group("127.0.0.2"));
    CHECK(group("[2001:db8:1:2::1]:80") == group("[2001:db8:1:2:ffff:ffff:ffff:ffff]:81"));
    CHECK(group("[2001:db8:1:2::1]:80") != group("[2001:db8:1:3::1]:80"));
    CHECK(group("0.0.0.0") != 0);
    CHECK(group("unix:/run/app.sock") == 0);
    CHECK(address().peer_group() == 0);
    // No two of the addresses of a /16 are the same peer, or hardly any.
    std::set<std::uint32_t> seen;
    for (unsigned low = 0; low < 65536; ++low)
        seen.insert(group("10.1." + std::to_string(low >> 8) + "." + std::to_string(low & 255U)));
    CHECK(seen.size() > 65530);
}
