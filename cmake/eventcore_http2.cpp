// The library behind eventcore::http2: the one file that includes nghttp2.
#include "eventcore/server/http2_session.hpp"
