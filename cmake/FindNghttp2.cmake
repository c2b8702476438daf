# Finds nghttp2 (Debian: libnghttp2-dev) and makes Nghttp2::Nghttp2. Installed with the package.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_Nghttp2 QUIET libnghttp2)
endif()

find_path(Nghttp2_INCLUDE_DIR NAMES nghttp2/nghttp2.h HINTS ${PC_Nghttp2_INCLUDE_DIRS})
find_library(Nghttp2_LIBRARY NAMES nghttp2 HINTS ${PC_Nghttp2_LIBRARY_DIRS})
mark_as_advanced(Nghttp2_INCLUDE_DIR Nghttp2_LIBRARY)

if(Nghttp2_INCLUDE_DIR AND EXISTS "${Nghttp2_INCLUDE_DIR}/nghttp2/nghttp2ver.h")
  file(STRINGS "${Nghttp2_INCLUDE_DIR}/nghttp2/nghttp2ver.h" _line REGEX "define NGHTTP2_VERSION \"")
  string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Nghttp2_VERSION "${_line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Nghttp2
  REQUIRED_VARS Nghttp2_LIBRARY Nghttp2_INCLUDE_DIR
  VERSION_VAR Nghttp2_VERSION
  REASON_FAILURE_MESSAGE "install libnghttp2-dev (Debian), libnghttp2-devel (Fedora) or nghttp2 (vcpkg)")

if(Nghttp2_FOUND AND NOT TARGET Nghttp2::Nghttp2)
  add_library(Nghttp2::Nghttp2 INTERFACE IMPORTED GLOBAL)
  target_include_directories(Nghttp2::Nghttp2 SYSTEM INTERFACE "${Nghttp2_INCLUDE_DIR}")
  target_link_libraries(Nghttp2::Nghttp2 INTERFACE "${Nghttp2_LIBRARY}")
endif()
