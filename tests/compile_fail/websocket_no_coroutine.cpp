// A WebSocket handler that is no coroutine.
// expect: eventcore: a WebSocket handler is a coroutine
#include "eventcore/web/router.hpp"
#include "eventcore/web/websocket.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/">([](ec::websocket) -> ec::task<> { co_return; }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/">([](ec::websocket) {}));
    static_cast<void>(bad);
#endif
}
