// A GET that asks for content.
// expect: eventcore: the content of a GET or HEAD request has no meaning (RFC 9110, 9.3.1)
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
    auto bad = ec::router(ec::get<"/">([](ec::json<user>) {}));
    static_cast<void>(bad);
#endif
}
