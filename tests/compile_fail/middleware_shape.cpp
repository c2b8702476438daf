// A function that is no middleware.
// expect: eventcore: a middleware is task<response>(request&, next)
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good =
        ec::router(ec::use([](ec::request&) { return std::optional<ec::response>(); }), ec::get<"/">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::use([](int) {}), ec::get<"/">([] {}));
    static_cast<void>(bad);
#endif
}
