// A type that is no response.
// expect: eventcore: the value this handler returns cannot become a response
#include "eventcore/web/router.hpp"

namespace ec = eventcore;

struct thing {};
int main() {
    auto good = ec::router(ec::get<"/">([]() -> ec::task<std::string> { co_return "x"; }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([]() -> ec::task<thing> { co_return thing{}; }));
    static_cast<void>(bad);
#endif
}
