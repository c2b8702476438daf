// A malformed pattern.
// expect: eventcore: a path pattern has no empty segment
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/users/{id}">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/users//{id}">([] {}));
    static_cast<void>(bad);
#endif
}
