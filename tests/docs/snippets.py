#!/usr/bin/env python3
"""Compiles every C++ block of the README and docs/: snippets.py COMPILER FLAGS...

The word after ```cpp says how a block is to be read; without one it is code of namespace scope.

    ```cpp            declarations, or a whole program
    ```cpp more       goes on where the block before it ended: the same names are known
    ```cpp routes     a list of what ec::router(...) takes
    ```cpp coroutine  statements of a coroutine that returns ec::task<>

All blocks become one translation unit, each in a namespace of its own after tests/docs/prelude.hpp, which
declares the few names that several blocks use. #include lines move to the top, and main() gets another name.
A block that specialises a template of eventcore stays outside any namespace: the language wants that.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```cpp[ ]?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READINGS = ("", "more", "routes", "coroutine")
UNUSED = ("variable", "but-set-variable", "parameter", "function", "local-typedefs")
WARNINGS = ["-Wall", "-Wextra", "-Werror", *(f"-Wno-unused-{what}" for what in UNUSED)]


def documents():
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path):
    text = path.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start()) + 2


def split_includes(code):
    """The lines of a block that go to the top, and the block without them."""
    kept, includes = [], []
    for line in code.split("\n"):
        is_common = line.startswith("#include") or line.startswith("namespace ec = ")
        kept.append("" if is_common else line)
        if line.startswith("#include"):
            includes.append(line)
    return includes, "\n".join(kept)


def wrap(reading, code, name):
    code = re.sub(r"\bint main\(", "int program_main(", code)
    if reading == "routes":
        return f"namespace {name} {{ inline auto app() {{ return ec::router(\n{code}); }} }}"
    if reading == "coroutine":
        return f"namespace {name} {{ inline ec::task<> run() {{\n{code}\nco_return; }} }}"
    if re.search(r"^template <>", code, re.MULTILINE):
        return f"\n{code}"
    return f"namespace {name} {{\n{code}\n}}"


def line_of(path, number):
    return f'#line {number - 1} "{path.relative_to(ROOT)}"\n'


def translation_unit():
    includes, body, count = [], [], 0
    for path in documents():
        for reading, code, number in blocks(path):
            if reading not in READINGS:
                sys.exit(f"{path.name}:{number}: no such reading: cpp {reading}")
            count += reading != "more"
            found, rest = split_includes(code)
            includes += found
            body.append(line_of(path, number) + wrap(reading, rest, f"snippet_{count}"))
    top = "\n".join(dict.fromkeys(includes)) + '\n#include "docs/prelude.hpp"\n'
    return top + "\n".join(body) + "\n", count


def main():
    compiler, *flags = sys.argv[1:]
    unit, count = translation_unit()
    if count == 0:
        sys.exit("no block was found")
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", encoding="utf-8") as file:
        file.write(unit)
        file.flush()
        paths = [f"-I{ROOT}/include", f"-I{ROOT}/tests"]
        command = [compiler, *flags, *WARNINGS, *paths, "-fsyntax-only", file.name]
        result = subprocess.run(command, check=False)
    if result.returncode == 0:
        print(f"{count} blocks compile")
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
