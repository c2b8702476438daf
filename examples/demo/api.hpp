// The handlers behind the demo's buttons. Each is an ordinary function: what it needs it names as a
// parameter, what it returns becomes the response.
#pragma once

#include <eventcore/eventcore.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uploads.hpp"

namespace ec = eventcore;
using namespace std::chrono_literals;

// ---- what the handlers share ----

struct route_line {
    std::string methods;
    std::string pattern;
    std::string takes;
    std::string answers;
};

struct demo_state {
    ec::server* server = nullptr;  // set before the server starts
    std::vector<route_line> routes = {};
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    std::atomic<std::uint64_t> orders{0};
    upload_ledger uploads = {};
    ec::topic wall{ec::slow_consumer::drop};
};

// ---- routes ----

struct person {
    std::uint64_t id;
    std::string_view name;
    std::string_view known_for;
};

inline std::optional<ec::json<person>> get_person(std::uint64_t id) {
    static constexpr person people[] = {{1, "Ada Lovelace", "the first program"},
                                        {2, "Grace Hopper", "the first compiler"},
                                        {3, "Barbara Liskov", "abstract data types"}};
    for (const person& p : people)
        if (p.id == id) return ec::json{p};
    return std::nullopt;  // 404
}

inline std::string say_hello(std::string_view name) { return "Hello, " + std::string(name) + "!\n"; }

inline ec::task<ec::result<>> sleep(std::chrono::milliseconds length) {
    const ec::result<> slept = co_await ec::sleep_for(length);
    co_return slept;
}

// Whatever takes longer than 0.3 s is cancelled; the error is answered with 504.
inline ec::task<ec::result<std::string>> nap(ec::query<"ms", std::uint32_t, 100u> length) {
    const ec::result<> slept = co_await ec::with_timeout(300ms, sleep(std::chrono::milliseconds(*length)));
    if (!slept) co_return slept.error();
    co_return "slept " + std::to_string(*length) + " ms\n";
}

inline std::string fail() { throw std::runtime_error("this handler always throws"); }

// ---- JSON ----

enum class beverage : std::uint8_t { espresso, cappuccino, tea };

struct order {
    beverage drink = beverage::espresso;
    std::uint32_t cups = 1;
    std::string name;
};
struct receipt {
    std::uint64_t number;
    std::string text;
    order ordered;
};

inline ec::response take_order(ec::json<order> in, ec::state<demo_state> demo) {
    if (in->cups < 1 || in->cups > 12) {
        ec::response refusal;
        const ec::status why = ec::status::unprocessable_content;
        ec::set_problem(refusal, {why, "we brew 1 to 12 cups at a time", "/cups", {}});
        return refusal;
    }
    std::string text = std::to_string(in->cups) + (in->cups == 1 ? " cup" : " cups") + " for " + in->name;
    return {ec::status::created, ec::json{receipt{++demo->orders, std::move(text), std::move(*in)}}};
}

// ---- streams ----

inline constexpr std::string_view tale =
    "Your request arrived as a few hundred bytes, and the kernel told one reactor on one thread about them. "
    "A connection that had been asleep, without a buffer and without a coroutine, borrowed both. The parser "
    "found the method and the path in place; nothing was copied. The router, a table made when this program "
    "was compiled, knew the way. Then a coroutine began to write what you are reading, word by word, and "
    "sleeps in between: while it does, its thread serves others. When you press Stop, the next write says "
    "that you have gone, and the coroutine ends.\n";

inline ec::response tell_tale(ec::query<"pause_ms", std::uint32_t, 70u> pause) {
    const auto length = std::chrono::milliseconds(*pause < 1000 ? *pause : 1000);
    auto produce = [length](ec::body_writer& out) -> ec::task<> {
        for (std::size_t at = 0; at < tale.size();) {
            const std::size_t end = ec::index_of(tale, ' ', at) + 1;
            const ec::result<> sent = co_await out.write(tale.substr(at, end - at));
            if (!sent) co_return;  // the reader has gone
            const ec::result<> slept = co_await ec::sleep_for(length);
            if (!slept) co_return;
            at = end;
        }
    };
    return ec::stream(produce, "text/plain; charset=utf-8");
}

using upload_answer = ec::result<ec::json<upload_progress>>;

inline ec::task<upload_answer> count_upload(std::uint64_t id, ec::query<"pause_ms", std::uint32_t, 0u> pause,
                                            ec::body_reader& body, ec::state<demo_state> demo) {
    const auto length = std::chrono::milliseconds(*pause < 100 ? *pause : 100);
    upload_progress progress;
    crc32 checksum;
    while (true) {
        const ec::result<std::string_view> piece = co_await body.read();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        checksum.update(*piece);
        progress.bytes += piece->size();
        ++progress.pieces;
        demo->uploads.record(id, progress);
        if (length == 0ms) continue;
        const ec::result<> rested = co_await ec::sleep_for(length);
        if (!rested) co_return rested.error();
    }
    progress.crc32 = checksum.text();
    demo->uploads.record(id, progress);
    co_return ec::json{progress};
}

inline std::optional<ec::json<upload_progress>> upload_so_far(std::uint64_t id, ec::state<demo_state> demo) {
    const std::optional<upload_progress> found = demo->uploads.find(id);
    if (!found) return std::nullopt;
    return ec::json{*found};
}

// ---- the server itself ----

struct server_facts {
    std::string_view version;
    std::string_view reactor;
    std::string_view reason;
    unsigned workers;
    std::int64_t uptime_seconds;
    std::uint64_t connections_open;
    std::uint64_t requests;
    std::uint64_t handler_failures;
};

inline server_facts facts_of(const demo_state& demo) {
    const ec::server& server = *demo.server;
    const ec::server_statistics now = server.statistics();
    const auto uptime = std::chrono::steady_clock::now() - demo.started;
    server_facts facts{};
    facts.version = EVENTCORE_VERSION;
    facts.reactor = server.reactor_name();
    facts.reason = server.reactor_reason();
    facts.workers = server.worker_count();
    facts.uptime_seconds = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
    facts.connections_open = now.connections_open;
    facts.requests = now.requests;
    facts.handler_failures = now.handler_failures;
    return facts;
}

inline ec::json<server_facts> tell_facts(ec::state<demo_state> demo) { return ec::json{facts_of(*demo)}; }

// The same once a second, as server-sent events.
inline ec::response pulse(ec::state<demo_state> demo) {
    return ec::sse([demo](ec::event_stream& out) -> ec::task<> {
        while (true) {
            ec::byte_buffer text;
            ec::json_codec::write(text, facts_of(*demo));
            if (!co_await out.send(text.view())) co_return;
            if (!co_await ec::sleep_for(1s)) co_return;
        }
    });
}

// ---- a wall that everybody who looks at the page writes on ----

inline ec::task<> share_wall(ec::state<demo_state> demo, ec::websocket ws) {
    const auto seat = demo->wall.subscribe(ws);
    while (auto said = co_await ws.receive())
        if (said->is_text() && said->size() <= 200) demo->wall.publish(said->view());
}

inline ec::json<std::vector<route_line>> list_routes(ec::state<demo_state> demo) {
    return ec::json{demo->routes};
}

// ---- all of them ----

inline void do_not_store(const ec::request&, ec::response& answer) {
    answer.set("cache-control", "no-store");
}

inline auto api_routes() {
    return ec::group<"/api">(ec::use(do_not_store),  //
                             ec::get<"/people/{id}">(get_person), ec::get<"/hello/{name}">(say_hello),
                             ec::get<"/nap">(nap), ec::get<"/fail">(fail), ec::post<"/orders">(take_order),
                             ec::get<"/tale">(tell_tale), ec::get<"/pulse">(pulse),
                             ec::get<"/wall">(share_wall), ec::put<"/uploads/{id}">(count_upload),
                             ec::get<"/uploads/{id}">(upload_so_far), ec::get<"/server">(tell_facts),
                             ec::get<"/routes">(list_routes));
}
