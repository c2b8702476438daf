// The content can be decoded once.
// expect: eventcore: a request has one body; this handler asks for it twice
#include "eventcore/web/json.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

struct user {
    int id = 0;
};
int main() {
    auto good = ec::router(ec::post<"/">([](ec::json<user>) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::post<"/">([](ec::json<user>, ec::bytes) {}));
    static_cast<void>(bad);
#endif
}
