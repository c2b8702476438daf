#include "eventcore/http/websocket/handshake.hpp"

#include <string>

#include "catch.hpp"
#include "eventcore/http/h1/parser.hpp"

using namespace eventcore;
using namespace eventcore::websockets;

namespace {

constexpr accept_text sample = accept_key("dGhlIHNhbXBsZSBub25jZQ==");
static_assert(std::string_view(sample.data(), sample.size()) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // 1.3

handshake_fault check(const std::string& line, const std::string& fields,
                      handshake_form form = handshake_form::upgrade) {
    const std::string text = line + "\r\nHost: a\r\n" + fields + "\r\n";
    http::field_slot slots[32];
    http::request_head head;
    h1::request_parser parser;
    const auto outcome = parser.parse(text.data(), text.size(), {}, {slots, 32}, head);
    REQUIRE(outcome.state == h1::parse_status::complete);
    return check_handshake(head, form);
}
const std::string upgrade = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

}  // namespace

TEST_CASE("which requests are opening handshakes") {
    using fault = handshake_fault;
    CHECK(check("GET / HTTP/1.1", upgrade + version + key) == fault::none);
    CHECK(check("GET / HTTP/1.1", version + key) == fault::no_upgrade);
    CHECK(check("GET / HTTP/1.0", upgrade + version + key) == fault::no_upgrade);
    CHECK(check("HEAD / HTTP/1.1", upgrade + version + key) == fault::no_upgrade);
    CHECK(check("GET / HTTP/1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n" + version + key) ==
          fault::no_upgrade);
    CHECK(check("GET / HTTP/1.1", upgrade + key) == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + version + version + key) == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + "Sec-WebSocket-Version: 8\r\n" + key) == fault::version);
    CHECK(check("GET / HTTP/1.1", upgrade + "Sec-WebSocket-Version: x\r\n" + key) == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + version) == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + version + key + key) == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + version + "Sec-WebSocket-Key: short\r\n") == fault::malformed);
    CHECK(check("GET / HTTP/1.1", upgrade + version + key + "Content-Length: 1\r\n") == fault::malformed);
    CHECK(check("GET / HTTP/1.1", version, handshake_form::extended_connect) == fault::none);
    CHECK(check("GET / HTTP/1.1", "", handshake_form::extended_connect) == fault::malformed);
}

TEST_CASE("which pages are of the same origin") {
    CHECK(is_same_origin("http://example.org", "example.org"));
    CHECK(is_same_origin("https://EXAMPLE.org", "example.org"));
    CHECK(is_same_origin("http://example.org:8080", "example.org:8080"));
    CHECK(is_same_origin("https://example.org", "example.org:443"));
    CHECK(is_same_origin("http://[::1]:9", "[::1]:9"));
    CHECK_FALSE(is_same_origin("http://example.org:81", "example.org"));
    CHECK_FALSE(is_same_origin("http://example.org.evil.net", "example.org"));
    CHECK_FALSE(is_same_origin("http://evil.net", "example.org"));
    CHECK_FALSE(is_same_origin("null", "example.org"));
    CHECK_FALSE(is_same_origin("null", ""));
    CHECK_FALSE(is_same_origin("", ""));
    CHECK_FALSE(is_same_origin("http:", ""));
    CHECK_FALSE(is_same_origin("example.org", "example.org"));
}
