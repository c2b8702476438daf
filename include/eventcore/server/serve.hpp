// The one-liner: serves an application until SIGINT or SIGTERM, and returns the exit code for main().
//
//   int main() { return ec::serve(ec::router(ec::get<"/">([] { return "Hello, World!"; }))); }
#pragma once

#include <type_traits>
#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/command_line.hpp"
#include "eventcore/server/server.hpp"

namespace eventcore {

// Serves `router`, by value (moved in) or by reference (it must outlive the call). 0: stopped by a signal and
// drained; 1: could not start, the reason is in the log.
template <class Router>
int serve(Router&& router, server_options options = {}) {
    using plain = std::remove_cvref_t<Router>;
    owned<app_source> source;
    if constexpr (std::is_lvalue_reference_v<Router>)
        source = make_owned<detail::referenced_app<plain>>(router);
    else
        source = make_owned<detail::shared_app<plain>>(std::move(router));
    return detail::serve(std::move(source), std::move(options));
}

// The same, with --address, --port, --threads and --reactor taken from the command line; 2 when that is
// wrong.
template <class Router>
int serve(Router&& router, int argc, const char* const* argv, server_options defaults = {}) {
    command_line line(argc, argv, std::move(defaults));
    return line.ok() ? serve(std::forward<Router>(router), std::move(line).options()) : line.report();
}

// Gives every worker an App of its own, made on its thread: nothing in it is shared, so nothing needs a lock.
// `auto App::routes()` makes the router.
template <class App>
int serve(server_options options = {}) {
    return detail::serve(make_owned<detail::per_worker_app<App>>(), std::move(options));
}
template <class App>
int serve(int argc, const char* const* argv, server_options defaults = {}) {
    command_line line(argc, argv, std::move(defaults));
    return line.ok() ? serve<App>(std::move(line).options()) : line.report();
}

}  // namespace eventcore
