// Waiting in a test for what another thread brings about.
#pragma once

#include <unistd.h>

#include "eventcore/base/owned.hpp"
#include "support/raw_client.hpp"

// False when it does not come about within ten seconds.
template <class Predicate>
bool eventually(Predicate holds) {
    for (int i = 0; i < 2000; ++i) {
        if (holds()) return true;
        ::usleep(5000);
    }
    return false;
}

using owned_client = eventcore::owned<raw_client>;
