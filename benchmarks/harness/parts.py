"""Runs benchmark_micro (micro/) and puts what it says into a table."""
import json
import subprocess


def measure(program, seconds, repetitions):
    """[{name, ns, …}], the medians, in the order of the program."""
    words = [program, "--benchmark_format=json", f"--benchmark_min_time={seconds}",
             f"--benchmark_repetitions={repetitions}", "--benchmark_report_aggregates_only=true"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return []
    nanoseconds = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    found = []
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("aggregate_name", "median") == "median" and not run.get("error_occurred"):
            part = {"name": run["run_name"], "ns": run["cpu_time"] * nanoseconds[run["time_unit"]]}
            part |= {key: run[key] for key in ("bytes_per_second", "frame_bytes", "routes") if key in run}
            found.append(part)
    return found


def remark(part):
    if "bytes_per_second" in part:
        return f"{part['bytes_per_second'] / 1e9:.2f} GB/s"
    if "frame_bytes" in part:
        return f"a frame takes {part['frame_bytes']:.0f} bytes"
    if "routes" in part:
        return f"{part['routes']:.0f} routes"
    return ""


def table(parts, number):
    lines = ["| | ns of CPU time | |", "|---|---:|---|"]
    for part in parts:
        name = part["name"].replace("_", " ").replace("/", ": ", 1).replace("/real time", "")
        lines.append(f"| {name} | {number(part['ns'])} | {remark(part)} |")
    return "\n".join(lines) + "\n"
