# Finds libkqueue (kqueue(2) for Linux) and makes Libkqueue::Libkqueue. Installed with the package.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_Libkqueue QUIET libkqueue)
endif()

# Its <sys/event.h> lies in a folder of its own, so that nobody finds it by chance.
find_path(Libkqueue_INCLUDE_DIR NAMES sys/event.h HINTS ${PC_Libkqueue_INCLUDE_DIRS} PATH_SUFFIXES kqueue)
find_library(Libkqueue_LIBRARY NAMES kqueue HINTS ${PC_Libkqueue_LIBRARY_DIRS})
mark_as_advanced(Libkqueue_INCLUDE_DIR Libkqueue_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libkqueue
  REQUIRED_VARS Libkqueue_LIBRARY Libkqueue_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "build and install https://github.com/mheily/libkqueue, then set PKG_CONFIG_PATH")

if(Libkqueue_FOUND AND NOT TARGET Libkqueue::Libkqueue)
  add_library(Libkqueue::Libkqueue INTERFACE IMPORTED GLOBAL)
  target_include_directories(Libkqueue::Libkqueue SYSTEM INTERFACE "${Libkqueue_INCLUDE_DIR}")
  target_link_libraries(Libkqueue::Libkqueue INTERFACE "${Libkqueue_LIBRARY}")
endif()
