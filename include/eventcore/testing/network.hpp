// The simulated network, whole; what it is, is told in network_state.hpp.
#pragma once

#include "eventcore/testing/network_calls.hpp"
#include "eventcore/testing/network_state.hpp"
#include "eventcore/testing/network_travel.hpp"
