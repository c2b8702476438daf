# The targets a user links: eventcore::eventcore and, besides it, ::compiled, ::json, ::tls, ::http2 and
# ::compression.

list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

file(GLOB_RECURSE eventcore_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/eventcore/*.hpp")

find_package(Threads REQUIRED GLOBAL)

add_library(eventcore INTERFACE)
add_library(eventcore::eventcore ALIAS eventcore)
target_compile_features(eventcore INTERFACE cxx_std_20)
target_sources(eventcore INTERFACE
  FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${eventcore_headers})
target_link_libraries(eventcore INTERFACE Threads::Threads)

# What the package file and the .pc file must look for again.
set(eventcore_pc_requires "")
set(eventcore_pc_cflags "")

# io_uring -----------------------------------------------------------------------------------------
set(eventcore_io_uring OFF)
if(EVENTCORE_IO_URING)  # AUTO and ON are both true
  if(EVENTCORE_IO_URING STREQUAL "AUTO")
    find_package(Liburing 2.3 QUIET)
  else()
    find_package(Liburing 2.3 REQUIRED)
  endif()
  set(eventcore_io_uring ${Liburing_FOUND})
endif()
if(eventcore_io_uring)
  target_link_libraries(eventcore INTERFACE Liburing::Liburing)
  target_compile_definitions(eventcore INTERFACE EVENTCORE_HAS_IO_URING=1)
  list(APPEND eventcore_pc_requires "liburing >= 2.3")
  list(APPEND eventcore_pc_cflags -DEVENTCORE_HAS_IO_URING=1)
endif()

# kqueue on Linux ----------------------------------------------------------------------------------
if(EVENTCORE_KQUEUE)
  find_package(Libkqueue REQUIRED)
  target_link_libraries(eventcore INTERFACE Libkqueue::Libkqueue)
  target_compile_definitions(eventcore INTERFACE EVENTCORE_HAS_KQUEUE=1)
  list(APPEND eventcore_pc_requires libkqueue)
  list(APPEND eventcore_pc_cflags -DEVENTCORE_HAS_KQUEUE=1)
endif()

# The server as a library --------------------------------------------------------------------------
# What no template touches is compiled once instead of in every file. Built only when something links it.
add_library(eventcore_compiled STATIC EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/cmake/eventcore_compiled.cpp")
add_library(eventcore::compiled ALIAS eventcore_compiled)
set_target_properties(eventcore_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
target_compile_definitions(eventcore_compiled PUBLIC EVENTCORE_SEPARATE=1)
target_link_libraries(eventcore_compiled PUBLIC eventcore::eventcore)
if(EVENTCORE_INSTALL)
  set_target_properties(eventcore_compiled PROPERTIES EXCLUDE_FROM_ALL OFF)
endif()

# JSON input ---------------------------------------------------------------------------------------
# simdjson costs more than a second per file that includes it, so one file of ours does, once.
set(eventcore_json OFF)
set(eventcore_json_header "${PROJECT_SOURCE_DIR}/include/eventcore/content/json/simdjson.hpp")
if(EVENTCORE_JSON AND EXISTS "${eventcore_json_header}")
  if(EVENTCORE_JSON STREQUAL "AUTO")
    find_package(simdjson 3.0 QUIET GLOBAL)
  else()
    find_package(simdjson 3.0 REQUIRED GLOBAL)
  endif()
  set(eventcore_json ${simdjson_FOUND})
endif()
if(eventcore_json)
  add_library(eventcore_json STATIC "${PROJECT_SOURCE_DIR}/cmake/eventcore_json.cpp")
  add_library(eventcore::json ALIAS eventcore_json)
  set_target_properties(eventcore_json PROPERTIES EXPORT_NAME json POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(eventcore_json PUBLIC eventcore::eventcore simdjson::simdjson)
endif()

# Sets eventcore_COMPONENT to whether PACKAGE is there, as the switch EVENTCORE_COMPONENT asks: AUTO, OFF,
# or ON (then it must be). A macro, so that what find_package() sets is set here.
macro(eventcore_find component package version)
  string(TOUPPER "EVENTCORE_${component}" eventcore_switch)
  set(eventcore_${component} OFF)
  if(${eventcore_switch} STREQUAL "AUTO")
    find_package(${package} ${version} QUIET ${ARGN})
    set(eventcore_${component} ${${package}_FOUND})
  elseif(${eventcore_switch})
    find_package(${package} ${version} REQUIRED ${ARGN})
    set(eventcore_${component} ${${package}_FOUND})
  endif()
endmacro()

# TLS ----------------------------------------------------------------------------------------------
# One file of ours includes OpenSSL, so that no program sees its headers.
eventcore_find(tls OpenSSL 3.0)
if(eventcore_tls)
  add_library(eventcore_tls STATIC "${PROJECT_SOURCE_DIR}/cmake/eventcore_tls.cpp")
  add_library(eventcore::tls ALIAS eventcore_tls)
  set_target_properties(eventcore_tls PROPERTIES EXPORT_NAME tls POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(eventcore_tls INTERFACE EVENTCORE_HAS_TLS=1)
  target_link_libraries(eventcore_tls PUBLIC eventcore::eventcore OpenSSL::SSL OpenSSL::Crypto)
endif()

# HTTP/2 -------------------------------------------------------------------------------------------
# Linking it is all: then every server of the program speaks HTTP/2 as well.
eventcore_find(http2 Nghttp2 1.50)
if(eventcore_http2)
  add_library(eventcore_http2 STATIC "${PROJECT_SOURCE_DIR}/cmake/eventcore_http2.cpp")
  add_library(eventcore::http2 ALIAS eventcore_http2)
  set_target_properties(eventcore_http2 PROPERTIES EXPORT_NAME http2 POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(eventcore_http2 PUBLIC EVENTCORE_HAS_HTTP2=1)
  target_link_libraries(eventcore_http2 PUBLIC eventcore::eventcore Nghttp2::Nghttp2)
endif()

# Compression --------------------------------------------------------------------------------------
# What includes eventcore/http/websocket/zlib_deflate.hpp links it.
eventcore_find(compression ZLIB 1.2.11 GLOBAL)
if(eventcore_compression)
  add_library(eventcore_compression INTERFACE)
  add_library(eventcore::compression ALIAS eventcore_compression)
  set_target_properties(eventcore_compression PROPERTIES EXPORT_NAME compression)
  target_compile_definitions(eventcore_compression INTERFACE EVENTCORE_HAS_ZLIB=1)
  target_link_libraries(eventcore_compression INTERFACE eventcore::eventcore ZLIB::ZLIB)
endif()
