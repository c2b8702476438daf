// Nobody would see the value of a spawned task.
// expect: eventcore: a spawned task hands back nothing; let it store its result (task<>)
#include "eventcore/coro/scope.hpp"

eventcore::task<> nothing() { co_return; }
eventcore::task<int> value() { co_return 1; }

void use(eventcore::scope& children) {
    children.spawn(nothing());
#ifdef EVENTCORE_SHOULD_FAIL
    children.spawn(value());
#endif
}
