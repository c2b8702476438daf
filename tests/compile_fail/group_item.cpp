// A bare handler is no route.
// expect: eventcore: a group holds routes, groups, routers, ec::use, ec::provide and ec::body_limit
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::group<"/a">(ec::get<"/">([] {})));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::group<"/a">([] {}));
    static_cast<void>(bad);
#endif
}
