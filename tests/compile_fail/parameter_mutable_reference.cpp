// A reference to a value nobody keeps.
// expect: eventcore: a handler takes its values by value or by const reference
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/{a}">([](const std::string&) {}));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/{a}">([](std::string&) {}));
    static_cast<void>(bad);
#endif
}
