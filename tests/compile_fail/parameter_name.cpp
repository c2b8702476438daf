// A name that is not in the pattern.
// expect: eventcore: the path pattern has no parameter with this name
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/users/{id}">([](ec::path<"id", int>) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/users/{id}">([](ec::path<"idd", int>) {}));
    static_cast<void>(bad);
#endif
}
