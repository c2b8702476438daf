// A type that is not made from text.
// expect: eventcore: a query, header or cookie value is a number, bool, text, or a type with from_path
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

struct thing {};
int main() {
    auto good = ec::router(ec::get<"/">([](ec::query<"a", int>) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([](ec::query<"a", thing>) {}));
    static_cast<void>(bad);
#endif
}
