"""What the style checks share: where the tree is, what a finding is, how own #includes are read."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


class Findings:
    """Sentences of the form `file:line: what is wrong`; the check fails when there is one."""

    def __init__(self):
        self.refused = []
        self.reported = []

    def refuse(self, name, line, sentence):
        self.refused.append(f"{name}:{line}: {sentence}")

    def report(self, name, line, sentence):
        self.reported.append(f"{name}:{line}: {sentence}")

    def finish(self, what):
        for sentence in self.reported:
            print("note:", sentence)
        for sentence in self.refused:
            print("refused:", sentence)
        print(f"{what}: {len(self.refused)} refused, {len(self.reported)} notes")
        sys.exit(1 if self.refused else 0)


def headers(root=ROOT):
    """Name as it is included ("eventcore/…") -> text, of every public header."""
    include = root / "include"
    return {
        path.relative_to(include).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(include.rglob("*.hpp"))
    }


def includes(text):
    """Yields (line number, is_own, name)."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


def layer_of(name):
    """"eventcore/http/h1/parser.hpp" -> "http"; "" for the umbrella and version.hpp."""
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else ""
