// Help for the tests of programs that use EventCore: a client without sockets, a simulated machine with
// virtual time, runs over many seeds. Not part of eventcore.hpp; docs/testing.md tells how to use it.
#pragma once

#include "eventcore/testing/allocations.hpp"
#include "eventcore/testing/for_each_seed.hpp"
#include "eventcore/testing/simulation.hpp"
#include "eventcore/testing/test_client.hpp"
