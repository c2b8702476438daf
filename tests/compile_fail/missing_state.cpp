// State that nobody provides.
// expect: eventcore: a handler asks for an ec::state that no ec::provide() around it gives
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::provide(5), ec::get<"/">([](ec::state<int>) {}));
    static_cast<void>(good.application());
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::provide(5L), ec::get<"/">([](ec::state<int>) {}));
    static_cast<void>(bad.application());
#endif
}
