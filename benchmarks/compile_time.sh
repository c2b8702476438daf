#!/bin/sh
# What a user's file costs to compile:  sh benchmarks/compile_time.sh [COMPILER] [--no-headers]
#
# Prints seconds at -O0 and -O2 and the compiler's peak memory: an empty file with the standard headers we
# use, a hello world with one route (the whole program, linked), 20, 200 and 500 routes, each public header.
set -eu
cd "$(dirname "$0")/.."

compiler="g++"
with_headers=yes
for word in "$@"; do
    case "$word" in
    --no-headers) with_headers=no ;;
    *) compiler="$word" ;;
    esac
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT INT TERM

flags="-std=c++20 -Iinclude -pthread"
libraries=""
if pkg-config --exists liburing 2>/dev/null; then
    flags="$flags -DEVENTCORE_HAS_IO_URING=1 $(pkg-config --cflags liburing)"
    libraries="$(pkg-config --libs liburing)"
fi

# measure COMMAND…: best of three, seconds of processor time and MB of the hungriest process.
measure() {
    python3 - "$@" <<'PYTHON'
import resource, subprocess, sys
best = None
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(sys.argv[1:], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    best = spent if best is None else min(best, spent)
print(f"{best:6.2f} s {after.ru_maxrss / 1024:5.0f} MB", end="")
PYTHON
}

# row NAME SOURCE [link]
row() {
    printf '%-44s' "$1"
    for level in -O0 -O2; do
        # shellcheck disable=SC2086 # flags are meant to split
        if [ "${3:-}" = link ]; then
            measure "$compiler" $flags "$level" "$2" -o "$work/program" $libraries
        else
            measure "$compiler" $flags "$level" -c "$2" -o "$work/object"
        fi
        printf '   '
    done
    printf '\n'
}

# routes COUNT: a program with that many routes, one in four with a parameter.
routes() {
    echo '#include <eventcore/eventcore.hpp>'
    echo '#include <string>'
    echo 'namespace ec = eventcore;'
    echo 'int main() {'
    echo '    return ec::serve(ec::router('
    i=0
    last=$(($1 - 1))
    while [ "$i" -lt "$1" ]; do
        path="/v$((i / 40))/item$i"
        case "$((i % 4))" in
        0) echo "ec::get<\"$path/{id}\">([](int id) { return std::to_string(id); })" ;;
        1) echo "ec::get<\"$path\">([] { return \"$i\"; })" ;;
        2) echo "ec::post<\"$path\">([] { return ec::status::created; })" ;;
        3) echo "ec::get<\"$path\">([]() -> ec::task<std::string> { co_return \"$i\"; })" ;;
        esac
        if [ "$i" -lt "$last" ]; then echo ','; fi
        i=$((i + 1))
    done
    echo '));}'
}

printf '%s\n%-44s%-17s   %s\n' "$("$compiler" --version | head -1)" "" "-O0" "-O2"

grep -rhoE '^#include <[a-z_0-9]+>' include | sort | uniq -c | awk '$1 > 1 { print $2, $3 }' > "$work/std.cpp"
row "the standard headers we use" "$work/std.cpp"
printf '#include <eventcore/eventcore.hpp>\n' > "$work/umbrella.cpp"
row "eventcore.hpp, unused" "$work/umbrella.cpp"
row "hello world, one route, linked" examples/hello.cpp link
header_only="$flags"
flags="$flags -DEVENTCORE_SEPARATE=1"
row "the same over eventcore::compiled" examples/hello.cpp
flags="$header_only"
for count in 20 200 500; do
    routes "$count" > "$work/routes_$count.cpp"
    row "$count routes" "$work/routes_$count.cpp"
done

if [ "$with_headers" = yes ]; then
    for header in $(cd include && find eventcore -name '*.hpp' | sort); do
        printf '#include "%s"\n' "$header" > "$work/header.cpp"
        row "$header" "$work/header.cpp"
    done
fi
