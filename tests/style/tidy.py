#!/usr/bin/env python3
"""The budgets of CONTRIBUTING.md, checked: lines, functions, files, nesting, includes, macros, comments."""
import re

import cpp_text
from tree import ROOT, Findings, headers, includes, layer_of

LINE_COLUMNS = 110
FUNCTION_EXPECTED, FUNCTION_REFUSED = 40, 70
FILE_EXPECTED, FILE_REFUSED = 400, 600
NESTING = 4

FOLDERS = ("include", "tests", "examples", "benchmarks", "cmake", "docs", ".ci")
CPP = (".hpp", ".cpp", ".h")
SCRIPTS = (".py", ".sh", ".cmake")
TEXT = CPP + SCRIPTS + (".md", ".txt", ".in", ".json", ".build", ".html")

# Half a second to compile, each: never in a header that users include.
HEAVY = {"iostream", "sstream", "fstream", "regex", "functional", "ranges", "filesystem", "format", "future"}
THREADS = {"thread", "mutex", "shared_mutex", "condition_variable", "stop_token"}
THREADS_IN = ("eventcore/server/", "eventcore/testing/", "eventcore/reactor/offload.hpp")

MACROS_IN = ("eventcore/base/config.hpp", "eventcore/base/assert.hpp", "eventcore/version.hpp")

BANNED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def check_lines(name, text, findings):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            findings.refuse(name, number, "a tab; indent with spaces")
        if line != line.rstrip():
            findings.refuse(name, number, "space at the end of the line")
        if BANNED.search(line):
            findings.refuse(name, number, "finish it, or write an issue: " + BANNED.search(line)[1])
        if len(line) > LINE_COLUMNS and name.endswith(CPP + SCRIPTS):
            findings.refuse(name, number, f"{len(line)} columns, at most {LINE_COLUMNS}")
    if text and not text.endswith("\n"):
        findings.refuse(name, text.count("\n") + 1, "no newline at the end of the file")


def check_length(name, text, findings):
    length = text.count("\n")
    if length > FILE_REFUSED:
        findings.refuse(name, length, f"{length} lines, at most {FILE_REFUSED}")
    elif length > FILE_EXPECTED:
        findings.report(name, length, f"{length} lines, {FILE_EXPECTED} expected")


def check_functions(name, text, findings):
    for function in cpp_text.functions(text):
        what = f"{function.name}: {function.length} lines"
        if function.length > FUNCTION_REFUSED:
            findings.refuse(name, function.first, f"{what}, at most {FUNCTION_REFUSED}")
        elif function.length > FUNCTION_EXPECTED:
            findings.report(name, function.first, f"{what}, {FUNCTION_EXPECTED} expected")
        if function.nesting > NESTING:
            what = f"{function.name}: nested {function.nesting} deep"
            findings.refuse(name, function.first, f"{what}, at most {NESTING}")


def check_header_shape(name, text, findings):
    lines = text.split("\n")
    if not lines[0].startswith("// "):
        findings.refuse(name, 1, "the first line says, in a comment, what the file lets you do")
    if lines.count("#pragma once") != 1:
        findings.refuse(name, 1, "one #pragma once")
    if re.search(r"^using namespace", cpp_text.code_only(text), re.M):
        findings.refuse(name, 1, "using namespace in a header")
    block = []
    for number, line in enumerate(lines + [""], 1):
        if line.startswith("#include"):
            if "<sys/types.h>" not in line:  # the BSDs want it before the others
                block.append(line)
            continue
        if block != sorted(block):
            findings.refuse(name, number - 1, "sort the includes of a block")
        block = []


def check_heavy_includes(name, text, findings):
    for number, own, target in includes(text):
        if own:
            continue
        if target in HEAVY:
            findings.refuse(name, number, f"<{target}> costs every user compile time")
        if target in THREADS and not name.startswith(THREADS_IN):
            findings.refuse(name, number, f"<{target}> is for server/ and reactor/offload.hpp")


def check_macros(name, text, findings):
    undefined = set(re.findall(r"^\s*#\s*undef\s+(\w+)", text, re.M))
    for match in re.finditer(r"^\s*#\s*define\s+(\w+)", text, re.M):
        number = text.count("\n", 0, match.start(1)) + 1
        if not match[1].startswith("EVENTCORE_"):
            findings.refuse(name, number, f"macro {match[1]}: every macro of the library begins EVENTCORE_")
        elif name not in MACROS_IN and match[1] not in undefined:
            findings.refuse(name, number, f"macro {match[1]}: put it in base/config.hpp, or #undef it here")


# Time comes from the reactor, so that a simulated one can make it: no other layer reads a clock. The watchdog
# does, since it looks at reactors that may be held, and so does a timed wait of its thread.
MAY_READ_CLOCKS = {"eventcore/server/watchdog.hpp", "eventcore/base/thread.hpp"}
CLOCKS = re.compile(r"\b(\w+_clock\s*::\s*now|clock_gettime|gettimeofday|std\s*::\s*time)\s*\(")


def check_clocks(name, text, findings):
    if layer_of(name) == "reactor" or name in MAY_READ_CLOCKS:
        return
    code = cpp_text.code_only(text)
    for match in CLOCKS.finditer(code):
        number = code.count("\n", 0, match.start()) + 1
        findings.refuse(name, number, f"{match[1]}: only reactor/ reads a clock")


def check_test(name, text, tree, findings):
    """tests/http/date.cpp begins with the header it is about, which proves that the header stands alone."""
    own = "eventcore/" + name[len("tests/") : -len(".cpp")] + ".hpp"
    first = next((target for _, _, target in includes(text)), None)
    if own in tree and first != own:
        findings.refuse(name, 1, f'the first include is "{own}"')


def check_test_names(texts, findings):
    """A layer's files make one program, and there a sentence names one case."""
    seen = {}
    for name, text in texts:
        if not name.startswith("tests/") or not name.endswith(".cpp"):
            continue
        for match in re.finditer(r'^TEST_CASE\(\s*"((?:\\.|[^"\\])*)"', text, re.M):
            key = (name.split("/")[1], match[1])
            number = text.count("\n", 0, match.start()) + 1
            if key in seen:
                findings.refuse(name, number, f'"{match[1]}" is the name of a case in {seen[key]} too')
            seen[key] = name


def check_header(name, text, findings):
    check_header_shape(name, text, findings)
    check_heavy_includes(name, text, findings)
    check_macros(name, text, findings)
    check_clocks(name, text, findings)


def check_file(name, text, tree, findings):
    check_lines(name, text, findings)
    if name.endswith(CPP):
        check_length(name, text, findings)
        check_functions(name, text, findings)
    if name.startswith("tests/") and name.endswith(".cpp"):
        check_test(name, text, tree, findings)


def files():
    paths = sorted(ROOT.glob("*"))
    for folder in FOLDERS:
        paths += sorted((ROOT / folder).rglob("*"))
    for path in paths:
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


if __name__ == "__main__":
    found = Findings()
    all_headers = headers()
    for header, content in all_headers.items():
        check_header(header, content, found)
    all_files = list(files())
    for file, content in all_files:
        check_file(file, content, all_headers, found)
    check_test_names(all_files, found)
    found.finish("tidy")
