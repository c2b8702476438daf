#!/usr/bin/env python3
"""Builds and runs a user's program in a folder of its own:  run.py [options] WAY

WAY: fetch_content, find_package (after an install, also by pkg-config), meson, single_header (in two files).
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STRICT = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def run(*command, **options):
    command = [str(word) for word in command]
    print("+", " ".join(command), flush=True)
    subprocess.run(command, check=True, **options)


def has_library(*name):
    asked = ["pkg-config", "--exists", *name]
    return shutil.which("pkg-config") and subprocess.run(asked).returncode == 0


def with_cmake(options, work, project, *definitions):
    run(options.cmake, "-G", "Ninja", "-S", HERE / project, "-B", work / "build",
        f"-DCMAKE_CXX_COMPILER={options.compiler}", *definitions)
    run(options.cmake, "--build", work / "build")
    run(work / "build/app")
    run(work / "build/app_over_library")


def fetch_content(options, work):
    with_cmake(options, work, "fetch_content", f"-DFETCHCONTENT_SOURCE_DIR_EVENTCORE={ROOT}")


def find_package(options, work):
    prefix = work / "prefix"
    run(options.cmake, "--install", options.build, "--prefix", prefix)
    with_cmake(options, work, "find_package", f"-DCMAKE_PREFIX_PATH={prefix}")
    package_file = next(prefix.rglob("eventcore.pc"))
    text = package_file.read_text()
    installed = prefix / "include/eventcore/eventcore.hpp"
    if "-I${includedir}" not in text or not installed.is_file():
        sys.exit(f"the installed files do not fit together:\n{text}")
    if shutil.which("pkg-config"):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(package_file.parent))
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "eventcore"],
            check=True, capture_output=True, text=True, env=environment).stdout.split()
        sources = [HERE / "main.cpp", HERE / "other.cpp"]
        run(options.compiler, "-std=c++20", *sources, "-o", work / "by_pc", *flags)
        run(work / "by_pc")


def meson(options, work):
    if not shutil.which("meson"):
        print("meson is not installed: this way of taking the library was not tried")
        return
    shutil.copy(HERE / "meson/meson.build", work)
    for name in ("main.cpp", "other.cpp", "json.cpp", "tls.cpp"):
        shutil.copy(HERE / name, work)
    (work / "subprojects/eventcore").mkdir(parents=True)
    for name in ("include", "cmake", "meson.build", "meson_options.txt"):
        (work / "subprojects/eventcore" / name).symlink_to(ROOT / name)
    environment = dict(os.environ, CXX=options.compiler)
    run("meson", "setup", work / "build", work, env=environment)
    run("meson", "compile", "-C", work / "build")
    run(work / "build/app")
    run(work / "build/app_over_library")


def single_header(options, work):
    made = pathlib.Path(options.build, "single_include/eventcore.hpp")
    if not made.is_file():
        sys.exit(f"{made} is missing: build the target single_header")
    for name in ("main.cpp", "other.cpp", "json.cpp", "tls.cpp"):
        text = (HERE / name).read_text().replace("<eventcore/eventcore.hpp>", "<eventcore.hpp>")
        text = text.replace("<eventcore/tls.hpp>", "<eventcore_tls.hpp>")
        (work / name).write_text(text)
    words = [f"-I{made.parent}", work / "main.cpp", work / "other.cpp", "-pthread", "-o", work / "app"]
    if has_library("simdjson"):
        words += ["-DAPP_READS_JSON", work / "json.cpp", made.parent / "eventcore_json.cpp", "-lsimdjson"]
    if has_library("openssl >= 3.0"):
        words += ["-DAPP_SPEAKS_TLS", work / "tls.cpp", made.parent / "eventcore_tls.cpp"]
        words += ["-lssl", "-lcrypto"]
    if has_library("libnghttp2"):
        words += ["-DEVENTCORE_HAS_HTTP2=1", made.parent / "eventcore_http2.cpp", "-lnghttp2"]
    run(options.compiler, *STRICT, *words)
    run(work / "app")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="our own build directory")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("way", choices=["fetch_content", "find_package", "meson", "single_header"])
    options = parser.parse_args()
    name = options.way + "_" + pathlib.Path(options.compiler).name
    work = pathlib.Path(options.build, "consume", name)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    globals()[options.way](options, work)


if __name__ == "__main__":
    main()
