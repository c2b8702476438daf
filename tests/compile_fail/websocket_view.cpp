// A view in a WebSocket handler.
// expect: eventcore: a WebSocket handler outlives its request
#include "eventcore/web/router.hpp"
#include "eventcore/web/websocket.hpp"

namespace ec = eventcore;

int main() {
    auto good = ec::router(ec::get<"/{a}">([](std::string, ec::websocket) -> ec::task<> { co_return; }));
    static_cast<void>(good);
#ifdef EVENTCORE_SHOULD_FAIL
    auto bad = ec::router(ec::get<"/{a}">([](std::string_view, ec::websocket) -> ec::task<> { co_return; }));
    static_cast<void>(bad);
#endif
}
