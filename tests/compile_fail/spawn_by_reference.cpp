// A spawned coroutine may outlive the caller's variables, so a reference has to be asked for.
// expect: eventcore: spawn cannot make a task<> from this function and these arguments
#include <functional>

#include "eventcore/coro/scope.hpp"

eventcore::task<> counts(int&) { co_return; }

void use(eventcore::scope& children, int& shared) {
    children.spawn(counts, std::ref(shared));
#ifdef EVENTCORE_SHOULD_FAIL
    children.spawn(counts, shared);
#endif
}
