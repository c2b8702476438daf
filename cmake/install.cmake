# `cmake --install`: headers, find_package(eventcore), pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(eventcore_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/eventcore")

install(TARGETS eventcore EXPORT eventcore-targets FILE_SET HEADERS)
install(TARGETS eventcore_compiled EXPORT eventcore-targets)
if(eventcore_json)
  install(TARGETS eventcore_json EXPORT eventcore-targets)
endif()
if(eventcore_tls)
  install(TARGETS eventcore_tls EXPORT eventcore-targets)
endif()
if(eventcore_http2)
  install(TARGETS eventcore_http2 EXPORT eventcore-targets)
endif()
if(eventcore_compression)
  install(TARGETS eventcore_compression EXPORT eventcore-targets)
endif()
install(EXPORT eventcore-targets NAMESPACE eventcore:: DESTINATION "${eventcore_package_dir}")

configure_package_config_file(cmake/eventcore-config.cmake.in eventcore-config.cmake
  INSTALL_DESTINATION "${eventcore_package_dir}"
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(eventcore-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/eventcore-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/eventcore-config-version.cmake"
  cmake/FindLiburing.cmake
  cmake/FindLibkqueue.cmake
  cmake/FindNghttp2.cmake
  DESTINATION "${eventcore_package_dir}")

# The .pc files find their prefix from where they lie, so that an installed tree may be moved.
file(RELATIVE_PATH eventcore_pc_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" eventcore_pc_prefix "${eventcore_pc_prefix}")
list(JOIN eventcore_pc_requires ", " eventcore_pc_requires)
list(JOIN eventcore_pc_cflags " " eventcore_pc_cflags)
configure_file(cmake/eventcore.pc.in eventcore.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/eventcore.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file(cmake/eventcore-compiled.pc.in eventcore-compiled.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/eventcore-compiled.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
foreach(component IN ITEMS json http2 compression tls)
  if(eventcore_${component})
    configure_file(cmake/eventcore-${component}.pc.in eventcore-${component}.pc @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/eventcore-${component}.pc"
      DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  endif()
endforeach()

install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
