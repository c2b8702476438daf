#!/usr/bin/env python3
"""What a WebSocket message costs: processor time of an echo, and of each delivery of a broadcast.

    benchmarks/websockets.py [--bin build/release/bin] [--rounds 5] ['name=COMMAND PORT' ...]

Ours is examples/chat on both reactors. Further servers are commands in which PORT is replaced, that echo text
at /echo, and send what any client of /rooms/all says to all of them; one thread each. What uWebSockets is, is
told in README.md. Servers run on CPU 0, the load on CPU 1, one after the other in each round; medians.
"""
import argparse
import json
import shlex
import statistics
import subprocess
import sys
import time

ECHO, BROADCAST = ["--path", "/echo"], ["--path", "/rooms/all", "--broadcast", "--connections", "1000"]
LOADS = {  # its arguments, messages, and deliveries of each
    "echo of 64 bytes, 64 connections": (ECHO + ["--bytes", "64"], 200_000, 1),
    "echo, 16 messages at a time": (ECHO + ["--bytes", "64", "--depth", "16"], 1_000_000, 1),
    "echo of 16 KiB, 64 connections": (ECHO + ["--bytes", "16384"], 50_000, 1),
    "broadcast of 64 bytes to 1,000": (BROADCAST + ["--bytes", "64"], 200, 1000),
    "broadcast, 16 messages at a time": (BROADCAST + ["--bytes", "64", "--depth", "16"], 1000, 1000),
}


def servers(options):
    found = {}
    for reactor in ("epoll", "io_uring"):
        found[f"EventCore {reactor}"] = f"{options.bin}/chat --address 127.0.0.1 --port PORT --threads 1 " \
                                        f"--reactor {reactor}"
    for given in options.servers:
        name, _, command = given.partition("=")
        found[name] = command
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("servers", nargs="*")
    options = parser.parse_args()
    running = {}
    try:
        for i, (name, command) in enumerate(servers(options).items()):
            port = str(options.port + i)
            words = ["taskset", "-c", "0", *shlex.split(command.replace("PORT", port))]
            running[name] = (port, subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                                    stderr=subprocess.DEVNULL))
        time.sleep(1)
        print("| ns of the server for each message | " + " | ".join(running) + " |")
        print("|---|" + "---:|" * len(running))
        for load, (arguments, messages, deliveries) in LOADS.items():
            each = {name: [] for name in running}
            for _ in range(options.rounds):
                for name, (port, process) in running.items():
                    said = subprocess.run(
                        ["taskset", "-c", "1", f"{options.bin}/websocket_load", "--port", port, "--messages",
                         str(messages), "--watch", str(process.pid), *arguments],
                        capture_output=True, text=True, check=False)
                    if said.returncode != 0:
                        sys.exit(f"{name}, {load}: {said.stderr}")
                    each[name].append(json.loads(said.stdout)["server_ns"] / messages / deliveries)
            print(f"| {load} | " + " | ".join(f"{statistics.median(e):,.0f}" for e in each.values()) + " |",
                  flush=True)
    finally:
        for _, process in running.values():
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
