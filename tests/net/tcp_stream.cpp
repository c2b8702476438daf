#include "eventcore/net/tcp_stream.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/timeout.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using net::tcp_stream;
using test::run_on;

namespace {

struct two_streams {
    explicit two_streams(reactor& r, pair_of_fds fds) {
        ::fcntl(fds.theirs.get(), F_SETFL, O_NONBLOCK);
        a = std::move(tcp_stream::open(r, fds.ours.release()).value());
        b = std::move(tcp_stream::open(r, fds.theirs.release()).value());
    }
    tcp_stream a, b;
};
pair_of_fds any_pair() { return GENERATE(true, false) ? tcp_pair() : socket_pair(); }

std::string pattern(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
}

task<result<std::string>> read_text(tcp_stream* from, std::size_t room = 4096) {
    std::string text(room, '\0');
    const result<std::size_t> got = co_await from->read_some(text);
    if (!got) co_return got.error();
    text.resize(*got);
    co_return text;
}
task<> read_to_end(tcp_stream* from, std::string* all) {
    std::vector<char> room(10'000);
    while (true) {
        const result<std::size_t> got = co_await from->read_some(room);
        if (!got || *got == 0) break;
        all->append(room.data(), *got);
    }
}
task<result<>> write_text(tcp_stream* to, std::string text) {
    const result<> sent = co_await to->write_all(text);
    co_return sent;
}
task<> write_and_end(tcp_stream* to, std::string text) {
    const result<> sent = co_await to->write_all(text);
    CHECK(sent);
    CHECK(to->shutdown_write());
}
task<> keep_error(task<result<std::string>> work, std::error_code* to) {
    const result<std::string> got = co_await std::move(work);
    *to = got.error();
}

}  // namespace

TEST_CASE("bytes go both ways, and the end is a read of nothing") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    CHECK(run_on(*r, write_text(&s.a, "ping")));
    CHECK(*run_on(*r, read_text(&s.b)) == "ping");
    CHECK(run_on(*r, write_text(&s.b, "pong")));
    CHECK(*run_on(*r, read_text(&s.a)) == "pong");
    CHECK(s.a.shutdown_write());
    CHECK(run_on(*r, read_text(&s.b))->empty());
    CHECK(run_on(*r, read_text(&s.b))->empty());   // and stays so
    CHECK(run_on(*r, write_text(&s.b, "still")));  // the other direction is open
    CHECK(*run_on(*r, read_text(&s.a)) == "still");
}

TEST_CASE("more than the kernel takes at once arrives whole while somebody reads") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    const std::string text = pattern(8'000'000);
    std::string got;
    context root(*r);
    scope children(root);
    children.spawn(write_and_end(&s.a, text));
    CHECK(children.running() == 1);  // it waits for a reader
    children.spawn(read_to_end(&s.b, &got));
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(got == text);
}

TEST_CASE("gathered parts arrive in order, whatever their number and size") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    std::vector<std::string> texts;
    std::string wanted;
    for (std::size_t i = 0; i < 100; ++i) {
        texts.push_back(pattern(i % 10 == 0 ? 0 : i * i * 40));
        wanted += texts.back();
    }
    auto write_parts = [](tcp_stream* to, std::vector<std::string>* from) -> task<> {
        std::vector<iovec> parts;
        for (std::string& text : *from) parts.push_back({text.data(), text.size()});
        const result<> sent = co_await to->write_all(std::span<const iovec>(parts));
        CHECK(sent);
        (void)to->shutdown_write();
    };
    std::string got;
    context root(*r);
    scope children(root);
    children.spawn(write_parts(&s.a, &texts));
    children.spawn(read_to_end(&s.b, &got));
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(got == wanted);
}

TEST_CASE("writing nothing succeeds at once") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    CHECK(run_on(*r, write_text(&s.a, "")));
}

TEST_CASE("a file goes out from kernel to kernel, as far as it reaches") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    const test::temporary_directory dir;
    const unique_fd f(::open(dir.at("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const std::string text = pattern(3'000'000);
    REQUIRE(::write(f.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    auto send = [](tcp_stream* to, int file, std::uint64_t* sent) -> task<> {
        const result<std::uint64_t> outcome = co_await to->send_file(file, 1000, 10'000'000);
        *sent = outcome.value_or(0U);
        (void)to->shutdown_write();
    };
    std::string got;
    std::uint64_t sent = 0;
    context root(*r);
    scope children(root);
    children.spawn(send(&s.a, f.get(), &sent));
    children.spawn(read_to_end(&s.b, &got));
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(sent == text.size() - 1000);
    CHECK(got == text.substr(1000));
}

TEST_CASE("a cancelled or late read ends with the reason, and the next one works") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    CHECK(run_on(*r, with_timeout(5ms, read_text(&s.a))).error() == errc::timed_out);
    context root(*r);
    std::error_code error;
    scope children(root);
    children.spawn(keep_error(read_text(&s.a), &error));
    settle(*r);
    children.cancel();
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(error == errc::canceled);
    CHECK(run_on(*r, write_text(&s.b, "after")));
    CHECK(*run_on(*r, read_text(&s.a)) == "after");
}

TEST_CASE("a write that nobody takes ends with its deadline") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    CHECK(run_on(*r, with_timeout(5ms, write_text(&s.a, pattern(20'000'000)))).error() == errc::timed_out);
}

TEST_CASE("a frame that is destroyed while it reads or writes is safe") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    context root(*r);
    {
        scope children(root);
        std::string got;
        children.spawn(read_to_end(&s.a, &got));
        children.spawn(write_and_end(&s.a, pattern(20'000'000)));
        settle(*r);
    }
    CHECK(run_on(*r, write_text(&s.b, "x")));
    CHECK(*run_on(*r, read_text(&s.a)) == "x");
}

TEST_CASE("closing a stream ends the waits of other coroutines") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    context root(*r);
    scope children(root);
    std::error_code error;
    children.spawn(keep_error(read_text(&s.a), &error));
    settle(*r);
    s.a.close();
    CHECK_FALSE(s.a.is_open());
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK(error == errc::canceled);
    CHECK(run_on(*r, read_text(&s.b))->empty());  // the peer sees the end
}

TEST_CASE("a peer that resets the connection is an error of the kernel") {
    const auto r = every_reactor();
    two_streams s(*r, tcp_pair());
    const linger at_once{1, 0};
    REQUIRE(::setsockopt(s.b.socket().fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    s.b.close();
    CHECK(run_on(*r, read_text(&s.a)).error() == std::errc::connection_reset);
    const std::error_code error = run_on(*r, write_text(&s.a, "x")).error();
    CHECK(error == std::errc::broken_pipe);
}

TEST_CASE("a writer that waits hears of a reset, also after the peer's end") {
    const auto r = every_reactor();
    two_streams s(*r, tcp_pair());
    context root(*r);
    scope children(root);
    std::error_code error;
    auto keep = [](tcp_stream* to, std::error_code* why) -> task<> {
        const result<> sent = co_await write_text(to, pattern(20'000'000));
        *why = sent.error();
    };
    REQUIRE(s.b.shutdown_write());
    settle(*r);
    children.spawn(keep(&s.a, &error));
    settle(*r);
    CHECK(children.running() == 1);
    s.b.close();  // with bytes unread: a reset
    REQUIRE(turn_until(*r, [&] { return children.running() == 0; }));
    CHECK((error == std::errc::connection_reset || error == std::errc::broken_pipe));
}

TEST_CASE("a stream is moved, also while somebody waits on it") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    context root(*r);
    scope children(root);
    std::string got;
    auto read_once = [](tcp_stream* from, std::string* to) -> task<> {
        const result<std::string> text = co_await read_text(from);
        *to = text.value_or("");
    };
    tcp_stream first = std::move(s.a);
    children.spawn(read_once(&first, &got));
    settle(*r);
    const tcp_stream second = std::move(first);
    CHECK_FALSE(first.is_open());
    CHECK(run_on(*r, write_text(&s.b, "found")));
    settle(*r);
    CHECK(got == "found");
    CHECK(second.is_open());
}

namespace {

task<result<unique_fd>> release(tcp_stream* from) {
    result<unique_fd> released = co_await from->release();
    co_return released;
}

}  // namespace

TEST_CASE("a stream gives its descriptor to whoever goes on with it") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    result<unique_fd> released = run_on(*r, release(&s.a));
    REQUIRE(released);
    CHECK_FALSE(s.a.is_open());
    // Not watched any more, so that it can be again; and what comes is still there.
    REQUIRE(run_on(*r, write_text(&s.b, "hello")));
    tcp_stream again = std::move(tcp_stream::open(*r, released->release()).value());
    CHECK(run_on(*r, read_text(&again)).value() == "hello");
}

TEST_CASE("a descriptor that was to be given away is closed when nobody waits for it any more") {
    const auto r = every_reactor();
    two_streams s(*r, any_pair());
    context cancelled(*r);
    cancelled.cancel();
    CHECK(run_on(*r, cancelled, release(&s.a)).error() == errc::canceled);
    CHECK(run_on(*r, read_text(&s.b)).value().empty());
}
