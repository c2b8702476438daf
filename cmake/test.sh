#!/bin/sh
# Builds the tests and runs them:  sh cmake/test.sh [preset] [ctest arguments]
# Presets: debug (the default), release, asan, tsan, clang, clang-asan. The result is CTest's.
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh

preset="${1:-debug}"
if [ $# -gt 0 ]; then shift; fi

need_command c++ g++
need_command cmake cmake
need_command ninja ninja-build
need_command pkg-config pkg-config
need_command python3 python3
need_command meson meson
need_command openssl openssl
need_command curl curl
need_library liburing liburing-dev
need_library simdjson libsimdjson-dev
need_library openssl libssl-dev
need_library zlib zlib1g-dev
need_library libnghttp2 libnghttp2-dev
need_library catch2 catch2
case "$preset" in
clang*) need_command clang++-19 "clang-19 libclang-rt-19-dev" ;;
esac
install_missing

jobs="$(nproc 2>/dev/null || echo 2)"
cmake --preset "$preset" -DEVENTCORE_BUILD_TESTS=ON
cmake --build --preset "$preset" --parallel "$jobs"
exec ctest --preset "$preset" --parallel "$jobs" "$@"
