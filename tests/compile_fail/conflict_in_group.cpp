// The same path by way of a group.
// expect: eventcore: two routes match the same requests
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::post<"/a/b">([] {}), ec::group<"/a">(ec::post<"/c">([] {})));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::post<"/a/b">([] {}), ec::group<"/a">(ec::post<"/b">([] {})));
    static_cast<void>(bad);
#endif
}
