#include "eventcore/http/h1/chunked.hpp"

#include <string>

#include "../guarded_text.hpp"
#include "catch.hpp"

using namespace eventcore;
using namespace eventcore::h1;
using http::status;

namespace {

struct decoded {
    std::string content;
    std::string trailers;
    status refusal = status::ok;
    bool is_ended = false;
    std::size_t rest = 0;  // bytes behind the body
};

// Decodes `body`, of which `piece` bytes arrive at a time, each time in bytes that end at an unmapped page.
decoded decode_in_pieces(std::string_view body, std::size_t piece, const limits& bounds) {
    decoded out;
    chunked_decoder decoder;
    http::fields trailers;
    std::size_t begin = 0, size = 0;
    while (!out.is_ended && out.refusal == status::ok) {
        const guarded_text part(body.substr(begin, size - begin));
        const chunk_step step = decoder.step(part.data(), part.size(), bounds, &trailers);
        out.content += step.data;
        out.refusal = step.refusal;
        out.is_ended = step.state == chunk_status::end;
        begin += step.consumed;
        if (step.state == chunk_status::need_more && size == body.size()) break;
        if (step.state == chunk_status::need_more)
            size = size + piece < body.size() ? size + piece : body.size();
    }
    CHECK(decoder.is_done() == out.is_ended);
    for (auto i = trailers.begin(); i != trailers.end(); ++i) out.trailers += i.line();
    out.rest = body.size() - begin;
    return out;
}

decoded decode(std::string_view body, const limits& bounds = {}) {
    const decoded whole = decode_in_pieces(body, body.size(), bounds);
    for (std::size_t piece : {1u, 2u, 5u}) {
        const decoded cut = decode_in_pieces(body, piece, bounds);
        CHECK(cut.refusal == whole.refusal);
        CHECK(cut.is_ended == whole.is_ended);
        if (whole.refusal == status::ok) {
            CHECK(cut.content == whole.content);
            CHECK(cut.trailers == whole.trailers);
        }
    }
    return whole;
}

bool is_refused(std::string_view body, const limits& bounds = {}) {
    return decode(body, bounds).refusal == status::bad_request;
}

}  // namespace

TEST_CASE("chunks are joined, and what follows them is left alone") {
    const decoded d = decode("5\r\nhello\r\n00c\r\n wonderful w\r\n4\r\norld\r\n0\r\n\r\nGET /");
    CHECK(d.content == "hello wonderful world");
    CHECK(d.is_ended);
    CHECK(d.rest == 5);
}

TEST_CASE("content is a view into the bytes that were given") {
    const std::string_view body = "A\r\n0123456789\r\n0\r\n\r\n";
    chunked_decoder decoder;
    const chunk_step first = decoder.step(body.data(), body.size(), {});
    CHECK(first.state == chunk_status::data);
    CHECK(first.data.data() == body.data() + 3);
    CHECK(first.data.size() == 10);
    const chunk_step last = decoder.step(body.data() + first.consumed, body.size() - first.consumed, {});
    CHECK(last.state == chunk_status::end);
    CHECK(first.consumed + last.consumed == body.size());
    decoder.reset();
    CHECK_FALSE(decoder.is_done());
}

TEST_CASE("an incomplete body asks for more") {
    const std::string_view body = "3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < body.size(); ++size) {
        const decoded d = decode(body.substr(0, size));
        CHECK(d.refusal == status::ok);
        CHECK_FALSE(d.is_ended);
    }
    CHECK(decode(body).is_ended);
}

TEST_CASE("a chunk size is hexadecimal digits whose value fits 64 bits") {
    for (const char* body :
         {"\r\n", "g\r\n", "0x1\r\n", "+1\r\n", "-1\r\n", " 1\r\n", "1 \r\n", "1\t\r\n", "1_0\r\n", ";a\r\n",
          "10000000000000000\r\n", "0fffffffffffffffff\r\n", "1.\r\n", "1\n", "1\rx", "1\r\r\n"})
        CHECK(is_refused(body));
    CHECK(decode("ffffffffffffffff\r\nabc").content == "abc");
    CHECK(decode("000000000000000001\r\na\r\n00000000000000000\r\n\r\n").is_ended);
    CHECK(is_refused(std::string(20'000, '0') + "\r\n\r\n"));
}

TEST_CASE("content must be followed by CR LF") {
    for (const char* body :
         {"1\r\na0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\na\rb", "1\r\nab\r\n", "1\r\na\r\n\r\n"})
        CHECK(is_refused(body));
}

TEST_CASE("chunk extensions follow their grammar") {
    for (const char* extension : {";a", ";a=b", ";a=\"b\"", ";a=\"\"", "; a ; b = c", " ;a", ";a=\"x\\\"y;\"",
                                  ";a;b;c", "\t;\ta\t=\t\"b\"\t;c", ";a=\"\x80\""})
        CHECK(decode("1" + std::string(extension) + "\r\nx\r\n0\r\n\r\n").content == "x");
    for (const char* extension :
         {";",      ";;",        ";a;",  ";=b",    ";a=",       ";a=;",   ";a==b",  ";a b",
          ";a=b c", ";a=\"b\"c", ";a ",  ";a=b ",  ";a=\"b\" ", ";a=\"b", ";a\x01", ";a=\"\x7f\"",
          ";a\n",   ";a=\"\n\"", ";(a)", ";a=b=c", " a",        " "})
        CHECK(is_refused("1" + std::string(extension) + "\r\nx\r\n0\r\n\r\n"));
}

TEST_CASE("trailers are fields like others") {
    CHECK(decode("0\r\nX-Sum:  7 \r\nY:\r\n\r\n").trailers == "X-Sum: 7\r\nY: \r\n");
    for (const char* trailers : {"bad\r\n\r\n", "a : b\r\n\r\n", " a: b\r\n\r\n", ": b\r\n\r\n", "a: b\n\r\n",
                                 "a: b\rc", "a: \x01\r\n\r\n", "a: b\r\n c\r\n\r\n", "\n", "\rx"})
        CHECK(is_refused("0\r\n" + std::string(trailers)));
}

TEST_CASE("a trailer section cannot frame, route or authenticate") {
    for (const char* name : {"Content-Length", "transfer-encoding", "HOST", "Connection", "Trailer", "TE",
                             "Expect", "Authorization", "Cookie", "Upgrade", "Proxy-Authorization"})
        CHECK(is_refused("0\r\n" + std::string(name) + ": 1\r\n\r\n"));
}

TEST_CASE("trailers are bounded") {
    limits small;
    small.trailer_count = 2;
    small.trailer_section_bytes = 40;
    CHECK(decode("0\r\na: 1\r\nb: 2\r\n\r\n", small).is_ended);
    const auto too_large = status::request_header_fields_too_large;
    CHECK(decode("0\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n", small).refusal == too_large);
    CHECK(decode("0\r\na: " + std::string(60, 'x'), small).refusal == too_large);
    CHECK(decode("0\r\na: " + std::string(20, 'x') + "\r\nb: " + std::string(20, 'x'), small).refusal ==
          too_large);
    CHECK(decode("0\r\n" + std::string(300, 'n') + ":\r\n\r\n").refusal == too_large);
}

TEST_CASE("extensions and tiny chunks are bounded over a whole body") {
    limits small;
    small.chunk_extension_bytes = 50;
    std::string body;
    for (int i = 0; i < 20; ++i) body += "1;abc\r\nx\r\n";
    CHECK(is_refused(body, small));
    CHECK(is_refused("1;" + std::string(60, 'a'), small));

    small = {};
    small.chunk_overhead_bytes = 100;
    body.clear();
    for (int i = 0; i < 100; ++i) body += "1\r\nx\r\n";
    CHECK(decode(body, small).content == std::string(100, 'x'));
    body.clear();
    for (int i = 0; i < 100; ++i) body += "0000000000001\r\nx\r\n";
    CHECK(is_refused(body, small));
}

TEST_CASE("chunks that are encoded are decoded to the same") {
    for (std::uint64_t size : {1u, 15u, 16u, 255u, 4096u}) {
        char header[chunk_header_bytes_max];
        const std::string content(size, 'c');
        std::string body(header, write_chunk_header(header, size));
        body.append(content).append(chunk_end).append(last_chunk);
        const decoded d = decode_in_pieces(body, body.size(), {});
        CHECK(d.content == content);
        CHECK(d.is_ended);
    }
    char header[chunk_header_bytes_max];
    CHECK(std::string(header, write_chunk_header(header, UINT64_MAX)) == "ffffffffffffffff\r\n");
    CHECK(std::string(header, write_chunk_header(header, 10)) == "a\r\n");
}
