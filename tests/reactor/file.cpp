#include "eventcore/reactor/file.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/coro/scope.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using test::run_on;

namespace {

task<result<std::size_t>> write_text(const file* to, std::string text, std::uint64_t offset) {
    const result<std::size_t> written = co_await to->write_at(text, offset);
    co_return written;
}
task<result<std::string>> read_text(const file* from, std::size_t room, std::uint64_t offset) {
    std::string text(room, '\0');
    const result<std::size_t> got = co_await from->read_at(text, offset);
    if (!got) co_return got.error();
    text.resize(*got);
    co_return text;
}
task<result<>> sync(const file* f) {
    const result<> synced = co_await f->sync();
    co_return synced;
}

// Every reactor, with a pool and without one.
struct machine {
    machine() : r(every_reactor()) {
        if (GENERATE(true, false)) pool.emplace(*r);
    }
    owned<reactor> r;
    std::optional<offload_pool> pool;
};

}  // namespace

TEST_CASE("what is written to a file is read back, at any offset") {
    machine m;
    const test::temporary_directory dir;
    const result<file> f = run_on(*m.r, open_file_at(AT_FDCWD, dir.at("a"), O_RDWR | O_CREAT | O_EXCL, 0600));
    REQUIRE(f);
    CHECK(*run_on(*m.r, write_text(&*f, "hello", 0)) == 5);
    CHECK(*run_on(*m.r, write_text(&*f, "world", 5)) == 5);
    CHECK(*run_on(*m.r, read_text(&*f, 10, 0)) == "helloworld");
    CHECK(*run_on(*m.r, read_text(&*f, 3, 4)) == "owo");
    CHECK(*run_on(*m.r, read_text(&*f, 100, 5)) == "world");  // fewer: the file ends
    CHECK(run_on(*m.r, read_text(&*f, 100, 10))->empty());
    CHECK(run_on(*m.r, sync(&*f)).has_value());
    CHECK(*run_on(*m.r, write_text(&*f, "", 3)) == 0);
    const result<file_info> info = f->info();
    REQUIRE(info);
    CHECK(info->size_bytes == 10);
    CHECK(info->is_regular);
    CHECK_FALSE(info->is_directory);
    CHECK(info->modified.time_since_epoch() > std::chrono::hours(24 * 365 * 50));
}

TEST_CASE("a read of what is not in memory waits and is whole") {
    machine m;
    const test::temporary_directory dir;
    std::string content(3'000'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
    const result<file> f = run_on(*m.r, open_file_at(AT_FDCWD, dir.at("big"), O_RDWR | O_CREAT, 0600));
    REQUIRE(f);
    REQUIRE(*run_on(*m.r, write_text(&*f, content, 0)) == content.size());
    REQUIRE(run_on(*m.r, sync(&*f)));
    REQUIRE(::posix_fadvise(f->fd(), 0, 0, POSIX_FADV_DONTNEED) == 0);
    const result<std::string> all = run_on(*m.r, read_text(&*f, content.size() + 10, 0));
    REQUIRE(all);
    CHECK(*all == content);
}

TEST_CASE("the kernel's errors come as they are") {
    machine m;
    const test::temporary_directory dir;
    CHECK(run_on(*m.r, open_file_at(AT_FDCWD, dir.at("none"), O_RDONLY)).error() ==
          std::errc::no_such_file_or_directory);
    const result<file> f = run_on(*m.r, open_file_at(AT_FDCWD, dir.path(), O_RDONLY | O_DIRECTORY));
    REQUIRE(f);
    CHECK(run_on(*m.r, read_text(&*f, 1, 0)).error() == std::errc::is_a_directory);
    CHECK(run_on(*m.r, write_text(&*f, "x", 0)).error() == std::errc::bad_file_descriptor);
    if (::access("/dev/full", W_OK) == 0) {
        const result<file> full = run_on(*m.r, open_file_at(AT_FDCWD, "/dev/full", O_WRONLY));
        REQUIRE(full);
        CHECK(run_on(*m.r, write_text(&*full, "x", 0)).error() == std::errc::no_space_on_device);
    }
}

TEST_CASE("names are made, moved and removed") {
    machine m;
    const test::temporary_directory dir;
    const result<file> base = run_on(*m.r, open_file_at(AT_FDCWD, dir.path(), O_RDONLY | O_DIRECTORY));
    REQUIRE(base);
    const int fd = base->fd();
    CHECK(run_on(*m.r, make_directory_at(fd, "sub")));
    CHECK(run_on(*m.r, make_directory_at(fd, "sub")).error() == std::errc::file_exists);
    REQUIRE(run_on(*m.r, open_file_at(fd, "sub/a", O_WRONLY | O_CREAT)));
    CHECK(run_on(*m.r, rename_at(fd, "sub/a", fd, "b")));
    CHECK(run_on(*m.r, unlink_at(fd, "b")));
    CHECK(run_on(*m.r, unlink_at(fd, "b")).error() == std::errc::no_such_file_or_directory);
    CHECK(run_on(*m.r, unlink_at(fd, "sub")).error() == std::errc::is_a_directory);
}

TEST_CASE("a cancelled context starts no file operation") {
    machine m;
    const test::temporary_directory dir;
    const result<file> f = run_on(*m.r, open_file_at(AT_FDCWD, dir.at("a"), O_RDWR | O_CREAT, 0600));
    REQUIRE(f);
    context root(*m.r);
    root.cancel(errc::timed_out);
    CHECK(run_on(*m.r, root, write_text(&*f, "x", 0)).error() == errc::timed_out);
    CHECK(f->info()->size_bytes == 0);
}

TEST_CASE("a cancelled or destroyed read leaves nothing that writes into freed memory") {
    machine m;
    const test::temporary_directory dir;
    const result<file> f = run_on(*m.r, open_file_at(AT_FDCWD, dir.at("big"), O_RDWR | O_CREAT, 0600));
    REQUIRE(f);
    REQUIRE(run_on(*m.r, write_text(&*f, std::string(1 << 20, 'x'), 0)));
    REQUIRE(run_on(*m.r, sync(&*f)));
    auto read_into = [](const file* from, result<std::size_t>* outcome) -> task<> {
        std::vector<char> room(1 << 20);
        *outcome = co_await from->read_at(room, 0);
    };
    const bool is_destroyed = GENERATE(true, false);
    for (int i = 0; i < 20; ++i) {
        (void)::posix_fadvise(f->fd(), 0, 0, POSIX_FADV_DONTNEED);
        result<std::size_t> outcome = errc::closed;
        context root(*m.r);
        scope children(root);
        children.spawn(read_into(&*f, &outcome));
        if (i % 2) m.r->turn(m.r->now());
        if (is_destroyed) continue;  // by the scope
        children.cancel();
        REQUIRE(turn_until(*m.r, [&] { return children.running() == 0; }));
        const bool read_or_cancelled =
            outcome.has_value() ? *outcome == 1 << 20 : outcome.error() == errc::canceled;
        CHECK(read_or_cancelled);
    }
    settle(*m.r);
}
