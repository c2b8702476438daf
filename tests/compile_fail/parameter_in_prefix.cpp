// The prefix of a group counts too.
// expect: eventcore: the handler and the path pattern disagree on how many path parameters there are
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::group<"/u/{a}">(ec::get<"/{b}">([](int, int) {})));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::group<"/u/{a}">(ec::get<"/{b}">([](int) {})));
    static_cast<void>(bad);
#endif
}
