#!/usr/bin/env python3
"""EventCore beside servers without HTTP and beside its peers, in one run.

    sh benchmarks/compare.sh [options] [name="command with PORT and FILES" …]      builds first
    benchmarks/compare.py --servers limit,EventCore --figures cpu --loads small-64,depth-16

Servers run on CPU 0, the load generator on CPU 1, and all servers are loaded in turn, round by round, so that
the noise of the machine meets them alike. See benchmarks/README.md for what each figure means. A peer that is
not installed, and a load that a server does not answer, are left out with a line.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import types

from harness import chart, figures, loads, machine, parts, report, servers
from harness.generator import Generator

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIGURES = ("cpu", "tail", "calls", "heap", "idle", "instructions", "parts")
#                 rounds seconds tail_rounds tail_seconds short_seconds callgrind_requests
LENGTHS = {"quick": (1, 0.1, 1, 0.15, 0.1, 300),
           "default": (5, 0.35, 3, 0.45, 0.15, 2000),
           "full": (9, 1.0, 5, 2.0, 0.5, 5000)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_const", dest="length", const="quick", help="a look, no more")
    length.add_argument("--full", action="store_const", dest="length", const="full", help="about an hour")
    parser.add_argument("--figures", default=",".join(FIGURES), help="of " + ",".join(FIGURES))
    parser.add_argument("--loads", default="", help="of " + ",".join(load.name for load in loads.ALL))
    parser.add_argument("--servers", default="", help="words that names begin with: limit,EventCore,nginx,…")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--share", type=float, default=0.7, help="of each server's own rate, for the latency")
    parser.add_argument("--idle", default="10000,50000", help="numbers of idle connections")
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--port", type=int, default=8200, help="the first of the ports used; 0: any")
    parser.add_argument("--out", default=str(ROOT / "build/benchmarks"), help="for results.json, results.svg")
    parser.add_argument("--publish", action="store_true", help="into benchmarks/, README.md too")
    parser.add_argument("more", nargs="*", metavar='name="command PORT"')
    options = parser.parse_args()
    options.figures = options.figures.split(",")
    if set(options.figures) - set(FIGURES):
        parser.error("--figures: of " + ",".join(FIGURES))
    return options


def make_context(options, directory, notes):
    length = LENGTHS[options.length or "default"]
    names = ("rounds", "seconds", "tail_rounds", "tail_seconds", "short_seconds", "callgrind_requests")
    context = types.SimpleNamespace(**dict(zip(names, length)), share=options.share)
    context.rounds = options.rounds or context.rounds
    context.seconds = options.seconds or context.seconds
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    context.place = servers.Place(directory, options.port, descriptors)
    context.generator = Generator(f"{options.bin}/load_generator")
    context.preload = f"{options.bin}/libcount_allocations.so"
    probe = ["perf", "stat", "-e", "raw_syscalls:sys_enter", "-o", "/dev/null", "true"]
    context.has_perf = bool(shutil.which("perf")) and not subprocess.run(probe, check=False).returncode
    context.idle = allowed_idle(options, descriptors, notes)
    os.chmod(directory, 0o755)  # h2o, started by root, becomes somebody else
    pathlib.Path(context.place.files).mkdir()
    for name, content in loads.FILES.items():
        (pathlib.Path(context.place.files) / name).write_bytes(content)
    return context


def allowed_idle(options, descriptors, notes):
    """Not more connections than this process may have descriptors, less what the server needs itself."""
    most, wanted = descriptors - 1000, sorted(map(int, options.idle.split(",")))
    if options.length == "quick":
        wanted = [1000]
    for count in [count for count in wanted if count > most and "idle" in options.figures]:
        notes.append(f"{count:,} idle connections became {most:,}, since a process may have "
                     f"{descriptors:,} descriptors")
    return sorted({min(count, most) for count in wanted})


def ready_ones(started, asked):
    for one in started:
        if one.wait_until_it_answers():
            one.find_loads(asked)
        else:
            print(f"{one.server.name}: does not start", file=sys.stderr)
    return [one for one in started if one.server.serves]


def merge(into, found):
    for key, figures_of_one in found.items():
        into.setdefault(key, {}).update(figures_of_one)


def note_lateness(results, notes):
    """A generator that does not get its CPU says nothing about servers."""
    late = [one["generator_late_p99_us"] for one in results.values() if "generator_late_p99_us" in one]
    if late and statistics.median(late) > 500:
        notes.append("the latencies are worthless: the generator itself was late by "
                     f"{statistics.median(late):,.0f} µs (p99), since something else ran on its CPU")


def say(what, began=[time.monotonic()]):
    print(f"{time.monotonic() - began[0]:6.0f} s  {what}", file=sys.stderr, flush=True)


def measure(options, context, catalogue, notes):
    """All figures that were asked for: {(load, server): {figure: value}}."""
    asked, results = loads.chosen([name for name in options.loads.split(",") if name]), {}
    started = [server.start(context.place) for server in catalogue]
    try:
        ready = ready_ones(started, asked)
        if "cpu" in options.figures or "tail" in options.figures:
            say("CPU time per request")
            merge(results, figures.cpu(context, ready, asked))
        if "tail" in options.figures:
            say(f"latency at {context.share:.0%}")
            merge(results, figures.tail(context, ready, asked, dict(results)))
            note_lateness(results, notes)
        if "calls" in options.figures:
            say("system calls, counted by " + ("perf" if context.has_perf else "strace"))
            merge(results, figures.system_calls(context, ready, asked))
    finally:
        for one in started:
            one.stop()
    whole = [one.server for one in ready if not one.server.only]
    if "heap" in options.figures and os.path.exists(context.preload):
        say("calls of the heap")
        merge(results, figures.heap_calls(context, whole, asked))
    if "idle" in options.figures:
        say("idle connections")
        merge(results, figures.idle_memory(context, whole, context.idle))
    if "instructions" in options.figures:
        if shutil.which("valgrind"):
            say("instructions")
            names = ("small-64", "depth-16", "json", "post-1k")[:4 if options.length == "full" else 2]
            few = [load for load in asked if load.name in names]
            merge(results, figures.instructions(context, whole, few))
        else:
            notes.append("no instructions: there is no valgrind")
    return results


def measure_parts(options, notes):
    program = f"{options.bin}/benchmark_micro"
    if not os.path.exists(program):
        notes.append("no parts: there is no benchmark_micro (libbenchmark-dev)")
        return []
    say("parts")
    return parts.measure(program, *((0.01, 1) if options.length == "quick" else (0.05, 3)))


def write(options, found):
    out = ROOT / "benchmarks" if options.publish else pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(report.as_json(found), indent=1) + "\n", "utf-8")
    picture = chart.svg(found)
    if picture:
        (out / "results.svg").write_text(picture, "utf-8")
    if options.publish:
        report.publish(out / "README.md", found)
    print(report.markdown(found))
    print(f"written: {out}/results.json" + (f", {out}/results.svg" if picture else ""))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end too
    options, notes = parse(), []
    described = machine.describe(ROOT)
    catalogue, missing = servers.catalogue(options.bin, options.more)
    for line in missing:
        print(line, file=sys.stderr)
    begins = tuple(word for word in options.servers.split(",") if word)
    catalogue = [server for server in catalogue if not begins or server.name.startswith(begins)]
    with tempfile.TemporaryDirectory() as directory:
        context = make_context(options, directory, notes)
        results = measure(options, context, catalogue, notes)
    of_parts = measure_parts(options, notes) if "parts" in options.figures else []
    say("done")
    if not results and not of_parts:
        sys.exit("nothing was measured")
    write(options, {
        "machine": described, "notes": notes + missing, "results": results, "parts": of_parts,
        "options": {"rounds": context.rounds, "seconds": context.seconds, "share": context.share},
        "servers": [server.name for server in catalogue]})


if __name__ == "__main__":
    main()
