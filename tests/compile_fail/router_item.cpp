// A bare handler is no route.
// expect: eventcore: a router holds routes, groups, routers, ec::use, ec::provide and ec::body_limit
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router([] {});
    static_cast<void>(bad);
#endif
}
