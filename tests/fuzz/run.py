#!/usr/bin/env python3
"""Fuzzes with libFuzzer for a time, and says how much was run.

  cmake --preset fuzz && ninja -C build/fuzz fuzz_request fuzz_chunked
  run.py --bin build/fuzz/bin [--minutes 30] [--suites DIR] [--work DIR] [TARGET ...]

Seeds are tests/fuzz/corpus and, where $EVENTCORE_SUITES names them, those of the shared suites. What is found
lies in DIR/<target>/; put it into tests/fuzz/corpus when it is mended.
"""
import argparse
import base64
import gzip
import json
import os
import re
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REQUESTS = ('request', 'against_reference', 'differential', 'connection', 'chunked', 'response')


def shared_seeds(suites, name, folder, prefix=b''):
    with gzip.open(os.path.join(suites, 'data', name), 'rt') as lines:
        for number, line in enumerate(lines):
            with open(os.path.join(folder, f'{number}'), 'wb') as seed:
                seed.write(prefix + base64.b64decode(json.loads(line)['raw']))


def seed_folders(target, suites, work):
    corpus = 'request' if target in ('against_reference', 'differential', 'connection') else target
    folders = [os.path.join(HERE, 'corpus', corpus)]
    kind = 'fuzz_seeds_h1.jsonl.gz' if target in REQUESTS else 'fuzz_seeds_url.jsonl.gz'
    if suites and target not in ('router', 'http2'):
        folder = os.path.join(work, 'seeds_' + kind.split('.')[0])
        if not os.path.exists(folder):
            os.makedirs(folder)
            shared_seeds(suites, kind, folder, b'' if target in REQUESTS else b'\0')
        folders.append(folder)
    return folders


def fuzz(target, given, suites):
    folder = os.path.join(given.work, target)
    grown = os.path.join(folder, 'corpus')
    os.makedirs(grown, exist_ok=True)
    command = [os.path.join(given.bin, 'fuzz_' + target), f'-max_total_time={int(given.minutes * 60)}',
               '-max_len=4096', '-print_final_stats=1', f'-artifact_prefix={folder}/', grown]
    if suites:
        command.insert(1, '-dict=' + os.path.join(suites, 'http.dict'))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command + seed_folders(target, suites, given.work), stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60
    text = done.stderr.decode(errors='replace')
    units = re.search(r'number_of_executed_units: (\d+)', text)
    print(f'{target}: {units.group(1) if units else "?"} inputs in {minutes:.1f} CPU minutes,',
          'nothing found' if done.returncode == 0 else 'FOUND:', flush=True)
    if done.returncode != 0:
        print(text[-4000:])
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--suites', default=os.environ.get('EVENTCORE_SUITES'))
    parser.add_argument('--work', default='build/fuzz/work')
    parser.add_argument('targets', nargs='*')
    given = parser.parse_args()
    there = sorted(name[5:] for name in os.listdir(given.bin) if name.startswith('fuzz_'))
    good = [fuzz(target, given, given.suites) for target in given.targets or there]
    sys.exit(0 if good and all(good) else 1)


if __name__ == '__main__':
    main()
