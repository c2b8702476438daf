// What find_file() shares between the requests of one turn, and that it shares no longer.
#include "eventcore/content/open_files.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "eventcore/content/directory.hpp"
#include "eventcore/coro/yield.hpp"
#include "support/reactor_tasks.hpp"

using namespace reactors;
using test::run_on;

namespace {

struct place {
    explicit place(directory_options options = {})
        : r(every_reactor()), base(directory::open(dir.path(), options).value()) {}
    void put(const std::string& name, const std::string& text) const { std::ofstream(dir.at(name)) << text; }
    void replace(const std::string& name, const std::string& text) const {
        put(name + ".new", text);
        REQUIRE(::rename(dir.at(name + ".new").c_str(), dir.at(name).c_str()) == 0);
    }
    owned<reactor> r;
    test::temporary_directory dir;
    directory base;
};

// What one look-up gave.
struct seen {
    int fd = -1;
    std::string text;  // as it is now, which need not be as long as it was
    std::uint64_t size = 0;
    std::error_code error{};
};

task<seen> look_up(const directory& base, std::string name) {
    result<found_file> found = co_await base.find_file(std::move(name));
    if (!found) co_return seen{-1, {}, 0, found.error()};
    seen one{found->descriptor.get(), std::string(100, ' '), found->info.size_bytes, {}};
    const ssize_t got = ::pread(one.fd, one.text.data(), one.text.size(), 0);
    one.text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    co_return one;
}

using between = std::function<void()>;
// Twice in one turn of the loop, with something in between.
task<std::pair<seen, seen>> twice(const directory& base, std::string name, between act) {
    static_cast<void>(co_await yield());
    std::pair<seen, seen> both;
    both.first = co_await look_up(base, name);
    if (act) act();
    both.second = co_await look_up(base, name);
    co_return both;
}

int open_descriptors() {
    int count = 0;
    DIR* listing = ::opendir("/proc/self/fd");
    while (::readdir(listing)) ++count;
    ::closedir(listing);
    return count;
}

}  // namespace

TEST_CASE("requests of one turn share what the first of them opened") {
    place p;
    p.put("a", "text");
    const int before = open_descriptors();
    const auto [first, second] = run_on(*p.r, twice(p.base, "a", [&] { p.replace("a", "other text"); }));
    CHECK(first.text == "text");
    CHECK(second.text == "text");
    CHECK(second.size == 4);
    const auto [third, fourth] = run_on(*p.r, twice(p.base, "a", {}));
    CHECK(third.text == "other text");
    CHECK(fourth.fd == third.fd);
    CHECK(open_descriptors() == before);  // nothing is held between turns
}

TEST_CASE("the next turn sees whatever has become of the name") {
    place p;
    const test::temporary_directory outside;
    std::ofstream(outside.at("secret")) << "secret";
    p.put("a", "text");
    const between unlink = [&] { REQUIRE(::unlink(p.dir.at("a").c_str()) == 0); };
    CHECK(run_on(*p.r, twice(p.base, "a", {})).second.text == "text");
    SECTION("replaced") {
        p.replace("a", "new");
        CHECK(run_on(*p.r, twice(p.base, "a", {})).first.text == "new");
    }
    SECTION("written to") {
        p.put("a", "longer text");
        const seen now = run_on(*p.r, look_up(p.base, "a"));
        CHECK(now.text == "longer text");
        CHECK(now.size == 11);
    }
    SECTION("truncated") {
        REQUIRE(::truncate(p.dir.at("a").c_str(), 1) == 0);
        CHECK(run_on(*p.r, look_up(p.base, "a")).size == 1);
    }
    SECTION("removed") {
        unlink();
        CHECK(run_on(*p.r, look_up(p.base, "a")).error == errc::not_found);
    }
    SECTION("forbidden") {
        REQUIRE(::chmod(p.dir.at("a").c_str(), 0) == 0);
        const seen now = run_on(*p.r, look_up(p.base, "a"));
        if (::geteuid() == 0)
            CHECK(now.text == "text");  // root may read anything
        else
            CHECK(now.error == std::errc::permission_denied);
    }
    SECTION("a link out of the directory") {
        unlink();
        REQUIRE(::symlink(outside.at("secret").c_str(), p.dir.at("a").c_str()) == 0);
        CHECK(run_on(*p.r, look_up(p.base, "a")).error == errc::outside_directory);
    }
    SECTION("a directory") {
        unlink();
        REQUIRE(::mkdir(p.dir.at("a").c_str(), 0700) == 0);
        CHECK(run_on(*p.r, look_up(p.base, "a")).error == std::errc::is_a_directory);
    }
}

TEST_CASE("a parent that becomes a link out of the directory leads nowhere in the next turn") {
    place p;
    const test::temporary_directory outside;
    std::ofstream(outside.at("a")) << "secret";
    REQUIRE(::mkdir(p.dir.at("sub").c_str(), 0700) == 0);
    p.put("sub/a", "text");
    CHECK(run_on(*p.r, twice(p.base, "sub/a", {})).second.text == "text");
    REQUIRE(::rename(p.dir.at("sub").c_str(), p.dir.at("old").c_str()) == 0);
    REQUIRE(::symlink(outside.path().c_str(), p.dir.at("sub").c_str()) == 0);
    CHECK(run_on(*p.r, look_up(p.base, "sub/a")).error == errc::outside_directory);
}

TEST_CASE("a handler that changes a file by itself looks again") {
    place p;
    p.put("a", "text");
    const auto [first, second] = run_on(*p.r, twice(p.base, "a", [&] {
        p.replace("a", "new");
        directory::look_again();
    }));
    CHECK(first.text == "text");
    CHECK(second.text == "new");
}

TEST_CASE("what a directory changes is seen at once, also without a pool") {
    place p;
    p.put("a", "text");
    auto change = [](const directory& base) -> task<std::vector<seen>> {
        static_cast<void>(co_await yield());
        std::vector<seen> all;
        all.push_back(co_await look_up(base, "a"));
        result<pending_file> upload = co_await base.begin("a");
        static_cast<void>(co_await upload->write("new"));
        const result<bool> replaced = co_await upload->commit();
        all.push_back(co_await look_up(base, "a"));
        const result<> removed = co_await base.remove("a");
        CHECK_FALSE(removed.error());
        all.push_back(co_await look_up(base, "a"));
        upload = co_await base.begin("a");
        co_return all;
    };
    const std::vector<seen> all = run_on(*p.r, change(p.base));
    CHECK(all[0].text == "text");
    CHECK(all[1].text == "new");
    CHECK(all[2].error == errc::not_found);
}

TEST_CASE("the same name below another directory is another file") {
    place p;
    const test::temporary_directory elsewhere;
    std::ofstream(elsewhere.at("a")) << "theirs";
    const directory other = directory::open(elsewhere.path()).value();
    p.put("a", "ours");
    auto both = [](const directory& one, const directory& two) -> task<std::string> {
        static_cast<void>(co_await yield());
        std::string texts;
        for (const directory* base : {&one, &two, &one, &two}) texts += (co_await look_up(*base, "a")).text;
        co_return texts;
    };
    CHECK(run_on(*p.r, both(p.base, other)) == "ourstheirsourstheirs");
}

TEST_CASE("however many names are asked for in a turn, few files stay open in it") {
    place p;
    for (int i = 0; i < 500; ++i) p.put("f" + std::to_string(i), std::to_string(i));
    auto all = [](const directory& base) -> task<int> {
        static_cast<void>(co_await yield());
        int right = 0;
        const int before = open_descriptors();
        for (int round = 0; round < 2; ++round)
            for (int i = 0; i < 500; ++i) {
                const seen one = co_await look_up(base, "f" + std::to_string(i));
                right += one.text == std::to_string(i);
            }
        CHECK(open_descriptors() - before <= 64);
        co_return right;
    };
    const int before = open_descriptors();
    CHECK(run_on(*p.r, all(p.base)) == 1000);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a name too long to be kept is found every time") {
    place p;
    const std::string part(200, 'd'), name = part + "/" + part;
    REQUIRE(::mkdir(p.dir.at(part).c_str(), 0700) == 0);
    p.put(name, "text");
    const auto [first, second] = run_on(*p.r, twice(p.base, name, [&] { p.replace(name, "new"); }));
    CHECK(first.text == "text");
    CHECK(second.text == "new");
}

TEST_CASE("a directory that shares nothing opens for each") {
    place p({.share_open_files = false});
    p.put("a", "text");
    const auto [first, second] = run_on(*p.r, twice(p.base, "a", [&] { p.replace("a", "new"); }));
    CHECK(first.text == "text");
    CHECK(second.text == "new");
}

TEST_CASE("outside the turns of a loop nothing is kept") { CHECK(detail::open_files::here() == nullptr); }

TEST_CASE("what a loop that has ended left behind is not taken for granted by the next") {
    place p;
    p.put("a", "text");
    const int before = open_descriptors();
    {
        test::manual_scheduler ended;
        const scheduler::running here(ended);
        context root(ended);
        test::started<seen> work(root, look_up(p.base, "a"));  // and no turn of it comes to its end
        CHECK(work.take().text == "text");
        CHECK(open_descriptors() == before + 1);
        test::manual_scheduler within;
        const scheduler::running there(within);
        CHECK(detail::open_files::here() == nullptr);  // one loop within another holds nothing
    }
    p.replace("a", "new");
    CHECK(run_on(*p.r, twice(p.base, "a", {})).first.text == "new");
    CHECK(open_descriptors() == before);
}
