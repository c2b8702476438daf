#!/usr/bin/env python3
"""Runs benchmarks/compare.py as short as can be, and looks whether every figure and file is there."""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADS = ("small-64", "depth-16", "post-1m", "close")
FIGURES = ("cpu_us", "of_limit", "per_second", "p50_us", "p99_us", "p999_us", "heap_calls")
SERVERS = ("limit epoll", "EventCore epoll")


def run(programs, out):
    command = [sys.executable, str(ROOT / "benchmarks/compare.py"), "--quick", "--bin", programs,
               "--out", out, "--port", "0", "--loads", ",".join(LOADS), "--servers", ",".join(SERVERS),
               "--figures", "cpu,tail,heap,idle"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"compare.py ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def main():
    with tempfile.TemporaryDirectory() as out:
        done = run(sys.argv[1], out)
        found = json.loads(pathlib.Path(out, "results.json").read_text("utf-8"))
        picture = xml.etree.ElementTree.parse(pathlib.Path(out, "results.svg"))
    missing = [f"{figure} of {server} at {load}" for server in SERVERS for load in LOADS for figure in FIGURES
               if found["results"].get(load, {}).get(server, {}).get(figure) is None]
    missing += [f"memory of {server}" for server in SERVERS
                if "bytes_per_connection" not in found["results"].get("idle-1000", {}).get(server, {})]
    if not any("circle" in element.tag for element in picture.iter()):
        missing.append("marks in the chart")
    if missing:
        sys.exit(f"not there: {', '.join(missing)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
