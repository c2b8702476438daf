"""What was measured on, for whoever compares."""
import datetime
import pathlib
import platform
import re
import subprocess


def first_line(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).splitlines()[0].strip()
    except (OSError, IndexError):
        return "not here"


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text("utf-8")
    names = re.findall(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    virtual = ", virtual" if flags and " hypervisor" in flags[1] else ""
    return f"{len(names)} x {names[0] if names else platform.machine()}{virtual}"


def describe(root):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": first_line("git", "-C", str(root), "describe", "--always", "--dirty"),
        "processor": processor(),
        "kernel": platform.release(),
        "compiler": first_line("c++", "--version"),
        "nginx": first_line("nginx", "-v"),
        "h2o": first_line("h2o", "--version"),
        "load_average": pathlib.Path("/proc/loadavg").read_text("utf-8").split()[0],
    }
