#!/usr/bin/env python3
"""Process memory per idle WebSocket, after one echo each.

    benchmarks/idle_websockets.py [--bin build/release/bin] [--connections 10000] [--reactor io_uring]
"""
import argparse
import re
import resource
import socket
import subprocess
import time

OPENING = (b"GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read()).group(1)) * 1024


def connect(count, port, already):
    """From several loopback addresses, since one has some 28,000 ports."""
    made = []
    for i in range(already, already + count):
        one = socket.socket()
        one.bind((f"127.0.0.{2 + i // 20000}", 0))
        one.connect(("127.0.0.1", port))
        one.sendall(OPENING)
        assert b" 101 " in one.recv(4096)
        one.sendall(b"\x81\x82\0\0\0\0hi")
        assert one.recv(4096) == b"\x81\x02hi"
        made.append(one)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--reactor", default="io_uring")
    parser.add_argument("--port", type=int, default=8291)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    command = [f"{options.bin}/chat", "--address", "127.0.0.1", "--port", str(options.port),
               "--threads", "1", "--reactor", options.reactor]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        connections = connect(500, options.port, 0)  # whatever is allocated once, is now
        before = anonymous_bytes(server.pid)
        connections += connect(options.connections, options.port, 500)
        after = anonymous_bytes(server.pid)
        print(f"{options.reactor}: {(after - before) / options.connections:.0f} bytes per idle WebSocket "
              f"({options.connections} connections, {before // 1024} KiB before)")
        for one in connections:
            one.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
