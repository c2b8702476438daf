// A generic lambda has no parameter types.
// expect: eventcore: a handler is a function or a lambda with concrete parameter types
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/{a}">([](int) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/{a}">([](auto) {}));
    static_cast<void>(bad);
#endif
}
