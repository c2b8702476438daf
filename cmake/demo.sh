#!/bin/sh
# Builds the demo and serves it:  sh cmake/demo.sh      then open http://127.0.0.1:8080/
#   PORT=9000 ADDRESS=0.0.0.0 sh cmake/demo.sh --reactor epoll --threads 2
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh

need_command c++ g++
need_command cmake cmake
need_command ninja ninja-build
need_command pkg-config pkg-config
need_library liburing liburing-dev
need_library simdjson libsimdjson-dev
need_library openssl libssl-dev
need_library libnghttp2 libnghttp2-dev
install_missing

cmake --preset release -DEVENTCORE_BUILD_TESTS=OFF
cmake --build --preset release --target demo
exec build/release/bin/demo --address "${ADDRESS:-127.0.0.1}" --port "${PORT:-8080}" "$@"
