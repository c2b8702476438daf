"""The figures, one function each: CPU time, latency, system calls, heap calls, memory, instructions."""
import collections
import concurrent.futures
import math
import pathlib
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from .generator import let_go

median = statistics.median


def rounds_of(count, servers, loads):
    """Every server in turn within a load, every load in turn within a round: noise meets all alike."""
    for number in range(count):
        for load in loads:
            for running in servers:
                if load.name in running.server.serves and running.alive():
                    yield number, load, running


def cpu(context, servers, loads):
    """CPU microseconds per request, and requests per second, as fast as answers come."""
    samples = collections.defaultdict(list)
    for number, load, running in rounds_of(context.rounds + 1, servers, loads):
        seconds = context.seconds if number > 0 else min(0.1, context.seconds)
        outcome = context.generator.run(running, load, "--seconds", seconds)
        if outcome and number > 0 and load.count(outcome) > 0:
            samples[load.name, running.server.name].append((number, load, outcome))
    limits = {running.server.name for running in servers if running.server.kind == "limit"}
    costs = {key: {number: outcome["server_ns"] / 1000 / load.count(outcome)
                   for number, load, outcome in taken} for key, taken in samples.items()}
    return {key: summary(taken, costs[key], cheapest(costs, key[0], limits))
            for key, taken in samples.items()}


def cheapest(costs, load, limits):
    """Of each round, what the cheaper of the limit servers needed."""
    of_rounds = collections.defaultdict(list)
    for (name, server), taken in costs.items():
        if name == load and server in limits:
            for number, cost in taken.items():
                of_rounds[number].append(cost)
    return {number: min(taken) for number, taken in of_rounds.items()}


def summary(taken, costs, limit):
    user = sum(outcome["server_user_ticks"] for _, _, outcome in taken)
    ticks = user + sum(outcome["server_system_ticks"] for _, _, outcome in taken)
    cost = median(costs.values())
    ratios = [value / limit[number] for number, value in costs.items() if number in limit]
    return {
        "cpu_us": cost,
        "user_us": cost * user / ticks if ticks else None,
        "system_us": cost * (ticks - user) / ticks if ticks else None,
        "of_limit": median(ratios) if ratios else None,
        "per_second": median(load.count(outcome) / outcome["seconds"] for _, load, outcome in taken),
    }


def tail(context, servers, loads, rates):
    """Latency at a constant rate, `context.share` of what the server carried in cpu()."""
    samples = collections.defaultdict(list)
    for _, load, running in rounds_of(context.tail_rounds, servers, [load for load in loads if load.tail]):
        known = rates.get((load.name, running.server.name))
        if not known:
            continue
        rate = known["per_second"] * context.share
        outcome = context.generator.run(running, load, "--seconds", context.tail_seconds, "--rate", rate)
        if outcome:
            samples[load.name, running.server.name].append({**outcome, "rate": rate})
    names = {"p50_us": "p50_us", "p99_us": "p99_us", "p999_us": "p999_us", "rate": "rate",
             "unanswered": "unanswered", "late_p99_us": "generator_late_p99_us"}
    return {key: {to: median(one[name] for one in taken) for name, to in names.items()}
            for key, taken in samples.items()}


def system_calls(context, servers, loads):
    """Per request. The kernel counts them (perf); where it may not, strace does, which slows the server
    down. The difference of a run and one of twice the requests, so that connecting cancels out, unless
    connecting is the load."""
    found = {}
    for _, load, running in rounds_of(1, servers, loads):
        first = traced(context, running, load, "--seconds", context.short_seconds)
        if not first:
            continue
        second = traced(context, running, load, "--requests", max(8, math.ceil(2 * first[1])))
        if second and second[1] > first[1]:
            found[load.name, running.server.name] = {
                "system_calls": max(0, second[0] - first[0]) / (second[1] - first[1])}
    return found


def traced(context, running, load, *length):
    """System calls and requests of one run."""
    pids = running.processes()
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as report:
        if context.has_perf:
            words = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", report.name, "-p"]
            words.append(",".join(map(str, pids)))
        else:
            words = ["strace", "-c", "-f", "-o", report.name, *(f"-p{pid}" for pid in pids)]
        tracer = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.1)
        outcome = context.generator.run(running, load, "--warm-up", 0, *length)
        time.sleep(0.05)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        calls = count_calls(report.read(), context.has_perf)
    return (calls, load.count(outcome)) if outcome and calls else None


def count_calls(report, is_perf):
    if is_perf:
        match = re.search(r"^(\d+),", report, re.M)
        return int(match[1]) if match else None
    match = re.search(r"^100\.00\s+[\d.]+\s+(?:\d+\s+)?(\d+)(?:\s+\d+)?\s+total$", report, re.M)
    return int(match[1]) if match else None


def heap_calls(context, servers, loads):
    """Calls of malloc and its kin per request, once everything has been requested before."""
    found = {}
    for server in servers:
        counts = f"{context.place.directory}/allocations"
        environment = {"LD_PRELOAD": context.preload, "EVENTCORE_ALLOCATIONS": counts}
        pathlib.Path(counts).write_bytes(bytes(16))
        with server.start(context.place, environment=environment) as running:
            if not running.wait_until_it_answers():
                continue
            for load in loads:
                if load.name not in server.serves:
                    continue
                context.generator.run(running, load, "--seconds", context.short_seconds)
                before = allocations(counts)
                outcome = context.generator.run(running, load, "--warm-up", 0,
                                                "--seconds", context.short_seconds)
                if outcome and load.count(outcome) > 0:
                    made = allocations(counts) - before
                    found[load.name, server.name] = {"heap_calls": made / load.count(outcome)}
    return found


def allocations(path):
    return struct.unpack("QQ", pathlib.Path(path).read_bytes())[0]


def idle_memory(context, servers, wanted):
    """Bytes of process memory per idle connection, after one request each."""
    found = {}
    for server in servers:
        with server.start(context.place) as running:
            if not running.wait_until_it_answers():
                continue
            time.sleep(0.2)
            first = context.generator.hold(running, 500)  # whatever is allocated once, is now
            if not first:
                continue
            holders, opened, before = [first], 0, running.memory_bytes()
            for count in wanted:
                holder = context.generator.hold(running, count - opened)
                if not holder:
                    print(f"{server.name}: does not hold {count} connections", file=sys.stderr)
                    break
                holders.append(holder)
                opened = count
                grown = running.memory_bytes() - before
                found[f"idle-{count}", server.name] = {"bytes_per_connection": grown / count}
            for holder in holders:
                let_go(holder)
    return found


def instructions(context, servers, loads):
    """User-space instructions per request under callgrind: the difference of N and 2N requests, so that
    starting and ending cancel out. Nothing here depends on time, so two run at once."""
    jobs = [(server, load) for load in loads for server in servers if load.name in server.serves]

    def job(number, server, load):
        counts = [collected(context, server, load, times, str(number % 2)) for times in (1, 2)]
        if None in counts:
            return None
        return (counts[1] - counts[0]) / context.callgrind_requests

    found = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda item: job(item[0], *item[1]), enumerate(jobs))
        for (server, load), count in zip(jobs, results):
            if count is not None:
                found[load.name, server.name] = {"instructions": count}
    return found


def collected(context, server, load, times, processor):
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log.name}"]
        with server.start(context.place, prefix=prefix, cpu=processor) as running:
            if not running.wait_until_it_answers(30):
                return None
            outcome = context.generator.run(running, load, "--requests", times * context.callgrind_requests,
                                            "--connections", 8, "--sleep", watch=False, cpu=processor)
            running.stop(signal.SIGTERM)
            matches = re.findall(r"Collected : (\d+)", log.read())
    return int(matches[-1]) if outcome and matches else None
