// Files of a simulated disk, through the same directory and file classes as ever.
#include "eventcore/testing/disk.hpp"

#include "catch.hpp"
#include "eventcore/content/directory.hpp"
#include "eventcore/testing/for_each_seed.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;
using ec::testing::simulation;

namespace {

ec::task<ec::result<std::string>> read_all(const ec::directory& base, std::string name) {
    ec::result<ec::file> opened = co_await base.open_file(name);
    if (!opened) co_return opened.error();
    std::string content(10'000, '\0');
    const ec::result<std::size_t> read = co_await opened->read_at(content, 0);
    if (!read) co_return read.error();
    content.resize(*read);
    co_return content;
}

ec::task<ec::result<bool>> write_all(const ec::directory& base, std::string name, std::string content) {
    ec::result<ec::pending_file> upload = co_await base.begin(name);
    if (!upload) co_return upload.error();
    const ec::result<std::size_t> written = co_await upload->write(content);
    if (!written) co_return written.error();
    const ec::result<> synced = co_await upload->sync();
    if (!synced) co_return synced.error();
    const ec::result<bool> replaced = co_await upload->commit();
    co_return replaced;
}

ec::task<ec::response> send_file(ec::state<const ec::directory> base, std::string name) {
    ec::result<ec::found_file> found = co_await base->find_file(name);
    if (!found) co_return ec::status::not_found;
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), "text/plain");
}
ec::task<ec::status> replace_file(ec::state<const ec::directory> base, std::string name, ec::bytes content) {
    const ec::result<bool> replaced = co_await write_all(*base, name, std::string(content.view()));
    co_return replaced ? ec::status::ok : ec::status::internal_server_error;
}

}  // namespace

TEST_CASE("files are written and read, whatever the seed") {
    ec::testing::for_each_seed(200, [](simulation& sim) {
        const std::string content(5000, 'c');
        sim.disk().put("/srv/files/a.txt", "from before");
        {
            auto opened = ec::directory::open("/srv/files");
            ec::directory& base = *opened;
            sim.expect(sim.run(read_all(base, "a.txt")).value() == "from before", "reads");
            sim.expect(!sim.run(write_all(base, "sub/b.txt", content)).value(), "makes a file");
            sim.expect(sim.run(read_all(base, "sub/b.txt")).value() == content, "reads it");
            sim.expect(sim.run(write_all(base, "sub/b.txt", "new")).value(), "replaces it");
            sim.expect(*sim.disk().find("/srv/files/sub/b.txt") == "new", "on the disk");
            sim.expect(sim.run(read_all(base, "../x")).error() == ec::errc::outside_directory, "stays below");
            sim.expect(sim.run(read_all(base, "none")).error() == ec::errc::not_found, "not found");
            sim.expect(static_cast<bool>(sim.run(base.remove("a.txt"))), "removes");
            sim.expect(!sim.disk().find("/srv/files/a.txt"), "it is gone");
        }
        sim.expect(sim.open_descriptors() == 0, "closes everything");
    });
}

TEST_CASE("who has heard of a new content of a shared file gets it, whatever the seed") {
    ec::testing::for_each_seed(200, [](simulation& sim) {
        sim.disk().put("/srv/a", "0");
        {
            const auto opened = ec::directory::open("/srv");
            sim.serve(ec::router(ec::provide(&*opened), ec::get<"/{name}">(send_file),
                                 ec::put<"/{name}">(replace_file)));
            auto writer = sim.connect(), reader = sim.connect(), one = sim.connect(), other = sim.connect();
            for (int n = 1; n <= 5; ++n) {
                one.begin("GET", "/a");  // these may see either
                other.begin("GET", "/a");
                const std::string text = std::to_string(n);
                sim.expect(writer.ask("PUT", "/a", text).status == 200, "replaces");
                one.begin("GET", "/a");
                sim.expect(reader.get("/a").content == text, "is new to who asks afterwards");
            }
            sim.expect(sim.settle() && sim.drain(), "ends");
        }
        sim.expect(sim.open_descriptors() == 0, "closes everything");
    });
}

TEST_CASE("a full or broken disk leaves the old file or the new one") {
    ec::testing::simulation_options options;
    options.faults = ec::testing::fault_plan::hostile();
    options.faults.disk_error = 0.1;
    int failed = 0, done = 0;
    ec::testing::for_each_seed(
        300,
        [&](simulation& sim) {
            sim.serve(ec::router(ec::get<"/">([] { return "x"; })));  // from now on faults happen
            sim.disk().put("/srv/a.txt", "old");
            {
                auto opened = ec::directory::open("/srv");
                if (!opened) return;
                const ec::result<bool> written = sim.run(write_all(*opened, "a.txt", std::string(2000, 'n')));
                const std::string& now = *sim.disk().find("/srv/a.txt");
                const bool is_new = now == std::string(2000, 'n');
                sim.expect(is_new || now == "old", "whole");
                sim.expect(!written || is_new, "what was committed is there");
                written ? ++done : ++failed;
            }
            sim.expect(sim.drain() && sim.open_descriptors() == 0, "closes everything");
        },
        options);
    CHECK(failed > 50);
    CHECK(done > 50);
}

TEST_CASE("a disk has an end") {
    ec::testing::simulation_options options;
    options.disk_bytes_max = 1000;
    simulation sim(1, options);
    sim.disk().put("/srv/a.txt", "old");
    auto opened = ec::directory::open("/srv");
    const ec::result<bool> written = sim.run(write_all(*opened, "b.txt", std::string(2000, 'n')));
    CHECK(written.error() == ec::system_error(ENOSPC));
    CHECK(sim.run(write_all(*opened, "b.txt", std::string(900, 'n'))));
}
