#!/usr/bin/env python3
"""The abuse and fault runners of the shared suites against catch_all; takes minutes.

  suites.py abuse|faults --server build/debug/bin/catch_all --reactor epoll [--suites DIR]

`faults` needs a C compiler for the shim, and strace for the second half of its modes. Without the suites (see
tests/conformance/run.py) the exit code is 77.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server, find_suites  # noqa: E402


def run_abuse(given, suites, scratch):
    with open(os.path.join(scratch, '10m.bin'), 'wb') as f:
        f.write(os.urandom(10 << 20))
    server = Server(given.server, given.reactor, scratch, threads=2)
    command = [sys.executable, os.path.join(suites, 'abuse_h1.py'), '--port', str(server.port),
               '--pid', str(server.process.pid), '-n', '100']
    good = subprocess.run(command).returncode == 0
    return server.stop() and good


def run_faults(given, suites, scratch):
    shim = os.path.join(scratch, 'faultio.so')
    source = os.path.join(suites, 'faults', 'faultio.c')
    subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl'], check=True)
    with open(os.path.join(scratch, 'small.txt'), 'w') as f:
        f.write('small\n' * 100)
    with socket.socket() as s:  # a port that was free a moment ago
        s.bind(('127.0.0.1', 0))
        port = str(s.getsockname()[1])
    command = [sys.executable, os.path.join(suites, 'faults', 'faults.py'), '--port', port, '--shim', shim,
               '--path', '/static/small.txt']
    if shutil.which('strace'):
        command.append('--strace')
    command += ['--', given.server, scratch, '--address', '127.0.0.1', '--port', port, '--threads', '1',
                '--reactor', given.reactor]
    return subprocess.run(command).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('what', choices=('abuse', 'faults'))
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--suites')
    given = parser.parse_args()
    suites = find_suites(given.suites)
    if not suites or (given.what == 'faults' and not shutil.which('cc')):
        print('skipped: the suites, or a C compiler for their shim, are not here')
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as scratch:
        run = run_abuse if given.what == 'abuse' else run_faults
        sys.exit(0 if run(given, suites, scratch) else 1)


if __name__ == '__main__':
    main()
