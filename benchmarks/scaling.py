#!/usr/bin/env python3
"""The measurements behind docs/scaling.md, each scaled down to this machine.

    sh benchmarks/compare.sh --quick         (builds)
    benchmarks/scaling.py [--bin build/release/bin] [--reactor epoll] [--only memory,busy,…]

Prints one block for each claim; needs two CPUs, and root only where the kernel hides its slab counters.
"""
import argparse
import dataclasses
import os
import pathlib
import random
import resource
import signal
import socket
import statistics
import sys
import tempfile
import time
import types

from harness import loads, servers
from harness.generator import Generator, let_go

SMALL, DEEP, CLOSE = (next(load for load in loads.ALL if load.name == name)
                      for name in ("small-64", "depth-16", "close"))


WORK = dataclasses.replace(SMALL, path="/work", connections=3)


def server_of(context, threads=1):
    command = [f"{context.bin}/load_target", "@FILES@", "--address", "127.0.0.1", "--port", "@PORT@",
               "--threads", str(threads), "--reactor", context.reactor]
    return servers.Server(f"EventCore {context.reactor}", "ours", command)


def started(context, threads=1, cpu="0"):
    running = server_of(context, threads).start(context.place, cpu=cpu)
    if not running.wait_until_it_answers():
        sys.exit("load_target does not start")
    return running


def cpu_per_request(context, running, load, seconds=0.5, *arguments):
    taken = []
    for _ in range(context.rounds):
        outcome = context.generator.run(running, load, "--seconds", seconds, *arguments)
        if outcome and outcome["requests"]:
            taken.append((outcome["server_ns"] / 1000 / outcome["requests"],
                          outcome["requests"] / outcome["seconds"]))
    return [statistics.median(column) for column in zip(*taken)]


def kernel_bytes():
    """Slab memory, which holds sockets, files and their like."""
    for line in pathlib.Path("/proc/meminfo").read_text("utf-8").splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1]) * 1024
    return 0


def memory(context):
    """A connection costs the same whatever their number, in the process and in the kernel."""
    with started(context) as running:
        holders = [context.generator.hold(running, 500)]
        process, kernel, opened = running.memory_bytes(), kernel_bytes(), 0
        for count in context.steps:
            holders.append(context.generator.hold(running, count - opened))
            opened = count
            time.sleep(0.2)
            of_process = (running.memory_bytes() - process) / count
            of_kernel = (kernel_bytes() - kernel) / count
            print(f"  {count:6,} idle: {of_process:5.0f} bytes of the process, "
                  f"{of_kernel:6.0f} of the kernel for both ends")
        began = sum(thread_times(running))
        time.sleep(5)
        print(f"  {opened:6,} idle for 5 s: {(sum(thread_times(running)) - began) / 5e4:.3f} % of a CPU")
        for holder in holders:
            let_go(holder)


def busy(context):
    """What a request costs does not depend on how many others are idle."""
    with started(context) as running:
        holders, opened = [], 0
        for count in [0, *context.steps]:
            if count > opened:
                holders.append(context.generator.hold(running, count - opened))
                opened = count
            cost, rate = cpu_per_request(context, running, SMALL)
            print(f"  {opened:6,} idle, 64 busy: {cost:.2f} us CPU per request ({rate:,.0f}/s)")
        for holder in holders:
            let_go(holder)


def workers(context):
    """Workers share nothing, so many on one CPU cost what one costs."""
    for count in (1, 2, 4, 16):
        with started(context, count) as running:
            cost = cpu_per_request(context, running, SMALL)[0]
            deep = cpu_per_request(context, running, DEEP)[0]
            close = cpu_per_request(context, running, CLOSE)[0]
            print(f"  {count:2} workers on one CPU: {cost:.2f} us CPU per request, {deep:.3f} at depth 16, "
                  f"{close:.2f} with a connection for each")


def two_cpus(context):
    """Two workers on two CPUs, at depth 16 so that the generator is the smaller part."""
    for count, cpu in ((1, "0"), (2, "0,1")):
        with started(context, count, cpu) as running:
            cost, rate = cpu_per_request(context, running, DEEP)
            print(f"  {count} workers on CPU {cpu}: {cost:.3f} us CPU per request, {rate:,.0f}/s "
                  "(the generator has CPU 1 too)")


def thread_times(running):
    """CPU microseconds of each thread."""
    stats = pathlib.Path(f"/proc/{running.process.pid}/task").glob("*/schedstat")
    return [int(stat.read_text("utf-8").split()[0]) / 1000 for stat in stats]


def per_worker(running):
    """How many connections each epoll instance watches."""
    counts = []
    for info in pathlib.Path(f"/proc/{running.process.pid}/fdinfo").iterdir():
        watched = info.read_text("utf-8").count("tfd:")
        if watched:
            counts.append(watched - 2)  # its listener and its wake-up
    return sorted(counts, reverse=True)


def hot(context):
    """Three connections that make two workers compute: how often one worker has all, and what it costs."""
    rates, waits = {"2:1": [], "3:0": []}, {"2:1": [], "3:0": []}
    with started(context, 2, "0,1") as running:
        for _ in range(context.trials):
            before = sorted(thread_times(running))
            outcome = context.generator.run(running, WORK, "--seconds", 0.2, "--sleep")
            used = sorted((b - a for a, b in zip(before, sorted(thread_times(running)))), reverse=True)
            split = "3:0" if used[1] < 0.05 * used[0] else "2:1"
            rates[split].append(outcome["requests"] / outcome["seconds"])
            waits[split].append(outcome["p50_us"])
    for split, taken in rates.items():
        medians = (f", median {statistics.median(taken):,.0f} requests/s, p50 "
                   f"{statistics.median(waits[split]):.0f} us" if taken else "")
        print(f"  {split}: {len(taken)} of {context.trials} times{medians}")


def spread(context):
    """How evenly the kernel (SO_REUSEPORT) spreads connections among workers."""
    if context.reactor != "epoll":
        print("  only readable with --reactor epoll")
        return
    for count in (3, 64, 1024, 10000):
        for threads in (2, 4):
            worst = []
            for _ in range(5 if count < 10000 else 1):
                with started(context, threads, "0,1") as running:
                    holder = context.generator.hold(running, count)
                    counts = per_worker(running)
                    worst.append(counts[0] * threads / count)
                    let_go(holder)
            print(f"  {count:6,} connections, {threads} workers: the fullest has "
                  f"{statistics.mean(worst):.2f}x its share (last: {counts})")


def is_connected(one):
    try:
        return bool(one.getpeername())
    except OSError:
        return False


def queue(context):
    """How many connect at once while the workers are held: what the listen queues hold."""
    most = 4000
    for threads in (1, 2):
        with started(context, threads, "0,1") as running:
            os.kill(running.process.pid, signal.SIGSTOP)
            calls = [socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                     for _ in range(most)]
            for one in calls:
                one.connect_ex(("127.0.0.1", running.port))
            time.sleep(0.5)
            connected = sum(is_connected(one) for one in calls)
            os.kill(running.process.pid, signal.SIGCONT)
            for one in calls:
                one.close()
        print(f"  {threads} workers: {connected} of {most} are connected after 0.5 s, the others try again "
              "after 1 s")


def simulate(_):
    """The same for 64 workers, by chance: the fullest worker's share."""
    source = random.Random(1)
    for count in (64, 640, 6_400, 64_000, 640_000):
        worst = []
        for _ in range(20 if count < 640_000 else 3):
            bins = [0] * 64
            for _ in range(count):
                bins[source.randrange(64)] += 1
            worst.append(max(bins) * 64 / count)
        mean = statistics.mean(worst)
        print(f"  {count:7,} connections, 64 workers: the fullest has {mean:.2f}x its share, so when all are "
              f"equally busy {1 / mean:.0%} of the machine is used before the first worker is full")


CLAIMS = {function.__name__: function
          for function in (memory, busy, workers, two_cpus, hot, spread, queue, simulate)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--reactor", default="epoll")
    parser.add_argument("--only", default=",".join(CLAIMS))
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=40)
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = parse()
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    most = min(descriptors - 1000, 100_000)
    with tempfile.TemporaryDirectory() as directory:
        place = servers.Place(directory, options.port, descriptors)
        pathlib.Path(place.files).mkdir()
        context = types.SimpleNamespace(
            bin=options.bin, reactor=options.reactor, place=place, rounds=options.rounds,
            trials=options.trials, generator=Generator(f"{options.bin}/load_generator"),
            steps=[most // 4, most // 2, most])
        for name in options.only.split(","):
            print(f"{name}: {CLAIMS[name].__doc__}", flush=True)
            CLAIMS[name](context)


if __name__ == "__main__":
    main()
