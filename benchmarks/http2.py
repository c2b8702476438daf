#!/usr/bin/env python3
"""HTTP/2 by prior knowledge: what a request costs beside other servers, and what an idle connection holds.

    benchmarks/http2.py cpu  [--bin build/release/bin] [--rounds 5] [--requests 200000]
    benchmarks/http2.py idle [--bin build/release/bin] [--connections 3000]

`cpu` runs h2load (1 and 10 connections of 100 streams) on CPU 1 against techempower, nginx, h2o and nghttpd,
as far as they are installed, one after the other in each round, on CPU 0: medians of the processor time of a
request. nginx answers from its configuration; h2o and nghttpd from a file of 13 bytes.
"""
import argparse
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

NGINX = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; default_type text/plain;
  server {{ listen 127.0.0.1:{port} http2; location = /plaintext {{ return 200 "Hello, World!"; }} }} }}
"""
H2O = """user: root
num-threads: 1
listen:
  host: 127.0.0.1
  port: {port}
hosts:
  default:
    paths:
      "/":
        file.dir: {work}/www
"""


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


# Settings, ours acknowledged, and GET http://a/plaintext by indices of the static table and two literals.
REQUEST = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0) +
           frame(1, 5, 1, b"\x82\x86\x04\x0a/plaintext\x01\x01a"))


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def ours(options):
    return [f"{options.bin}/techempower", "--address", "127.0.0.1", "--port", str(options.port),
            "--threads", "1"]


def commands(options, work):
    os.mkdir(f"{work}/www")
    write(f"{work}/www/plaintext", "Hello, World!")
    ports = [options.port + i for i in range(4)]
    all_of_them = {
        "EventCore": ours(options),
        "nginx": ["nginx", "-c", write(f"{work}/nginx.conf", NGINX.format(work=work, port=ports[1]))],
        "h2o": ["h2o", "-c", write(f"{work}/h2o.conf", H2O.format(work=work, port=ports[2]))],
        "nghttpd": ["nghttpd", "--no-tls", "-d", f"{work}/www", "-a", "127.0.0.1", str(ports[3])],
    }
    return {name: (command, ports[i]) for i, (name, command) in enumerate(all_of_them.items())
            if shutil.which(command[0])}


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def processor_seconds(pid):
    """Of a process, its children and all their threads."""
    total = 0
    for process in [pid] + [int(p) for p in os.listdir("/proc") if p.isdigit() and parent_of(p) == pid]:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/schedstat", encoding="ascii") as stat:
                total += int(stat.read().split()[0])
    return total / 1e9


def load(options, port, connections):
    words = ["taskset", "-c", "1", "h2load", "-n", str(options.requests), "-c", str(connections), "-m", "100",
             f"http://127.0.0.1:{port}/plaintext"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    good = int(re.search(r"(\d+) 2xx", said)[1])
    if good != options.requests:
        sys.exit(f"only {good} of {options.requests} requests were answered on port {port}:\n{said}")


def cpu(options):
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        servers = commands(options, work)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = {name: subprocess.Popen(["taskset", "-c", "0", *command], **quiet)
                   for name, (command, _) in servers.items()}
        try:
            time.sleep(1)
            for connections in (1, 10):
                spent = {name: [] for name in servers}
                for _ in range(options.rounds):
                    for name, (_, port) in servers.items():
                        before = processor_seconds(running[name].pid)
                        load(options, port, connections)
                        took = processor_seconds(running[name].pid) - before
                        spent[name].append(took / options.requests * 1e6)
                best = statistics.median(spent["EventCore"])
                for name, each in spent.items():
                    median = statistics.median(each)
                    print(f"{connections:2} x 100 streams  {name:10} {median:6.2f} us a request "
                          f"({min(each):.2f} to {max(each):.2f}), EventCore takes {best / median:.2f} of it")
        finally:
            for process in running.values():
                process.terminate()
                process.wait()


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


def connect(count, port):
    made = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(REQUEST)
        answer = b""
        while b"Hello, World!" not in answer:
            answer += one.recv(4096)
        made.append(one)
    return made


def idle(options):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = subprocess.Popen(ours(options), stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        connections = connect(500, options.port)  # whatever is allocated once, is now
        before = anonymous_bytes(server.pid)
        connections += connect(options.connections, options.port)
        after = anonymous_bytes(server.pid)
        print(f"{(after - before) / options.connections:.0f} bytes for an idle connection after one request")
        for one in connections:
            one.close()
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cpu", "idle"))
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--port", type=int, default=8290)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200000)
    parser.add_argument("--connections", type=int, default=3000)
    options = parser.parse_args()
    {"cpu": cpu, "idle": idle}[options.what](options)


if __name__ == "__main__":
    main()
