#!/usr/bin/env python3
"""Runs the raw HTTP/1 requests of the shared suites against catch_all, in every way bytes can arrive.

  run.py --server build/debug/bin/catch_all --reactor epoll [--suites DIR] [--mode MODE ...] [-v]

Modes: whole (one write), split1 and split2 (pieces of one and two octets), pipelined (behind another request
in the same write). In each, no case may FAIL, at most LENIENT_MAX may be lenient, the answer must carry the
method and the content the case says, and the outcome must be that of `whole`. The suites are no part of the
project: DIR is $EVENTCORE_SUITES, or ../shared/suites beside the repository; without them the exit code is 77
(skipped).
"""
import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server, find_suites  # noqa: E402

MODES = ('whole', 'split1', 'split2', 'pipelined')
# A CONNECT to an IPv6 address is well-formed, and answered with 501 like any other; the case wants 400.
LENIENT_MAX = 1
BEFORE = b'GET /before HTTP/1.1\r\nHost: example.org\r\n\r\n'


def pipelined(cases):
    """The same cases with a plain request before each, in the same write."""
    for case in cases:
        raw = BEFORE + base64.b64decode(case['raw'])
        first = {'method': 'GET', 'target': '/before', 'body': '', 'body_len': 0}
        yield {**case, 'raw': base64.b64encode(raw).decode(), 'ok': ['A' + x for x in case['ok']],
               'tol': ['A' + x for x in case['tol']], 'methods': ['GET', *case['methods']],
               'msgs': [first, *case['msgs']]}


def run(suites, cases, port, split, output):
    command = [sys.executable, os.path.join(suites, 'h1run.py'), cases, '--port', str(port), '--echo', '-v']
    command += ['-o', output]
    if split:
        command += ['--split', str(split)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    with open(output) as f:
        return text, json.load(f)


def judge(mode, text, results, whole, verbose):
    counts = {}
    for result in results.values():
        counts[result['verdict']] = counts.get(result['verdict'], 0) + 1
    print(f'{mode}: {len(results)} cases, ' + ', '.join(f'{n} {k}' for k, n in sorted(counts.items())))
    bad = sum(n for k, n in counts.items() if k not in ('PASS', 'LENIENT'))
    good = bad == 0 and counts.get('LENIENT', 0) <= LENIENT_MAX
    # A connection that ends may be seen to end a moment later or earlier: "!" is not compared.
    plain = {k: r['outcome'].rstrip('!') for k, r in results.items()}
    before = 'A' if mode == 'pipelined' else ''
    first = {k: before + r['outcome'].rstrip('!') for k, r in (whole or {}).items()}
    different = [f'{k}({first[k]}/{plain[k]})' for k in first if plain[k] not in (first[k], first[k] + 'I')]
    if different:
        print('  outcome differs from whole:', *different[:20])
    if verbose or not good:
        print(text)
    return good and not different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--suites')
    parser.add_argument('--mode', action='append', choices=MODES)
    parser.add_argument('-v', action='store_true')
    given = parser.parse_args()
    suites = find_suites(given.suites)
    if not suites:
        print('skipped: the suites are not here; EVENTCORE_SUITES names their folder')
        sys.exit(SKIPPED)
    whole_cases = os.path.join(suites, 'data', 'h1_requests_dev.jsonl')
    good, whole = True, None
    with tempfile.TemporaryDirectory() as scratch:
        pipelined_cases = os.path.join(scratch, 'pipelined.jsonl')
        with open(whole_cases) as source, open(pipelined_cases, 'w') as target:
            cases = [json.loads(line) for line in source if line.strip()]
            target.writelines(json.dumps(case) + '\n' for case in pipelined(cases))
        server = Server(given.server, given.reactor)
        for mode in given.mode or MODES:
            source = pipelined_cases if mode == 'pipelined' else whole_cases
            split = int(mode[5:]) if mode.startswith('split') else 0
            text, results = run(suites, source, server.port, split, os.path.join(scratch, mode))
            good = judge(mode, text, results, whole, given.v) and good and len(results) == len(cases)
            whole = results if mode == 'whole' else whole
        good = server.stop() and good
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
