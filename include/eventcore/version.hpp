// The version, read from here by CMake, meson and pkg-config so that they cannot disagree.
#pragma once

#define EVENTCORE_VERSION_MAJOR 0
#define EVENTCORE_VERSION_MINOR 1
#define EVENTCORE_VERSION_PATCH 0
#define EVENTCORE_VERSION "0.1.0"
