#!/usr/bin/env python3
"""Makes the single header:  amalgamate.py OUTPUT_DIRECTORY [INCLUDE_DIRECTORY]

Starts at eventcore/eventcore.hpp and puts every own header in place of its first #include, so the result
reads in the umbrella's order. <system> includes stay where they are. An own #include inside #if (a backend
that may be absent) stays inside it, but what that header itself includes is pulled out before the #if: the
rest of the library needs it whatever the switch says.

Beside eventcore.hpp lie eventcore_json.cpp, to be compiled by programs that read JSON (it needs simdjson),
for TLS eventcore_tls.hpp and eventcore_tls.cpp (OpenSSL), and for HTTP/2 eventcore_http2.cpp (nghttp2; with
EVENTCORE_HAS_HTTP2=1 in all files of the program).

Fails when a header under include/ was not reached, so that the umbrella cannot forget one.
"""
import pathlib
import re
import shutil
import subprocess
import sys

UMBRELLA = "eventcore/eventcore.hpp"

JSON = "eventcore/content/json/simdjson.hpp"
TLS = "eventcore/tls.hpp"
TLS_FOLDERS = ("eventcore/net/tls/", "eventcore/server/tls/")

# All of HTTP/2 but http2_service.hpp, which every server knows and so is reached.
SESSION = "eventcore/server/http2_session.hpp"
HTTP2 = ("eventcore/server/http2_",)

# Headers a program includes by themselves: components with a library behind them, and help for tests.
# duplicates.hpp is part of the JSON one.
SEPARATE = (JSON, "eventcore/content/json/duplicates.hpp", "eventcore/testing/", "eventcore/testing.hpp",
            TLS) + TLS_FOLDERS + HTTP2

OWN_INCLUDE = re.compile(r'\s*#\s*include\s+"(eventcore/[^"]+)"')
OPEN = re.compile(r"\s*#\s*if")
CLOSE = re.compile(r"\s*#\s*endif")
DROPPED = re.compile(r"\s*#\s*pragma\s+once|//\s*SPDX-License-Identifier")


def own_includes(lines):
    return [match[1] for match in map(OWN_INCLUDE.match, lines) if match]


def regions(lines):
    """Yields (is_conditional, lines): each outermost #if … #endif is one region."""
    depth, region = 0, []
    for line in lines:
        if OPEN.match(line):
            if depth == 0 and region:
                yield False, region
                region = []
            depth += 1
        region.append(line)
        if CLOSE.match(line):
            depth -= 1
            if depth == 0:
                yield True, region
                region = []
    if region:
        yield False, region


class Amalgamation:
    def __init__(self, root):
        self.root = root
        self.files = {
            path.relative_to(root).as_posix(): path.read_text(encoding="utf-8").splitlines()
            for path in sorted(root.rglob("*.hpp"))
        }
        always = set()
        for lines in self.files.values():
            for is_conditional, region in regions(lines):
                if not is_conditional:
                    always.update(own_includes(region))
        self.always = always  # included without an #if by someone: must not end up inside one
        self.seen = set()
        self.output = []

    def lines_of(self, name):
        if name not in self.files:
            sys.exit(f"amalgamate: {name} is included but does not exist")
        return self.files[name]

    def add(self, name):
        if name in self.seen:
            return
        self.seen.add(name)
        self.output.append(f"\n// ---- {name} ----")
        for is_conditional, region in regions(self.lines_of(name)):
            if is_conditional:
                self.add_needed_by(own_includes(region), set())
            for line in region:
                self.add_line(line)

    def add_needed_by(self, names, visited):
        for name in names:
            if name in self.seen or name in visited:
                continue
            visited.add(name)
            if name in self.always:
                self.add(name)
            else:
                self.add_needed_by(own_includes(self.lines_of(name)), visited)

    def add_line(self, line):
        include = OWN_INCLUDE.match(line)
        if include:
            self.add(include[1])
        elif not DROPPED.match(line):
            self.output.append(line)


def unreached(amalgamation):
    rest = set(amalgamation.files) - amalgamation.seen
    return sorted(name for name in rest if not name.startswith(SEPARATE))


def commit_of(root):
    """", commit 1234abc" in a clone; nothing in an unpacked archive, or without git."""
    if not shutil.which("git"):
        return ""
    git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True)
    return f", commit {git.stdout.strip()}" if git.returncode == 0 else ""


def banner(root, what):
    version = re.search(r'EVENTCORE_VERSION "(.*)"', (root / "eventcore/version.hpp").read_text())[1]
    return [
        f"// EventCore {version}{commit_of(root)}: {what}, made by cmake/amalgamate.py.",
        "// BSD 2-Clause License, copyright (c) 2026 EventCore contributors; see LICENSE.",
    ]


def write(path, lines):
    path.write_text(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    output = pathlib.Path(sys.argv[1])
    root = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parents[1] / "include")
    amalgamation = Amalgamation(root)
    amalgamation.add(UMBRELLA)
    forgotten = unreached(amalgamation)
    if forgotten:
        sys.exit("amalgamate: not reached from " + UMBRELLA + ":\n  " + "\n  ".join(forgotten))
    output.mkdir(parents=True, exist_ok=True)
    head = banner(root, "the whole library") + ["#pragma once"]
    write(output / "eventcore.hpp", head + amalgamation.output)
    if JSON in amalgamation.files:
        amalgamation.output = banner(root, "reading JSON") + ['#include "eventcore.hpp"']
        amalgamation.add(JSON)
        write(output / "eventcore_json.cpp", amalgamation.output)
    if TLS in amalgamation.files:
        amalgamation.output = banner(root, "TLS") + ["#pragma once", '#include "eventcore.hpp"']
        amalgamation.add(TLS)
        write(output / "eventcore_tls.hpp", amalgamation.output)
        amalgamation.output = banner(root, "TLS, through OpenSSL") + ['#include "eventcore_tls.hpp"']
        for name in amalgamation.files:
            if name.startswith(TLS_FOLDERS):
                amalgamation.add(name)
        write(output / "eventcore_tls.cpp", amalgamation.output)
    if SESSION in amalgamation.files:
        amalgamation.output = banner(root, "HTTP/2") + ['#include "eventcore.hpp"']
        amalgamation.add(SESSION)
        write(output / "eventcore_http2.cpp", amalgamation.output)


if __name__ == "__main__":
    main()
