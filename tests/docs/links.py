#!/usr/bin/env python3
"""Every file that the README and docs/ point to exists, and every heading that a link names."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_PATH = re.compile(r"`((?:include|examples|tests|cmake|docs|benchmarks)/[\w./-]+\.\w+)`")
LAYERS = "base|observe|coro|http|reactor|net|content|web|server|testing"
HEADER_PATH = re.compile(rf"`((?:{LAYERS})/[\w./-]+\.hpp)`")


def anchors(path):
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path, text):
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        named = (path.parent / file).resolve() if file else path
        if not named.exists():
            yield f"no such file: {target}"
        elif anchor and anchor not in anchors(named):
            yield f"no such heading: {target}"


def broken_paths(text):
    for name in CODE_PATH.findall(text):
        if not (ROOT / name).exists():
            yield f"no such file: {name}"
    for name in HEADER_PATH.findall(text):
        if not (ROOT / "include/eventcore" / name).exists():
            yield f"no such header: {name}"


def main():
    failed = False
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        for complaint in [*broken_links(path, text), *broken_paths(text)]:
            print(f"{path.relative_to(ROOT)}: {complaint}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
