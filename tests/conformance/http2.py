#!/usr/bin/env python3
"""Runs the HTTP/2 and HPACK checks of the shared suites against catch_all: none may fail.

  http2.py --server build/debug/bin/catch_all --reactor epoll [--suites DIR]
  http2.py --server build/debug/bin/https --reactor epoll --tls

Without the suites (see run.py) the exit code is 77.
"""
import argparse
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server, find_suites  # noqa: E402

CHECKS = 179


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--suites')
    parser.add_argument('--tls', action='store_true')
    given = parser.parse_args()
    suites = find_suites(given.suites)
    if not suites or not os.path.exists(os.path.join(suites, 'h2check.py')):
        print('skipped: the suites are not here; EVENTCORE_SUITES names their folder')
        sys.exit(SKIPPED)
    server = Server(given.server, given.reactor)
    command = [sys.executable, os.path.join(suites, 'h2check.py'), '--port', str(server.port), '--path', '/']
    if given.tls:
        command.append('--tls')
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    found = re.search(r'(\d+) checks, .* (\d+) failed', done.stdout)
    good = done.returncode == 0 and found and int(found.group(1)) >= CHECKS and found.group(2) == '0'
    sys.exit(0 if server.stop() and good else 1)


if __name__ == '__main__':
    main()
