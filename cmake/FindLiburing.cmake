# Finds liburing (Debian: liburing-dev) and makes Liburing::Liburing. Installed with the package.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_Liburing QUIET liburing)
endif()

find_path(Liburing_INCLUDE_DIR NAMES liburing.h HINTS ${PC_Liburing_INCLUDE_DIRS})
find_library(Liburing_LIBRARY NAMES uring HINTS ${PC_Liburing_LIBRARY_DIRS})
mark_as_advanced(Liburing_INCLUDE_DIR Liburing_LIBRARY)

# The header has no version before 2.4; then only pkg-config knows.
set(Liburing_VERSION "${PC_Liburing_VERSION}")
if(NOT Liburing_VERSION AND EXISTS "${Liburing_INCLUDE_DIR}/liburing/io_uring_version.h")
  file(STRINGS "${Liburing_INCLUDE_DIR}/liburing/io_uring_version.h" _lines REGEX "IO_URING_VERSION_M")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" Liburing_VERSION "${_lines}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Liburing
  REQUIRED_VARS Liburing_LIBRARY Liburing_INCLUDE_DIR
  VERSION_VAR Liburing_VERSION
  REASON_FAILURE_MESSAGE "install liburing-dev (Debian), liburing-devel (Fedora) or liburing (vcpkg)")

if(Liburing_FOUND AND NOT TARGET Liburing::Liburing)
  add_library(Liburing::Liburing INTERFACE IMPORTED GLOBAL)
  target_include_directories(Liburing::Liburing SYSTEM INTERFACE "${Liburing_INCLUDE_DIR}")
  target_link_libraries(Liburing::Liburing INTERFACE "${Liburing_LIBRARY}")
endif()
