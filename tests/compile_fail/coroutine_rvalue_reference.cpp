// A reference in a coroutine.
// expect: eventcore: a coroutine handler takes its values by value; a reference would dangle
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/{a}">([](std::string_view) -> ec::task<> { co_return; }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/{a}">([](std::string&&) -> ec::task<> { co_return; }));
    static_cast<void>(bad);
#endif
}
