// Files over HTTP/1.1 and HTTP/2, asked for by many at once and changed in between.
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "eventcore/content/directory.hpp"
#include "eventcore/web/router.hpp"
#include "support/h2_peer.hpp"
#include "support/reactor_tasks.hpp"
#include "support/running_server.hpp"

namespace ec = eventcore;

namespace {

using base_directory = ec::state<const ec::directory>;

ec::task<ec::response> send_file(base_directory base, std::string name) {
    ec::result<ec::found_file> found = co_await base->find_file(name);
    if (!found) co_return ec::status::not_found;
    ec::file_region all(std::move(found->descriptor), 0, found->info.size_bytes);
    co_return ec::response::from_file(std::move(all), "text/plain");
}
ec::task<ec::response> replace_file(base_directory base, std::string name, ec::bytes content) {
    ec::result<ec::pending_file> upload = co_await base->begin(name);
    if (!upload) co_return ec::status::not_found;
    const ec::result<std::size_t> written = co_await upload->write(content.view());
    const ec::result<bool> replaced = co_await upload->commit();
    co_return written&& replaced ? ec::status::ok : ec::status::internal_server_error;
}
ec::task<ec::response> remove_file(base_directory base, std::string name) {
    const ec::result<> removed = co_await base->remove(name);
    co_return removed ? ec::status::ok : ec::status::not_found;
}

struct files {
    files() : base(ec::directory::open(dir.path()).value()) {}
    auto routes() const {
        return ec::router(ec::provide(&base), ec::get<"/{name}">(send_file), ec::put<"/{name}">(replace_file),
                          ec::del<"/{name}">(remove_file));
    }
    // Behind the server's back; whoever reads meanwhile sees the old content or the new.
    void put(const std::string& name, const std::string& text) const {
        std::ofstream(dir.at("fresh")) << text;
        REQUIRE(::rename(dir.at("fresh").c_str(), dir.at(name).c_str()) == 0);
    }
    ec::test::temporary_directory dir;
    ec::directory base;
};

std::string put(const std::string& path, const std::string& content) {
    return "PUT " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(content.size()) +
           "\r\n\r\n" + content;
}
std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

}  // namespace

TEST_CASE("many clients at once get the same file whole, small or large, over both protocols") {
    const files f;
    running_server s(EVENTCORE_EVERY_REACTOR, f.routes());
    for (const std::size_t bytes : {0UL, 1UL, 1024UL, 16'384UL, 16'385UL, 300'000UL}) {
        const std::string content(bytes, static_cast<char>('a' + bytes % 26));
        f.put("one", content);
        std::vector<std::unique_ptr<raw_client>> clients;
        for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<raw_client>(s.port()));
        h2::client multiplexed(s.port());
        for (const auto& c : clients) REQUIRE(c->send(get("/one") + get("/one")));
        REQUIRE(multiplexed.send(h2::get(1, "/one") + h2::get(3, "/one") + h2::get(5, "/missing")));
        for (int i = 0; i < 40; ++i)
            REQUIRE(content_of(clients[static_cast<std::size_t>(i / 2)]->receive_response()) == content);
        CHECK(multiplexed.wait(1).content == content);
        CHECK(multiplexed.wait(3).content == content);
        CHECK(multiplexed.wait(5).status == 404);
    }
}

TEST_CASE("requests of one connection see what those before them have done to a file") {
    const files f;
    running_server s(EVENTCORE_EVERY_REACTOR, f.routes());
    raw_client c(s.port());
    for (int round = 0; round < 20; ++round) {
        f.put("one", "old");
        REQUIRE(c.send(get("/one") + get("/one") + put("/one", "newer") + get("/one") +
                       "DELETE /one HTTP/1.1\r\nHost: a\r\n\r\n" + get("/one") + put("/one", "x") +
                       get("/one")));
        CHECK(content_of(c.receive_response()) == "old");
        CHECK(content_of(c.receive_response()) == "old");
        CHECK(status_of(c.receive_response()) == 200);
        CHECK(content_of(c.receive_response()) == "newer");
        CHECK(status_of(c.receive_response()) == 200);
        CHECK(status_of(c.receive_response()) == 404);
        CHECK(status_of(c.receive_response()) == 200);
        CHECK(content_of(c.receive_response()) == "x");
    }
}

TEST_CASE("who has heard of a change sees it, whichever connection and worker") {
    const files f;
    running_server s(EVENTCORE_EVERY_REACTOR, f.routes());
    raw_client writer(s.port()), reader(s.port()), other(s.port());
    for (int round = 0; round < 200; ++round) {
        const std::string text = std::to_string(round);
        REQUIRE(other.send(get("/one")));  // somebody asks meanwhile, and may see either
        if (round % 2 == 0)
            f.put("one", text);
        else
            REQUIRE((writer.send(put("/one", text)) && status_of(writer.receive_response()) == 200));
        REQUIRE(reader.send(get("/one")));
        REQUIRE(content_of(reader.receive_response()) == text);
        REQUIRE(status_of(other.receive_response()) > 0);
    }
}
