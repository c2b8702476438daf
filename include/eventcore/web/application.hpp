// What a server serves: a table of routes, whatever made it. The seam between web/ and every protocol.
//
// A connection asks route() as soon as it has a head, reads the content the way the route wants it, then
// calls start(). Compile-time routers and run-time tables both end in this type, so connections are compiled
// once.
#pragma once

#include <cstdint>

#include "eventcore/base/clock.hpp"
#include "eventcore/web/reply.hpp"
#include "eventcore/web/request.hpp"

namespace eventcore {

// How a route wants the request's content.
enum class body_use : std::uint8_t {
    none,    // not at all: read and dropped by the connection
    whole,   // complete in memory before the handler starts, up to the body limit
    stream,  // pulled by the handler piece by piece
};

// What a route has instead of the server's limits on time. Zero: the server's.
struct route_times {
    duration request_timeout{};
    duration body_timeout{};
    std::uint64_t body_rate_min = 0;  // bytes per second
    bool has_body_rate = false;

    constexpr bool is_set() const noexcept {
        return request_timeout > duration::zero() || body_timeout > duration::zero() || has_body_rate;
    }
};

// What a route, or the groups around it, has instead of the server's limits.
struct route_limits {
    std::uint64_t body_bytes_max = 0;  // 0: the server's
    route_times times;
};

// What routing decided. Plain values: copying it is cheap, it owns nothing.
struct route_choice {
    using start_function = void (*)(const route_choice&, request&, reply&);
    using admit_function = bool (*)(const route_choice&, request&, reply&);

    start_function start = nullptr;  // runs the handler; never throws: failures end in reply::fail
    // Null, or what may be asked before there is content, so that content nobody will look at need not be
    // read: runs the guards. False: one has answered, and that is all. True: set is_admitted.
    admit_function admit = nullptr;
    const void* handlers = nullptr;  // the table's closures, for `start`
    const void* endpoint = nullptr;  // which of them, for `start`
    body_use use = body_use::none;
    bool is_admitted = false;
    std::uint64_t body_bytes_max = 0;    // 0: the server's limit
    const route_times* times = nullptr;  // null: the server's
};

class application {
 public:
    using route_function = route_choice (*)(const void* table, request&);
    constexpr application(const void* table, route_function f) noexcept : table_(table), route_(f) {}

    // Chooses the route and fills in the request's path parameters. Always answers: unknown paths and methods
    // have routes too (404, 405 with Allow, OPTIONS).
    route_choice route(request& req) const { return route_(table_, req); }

 private:
    const void* table_;
    route_function route_;
};

}  // namespace eventcore
