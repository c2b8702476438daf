// The library behind eventcore::json: the one file that includes simdjson.
#include "eventcore/content/json/simdjson.hpp"
