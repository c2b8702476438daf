// Two parameters for one in the path.
// expect: eventcore: the handler and the path pattern disagree on how many path parameters there are
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/users/{id}">([](int) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/users/{id}">([](int, int) {}));
    static_cast<void>(bad);
#endif
}
