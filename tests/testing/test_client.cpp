#include "eventcore/testing/test_client.hpp"

#include <stdexcept>

#include "catch.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;
using ec::testing::answer;
using ec::testing::test_client;

namespace {

ec::event never;

ec::task<> count_to(ec::body_writer& out, int last) {
    for (int i = 1; i <= last; ++i) {
        const std::string piece = std::to_string(i) + ' ';
        static_cast<void>(co_await out.write(piece));
        static_cast<void>(co_await ec::sleep_for(1s));
    }
}

auto routes() {
    return ec::router(
        ec::get<"/users/{id}">([](int id) { return "user " + std::to_string(id); }),
        ec::get<"/later">([]() -> ec::task<std::string> {
            static_cast<void>(co_await ec::sleep_for(5s));
            co_return "later";
        }),
        ec::get<"/never">([]() -> ec::task<ec::status> {
            const ec::result<> waited = co_await never.wait();
            co_return waited ? ec::status::ok : ec::status::service_unavailable;
        }),
        ec::get<"/throws">([]() -> std::string { throw std::runtime_error("no"); }), ec::get<"/count">([] {
            return ec::stream([](ec::body_writer& out) { return count_to(out, 3); }, "text/plain");
        }),
        ec::get<"/language">(
            [](const ec::request& r) { return std::string(r.header("accept-language").value_or("none")); }),
        ec::post<"/echo">([](ec::bytes content) { return std::string(content.view()); }),
        ec::post<"/size">([](ec::body_reader& body) -> ec::task<std::string> {
            std::size_t size = 0;
            while (true) {
                const ec::result<std::string_view> piece = co_await body.read();
                if (!piece || piece->empty()) break;
                size += piece->size();
            }
            co_return std::to_string(size);
        }));
}

}  // namespace

TEST_CASE("an application is called without sockets") {
    const auto app = routes();
    test_client client(app);
    const answer user = client.get("/users/7");
    CHECK(user.status == 200);
    CHECK(user.content == "user 7");
    CHECK(user.field("Content-Type") == "text/plain; charset=utf-8");
    CHECK(answer(client.get("/users/seven")).status == 404);
    CHECK(client.post("/echo", "abc").run().content == "abc");
    CHECK(client.post("/size", std::string(5000, 'x')).run().content == "5000");
    CHECK(client.head("/users/7").run().content.empty());
    CHECK(client.remove("/users/7").run().status == 405);
    CHECK(client.get("/language").with("accept-language", "cy").run().content == "cy");
    CHECK(client.ask("OPTIONS", "*").run().status == 204);
}

TEST_CASE("what the server's parser refuses is refused") {
    const auto app = routes();
    test_client client(app);
    CHECK(client.get("/a b").run().status == 400);
    CHECK(client.get("/language").with("a b", "c").run().status == 400);
    client.content_bytes_max = 10;
    CHECK(client.post("/echo", "0123456789").run().status == 200);
    CHECK(client.post("/echo", "0123456789A").run().status == 413);
}

TEST_CASE("handlers that wait get their time at once") {
    const auto app = routes();
    test_client client(app);
    const ec::time_point before = client.home().now();
    CHECK(client.get("/later").run().content == "later");
    CHECK(client.home().now() - before >= 5s);
    CHECK(client.get("/count").run().content == "1 2 3 ");
    CHECK_THROWS_AS(client.get("/never").run(), std::logic_error);
}

TEST_CASE("an exception of a handler is there to be looked at") {
    const auto app = routes();
    test_client client(app);
    const answer a = client.get("/throws");
    CHECK(a.status == 500);
    REQUIRE(a.failure);
    CHECK_THROWS_AS(std::rethrow_exception(a.failure), std::runtime_error);
}

namespace {

ec::task<> ask(test_client& client, std::string* out) {
    const answer first = co_await client.get("/users/7");
    const answer second = co_await client.get("/later").with("accept", "text/plain");
    *out = first.content + ", " + second.content;
}
ec::task<> ask_in_vain(test_client& client, int* status) {
    const auto limited = co_await ec::with_timeout(2s, [](test_client& c, int* s) -> ec::task<> {
        const answer a = co_await c.get("/never");
        *s = a.status;
    }(client, status));
    static_cast<void>(limited);
}

void run(ec::testing::detail::still_scheduler& home, ec::task<> work) {
    struct flag : ec::ready_item {
        flag() : ready_item([](ready_item& i) noexcept { static_cast<flag&>(i).done = true; }) {}
        bool done = false;
    };
    flag ended;
    ec::context root(home);
    ended.done = work.start(root, ended);
    home.run_until([&] { return ended.done; });
    work.take();
}

}  // namespace

TEST_CASE("in a coroutine a call is awaited, and cancelled with it") {
    const auto app = routes();
    test_client client(app);
    ec::testing::detail::still_scheduler home;
    std::string text;
    run(home, ask(client, &text));
    CHECK(text == "user 7, later");
    int status = 0;
    run(home, ask_in_vain(client, &status));
    CHECK(status == 503);
}
