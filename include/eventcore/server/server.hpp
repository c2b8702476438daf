// A server to embed: start(), wait(), stop(). No singletons, no exit(), no signal handlers: several may live
// in one process. serve.hpp is the one-liner on top.
//
//   ec::server server(ec::router(…), {.port = 8080, .workers = 2});
//   if (ec::result<> started = server.start(); !started) std::puts(server.failure().c_str());
//   server.wait();
#pragma once

#include "eventcore/base/config.hpp"
#include "eventcore/server/http2_service.hpp"  // tells the server of it, where the component is linked
#include "eventcore/server/server_declaration.hpp"

#if !EVENTCORE_SEPARATE
#include "eventcore/server/server_definition.hpp"
#endif
