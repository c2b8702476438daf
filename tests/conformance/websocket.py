#!/usr/bin/env python3
"""Runs the WebSocket suite against the echo endpoint of examples/chat, in all of its modes.

  websocket.py --server build/debug/bin/chat --reactor epoll [--suites DIR]

The suite is no part of the project, see run.py: without it the exit code is 77 (skipped).
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server, find_suites  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--suites')
    given = parser.parse_args()
    suites = find_suites(given.suites)
    script = suites and os.path.join(suites, 'wsrun.py')
    if not script or not os.path.exists(script):
        print('skipped: the suites are not here; EVENTCORE_SUITES names their folder')
        sys.exit(SKIPPED)
    server = Server(given.server, given.reactor)
    good = True
    cases = os.path.join(suites, 'data', 'ws_cases.jsonl')
    for mode in ([cases], ['--handshake'], ['--limits'], ['--deflate']):
        command = [sys.executable, script, *mode, '--port', str(server.port), '--path', '/echo']
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        lines = ran.stdout.splitlines()
        print(lines[-1] if lines else f'{mode}: no word')
        bad = [line for line in lines[:-1] if not line.startswith('ok')]
        if ran.returncode != 0 or not lines or bad or 'UNIMPLEMENTED' in ran.stdout:
            print('\n'.join(bad))
            good = False
    sys.exit(0 if server.stop() and good else 1)


if __name__ == '__main__':
    main()
