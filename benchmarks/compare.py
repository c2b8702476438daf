#!/usr/bin/env python3
"""CPU time per request of techempower beside servers that do no HTTP at all, in one run.

    benchmarks/compare.py [--bin DIR] [--rounds 7] [--connections 64] [--depth 1] [name=command …]

All servers are alive at once on CPU 0 and are loaded in turn by wrk on CPU 1, so that the noise of the
machine meets them alike. Printed: the median CPU time (user and system) of the server per request, and the
median of its ratios to the first server, round by round. Further servers: name="command with PORT in it".
Needs wrk and taskset.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

PIPELINE = """init = function(args)
  local r = {}
  for i = 1, %d do r[i] = wrk.format(nil, "%s") end
  requests = table.concat(r)
end
request = function() return requests end
"""


def cpu_microseconds(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total / 1000


def load(port, options, script):
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}"]
    if options.depth > 1:
        command += ["-s", script]
    command.append(f"http://127.0.0.1:{port}{options.path}")
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"port {port}: {output}")
    return int(re.search(r"(\d+) requests in", output).group(1))


class Server:
    def __init__(self, name, command, port):
        self.name, self.port, self.cost = name, port, []
        words = command.replace("PORT", str(port)).split()
        self.process = subprocess.Popen(["taskset", "-c", "0", *words],
                                        stderr=subprocess.DEVNULL)

    def measure(self, options, script):
        before = cpu_microseconds(self.process.pid)
        count = load(self.port, options, script)
        if self.process.poll() is not None:
            sys.exit(f"{self.name} has ended")
        return (cpu_microseconds(self.process.pid) - before) / count


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--depth", type=int, default=1, help="requests in flight per connection")
    parser.add_argument("--path", default="/plaintext")
    parser.add_argument("--port", type=int, default=8200, help="the first of the ports used")
    parser.add_argument("more", nargs="*", metavar="name=command")
    return parser.parse_args()


def main():
    options = parse()
    ours = f"{options.bin}/techempower --address 127.0.0.1 --port PORT --threads 1 --reactor"
    commands = [("limit_epoll", f"{options.bin}/limit_epoll PORT"),
                ("limit_io_uring", f"{options.bin}/limit_io_uring PORT"),
                ("epoll", f"{ours} epoll"), ("io_uring", f"{ours} io_uring")]
    commands += [tuple(word.split("=", 1)) for word in options.more]
    servers = [Server(name, command, options.port + i) for i, (name, command) in enumerate(commands)]
    try:
        time.sleep(0.7)
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(PIPELINE % (options.depth, options.path))
            script.flush()
            for round_number in range(options.rounds + 1):
                for server in servers:
                    cost = server.measure(options, script.name)
                    if round_number > 0:  # the first warms up
                        server.cost.append(cost)
    finally:
        for server in servers:
            server.process.kill()
    print(f"{options.connections} connections, {options.depth} in flight each, {options.path}")
    for server in servers:
        ratio = statistics.median(a / b for a, b in zip(server.cost, servers[0].cost))
        print(f"{server.name:16} {statistics.median(server.cost):7.3f} us/request   ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
