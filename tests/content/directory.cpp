#include "eventcore/content/directory.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "catch.hpp"
#include "eventcore/coro/scope.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using test::run_on;

namespace {

struct place {
    place() : r(every_reactor()), pool(*r), base(open()) {}
    directory open() const {
        const bool nameless = GENERATE(true, false);
        return directory::open(dir.path(), {.nameless_uploads = nameless}).value();
    }
    owned<reactor> r;
    offload_pool pool;
    test::temporary_directory dir;
    directory base;

    std::string content(const std::string& name) const {
        std::ifstream in(dir.at(name));
        return in ? std::string(std::istreambuf_iterator<char>(in), {}) : "(none)";
    }
    void put(const std::string& name, const std::string& text) const { std::ofstream(dir.at(name)) << text; }
    int entries() const {
        int count = 0;
        DIR* listing = ::opendir(dir.path().c_str());
        while (::readdir(listing)) ++count;
        ::closedir(listing);
        return count - 2;
    }
};

task<result<>> post(const directory* base, std::string name, std::string text) {
    result<pending_file> upload = co_await base->begin(name);
    if (!upload) co_return upload.error();
    const result<std::size_t> written = co_await upload->write(text);
    if (!written) co_return written.error();
    const result<> done = co_await upload->commit_new();
    co_return done;
}
task<result<bool>> put(const directory* base, std::string name, std::string text) {
    result<pending_file> upload = co_await base->begin(name);
    if (!upload) co_return upload.error();
    for (char c : text) {
        const result<std::size_t> written = co_await upload->write(std::string_view(&c, 1));
        if (!written) co_return written.error();
    }
    const result<> synced = co_await upload->sync();
    if (!synced) co_return synced.error();
    const result<bool> replaced = co_await upload->commit();
    co_return replaced;
}
task<result<std::string>> get(const directory* base, std::string name) {
    result<file> opened = co_await base->open_file(name);
    if (!opened) co_return opened.error();
    std::string text(1000, '\0');
    const result<std::size_t> got = co_await opened->read_at(text, 0);
    if (!got) co_return got.error();
    text.resize(*got);
    co_return text;
}
// What find_file() knows must be what reading finds.
task<result<std::uint64_t>> size_of(const directory* base, std::string name) {
    result<found_file> found = co_await base->find_file(name);
    if (!found) co_return found.error();
    struct stat now{};
    if (::fstat(found->descriptor.get(), &now) != 0) co_return system_error(errno);
    if (static_cast<std::uint64_t>(now.st_size) != found->info.size_bytes || !found->info.is_regular)
        co_return errc::malformed;
    co_return found->info.size_bytes;
}
task<result<>> append(const directory* base, std::string name, std::string text) {
    result<file> opened = co_await base->open_to_append(name);
    if (!opened) co_return opened.error();
    const result<std::size_t> written = co_await opened->write_at(text, 0);
    co_return written.error();
}

}  // namespace

TEST_CASE("a file is created, read, replaced, appended to and removed") {
    place p;
    CHECK(run_on(*p.r, post(&p.base, "notes/deep/today.txt", "one")));
    CHECK(p.content("notes/deep/today.txt") == "one");
    CHECK(*run_on(*p.r, get(&p.base, "notes/deep/today.txt")) == "one");
    CHECK(run_on(*p.r, post(&p.base, "notes/deep/today.txt", "two")).error() == std::errc::file_exists);
    CHECK(p.content("notes/deep/today.txt") == "one");
    CHECK(*run_on(*p.r, put(&p.base, "notes/deep/today.txt", "three")) == true);
    CHECK(p.content("notes/deep/today.txt") == "three");
    CHECK(*run_on(*p.r, size_of(&p.base, "notes/deep/today.txt")) == 5);
    CHECK(run_on(*p.r, size_of(&p.base, "notes/deep")).error() == std::errc::is_a_directory);
    CHECK(run_on(*p.r, size_of(&p.base, "notes/other")).error() == errc::not_found);
    CHECK(*run_on(*p.r, put(&p.base, "new", "four")) == false);
    CHECK(run_on(*p.r, append(&p.base, "new", "teen")));
    CHECK(p.content("new") == "fourteen");
    CHECK(run_on(*p.r, p.base.remove("new")));
    CHECK(run_on(*p.r, p.base.remove("new")).error() == errc::not_found);
    CHECK(run_on(*p.r, append(&p.base, "new", "x")).error() == errc::not_found);
    CHECK(run_on(*p.r, get(&p.base, "new")).error() == errc::not_found);
    CHECK(run_on(*p.r, get(&p.base, "notes/deep/today.txt/x")).error() == errc::not_found);
    CHECK(p.entries() == 1);  // notes; nothing hidden is left
}

TEST_CASE("a file that is dropped before it is committed was never there") {
    place p;
    p.put("old", "old");
    auto drop = [](const directory* base, const place* where) -> task<bool> {
        result<pending_file> upload = co_await base->begin("old");
        const result<std::size_t> written = co_await upload->write("half of it");
        co_return written && upload->size_bytes() == 10 && where->content("old") == "old";
    };
    CHECK(run_on(*p.r, drop(&p.base, &p)));
    CHECK(p.content("old") == "old");
    CHECK(p.entries() == 1);
}

TEST_CASE("of many that create the same name exactly one succeeds") {
    place p;
    context root(*p.r);
    scope children(root);
    int created = 0, refused = 0;
    auto one = [](const directory* base, int n, int* yes, int* no) -> task<> {
        const result<> done = co_await post(base, "same/name", std::string(1, static_cast<char>('a' + n)));
        *yes += done.has_value();
        *no += done.error() == std::errc::file_exists;
    };
    for (int i = 0; i < 20; ++i) children.spawn(one(&p.base, i, &created, &refused));
    REQUIRE(turn_until(*p.r, [&] { return children.running() == 0; }));
    CHECK(created == 1);
    CHECK(refused == 19);
    CHECK(p.content("same/name").size() == 1);
}

TEST_CASE("of many that replace the same name each succeeds whole") {
    place p;
    context root(*p.r);
    scope children(root);
    int created = 0, replaced = 0;
    auto one = [](const directory* base, int n, int* fresh, int* again) -> task<> {
        const result<bool> done = co_await put(base, "name", std::string(50, static_cast<char>('a' + n)));
        *fresh += done && !*done;
        *again += done && *done;
    };
    for (int i = 0; i < 10; ++i) children.spawn(one(&p.base, i, &created, &replaced));
    REQUIRE(turn_until(*p.r, [&] { return children.running() == 0; }));
    CHECK(created == 1);
    CHECK(replaced == 9);
    const std::string last = p.content("name");
    CHECK(last == std::string(50, last.front()));
    CHECK(p.entries() == 1);
}

TEST_CASE("no name leads out of the directory") {
    place p;
    const test::temporary_directory outside;
    std::ofstream(outside.at("secret")) << "secret";
    REQUIRE(::symlink(outside.path().c_str(), p.dir.at("link").c_str()) == 0);
    REQUIRE(::symlink(outside.at("secret").c_str(), p.dir.at("file-link").c_str()) == 0);
    for (const char* name : {"/etc/passwd", "..", "../x", "a/../../x", "a/..", "link/secret", "file-link"}) {
        CHECK(run_on(*p.r, get(&p.base, name)).error() == errc::outside_directory);
        CHECK(run_on(*p.r, append(&p.base, name, "x")).error() == errc::outside_directory);
    }
    for (const char* name : {"link/new", "link/deep/new"})
        CHECK(run_on(*p.r, post(&p.base, name, "x")).error() == errc::outside_directory);
    CHECK(run_on(*p.r, p.base.remove("link/secret")).error() == errc::outside_directory);
    CHECK(run_on(*p.r, put(&p.base, "file-link", "mine")));  // replaces the link, not what it points to
    CHECK(p.content("file-link") == "mine");
    std::ifstream in(outside.at("secret"));
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "secret");
}

TEST_CASE("what is no name is refused before the disk is asked") {
    for (const char* name : {"", "a//b", "a/", "./a", "a/./b", "."})
        CHECK(check_file_name(name) == errc::invalid_argument);
    for (const char* name : {"/", "/a", "..", "../a", "a/../b", "a/..", "./.."})
        CHECK(check_file_name(name) == errc::outside_directory);
    CHECK(check_file_name(std::string_view("a\0b", 3)) == errc::invalid_argument);
    CHECK(check_file_name(std::string(5000, 'a')) == errc::invalid_argument);
    CHECK(check_file_name("a/.eventcore-1-1") == errc::not_found);
    for (const char* name : {"a", "a/b", "...", "..a", "a..", ".hidden", "a b", "a\\b", "%2e%2e", "~"})
        CHECK_FALSE(check_file_name(name));
    place p;
    CHECK(run_on(*p.r, get(&p.base, std::string(300, 'a'))).error() == errc::invalid_argument);
}

TEST_CASE("only regular files are files") {
    place p;
    REQUIRE(::mkdir(p.dir.at("sub").c_str(), 0700) == 0);
    REQUIRE(::mkfifo(p.dir.at("pipe").c_str(), 0600) == 0);
    CHECK(run_on(*p.r, get(&p.base, "sub")).error() == std::errc::is_a_directory);
    CHECK(run_on(*p.r, append(&p.base, "sub", "x")).error() == std::errc::is_a_directory);
    CHECK(run_on(*p.r, p.base.remove("sub")).error() == std::errc::is_a_directory);
    CHECK(run_on(*p.r, put(&p.base, "sub", "x")).error() == std::errc::is_a_directory);
    CHECK(run_on(*p.r, post(&p.base, "sub", "x")).error() == std::errc::file_exists);
    CHECK(run_on(*p.r, get(&p.base, "pipe")).error() == errc::not_found);
    CHECK(run_on(*p.r, append(&p.base, "pipe", "x")).error() == errc::not_found);
    p.put("plain", "x");
    CHECK(run_on(*p.r, post(&p.base, "plain/x", "x")).error() == errc::not_found);
    CHECK(p.entries() == 3);
}
