// A malformed pattern.
// expect: eventcore: {name...} takes the rest of the path, so it comes last in a pattern
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/users/{id}">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/files/{path...}/x">([] {}));
    static_cast<void>(bad);
#endif
}
