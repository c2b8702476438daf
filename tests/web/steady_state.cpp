#include "eventcore/web/endpoint.hpp"

#include <optional>
#include <string>

#include "catch.hpp"
#include "eventcore/web/json.hpp"
#include "eventcore/web/router.hpp"
#include "support/count_allocations.hpp"
#include "support/fake_exchange.hpp"

namespace ec = eventcore;

namespace {

struct message {
    std::string_view text;
};

// Heap calls of one request in the steady state; the parts around it are made before.
std::size_t heap_calls_of(const ec::application& app, const char* target) {
    ec::test::exchange_under_test e("GET", target, {{"accept", "*/*"}});
    std::size_t calls = 0;
    for (int round = 0; round < 3; ++round) {
        const std::size_t before = test::allocations;
        e.choice = app.route(e.req);
        e.choice.start(e.choice, e.req, e.out);
        e.out.reset();
        e.memory.reset();
        calls = test::allocations - before;
    }
    return calls;
}

}  // namespace

TEST_CASE("text, JSON and coroutine answers take no heap memory in the steady state") {
    auto app = ec::router(
        ec::get<"/text">([] { return "Hello, World!"; }),
        ec::get<"/json">([] { return ec::json{message{"Hello, World!"}}; }),
        ec::get<"/users/{id}">([](int id) -> std::optional<ec::json<message>> {
            if (id == 0) return std::nullopt;
            return ec::json{message{"user"}};
        }),
        ec::get<"/task/{x}">([](std::string_view x) -> ec::task<std::string_view> { co_return x; }));
    // Under AddressSanitizer the recycler hands everything to the heap.
    const std::size_t recycled = EVENTCORE_ASAN ? 2 : 0;
    CHECK(heap_calls_of(app.application(), "/text") == 0);
    CHECK(heap_calls_of(app.application(), "/json") <= recycled);
    CHECK(heap_calls_of(app.application(), "/users/7") <= recycled);
    CHECK(heap_calls_of(app.application(), "/users/a%62") <= recycled);
    CHECK(heap_calls_of(app.application(), "/task/x") <= recycled);
}

#if EVENTCORE_ASAN
TEST_CASE("plain handlers and plain middleware make no coroutine frame") {
    // Every frame is a heap call here, because the recycler passes it on.
    auto app =
        ec::router(ec::use([](ec::request& req) -> std::optional<ec::response> {
                       if (req.header("x-stop")) return ec::response(ec::status::forbidden);
                       return std::nullopt;
                   }),
                   ec::use([](const ec::request&, ec::response& r) { r.code(ec::status::accepted); }),
                   ec::get<"/">([] { return "plain"; }), ec::get<"/{id}">([](int) { return "plain"; }));
    CHECK(heap_calls_of(app.application(), "/") == 0);
    CHECK(heap_calls_of(app.application(), "/5") == 0);
}
#endif
