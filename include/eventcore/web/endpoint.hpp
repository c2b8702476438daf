// The one erased call per route: from route_choice to the handler and its middleware.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "eventcore/web/application.hpp"
#include "eventcore/web/arguments.hpp"
#include "eventcore/web/middleware/use.hpp"
#include "eventcore/web/respond.hpp"

namespace eventcore::detail {

// A route ready to be served. Lives in the router or the run-time table.
struct served_route {
    route_choice::start_function start = nullptr;
    const std::uint8_t* places = nullptr;  // argument_source::places
    const void* const* objects = nullptr;  // the handler, then the objects of its scope
    std::string_view pattern;
    route_choice::admit_function admit = nullptr;
    body_use use = body_use::none;
    bool has_times = false;
    route_limits limits{};
};

template <class T>
void convert(T&& value, request& req, response& out) {
    eventcore::respond(std::move(value), req, out);
}
inline void convert_nothing(request&, response& out) { out.code(http::status::no_content); }

template <class H, class Scope>
struct endpoint {
    using call_signature = typename signature_of<H>::type;
    using handler_result = typename call_signature::result;
    using value = typename awaited<handler_result>::type;
    static constexpr bool is_async = is_task_v<handler_result>;
    static constexpr bool has_after = Scope::has(scope_kind::after);
    static constexpr bool has_plain_middleware = has_after || Scope::has(scope_kind::guard);
    // After a handler that waits, somebody has to wait too.
    static constexpr bool needs_stages = Scope::has(scope_kind::around) || (is_async && has_after);

    static void start(const route_choice& choice, request& req, reply& out) {
        const auto& route = *static_cast<const served_route*>(choice.endpoint);
        try {
            if constexpr (needs_stages) {
                const next first(nullptr, &handle, route.objects, route.places);
                out.run<&convert<response>>(run_stages(Scope{}, first, req), req);
            } else if constexpr (has_plain_middleware) {
                std::size_t entered = Scope::size;
                if (choice.is_admitted || enter_all(Scope{}, route.objects, req, out.value(), entered))
                    call(route, req, out);
                leave_all(Scope{}, route.objects, req, out.value(), entered);
            } else {
                call(route, req, out);
            }
        } catch (...) {
            out.fail(std::current_exception());
        }
    }

    // Guards inside of something that runs around them have to wait for it.
    static constexpr route_choice::admit_function admit_or_null() {
        if constexpr (Scope::has(scope_kind::guard) && !needs_stages)
            return &admit;
        else
            return nullptr;
    }

 private:
    static bool admit(const route_choice& choice, request& req, reply& out) {
        const auto& route = *static_cast<const served_route*>(choice.endpoint);
        try {
            std::size_t entered = 0;
            if (enter_all(Scope{}, route.objects, req, out.value(), entered)) return true;
            leave_all(Scope{}, route.objects, req, out.value(), entered);
        } catch (...) {
            out.fail(std::current_exception());
        }
        return false;
    }

    static const H& handler_in(const void* const* objects) noexcept {
        return *static_cast<const H*>(objects[0]);
    }

    static void call(const served_route& route, request& req, reply& out) {
        arguments<call_signature> args;
        if (!args.fill({req, route.places, route.objects, out.value()})) return;
        if constexpr (!is_async)
            call_plain(args, handler_in(route.objects), req, out.value());
        else if constexpr (std::is_void_v<value>)
            out.run<&convert_nothing>(args.call(handler_in(route.objects), req), req);
        else
            out.run<&convert<value>>(args.call(handler_in(route.objects), req), req);
    }

    static void call_plain(arguments<call_signature>& args, const H& handler, request& req,
                           response& answer) {
        if constexpr (std::is_void_v<value>) {
            args.call(handler, req);
            answer.code(http::status::no_content);
        } else {
            eventcore::respond(args.call(handler, req), req, answer);
        }
    }

    // The innermost stage.
    static task<response> handle(const next& at, request& req) { return handle_from(at, req); }
    static task<response> handle_from(next at, request& req) {
        response answer;
        arguments<call_signature> args;
        if (!args.fill({req, at.places(), at.objects(), answer})) co_return std::move(answer);
        if constexpr (!is_async) {
            call_plain(args, handler_in(at.objects()), req, answer);
        } else {
            task<value> running = args.call(handler_in(at.objects()), req);
            if constexpr (std::is_void_v<value>) {
                co_await std::move(running);
                answer.code(http::status::no_content);
            } else {
                value made = co_await std::move(running);
                eventcore::respond(std::move(made), req, answer);
            }
        }
        co_return std::move(answer);
    }
};

}  // namespace eventcore::detail
