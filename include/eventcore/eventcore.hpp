// EventCore, bottom to top. Each block may use only the blocks above it (tests/style/layers.py).
//
//   base      words with no I/O and no coroutines
//   observe   log, counters                        coro     tasks, scopes, cancellation, time-outs
//   http      messages and HTTP/1.1 as pure functions from bytes to values
//   reactor   io_uring | epoll | kqueue, timers, a thread pool
//   net       addresses, listeners, streams        content  files, media types, JSON
//   web       routes, handlers, middleware: no sockets from here to the user's code
//   server    workers, connections, shutdown
//
// Not here: eventcore/content/json/simdjson.hpp, which reads JSON and is compiled once per program (link the
// component eventcore::json), duplicates.hpp, its part; eventcore/tls.hpp (link eventcore::tls); HTTP/2 but
// for http2_service.hpp (link eventcore::http2); and eventcore/testing/.
#pragma once

#include "eventcore/version.hpp"

// base
#include "eventcore/base/arena.hpp"
#include "eventcore/base/ascii.hpp"
#include "eventcore/base/assert.hpp"
#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/clock.hpp"
#include "eventcore/base/config.hpp"
#include "eventcore/base/error.hpp"
#include "eventcore/base/fixed_string.hpp"
#include "eventcore/base/function_ref.hpp"
#include "eventcore/base/intrusive_list.hpp"
#include "eventcore/base/owned.hpp"
#include "eventcore/base/owning_list.hpp"
#include "eventcore/base/parse_number.hpp"
#include "eventcore/base/plain_vector.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/base/shared.hpp"
#include "eventcore/base/slab.hpp"
#include "eventcore/base/thread.hpp"
#include "eventcore/base/unique_fd.hpp"

// observe
#include "eventcore/observe/counter.hpp"
#include "eventcore/observe/log.hpp"

// coro
#include "eventcore/coro/context.hpp"
#include "eventcore/coro/event.hpp"
#include "eventcore/coro/scheduler.hpp"
#include "eventcore/coro/scope.hpp"
#include "eventcore/coro/shield.hpp"
#include "eventcore/coro/sleep.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/coro/timeout.hpp"
#include "eventcore/coro/timer_wheel.hpp"
#include "eventcore/coro/trampoline.hpp"
#include "eventcore/coro/when_all.hpp"
#include "eventcore/coro/when_any.hpp"
#include "eventcore/coro/yield.hpp"

// http
#include "eventcore/http/content_type.hpp"
#include "eventcore/http/cookie.hpp"
#include "eventcore/http/date.hpp"
#include "eventcore/http/field_name.hpp"
#include "eventcore/http/fields.hpp"
#include "eventcore/http/h1/chunked.hpp"
#include "eventcore/http/h1/limits.hpp"
#include "eventcore/http/h1/parser.hpp"
#include "eventcore/http/h1/serializer.hpp"
#include "eventcore/http/method.hpp"
#include "eventcore/http/percent.hpp"
#include "eventcore/http/query.hpp"
#include "eventcore/http/range.hpp"
#include "eventcore/http/request.hpp"
#include "eventcore/http/scan.hpp"
#include "eventcore/http/status.hpp"
#include "eventcore/http/target.hpp"

// reactor
#include "eventcore/reactor/backend.hpp"
#include "eventcore/reactor/file.hpp"
#include "eventcore/reactor/file_calls.hpp"
#include "eventcore/reactor/io.hpp"
#include "eventcore/reactor/offload.hpp"
#include "eventcore/reactor/operation.hpp"
#include "eventcore/reactor/reactor.hpp"
#include "eventcore/reactor/socket_calls.hpp"
#include "eventcore/reactor/wakeup.hpp"

// net
#include "eventcore/net/address.hpp"
#include "eventcore/net/connect.hpp"
#include "eventcore/net/listener.hpp"
#include "eventcore/net/stream.hpp"
#include "eventcore/net/tcp_socket.hpp"
#include "eventcore/net/tcp_stream.hpp"

// content
#include "eventcore/content/directory.hpp"
#include "eventcore/content/json/bind.hpp"
#include "eventcore/content/json/enumerators.hpp"
#include "eventcore/content/json/read.hpp"
#include "eventcore/content/json/read_error.hpp"
#include "eventcore/content/json/reflect.hpp"
#include "eventcore/content/json/shape.hpp"
#include "eventcore/content/json/tape.hpp"
#include "eventcore/content/json/utf8.hpp"
#include "eventcore/content/json/write.hpp"
#include "eventcore/content/media_type.hpp"

// web
#include "eventcore/web/application.hpp"
#include "eventcore/web/arguments.hpp"
#include "eventcore/web/body.hpp"
#include "eventcore/web/content.hpp"
#include "eventcore/web/dispatch.hpp"
#include "eventcore/web/endpoint.hpp"
#include "eventcore/web/exchange.hpp"
#include "eventcore/web/extract.hpp"
#include "eventcore/web/form.hpp"
#include "eventcore/web/group.hpp"
#include "eventcore/web/json.hpp"
#include "eventcore/web/middleware/https.hpp"
#include "eventcore/web/middleware/rate_limit.hpp"
#include "eventcore/web/middleware/use.hpp"
#include "eventcore/web/path.hpp"
#include "eventcore/web/pattern.hpp"
#include "eventcore/web/problem.hpp"
#include "eventcore/web/reply.hpp"
#include "eventcore/web/request.hpp"
#include "eventcore/web/respond.hpp"
#include "eventcore/web/response.hpp"
#include "eventcore/web/route.hpp"
#include "eventcore/web/route_info.hpp"
#include "eventcore/web/route_table.hpp"
#include "eventcore/web/router.hpp"
#include "eventcore/web/runtime_router.hpp"
#include "eventcore/web/signature.hpp"
#include "eventcore/web/text_value.hpp"

// server
#include "eventcore/server/app_source.hpp"
#include "eventcore/server/command_line.hpp"
#include "eventcore/server/options.hpp"
#include "eventcore/server/serve.hpp"
#include "eventcore/server/server.hpp"
#include "eventcore/server/server_declaration.hpp"
#include "eventcore/server/statistics.hpp"
#include "eventcore/server/transport.hpp"
#if !EVENTCORE_SEPARATE  // else these are compiled once, in eventcore::compiled
#include "eventcore/server/connection_host.hpp"
#include "eventcore/server/connection_pool.hpp"
#include "eventcore/server/cpus.hpp"
#include "eventcore/server/http1_answer.hpp"
#include "eventcore/server/http1_answering.hpp"
#include "eventcore/server/http1_connection.hpp"
#include "eventcore/server/http1_content.hpp"
#include "eventcore/server/http1_exchange.hpp"
#include "eventcore/server/http1_pool.hpp"
#include "eventcore/server/http1_receiving.hpp"
#include "eventcore/server/http1_steps.hpp"
#include "eventcore/server/http1_tcp_pool.hpp"
#include "eventcore/server/http1_upgrade.hpp"
#include "eventcore/server/http1_wire.hpp"
#include "eventcore/server/http2_service.hpp"
#include "eventcore/server/input_buffer.hpp"
#include "eventcore/server/option_check.hpp"
#include "eventcore/server/pace.hpp"
#include "eventcore/server/peer_table.hpp"
#include "eventcore/server/protocol_session.hpp"
#include "eventcore/server/server_definition.hpp"
#include "eventcore/server/watchdog.hpp"
#include "eventcore/server/worker.hpp"
#endif
