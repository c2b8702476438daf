#include "eventcore/http/h1/serializer.hpp"

#include <string>

#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::h1;
using http::method;
using http::status;

namespace {

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

// What is written, checked to lie within the bytes that were asked for (by ASan, too: the block has no more).
std::string written(const response_head& head) {
    const std::size_t bytes = response_head_bytes(head);
    char* const block = new char[bytes];
    const std::string text(block, write_response_head(block, head));
    delete[] block;
    CHECK(text.size() <= bytes);
    return text;
}

}  // namespace

TEST_CASE("a response head is written") {
    response_head head;
    head.content_length = 13;
    head.date = date;
    head.server = "EventCore";
    head.content_type = "text/plain";
    CHECK(written(head) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nServer: EventCore\r\n"
          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
}

TEST_CASE("every status has its line") {
    response_head head;
    head.framing = content_framing::none;
    for (int code = 100; code < 600; ++code) {
        head.code = static_cast<status>(code);
        const std::string expected = "HTTP/1.1 " + std::to_string(code) + " " +
                                     std::string(http::reason_phrase(head.code)) + "\r\n\r\n";
        CHECK(written(head) == expected);
        CHECK(http::reason_phrase(head.code).size() <= eventcore::h1::detail::reason_phrase_bytes_max);
    }
    head.code = static_cast<status>(1000);
    CHECK(written(head) == "HTTP/1.1 500 Internal Server Error\r\n\r\n");
}

TEST_CASE("numbers are written in full") {
    response_head head;
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, std::uint64_t{99}, std::uint64_t{100},
          std::uint64_t{12345}, UINT64_MAX}) {
        head.content_length = length;
        CHECK(written(head) == "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n");
    }
}

TEST_CASE("framing and connection are written as they are decided") {
    response_head head;
    head.framing = content_framing::chunked;
    head.connection = connection_option::close;
    CHECK(written(head) == "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    head.framing = content_framing::until_close;
    head.connection = connection_option::keep_alive;
    CHECK(written(head) == "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
    head.code = status::switching_protocols;
    head.framing = content_framing::none;
    head.connection = connection_option::upgrade;
    head.upgrade = "websocket";
    CHECK(written(head) ==
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("fields of the handler are written, but not those that frame the message") {
    http::fields fields;
    for (const char* name :
         {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Date"})
        REQUIRE(fields.add(name, "1"));
    REQUIRE(fields.add("X-Id", "7"));
    REQUIRE(fields.add("Set-Cookie", "a=b"));
    REQUIRE(fields.add("set-cookie", "c=d"));
    response_head head;
    head.fields = &fields;
    CHECK(written(head) ==
          "HTTP/1.1 200 OK\r\nX-Id: 7\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("Server and Content-Type of the handler replace ours") {
    http::fields fields;
    REQUIRE(fields.add("server", "mine"));
    REQUIRE(fields.add("content-type", "text/html"));
    response_head head;
    head.fields = &fields;
    head.server = "EventCore";
    head.content_type = "text/plain";
    head.date = date;
    CHECK(written(head) ==
          "HTTP/1.1 200 OK\r\nserver: mine\r\ncontent-type: text/html\r\nContent-Length: 0\r\n"
          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
}

TEST_CASE("the bytes asked for are enough for the longest of everything") {
    http::fields fields;
    for (int i = 0; i < 40; ++i) REQUIRE(fields.add("n" + std::to_string(i), std::string(100, 'v')));
    response_head head;
    head.fields = &fields;
    head.code = status::request_header_fields_too_large;
    head.content_length = UINT64_MAX;
    head.connection = connection_option::upgrade;
    head.upgrade = std::string_view("websocket, h2c");
    head.server = head.content_type = std::string_view("a/b; c=0123456789");
    head.date = date;
    CHECK(written(head).size() > 40 * 104);
}

TEST_CASE("whether content follows is decided by method, status and version") {
    const auto is = [](content_rules rules, content_framing framing, bool sends_content) {
        return rules.framing == framing && rules.sends_content == sends_content;
    };
    CHECK(is(rules_for(method::get, status::ok, 1, true), content_framing::content_length, true));
    CHECK(is(rules_for(method::get, status::ok, 1, false), content_framing::chunked, true));
    CHECK(is(rules_for(method::get, status::ok, 0, false), content_framing::until_close, true));
    CHECK(is(rules_for(method::head, status::ok, 1, true), content_framing::content_length, false));
    CHECK(is(rules_for(method::head, status::ok, 1, false), content_framing::chunked, false));
    CHECK(is(rules_for(method::get, status::no_content, 1, true), content_framing::none, false));
    CHECK(is(rules_for(method::get, status::continue_, 1, true), content_framing::none, false));
    CHECK(is(rules_for(method::get, status::not_modified, 1, false), content_framing::none, false));
    CHECK(is(rules_for(method::get, status::not_modified, 1, true), content_framing::content_length, false));
    CHECK(is(rules_for(method::connect, status::ok, 1, true), content_framing::none, false));
    CHECK(
        is(rules_for(method::connect, status::bad_request, 1, true), content_framing::content_length, true));
}
