// A prefix that would make "//".
// expect: eventcore: the prefix of a group is a path pattern without a slash at its end
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::group<"/a">(ec::get<"/">([] {})));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::group<"/a/">(ec::get<"/">([] {})));
    static_cast<void>(bad);
#endif
}
