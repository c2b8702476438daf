// A coroutine lambda keeps its captures in the lambda object, which is gone when spawn() has returned.
// expect: eventcore: spawn takes a function and its arguments; a lambda's captures would die before the
// coroutine
#include "eventcore/coro/scope.hpp"

void use(eventcore::scope& children, int value) {
    auto without_captures = [](int) -> eventcore::task<> { co_return; };
    children.spawn(without_captures, value);
#ifdef EVENTCORE_SHOULD_FAIL
    auto captures = [value]() -> eventcore::task<> {
        static_cast<void>(value);
        co_return;
    };
    children.spawn(captures);
#endif
}
