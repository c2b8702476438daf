// A request cannot be copied.
// expect: eventcore: this handler has a parameter that cannot be filled from a request
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/">([](ec::request&) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([](ec::request*) {}));
    static_cast<void>(bad);
#endif
}
