// Content in both directions: gathered whole, pulled as a stream, pushed as a stream, taken from a file.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/web/router.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

namespace {

std::string post(std::string_view path, std::string_view fields, std::string_view content) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" +
           std::string(content);
}
std::string counted(std::string_view path, std::string_view content) {
    return post(path, "Content-Length: " + std::to_string(content.size()) + "\r\n", content);
}
std::string chunked(std::string_view content, std::size_t chunk) {
    std::string coded;
    char size[32];
    for (; !content.empty(); content.remove_prefix(std::min(chunk, content.size()))) {
        const std::string_view part = content.substr(0, chunk);
        std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        coded += size;
        coded += part;
        coded += "\r\n";
    }
    return coded + "0\r\n\r\n";
}
std::string pattern(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
    return text;
}

auto routes(std::atomic<int>& writes) {
    return ec::router(ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
                      ec::post<"/count">([](ec::body_reader& body) -> ec::task<std::string> {
                          std::size_t bytes = 0;
                          unsigned sum = 0;
                          while (true) {
                              const ec::result<std::string_view> piece = co_await body.read();
                              if (!piece) co_return "failed: " + piece.error().message();
                              if (piece->empty()) break;
                              bytes += piece->size();
                              for (char c : *piece) sum = sum * 31 + static_cast<unsigned char>(c);
                          }
                          co_return std::to_string(bytes) + " " + std::to_string(sum);
                      }),
                      ec::post<"/ignore">([] { return "ignored"; }), ec::get<"/ticks">([] {
                          return ec::stream([](ec::body_writer& out) -> ec::task<> {
                              for (int i = 0; i < 5; ++i) {
                                  static_cast<void>(co_await out.write("tick " + std::to_string(i) + "\n"));
                                  static_cast<void>(co_await ec::sleep_for(2ms));
                              }
                          });
                      }),
                      ec::get<"/flood">([&writes] {
                          return ec::stream([&writes](ec::body_writer& out) -> ec::task<> {
                              const std::string block(64 * 1024, 'f');
                              for (int i = 0; i < 400; ++i) {
                                  const ec::result<> written = co_await out.write(block);
                                  if (!written) co_return;
                                  writes.fetch_add(1);
                              }
                          });
                      }),
                      ec::get<"/half">([] {
                          return ec::stream([](ec::body_writer& out) -> ec::task<> {
                              static_cast<void>(co_await out.write("half"));
                              throw std::runtime_error("deliberate");
                          });
                      }),
                      ec::get<"/file">([]() -> ec::response {
                          char name[] = "/tmp/eventcore-test-XXXXXX";
                          ec::unique_fd file(::mkstemp(name));
                          ::unlink(name);
                          const std::string content = pattern(5'000'000);
                          if (::write(file.get(), content.data(), content.size()) != 5'000'000)
                              return ec::status::internal_server_error;
                          return ec::response::from_file({std::move(file), 1000, 4'000'000},
                                                         "application/octet-stream");
                      }));
}

unsigned sum_of(std::string_view text) {
    unsigned sum = 0;
    for (char c : text) sum = sum * 31 + static_cast<unsigned char>(c);
    return sum;
}

}  // namespace

TEST_CASE("content of every size arrives whole, counted and chunked") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    for (std::size_t bytes :
         {0UL, 1UL, 100UL, 15'000UL, 16'384UL, 17'000UL, 66'000UL, 500'000UL, 1'048'576UL}) {
        const std::string content = pattern(bytes);
        REQUIRE(c.send(counted("/echo", content)));
        REQUIRE(content_of(c.receive_response()) == content);
        REQUIRE(c.send(post("/echo", "Transfer-Encoding: chunked\r\n", chunked(content, 3000))));
        REQUIRE(content_of(c.receive_response()) == content);
    }
}

TEST_CASE("chunked content and the request behind it may share their reads in any way") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    const std::string content = pattern(70'000);
    const std::string one = post("/echo", "Transfer-Encoding: chunked\r\n", chunked(content, 1000));
    const std::string both = one + counted("/count", content) + one;
    for (std::size_t split : {1UL, 50UL, 100UL, one.size() - 3, one.size() - 1, one.size() + 5}) {
        REQUIRE(c.send(both.substr(0, split)));
        ::usleep(2000);
        REQUIRE(c.send(both.substr(split)));
        REQUIRE(content_of(c.receive_response()) == content);
        REQUIRE(content_of(c.receive_response()) == "70000 " + std::to_string(sum_of(content)));
        REQUIRE(content_of(c.receive_response()) == content);
    }
}

TEST_CASE("a stream of content is pulled in pieces, however much it is") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    const std::string content = pattern(5'000'000);
    REQUIRE(c.send(counted("/count", content)));
    CHECK(content_of(c.receive_response()) == "5000000 " + std::to_string(sum_of(content)));
    REQUIRE(c.send(post("/count", "Transfer-Encoding: chunked\r\n", chunked(content, 12345))));
    CHECK(content_of(c.receive_response()) == "5000000 " + std::to_string(sum_of(content)));
}

TEST_CASE("a client that reads when its upload is over still finds why it was refused") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client client(s.port());
    REQUIRE(client.send(post("/echo", "Content-Length: 8000000\r\n", "")));
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 80; ++i) REQUIRE(client.send(piece));
    CHECK(status_of(client.receive_all()) == 413);
}

TEST_CASE("content over the limit is refused with 413, announced or not") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client announced(s.port());
    REQUIRE(announced.send(post("/echo", "Content-Length: 1048577\r\n", "")));
    CHECK(status_of(announced.receive_all()) == 413);
    raw_client not_announced(s.port());
    not_announced.send(post("/echo", "Transfer-Encoding: chunked\r\n", chunked(pattern(1'100'000), 60'000)));
    CHECK(status_of(not_announced.receive_all()) == 413);
}

TEST_CASE("100 (Continue) is sent when the content is wanted, and only then") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client wanted(s.port());
    REQUIRE(wanted.send(post("/echo", "Content-Length: 3\r\nExpect: 100-continue\r\n", "")));
    CHECK(wanted.receive_some() == "HTTP/1.1 100 Continue\r\n\r\n");
    REQUIRE(wanted.send("abc"));
    CHECK(content_of(wanted.receive_response()) == "abc");
    raw_client unwanted(s.port());
    REQUIRE(unwanted.send(post("/nothing-here", "Content-Length: 3\r\nExpect: 100-continue\r\n", "")));
    const std::string refusal = unwanted.receive_all();
    CHECK(status_of(refusal) == 404);
    CHECK(has_line(refusal, "Connection: close"));
}

TEST_CASE("a request without a route is answered when its content has come, not before") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send(post("/nothing-here", "Content-Length: 10\r\n", "12345")));
    ::usleep(20'000);
    char early;
    CHECK(::recv(c.fd(), &early, 1, MSG_PEEK | MSG_DONTWAIT) == -1);
    REQUIRE(c.send("67890" + counted("/echo", "next")));
    CHECK(status_of(c.receive_response()) == 404);
    CHECK(content_of(c.receive_response()) == "next");
}

TEST_CASE("content that the handler does not want is skipped") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send(counted("/ignore", pattern(100'000)) + counted("/echo", "next")));
    CHECK(content_of(c.receive_response()) == "ignored");
    CHECK(content_of(c.receive_response()) == "next");
}

TEST_CASE("a streamed answer is chunked, complete, and followed by the next answer") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send(
        "GET /ticks HTTP/1.1\r\nHost: a\r\n\r\nGET /ticks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    const std::string all = c.receive_all();
    CHECK(has_line(all, "Transfer-Encoding: chunked"));
    const std::string::size_type second = all.find("HTTP/1.1 200", 10);
    REQUIRE(second != std::string::npos);
    CHECK(unchunked(content_of(all.substr(0, second))) == "tick 0\ntick 1\ntick 2\ntick 3\ntick 4\n");
    CHECK(unchunked(content_of(all.substr(second))) == "tick 0\ntick 1\ntick 2\ntick 3\ntick 4\n");
}

TEST_CASE("HTTP/1.0 gets a streamed answer up to the close") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send("GET /ticks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const std::string all = c.receive_all();
    CHECK(all.find("chunked") == std::string::npos);
    CHECK(content_of(all) == "tick 0\ntick 1\ntick 2\ntick 3\ntick 4\n");
}

TEST_CASE("a producer waits while the client does not read") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send("GET /flood HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    int before = -1;
    while (writes.load() != before || before == 0) {
        before = writes.load();
        ::usleep(50'000);
    }
    CHECK(before < 400);  // 25 MiB would not fit into the socket buffers and the watermark
    CHECK(unchunked(content_of(c.receive_all())).size() == 400UL * 64 * 1024);
    CHECK(writes.load() == 400);
}

TEST_CASE("a stream that fails half-way does not end as if it were complete") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string all = c.receive_all();
    CHECK(all.find("\r\n0\r\n\r\n") == std::string::npos);
    CHECK(s.server().statistics().handler_failures == 1);
}

TEST_CASE("a file is sent from where it should to where it should") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes));
    raw_client c(s.port());
    REQUIRE(c.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n" + counted("/echo", "after")));
    CHECK(content_of(c.receive_response()) == pattern(5'000'000).substr(1000, 4'000'000));
    CHECK(content_of(c.receive_response()) == "after");
}

TEST_CASE("content behind a head that outgrew a small buffer has room") {
    std::atomic<int> writes{0};
    running_server s(EVENTCORE_EVERY_REACTOR, routes(writes), {.read_buffer_bytes = 512});
    raw_client c(s.port());
    const std::string fields = "X: " + std::string(9'000, 'x') + "\r\nTransfer-Encoding: chunked\r\n";
    const std::string half_a_trailer = "5\r\nabcde\r\n0\r\nX-Trailer: " + std::string(3'500, 't');
    REQUIRE(c.send(post("/echo", fields, half_a_trailer)));
    ::usleep(20'000);
    REQUIRE(c.send("t\r\n\r\n"));
    CHECK(content_of(c.receive_response()) == "abcde");
}

TEST_CASE("a coroutine that reads may be destroyed while it waits, and the content come later") {
    running_server s(EVENTCORE_EVERY_REACTOR,
                     ec::router(ec::post<"/">([](ec::body_reader& body) -> ec::task<std::string> {
                         {
                             ec::scope children(co_await ec::this_context());
                             children.spawn(
                                 [](ec::body_reader* from) -> ec::task<> {
                                     static_cast<void>(co_await from->read());
                                 },
                                 &body);
                         }
                         static_cast<void>(co_await ec::sleep_for(50ms));
                         const ec::result<std::string_view> piece = co_await body.read();
                         co_return piece ? std::string(*piece) : "failed";
                     })));
    raw_client c(s.port());
    REQUIRE(c.send(post("/", "Content-Length: 5\r\n", "")));
    ::usleep(20'000);
    REQUIRE(c.send("later"));
    CHECK(content_of(c.receive_response()) == "later");
}
