#!/usr/bin/env python3
"""Compiles every misuse beside this file:  run.py COMPILER [FLAG…]

Each .cpp holds correct code, one misuse under `#ifdef EVENTCORE_SHOULD_FAIL`, and lines `// expect: <text>`.
Without the macro it must compile. With it, it must not, and the first error line must contain every text: the
sentence a user reads first is part of the API.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include"
MACRO = "EVENTCORE_SHOULD_FAIL"


def compile_case(path, command, *flags):
    words = [*command, f"-I{INCLUDE}", "-fsyntax-only", *flags, str(path)]
    return subprocess.run(["env", "LC_ALL=C", *words], capture_output=True, text=True)


def first_error(output):
    return next((line for line in output.splitlines() if "error:" in line), "no error line")


def check(path, command):
    """What is wrong with this case, or None."""
    text = path.read_text(encoding="utf-8")
    expected = re.findall(r"^// expect: (.+?)\s*$", text, re.M)
    if not expected or not re.search(rf"^#ifdef {MACRO}$", text, re.M):
        return f"needs a line `// expect: <text>` and `#ifdef {MACRO}`"
    good = compile_case(path, command)
    if good.returncode != 0:
        return "the correct half does not compile:\n" + good.stderr
    bad = compile_case(path, command, f"-D{MACRO}")
    if bad.returncode == 0:
        return "the misuse compiles"
    error = first_error(bad.stderr)
    for sentence in expected:
        if sentence not in error:
            return f"the first error is\n    {error}\n  and does not say\n    {sentence}"
    return None


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    cases = sorted(HERE.glob("*.cpp"))
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        problems = list(pool.map(lambda path: check(path, command), cases))
    for path, problem in zip(cases, problems):
        if problem:
            print(f"{path.name}: {problem}")
    failed = sum(problem is not None for problem in problems)
    print(f"{len(cases)} misuses, {failed} not answered as they should be")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
