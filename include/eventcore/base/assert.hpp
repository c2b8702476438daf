// EVENTCORE_ASSERT: an invariant of ours or a misuse by the caller, never an input error.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "eventcore/base/config.hpp"

namespace eventcore::detail {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "eventcore: %s:%d: %s\n", file, line, what);
    std::abort();
}

}  // namespace eventcore::detail

#if EVENTCORE_CHECKS
#define EVENTCORE_ASSERT(condition, what) \
    ((condition) ? void(0) : ::eventcore::detail::assertion_failed(what, __FILE__, __LINE__))
#else
#define EVENTCORE_ASSERT(condition, what) ((condition) ? void(0) : __builtin_unreachable())
#endif
