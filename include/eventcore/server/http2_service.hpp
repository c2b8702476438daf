// HTTP/2 as the rest of the server sees it: a service of each worker that makes sessions, there in programs
// that link the component eventcore::http2 and in no others. Nothing here knows the protocol.
#pragma once

#include <string_view>

#include "eventcore/base/config.hpp"
#include "eventcore/base/owned.hpp"

namespace eventcore {

class connection_host;
class protocol_session;

// What an HTTP/2 client sends first, over TLS too (RFC 9113, 3.4).
inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Whether `received`, the first bytes of a connection, are the preface, or may still become it.
constexpr bool may_be_http2(std::string_view received) {
    const std::size_t length =
        received.size() < http2_preface.size() ? received.size() : http2_preface.size();
    return received.substr(0, length) == http2_preface.substr(0, length);
}

class http2_service {
 public:
    virtual ~http2_service() = default;
    // For a connection whose client speaks HTTP/2, because it has sent the preface or ALPN has chosen "h2":
    // start() it and hand it all bytes, the preface among them. It frees itself in release(). Throws
    // std::bad_alloc.
    virtual protocol_session& open_session() = 0;
};

namespace detail {

// How a worker gets its service; null: the program has none. Set before main() by the files that are compiled
// with the component, so that it does not matter which of them has the server, or whether a library has it.
using make_http2_function = owned<http2_service> (*)(connection_host&);
inline constinit make_http2_function make_http2 = nullptr;

#if EVENTCORE_HAS_HTTP2
owned<http2_service> link_the_component_eventcore_http2(connection_host& host);
inline const bool has_http2 = (make_http2 = &link_the_component_eventcore_http2) != nullptr;
#endif

}  // namespace detail

}  // namespace eventcore
