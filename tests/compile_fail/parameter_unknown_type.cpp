// A type no extractor makes.
// expect: eventcore: this handler has a parameter that cannot be filled from a request
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

struct thing {};
int main() {
    auto good = ec::router(ec::get<"/">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([](thing) {}));
    static_cast<void>(bad);
#endif
}
