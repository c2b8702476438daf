#include "eventcore/http/h1/parser.hpp"

#include <string>
#include <vector>

#include "../guarded_text.hpp"
#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::h1;
using http::request_head;
using http::status;

namespace {

// A request as it was parsed, in bytes that end at an unmapped page.
struct parsed {
    explicit parsed(std::string_view request, const limits& bounds = {})
        : text(request), slots(bounds.field_count) {
        request_parser parser;
        outcome = parser.parse(text.data(), text.size(), bounds, storage(), head);
        check_pieces(bounds, 1);
        check_pieces(bounds, 2);
        check_pieces(bounds, 7);
    }
    slot_storage storage() { return {slots.data(), static_cast<std::uint32_t>(slots.size())}; }

    // However the bytes are cut, and wherever they lie by then, the outcome is the same.
    void check_pieces(const limits& bounds, std::size_t piece) {
        std::vector<http::field_slot> other_slots(slots.size());
        const slot_storage other{other_slots.data(), static_cast<std::uint32_t>(other_slots.size())};
        request_parser parser;
        request_head other_head;
        parse_outcome last;
        for (std::size_t size = 0;; size = size + piece < text.size() ? size + piece : text.size()) {
            const guarded_text part(text.view().substr(0, size));
            last = parser.parse(part.data(), part.size(), bounds, other, other_head);
            if (last.state == parse_status::complete) CHECK(other_head.target == head.target);
            if (last.state != parse_status::need_more || size == text.size()) break;
        }
        CHECK(last.state == outcome.state);
        CHECK(last.refusal == outcome.refusal);
        CHECK(last.head_bytes == outcome.head_bytes);
    }

    guarded_text text;
    std::vector<http::field_slot> slots;
    request_head head;
    parse_outcome outcome;
};

constexpr auto complete = parse_status::complete;
constexpr auto need_more = parse_status::need_more;

// The status a request is refused with; 200 when it is complete, 100 when it is not.
int answer_to(std::string_view request, const limits& bounds = {}) {
    const parsed p(request, bounds);
    if (p.outcome.state == complete) return 200;
    return p.outcome.state == need_more ? 100 : http::code_of(p.outcome.refusal);
}
int answer_to_line(std::string_view line) { return answer_to(std::string(line) + "\r\nHost: a\r\n\r\n"); }
int answer_to_field(std::string_view field) {
    return answer_to("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n");
}

}  // namespace

TEST_CASE("a request head is read where it lies") {
    const parsed p(
        "POST /a/b?x=1 HTTP/1.1\r\nHost: example.org:8080\r\nX-Id:\t7 \r\nContent-Length: 5\r\n\r\nhello");
    REQUIRE(p.outcome.state == complete);
    CHECK(p.outcome.head_bytes == p.text.size() - 5);
    CHECK(p.head.verb == http::method::post);
    CHECK(p.head.method_text == "POST");
    CHECK(p.head.target == "/a/b?x=1");
    CHECK(p.head.path == "/a/b");
    CHECK(p.head.query == "x=1");
    CHECK(p.head.has_query);
    CHECK(p.head.authority == "example.org:8080");
    CHECK(p.head.minor_version == 1);
    CHECK(p.head.framing == http::body_framing::content_length);
    CHECK(p.head.content_length == 5);
    CHECK(p.head.fields.size() == 3);
    CHECK(p.head.fields.find("x-id") == "7");
    CHECK(p.head.fields[1].name == "X-Id");
    CHECK(p.head.fields[1].id == http::field_id::unknown);
    CHECK(p.head.fields[2].id == http::field_id::content_length);
    CHECK(p.head.path.data() == p.text.data() + 5);
}

TEST_CASE("requests that follow each other in one read are parsed one by one") {
    const std::string one = "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n";
    const guarded_text text(one + "GET /2 HTTP/1.0\r\n\r\nGET");
    http::field_slot slots[4];
    request_parser parser;
    request_head head;
    REQUIRE(parser.parse(text.data(), text.size(), {}, {slots, 4}, head).head_bytes == one.size());
    CHECK_FALSE(head.keep_alive);
    parser.reset();
    const auto second =
        parser.parse(text.data() + one.size(), text.size() - one.size(), {}, {slots, 4}, head);
    REQUIRE(second.state == complete);
    CHECK(head.path == "/2");
    CHECK(head.fields.empty());
    CHECK(head.authority.empty());
    CHECK(head.minor_version == 0);
    CHECK_FALSE(head.expects_continue);
    parser.reset();
    CHECK_FALSE(parser.has_started());
    const char* rest = text.end() - 3;
    CHECK(parser.parse(rest, 3, {}, {slots, 4}, head).state == need_more);
    CHECK(parser.has_started());
}

TEST_CASE("every incomplete head asks for more and reads nothing behind its end") {
    const std::string whole =
        "OPTIONS http://[::1]:80/p%20q?r HTTP/1.1\r\nHost: example.org\r\nUser-Agent: a b c d e f g h i j k "
        "l m\r\n"
        "Transfer-Encoding: chunked\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(answer_to(std::string_view(whole).substr(0, size)) == 100);
    const parsed p(whole);
    REQUIRE(p.outcome.state == complete);
    CHECK(p.head.authority == "[::1]:80");
    CHECK(p.head.path == "/p%20q");
    CHECK(p.head.query == "r");
    CHECK(p.head.framing == http::body_framing::chunked);
    CHECK(p.head.has_upgrade);
}

TEST_CASE("one empty line before the request line is ignored and no more") {
    CHECK(answer_to("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 200);
    CHECK(answer_to("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(answer_to("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(answer_to("\r\n\r") == 100);
    CHECK(answer_to("\r\n") == 100);
    CHECK(answer_to("\rG") == 400);
    request_parser parser;
    request_head head;
    CHECK(parser.parse("\r\n", 2, {}, {}, head).state == need_more);
    CHECK_FALSE(parser.has_started());
}

TEST_CASE("a request line has three parts, one space between them and nothing else") {
    CHECK(answer_to_line("GET / HTTP/1.1") == 200);
    CHECK(answer_to_line("X-y!z / HTTP/1.1") == 200);
    for (const char* line : {"GET  / HTTP/1.1",
                             "GET /  HTTP/1.1",
                             " GET / HTTP/1.1",
                             "GET / HTTP/1.1 ",
                             "GET /",
                             "GET / HTTP/1.1 x",
                             "GET\t/ HTTP/1.1",
                             "GET /\tHTTP/1.1",
                             "GET",
                             "/ HTTP/1.1",
                             "G(T / HTTP/1.1",
                             "GET / x HTTP/1.1",
                             "GET HTTP/1.1",
                             "G\x80T / HTTP/1.1",
                             "GET /\x01 HTTP/1.1",
                             "GET /# HTTP/1.1",
                             "GET /%zz HTTP/1.1",
                             "GET * HTTP/1.1",
                             "CONNECT / HTTP/1.1",
                             "GET a:80 HTTP/1.1",
                             "GET http://u@h/ HTTP/1.1"})
        CHECK(answer_to_line(line) == 400);
    CHECK(answer_to_line("CONNECT a:80 HTTP/1.1") == 200);
    CHECK(answer_to_line("OPTIONS * HTTP/1.1") == 200);
}

TEST_CASE("only HTTP/1 is spoken, in any minor version") {
    CHECK(answer_to_line("GET / HTTP/1.0") == 200);
    CHECK(answer_to_line("GET / HTTP/1.9") == 200);
    CHECK(parsed("GET / HTTP/1.2\r\nHost: a\r\n\r\n").head.minor_version == 1);
    CHECK(answer_to_line("GET / HTTP/2.0") == 505);
    CHECK(answer_to_line("GET / HTTP/0.9") == 505);
    CHECK(answer_to("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 400);  // asterisk-form is for OPTIONS
    for (const char* version : {"http/1.1", "HTTP/1", "HTTP/1.", "HTTP/1.1a", "HTTP/11.1", "HTTP/1.10",
                                "HTTP/ 1.1", "HTTP/1,1", "HTTPS/1.1", "HTTP/x.1", "ICAP/1.0", "HTTP/1.01"})
        CHECK(answer_to_line(std::string("GET / ") + version) == 400);
}

TEST_CASE("lines end with CR LF and with nothing else") {
    for (const char* request : {"GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
                                "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\rHost: a\r\n\r\n",
                                "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\rX",
                                "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"})
        CHECK(answer_to(request) == 400);
}

TEST_CASE("a field line is a token, a colon and a value without control octets") {
    CHECK(answer_to_field("a:") == 200);
    CHECK(answer_to_field("a:b\tc\xff") == 200);
    for (const char* field : {"a", ":b", " a: b", "\ta: b", "a : b", "a\t: b", "a b: c", "a(: b", "\x80: b",
                              "a: \x01", "a: \x7f", "a: b\x0c", "a: b\r\n c", "a: b\r\n\tc", "a\r\n : b"})
        CHECK(answer_to_field(field) == 400);
    CHECK(answer_to_field(std::string_view("a: b\0c", 6)) == 400);
    CHECK(answer_to_field(std::string_view("a\0: b", 5)) == 400);
}

TEST_CASE("whether a request is refused does not depend on what follows the refused line") {
    CHECK(answer_to("GET / HTTP/1.1\r\nbad line\r") == 100);
    CHECK(answer_to("GET / HTTP/1.1\r\nbad line\r\n") == 400);
    CHECK(answer_to("GE(T / HTTP/1.1") == 100);
    CHECK(answer_to("GET / HTTP/3.0\r\n") == 505);
    CHECK(answer_to("\x16\x03\x01") == 400);
}

TEST_CASE("an HTTP/1.1 request has exactly one valid Host") {
    CHECK(answer_to("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(answer_to("GET / HTTP/1.0\r\n\r\n") == 200);
    CHECK(answer_to("GET / HTTP/1.1\r\nHost:\r\n\r\n") == 200);
    CHECK(answer_to("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n") == 400);
    CHECK(answer_to("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n") == 400);
    CHECK(answer_to("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
    CHECK(answer_to("GET / HTTP/1.0\r\nHost: a:b\r\n\r\n") == 400);
    CHECK(answer_to("GET http://a/ HTTP/1.1\r\n\r\n") == 400);
}

TEST_CASE("the authority of absolute-form replaces the Host field") {
    CHECK(parsed("GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n").head.authority == "a");
    CHECK(parsed("GET /x HTTP/1.1\r\nHost: b\r\n\r\n").head.authority == "b");
    CHECK(parsed("CONNECT c:1 HTTP/1.1\r\nHost: b\r\n\r\n").head.authority == "c:1");
}

TEST_CASE("Content-Length is one number that fits") {
    CHECK(parsed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n").head.content_length == 7);
    CHECK(answer_to_field("Content-Length: 18446744073709551615") == 200);
    CHECK(parsed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").head.framing ==
          http::body_framing::none);
    for (const char* value : {"", "+1", "-1", "1 2", "1,1", "1, 1", "0x1", "1.0", "a", "18446744073709551616",
                              "99999999999999999999999", "1;", "\"1\""})
        CHECK(answer_to_field(std::string("Content-Length: ") + value) == 400);
    CHECK(answer_to_field("Content-Length: 1\r\nContent-Length: 1") == 400);
    CHECK(answer_to_field("Content-Length: 1\r\nContent-Length: 2") == 400);
}

TEST_CASE("Transfer-Encoding is chunked, once, or it is refused") {
    CHECK(answer_to_field("Transfer-Encoding: Chunked") == 200);
    CHECK(answer_to_field("Transfer-Encoding: , chunked ,") == 200);
    for (const char* value :
         {"", "identity", "gzip", "chunked, gzip", "chunked, chunked", "chunked;a=b", "xchunked",
          "chunked chunked", "\"chunked\"", "(x), chunked", "chunked, identity"})
        CHECK(answer_to_field(std::string("Transfer-Encoding: ") + value) == 400);
    CHECK(answer_to_field("Transfer-Encoding: gzip, chunked") == 501);
    CHECK(answer_to_field("Transfer-Encoding: gzip;q=1\r\nTransfer-Encoding: chunked") == 501);
    CHECK(answer_to_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == 400);
    CHECK(answer_to_field("Transfer-Encoding: chunked\r\nContent-Length: 1") == 400);
    CHECK(answer_to_field("Content-Length: 0\r\nTransfer-Encoding: chunked") == 400);
    CHECK(answer_to("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("the connection lives as the version and the Connection field say") {
    const auto lives = [](const char* version, const char* connection) {
        const parsed p(std::string("GET / HTTP/") + version + "\r\nHost: a\r\n" + connection + "\r\n");
        REQUIRE(p.outcome.state == complete);
        return p.head.keep_alive;
    };
    CHECK(lives("1.1", ""));
    CHECK_FALSE(lives("1.0", ""));
    CHECK_FALSE(lives("1.1", "Connection: x, CLOSE\r\n"));
    CHECK(lives("1.0", "connection: keep-alive\r\n"));
    CHECK(lives("1.0", "connection: a,Keep-alive\r\n"));
    CHECK_FALSE(lives("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
    CHECK(lives("1.1", "Connection: closed\r\n"));
}

TEST_CASE("an upgrade is asked for in two fields of an HTTP/1.1 request") {
    const auto upgrades = [](const char* version, const char* fields) {
        return parsed(std::string("GET / HTTP/") + version + "\r\nHost: a\r\n" + fields + "\r\n")
            .head.has_upgrade;
    };
    CHECK(upgrades("1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"));
    CHECK_FALSE(upgrades("1.1", "Upgrade: websocket\r\n"));
    CHECK_FALSE(upgrades("1.1", "Connection: upgrade\r\n"));
    CHECK_FALSE(upgrades("1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
}

TEST_CASE("100-continue is the only expectation that is understood") {
    const auto expects = [](const char* version, const char* fields) {
        return parsed(std::string("PUT / HTTP/") + version + "\r\nHost: a\r\n" + fields + "\r\n")
            .head.expects_continue;
    };
    CHECK(expects("1.1", "Expect: 100-Continue\r\nContent-Length: 1\r\n"));
    CHECK_FALSE(expects("1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n"));
    CHECK_FALSE(expects("1.1", "Expect: 100-continue\r\n"));
    CHECK(answer_to_field("Expect: 200-ok") == 417);
    CHECK(answer_to_field("Expect: 100-continue, x") == 417);
}

TEST_CASE("what is too long is refused with its own status") {
    limits small;
    small.request_line_bytes = 100;
    small.field_section_bytes = 200;
    small.field_count = 3;
    const auto line = [](std::size_t bytes) {
        return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    CHECK(answer_to(line(100), small) == 200);
    CHECK(answer_to(line(101), small) == 414);
    CHECK(answer_to("GET /" + std::string(500, 'a'), small) == 414);
    CHECK(answer_to(std::string(500, 'A'), small) == 400);

    const auto section = [](std::size_t bytes) {
        return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(bytes - 16, 'x') + "\r\n\r\n";
    };
    CHECK(answer_to(section(200), small) == 200);
    CHECK(answer_to(section(201), small) == 431);
    CHECK(answer_to(section(203), small) == 431);
    CHECK(answer_to("GET / HTTP/1.1\r\nX: " + std::string(500, 'x'), small) == 431);
    CHECK(answer_to("GET / HTTP/1.1\r\n" + std::string(500, 'x'), small) == 431);

    CHECK(answer_to("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n", small) == 200);
    CHECK(answer_to("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n", small) == 431);
}

TEST_CASE("no more slots are used than there are") {
    request_parser parser;
    request_head head;
    http::field_slot slots[1];
    const std::string_view text = "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
    const auto outcome = parser.parse(text.data(), text.size(), {}, {slots, 1}, head);
    CHECK(outcome.refusal == status::request_header_fields_too_large);
    CHECK(outcome.error() == errc::too_large);
}

TEST_CASE("octets that browsers fail to escape are accepted only when asked for") {
    const std::string request = "GET /{a}|b?c=[1] HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(answer_to(request) == 400);
    limits lenient;
    lenient.accept_unescaped_target = true;
    const parsed p(request, lenient);
    REQUIRE(p.outcome.state == complete);
    CHECK(p.head.path == "/{a}|b");
    CHECK(p.head.query == "c=[1]");
}

TEST_CASE("an outcome names the error its status stands for") {
    CHECK(parse_outcome{parse_status::error, status::bad_request, 0}.error() == errc::malformed);
    CHECK(parse_outcome{parse_status::error, status::uri_too_long, 0}.error() == errc::too_large);
    CHECK(parse_outcome{parse_status::error, status::expectation_failed, 0}.error() == errc::not_supported);
}
