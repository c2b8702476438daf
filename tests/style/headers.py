#!/usr/bin/env python3
"""What only a compiler can say about the headers.

    headers.py alone           COMPILER [FLAG…]    each public header compiles as a file of its own
    headers.py hostile_macros  COMPILER [FLAG…]    macros that other libraries define do no harm
    headers.py no_sockets      COMPILER [FLAG…]    nothing under web/ reaches a socket header
"""
import concurrent.futures
import os
import subprocess
import sys

from tree import ROOT, headers, includes

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]

# By whom: <windows.h>, X11, Qt, <complex.h>, old BSD and macOS headers, glibc in gnu++20 (linux, unix).
HOSTILE = """
    DELETE ERROR IN OUT OPTIONAL STRICT CONST VOID TRUE FALSE NO_ERROR OVERFLOW UNDERFLOW DOMAIN GET POST
    PUT HEAD TRACE CONNECT IGNORE INFINITE interface near far small hyper None Bool Status Success Always
    True False signals slots emit foreach forever I check verify require unix linux i386 Nil DEBUG INFO
    WARNING NOTICE
""".split()
HOSTILE_FUNCTIONS = ("min(a, b)", "max(a, b)", "major(d)", "minor(d)", "isset(x)", "GetMessage()")


def compile_text(text, command, flags):
    """(succeeded, what the compiler said) for a file with this text."""
    words = command + [f"-I{ROOT / 'include'}", "-x", "c++"] + flags + ["-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def alone(command):
    def check(name):
        return name, *compile_text(f'#include "{name}"\n', command, STRICT + ["-fsyntax-only"])

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(check, headers()))
    for name, succeeded, output in results:
        if not succeeded:
            print(f"{name} does not compile alone:\n{output}")
    print(f"{len(results)} headers compiled alone")
    return all(succeeded for _, succeeded, _ in results)


def system_includes():
    """Every <…> of ours that is here, read first: the macros must meet our headers only."""
    names = {target for text in headers().values() for _, own, target in includes(text) if not own}
    names -= {"arm_neon.h"}
    return "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in sorted(names))


def hostile_macros(command):
    macros = "".join(f"#undef {name}\n#define {name} $hostile\n" for name in HOSTILE)
    for signature in HOSTILE_FUNCTIONS:
        macros += f"#undef {signature.split('(')[0]}\n#define {signature} $hostile\n"
    text = system_includes() + macros + '#include "eventcore/eventcore.hpp"\n'
    succeeded, output = compile_text(text, command, ["-fsyntax-only"])
    print(output if not succeeded else "the umbrella compiled among hostile macros")
    return succeeded


def no_sockets(command):
    wanted = [name for name in headers() if name.startswith("eventcore/web/")]
    text = "".join(f'#include "{name}"\n' for name in wanted)
    succeeded, output = compile_text(text, command, ["-M"])
    forbidden = ("sys/socket.h", "sys/epoll.h", "/liburing.h", "/netinet/", "/eventcore/reactor/")
    reached = [word for word in output.split() if any(name in word for name in forbidden)]
    print(output if not succeeded else f"{len(wanted)} headers of web/ reach {reached or 'no socket'}")
    return succeeded and wanted and not reached


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    checks = {"alone": alone, "hostile_macros": hostile_macros, "no_sockets": no_sockets}
    sys.exit(0 if checks[sys.argv[1]](["env", "LC_ALL=C"] + sys.argv[2:]) else 1)
