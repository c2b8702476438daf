// Hidden state in a lambda.
// expect: eventcore: a handler may run on several threads, so it is no mutable lambda
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/">([n = 0] { return ec::status(200 + n); }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([n = 0]() mutable { return ec::status(200 + n++); }));
    static_cast<void>(bad);
#endif
}
