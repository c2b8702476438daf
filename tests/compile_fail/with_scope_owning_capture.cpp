// g++ 12 destroys such a temporary twice when it is part of an awaited expression.
// expect: eventcore: the body of with_scope may capture references and trivial values only
#include <string>

#include "eventcore/coro/scope.hpp"

eventcore::task<> use(std::string text) {
    co_await eventcore::with_scope([&text](eventcore::scope&) -> eventcore::task<> {
        static_cast<void>(text);
        co_return;
    });
#ifdef EVENTCORE_SHOULD_FAIL
    co_await eventcore::with_scope([text](eventcore::scope&) -> eventcore::task<> {
        static_cast<void>(text);
        co_return;
    });
#endif
}
