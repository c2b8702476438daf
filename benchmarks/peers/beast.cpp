// A server on Boost.Beast as its documentation writes one: a coroutine for each connection, a parser that
// checks, one write for each response.
//   peer_beast PORT FILES
#include <utility>  // the next one forgets it in Boost 1.74

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using tcp_stream = beast::tcp_stream;

std::string files;
const std::string body_64k(65536, 'x'), body_1m(1 << 20, 'x');

template <class Body>
void set_common(http::response<Body>& to, std::string_view type, bool keep_alive) {
    to.set(http::field::server, "Beast");
    to.set(http::field::date, "Sun, 06 Nov 1994 08:49:37 GMT");
    to.set(http::field::content_type, {type.data(), type.size()});
    to.keep_alive(keep_alive);
}

asio::awaitable<void> send_text(tcp_stream& stream, std::string_view text, std::string_view type,
                                bool keep_alive) {
    http::response<http::span_body<const char>> answer(http::status::ok, 11);
    answer.body() = {text.data(), text.size()};
    set_common(answer, type, keep_alive);
    answer.content_length(text.size());
    co_await http::async_write(stream, answer, asio::use_awaitable);
}

asio::awaitable<void> send_file(tcp_stream& stream, std::string path, bool keep_alive) {
    http::response<http::file_body> answer(http::status::ok, 11);
    beast::error_code failed;
    answer.body().open(path.c_str(), beast::file_mode::scan, failed);
    if (failed) co_return stream.close();
    set_common(answer, "application/octet-stream", keep_alive);
    answer.content_length(answer.body().size());
    co_await http::async_write(stream, answer, asio::use_awaitable);
}

asio::awaitable<void> drop_content(tcp_stream& stream, beast::flat_buffer& buffer,
                                   http::request_parser<http::buffer_body>& parser) {
    static char piece[65536];
    if (!parser.is_done()) buffer.reserve(sizeof piece);  // else it grows by 512 bytes at a time
    while (!parser.is_done()) {
        parser.get().body().data = piece;
        parser.get().body().size = sizeof piece;
        beast::error_code failed;
        co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, failed));
        if (failed && failed != http::error::need_buffer) throw beast::system_error(failed);
    }
}

asio::awaitable<void> answer_to(tcp_stream& stream, std::string target, bool keep_alive) {
    constexpr std::string_view text = "text/plain", octets = "application/octet-stream";
    if (target == "/plaintext" || target == "/close")
        return send_text(stream, "Hello, World!", text, keep_alive);
    if (target == "/json")
        return send_text(stream, R"({"message":"Hello, World!"})", "application/json", keep_alive);
    if (target == "/upload") return send_text(stream, "ok", text, keep_alive);
    if (target == "/body/64k") return send_text(stream, body_64k, octets, keep_alive);
    if (target == "/body/1m") return send_text(stream, body_1m, octets, keep_alive);
    return send_file(stream, files + target.substr(std::string_view("/files").size()), keep_alive);
}

asio::awaitable<void> serve(tcp::socket socket) {
    tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    try {
        for (bool keep_alive = true; keep_alive;) {
            std::optional<http::request_parser<http::buffer_body>> parser(std::in_place);
            parser->body_limit((std::numeric_limits<std::uint64_t>::max)());
            stream.expires_after(std::chrono::seconds(60));
            co_await http::async_read_header(stream, buffer, *parser, asio::use_awaitable);
            co_await drop_content(stream, buffer, *parser);
            keep_alive = parser->get().keep_alive();
            co_await answer_to(stream, std::string(parser->get().target()), keep_alive);
        }
    } catch (const std::exception&) {
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
    while (true) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
    }
}

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("peer_beast PORT FILES\n", stderr), 2;
    files = argv[2];
    asio::io_context loop(1);
    const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
    tcp::acceptor acceptor(loop, {asio::ip::make_address("127.0.0.1"), port});
    asio::co_spawn(loop, listen(acceptor), asio::detached);
    loop.run();
}
