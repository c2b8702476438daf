// The names of parameters do not tell routes apart.
// expect: eventcore: two routes match the same requests
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/users/{id}">([] {}), ec::del<"/users/{name}">([] {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/users/{id}">([] {}), ec::get<"/users/{name}">([] {}));
    static_cast<void>(bad);
#endif
}
