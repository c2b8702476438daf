# The table at the end of configure: what is in, and the switch for it.

function(eventcore_summary name is_in remark)
  set(state "no ")
  if(is_in)
    set(state "yes")
  endif()
  string(SUBSTRING "${name}                        " 0 24 name)
  message(STATUS "  ${name}${state}  ${remark}")
endfunction()

set(has_epoll OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(has_epoll ON)
endif()
set(has_kqueue ${EVENTCORE_KQUEUE})
if(CMAKE_SYSTEM_NAME MATCHES "Darwin|BSD|DragonFly")
  set(has_kqueue ON)
endif()

message(STATUS "")
message(STATUS "eventcore ${PROJECT_VERSION}, ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}, "
  "${CMAKE_BUILD_TYPE}")
eventcore_summary("io_uring" "${eventcore_io_uring}"
  "liburing ${Liburing_VERSION} (EVENTCORE_IO_URING=${EVENTCORE_IO_URING})")
eventcore_summary("epoll" "${has_epoll}" "")
eventcore_summary("kqueue" "${has_kqueue}" "(EVENTCORE_KQUEUE=${EVENTCORE_KQUEUE})")
eventcore_summary("eventcore::json" "${eventcore_json}"
  "simdjson ${simdjson_VERSION} (EVENTCORE_JSON=${EVENTCORE_JSON})")
eventcore_summary("eventcore::tls" "${eventcore_tls}"
  "OpenSSL ${OPENSSL_VERSION} (EVENTCORE_TLS=${EVENTCORE_TLS})")
eventcore_summary("eventcore::http2" "${eventcore_http2}"
  "nghttp2 ${Nghttp2_VERSION} (EVENTCORE_HTTP2=${EVENTCORE_HTTP2})")
eventcore_summary("eventcore::compression" "${eventcore_compression}"
  "zlib ${ZLIB_VERSION_STRING} (EVENTCORE_COMPRESSION=${EVENTCORE_COMPRESSION})")
eventcore_summary("tests" "${EVENTCORE_BUILD_TESTS}" "Catch2 ${Catch2_VERSION} (EVENTCORE_BUILD_TESTS)")
eventcore_summary("examples" "${EVENTCORE_BUILD_EXAMPLES}"
  "in ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} (EVENTCORE_BUILD_EXAMPLES)")
eventcore_summary("benchmarks" "${EVENTCORE_BUILD_BENCHMARKS}" "(EVENTCORE_BUILD_BENCHMARKS)")
message(STATUS "")
