// Every macro of the library: compiler floor, platform, and the EVENTCORE_* switches a build may set.
//
// A switch turns a component on or off; none changes the layout or the meaning of a public type, so two
// translation units that disagree about one still agree about every type they share.
#pragma once

#include "eventcore/version.hpp"

#if __cplusplus < 202002L
#error "eventcore: compile as C++20 or later (-std=c++20)"
#endif

// Set by the build, 1 when liburing is found and may be linked. 0: epoll only.
#ifndef EVENTCORE_HAS_IO_URING
#define EVENTCORE_HAS_IO_URING 0
#endif

// Set by the build, 1 when the component eventcore::tls is linked: for programs that can do without. Nothing
// of ours asks.
#ifndef EVENTCORE_HAS_TLS
#define EVENTCORE_HAS_TLS 0
#endif

// 1 where epoll(7) exists.
#ifndef EVENTCORE_HAS_EPOLL
#ifdef __linux__
#define EVENTCORE_HAS_EPOLL 1
#else
#define EVENTCORE_HAS_EPOLL 0
#endif
#endif

// 1 where kqueue(2) exists; the build sets it on Linux for a libkqueue or for our test shim.
#ifndef EVENTCORE_HAS_KQUEUE
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)
#define EVENTCORE_HAS_KQUEUE 1
#else
#define EVENTCORE_HAS_KQUEUE 0
#endif
#endif

// Set by the component eventcore::http2, 1 where it is linked: then servers speak HTTP/2.
#ifndef EVENTCORE_HAS_HTTP2
#define EVENTCORE_HAS_HTTP2 0
#endif

// Checked invariants (assert.hpp). On in debug builds, off with NDEBUG.
#ifndef EVENTCORE_CHECKS
#ifdef NDEBUG
#define EVENTCORE_CHECKS 0
#else
#define EVENTCORE_CHECKS 1
#endif
#endif

// AddressSanitizer: pools hand every block back to the heap, so that a stale pointer is seen.
#if defined(__SANITIZE_ADDRESS__)
#define EVENTCORE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENTCORE_ASAN 1
#endif
#endif
#ifndef EVENTCORE_ASAN
#define EVENTCORE_ASAN 0
#endif

// 1: what no template touches is declared only, and compiled once by the library eventcore::compiled, whose
// target sets this. 0: headers are all there is.
#ifndef EVENTCORE_SEPARATE
#define EVENTCORE_SEPARATE 0
#endif
#if EVENTCORE_SEPARATE
#define EVENTCORE_INLINE
#else
#define EVENTCORE_INLINE inline
#endif
