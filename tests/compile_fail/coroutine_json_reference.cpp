// A reference in a coroutine.
// expect: eventcore: a coroutine handler takes its values by value; a reference would dangle
#include "eventcore/web/json.hpp"
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

struct user {
    int id = 0;
};
int main() {
    auto good = ec::router(ec::post<"/">([](ec::json<user>, ec::request&) -> ec::task<> { co_return; }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::post<"/">([](const ec::json<user>&) -> ec::task<> { co_return; }));
    static_cast<void>(bad);
#endif
}
