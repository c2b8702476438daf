#include "eventcore/reactor/file_calls.hpp"

#include <string>

#include "catch.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;

TEST_CASE("a name below a directory cannot leave it, with openat2 and without") {
    const test::temporary_directory dir;
    REQUIRE(::mkdir(dir.at("base").c_str(), 0700) == 0);
    REQUIRE(::mkdir(dir.at("base/sub").c_str(), 0700) == 0);
    REQUIRE(unique_fd(::open(dir.at("secret").c_str(), O_CREAT | O_WRONLY, 0600)));
    REQUIRE(unique_fd(::open(dir.at("base/sub/mine").c_str(), O_CREAT | O_WRONLY, 0600)));
    REQUIRE(::symlink("../secret", dir.at("base/out").c_str()) == 0);
    REQUIRE(::symlink("..", dir.at("base/up").c_str()) == 0);
    REQUIRE(::symlink("/etc", dir.at("base/etc").c_str()) == 0);
    const unique_fd base(::open(dir.at("base").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    const bool walks = GENERATE(true, false);
    const auto error_of = [&](const char* path, int flags = O_RDONLY) {
        const io_result opened =
            walks ? file_calls::detail::open_by_walking(base.get(), path, flags, 0600)
                  : file_calls::open(base.get(), path, flags, 0600, file_calls::resolve::beneath);
        if (opened.ok()) ::close(static_cast<int>(opened.bytes()));
        return opened.error_number();
    };
    CHECK(error_of("sub/mine") == 0);
    CHECK(error_of("sub/new", O_CREAT | O_WRONLY) == 0);
    CHECK(error_of("sub/none") == ENOENT);
    CHECK(error_of("sub/mine/x") == ENOTDIR);
    for (const char* path : {"../secret", "sub/../../secret", "out", "up/secret", "up", "etc/passwd",
                             "/etc/passwd", "etc", ".."})
        CHECK(error_of(path) == EXDEV);
    CHECK(error_of("") == ENOENT);
}

TEST_CASE("a rename that must not replace does not, and a nameless file takes a free name only") {
    const test::temporary_directory dir;
    const unique_fd base(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(unique_fd(::open(dir.at("a").c_str(), O_CREAT | O_WRONLY, 0600)));
    REQUIRE(unique_fd(::open(dir.at("b").c_str(), O_CREAT | O_WRONLY, 0600)));
    const int fd = base.get();
    CHECK(file_calls::rename_new(fd, "a", fd, "b").error_number() == EEXIST);
    CHECK(file_calls::rename_new(fd, "a", fd, "c").ok());
    CHECK(file_calls::rename(fd, "c", fd, "b").ok());
    CHECK(file_calls::unlink(fd, "c").error_number() == ENOENT);

    const io_result opened = file_calls::open_unnamed(fd, 0600);
    if (!opened.ok()) return;  // this file system has none
    const unique_fd nameless(static_cast<int>(opened.bytes()));
    CHECK(file_calls::name_unnamed(nameless.get(), fd, "b").error_number() == EEXIST);
    CHECK(file_calls::name_unnamed(nameless.get(), fd, "d").ok());
    CHECK(file_calls::unlink(fd, "d").ok());
}

TEST_CASE("a read that must not wait gives what is in memory, and the end of the file") {
    const test::temporary_directory dir;
    const unique_fd f(::open(dir.at("a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(file_calls::write(f.get(), "hello", 5, 0).bytes() == 5);
    char room[8];
    const io_result got = file_calls::read_no_wait(f.get(), room, sizeof room, 1);
    if (got.ok()) CHECK(std::string(room, got.bytes()) == "ello");
    CHECK((got.ok() || got.would_block() || got.error_number() == EOPNOTSUPP));
    CHECK(file_calls::read(f.get(), room, sizeof room, 5).is_end());
    CHECK(file_calls::sync(f.get()).ok());
    CHECK(file_calls::read(-1, room, 1, 0).error_number() == EBADF);
}
