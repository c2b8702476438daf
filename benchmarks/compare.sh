#!/bin/sh
# Builds what compare.py needs and runs it:  sh benchmarks/compare.sh [--quick|--full] [options]
#
# About ten minutes. With --publish the tables in benchmarks/README.md are written anew. Peers come from
# packages (Debian: nginx h2o libboost-dev libuv1-dev libhttp-parser-dev); what is not installed is left
# out.
set -eu
cd "$(dirname "$0")/.."

cmake --preset release -DEVENTCORE_BUILD_BENCHMARKS=ON -DEVENTCORE_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release --target benchmark_programs
exec python3 benchmarks/compare.py "$@"
