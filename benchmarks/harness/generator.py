"""Runs the load generator (generator/main.cpp) on a CPU of its own."""
import json
import subprocess
import sys

from .servers import CLIENT_CPU


class Generator:
    def __init__(self, path):
        self.path = path

    def run(self, running, load, *arguments, watch=True, cpu=CLIENT_CPU, patience=30):
        """What it printed, or None: then the server does not carry this load, and a line says so."""
        words = ["taskset", "-c", cpu, self.path, "--port", str(running.port)]
        words += [*load.arguments(), *map(str, arguments)]
        if watch:
            words += ["--watch", ",".join(map(str, running.processes()))]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            print(f"{running.server.name}, {load.name}: no end after {patience} s", file=sys.stderr)
            return None
        if done.returncode != 0:
            print(f"{running.server.name}, {load.name}: {done.stderr.strip()[:200]}", file=sys.stderr)
            return None
        return json.loads(done.stdout)

    def hold(self, running, connections):
        """Opens connections, one request each; closing the standard input of what is returned closes them."""
        words = [self.path, "--hold", "--port", str(running.port), "--path", "/plaintext", "--sources", "8",
                 "--connections", str(connections)]
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if holder.stdout.readline() != "ready\n":
            holder.wait()
            return None
        return holder


def let_go(holder):
    holder.stdin.close()
    holder.wait()
