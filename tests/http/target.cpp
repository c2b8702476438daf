#include "eventcore/http/target.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore::http;

namespace {

bool is_good(std::string_view target, method verb = method::get) {
    return parse_target(verb, target).has_value();
}

}  // namespace

TEST_CASE("origin-form is split at the first question mark") {
    const auto parts = parse_target(method::get, "/a/b%2Fc?x=1?y");
    REQUIRE(parts);
    CHECK(parts->form == target_form::origin);
    CHECK(parts->path == "/a/b%2Fc");
    CHECK(parts->query == "x=1?y");
    CHECK(parts->has_query);
    CHECK(parse_target(method::get, "/a?")->has_query);
    CHECK_FALSE(parse_target(method::get, "/a")->has_query);
}

TEST_CASE("absolute-form gives its authority, and a path where it has none") {
    const auto parts = parse_target(method::get, "HTTP://example.org:8080/x?y");
    REQUIRE(parts);
    CHECK(parts->form == target_form::absolute);
    CHECK(parts->authority == "example.org:8080");
    CHECK(parts->path == "/x");
    CHECK(parts->query == "y");
    CHECK(parse_target(method::get, "http://example.org")->path == "/");
    CHECK(parse_target(method::get, "http://example.org?q")->path == "/");
    CHECK(parse_target(method::get, "http://example.org?q")->query == "q");
    CHECK(parse_target(method::options, "http://example.org")->path == "*");
    CHECK(parse_target(method::options, "https://[::1]:443")->authority == "[::1]:443");
}

TEST_CASE("absolute-form of another scheme, without host or with user information is refused") {
    for (const char* target :
         {"http:/x", "http:x", "http://", "http:///x", "http://?x", "http://:80/", "ftp://h/", "http://u@h/",
          "http://u:p@h/", "http://h:x/", "http://h:99999/", "https:", "h"})
        CHECK_FALSE(is_good(target));
}

TEST_CASE("each special form belongs to one method") {
    CHECK(parse_target(method::options, "*")->form == target_form::asterisk);
    CHECK_FALSE(is_good("*"));
    CHECK_FALSE(is_good("*", method::connect));
    const auto tunnel = parse_target(method::connect, "example.org:443");
    REQUIRE(tunnel);
    CHECK(tunnel->form == target_form::authority);
    CHECK(tunnel->authority == "example.org:443");
    CHECK(is_good("[::1]:443", method::connect));
    for (const char* target :
         {"example.org", "example.org:", ":443", "/", "http://h/", "h:443/", "[::1]", ""})
        CHECK_FALSE(is_good(target, method::connect));
    CHECK_FALSE(is_good("example.org:443"));
}

TEST_CASE("octets that RFC 3986 does not allow in a path or query are refused") {
    for (int octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        const bool allowed = eventcore::http::detail::is_target_octet(c) && c != '%';
        CHECK(is_good(std::string("/") + c) == allowed);
        CHECK(is_good(std::string("/?") + c) == allowed);
        const bool leniently = allowed || is_lenient_target_octet(c);
        CHECK(parse_target(method::get, std::string("/a") + c + "b?" + c, true).has_value() == leniently);
    }
    for (const char* target : {"", "a", "?x", "/a b", "/#x", "/x#", "../x", "\\x", " /"})
        CHECK_FALSE(is_good(target));
}

TEST_CASE("a lenient target is split where a strict one would be") {
    const auto parts = parse_target(method::get, "/{a}|b?[c]?d", true);
    REQUIRE(parts);
    CHECK(parts->path == "/{a}|b");
    CHECK(parts->query == "[c]?d");
    CHECK_FALSE(parse_target(method::get, "/{%zz", true));
}

TEST_CASE("escapes must be whole, and NUL has no place in a path") {
    CHECK(is_good("/%41%zZ") == false);
    for (const char* target : {"/%", "/%4", "/%%41", "/%g0", "/%0g", "/x?%", "/x?%1", "/%00", "/a%00b?x"})
        CHECK_FALSE(is_good(target));
    CHECK(is_good("/%2e%2E/%ff"));
    CHECK(is_good("/x?%00"));
}

TEST_CASE("a host is a name or an address with a port that fits") {
    for (const char* host :
         {"", "a", "localhost:8080", "example.org:", "a_b.c", "127.0.0.1", "a%41", "[::1]", "[::1]:80",
          "[::]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]", "[v1.x:y]", "[v0123456789abcdef01.x]", "x=1",
          "a:65535", "[2001:db8::7]:", "A!$&'()*+,;=-._~z"})
        CHECK(is_valid_host(host));
    for (const char* host : {":80",
                             "a:b",
                             "a:-1",
                             "a:65536",
                             "a:99999999999999999999",
                             "a b",
                             "a/b",
                             "a@b",
                             "a?",
                             "a#",
                             "a:80:80",
                             "[::1",
                             "::1",
                             "[::1]x",
                             "[::1]:x",
                             "[]",
                             "[1]",
                             "[:::]",
                             "[1::2::3]",
                             "[12345::]",
                             "[::1.2.3]",
                             "[::1.2.3.256]",
                             "[v.x]",
                             "[v1.]",
                             "[fe80::1%25eth0]",
                             "a%",
                             "a%4",
                             "a%zz",
                             "a%00",
                             "\x80",
                             "a\\b",
                             "%41:x",
                             "a,b c",
                             "[1:2:3:4:5:6:7:8:9]",
                             "[1:2:3:4:5:6:7::8]x",
                             "[:1]",
                             "[1:]",
                             "[1:2:3:4:5:6:7:1.2.3.4]"})
        CHECK_FALSE(is_valid_host(host));
}

TEST_CASE("IPv6 addresses are read as RFC 3986 writes them") {
    for (const char* text : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
                             "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1::1.2.3.4", "ABCD::ef01"})
        CHECK(is_ipv6_address(text));
    for (const char* text :
         {"", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3",
          "g::", "::1.2.3.4:5", "::01.2.3.4", "::1.2.3.4.", ":1::", "::1:"})
        CHECK_FALSE(is_ipv6_address(text));
}
