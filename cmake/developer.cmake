# What only our own programs get: warnings, ccache, one folder for the binaries.

option(EVENTCORE_WARNINGS_AS_ERRORS "Refuse warnings (the presets used for development set this)" OFF)

add_library(eventcore_developer INTERFACE)
target_link_libraries(eventcore_developer INTERFACE eventcore::eventcore)
target_compile_options(eventcore_developer INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${EVENTCORE_WARNINGS_AS_ERRORS}>:-Werror>)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  set(CMAKE_CXX_EXTENSIONS OFF)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
  endif()
  find_program(CCACHE_PROGRAM ccache)
  mark_as_advanced(CCACHE_PROGRAM)
  if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  endif()
endif()

# Python makes the single header and runs the checks of the tree; nothing a user needs.
find_package(Python3 3.9 QUIET COMPONENTS Interpreter)

if(Python3_Interpreter_FOUND AND PROJECT_IS_TOP_LEVEL)
  set(eventcore_single_include "${PROJECT_BINARY_DIR}/single_include")
  add_custom_command(
    OUTPUT "${eventcore_single_include}/eventcore.hpp"
    COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cmake/amalgamate.py" "${eventcore_single_include}"
    DEPENDS cmake/amalgamate.py ${eventcore_headers}
    VERBATIM)
  add_custom_target(single_header DEPENDS "${eventcore_single_include}/eventcore.hpp")
endif()
