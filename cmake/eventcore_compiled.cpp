// The library behind eventcore::compiled: what the headers declare only under EVENTCORE_SEPARATE.
#include "eventcore/server/server_definition.hpp"
