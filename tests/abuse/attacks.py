#!/usr/bin/env python3
"""Attacks a server while honest clients use it, and looks at what it costs.

  attacks.py --server build/debug/bin/catch_all --reactor epoll [--long] [ATTACK ...]

For each attack: resident memory and descriptors before, at their peak and after, and the 99th percentile of
what honest clients waited, beside what they wait in peace. An attack fails the server when an honest request
fails, when descriptors do not come back, when memory grows past the bound that stands at the attack, or when
the server does not do what the attack says it must. Latency is printed and not judged, but for HONEST_MS_MAX:
machines differ, a client that waits for seconds has been starved.
"""
import argparse
import os
import resource
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import REQUEST, Honest, Server, read_response  # noqa: E402

HOST = b'Host: example.org\r\n'
POST = b'POST / HTTP/1.1\r\n' + HOST
HONEST_MS_MAX = 5000
SETTINGS = ('header_ms=1500', 'body_ms=1500', 'write_ms=1500', 'idle_ms=3000')
KEPT_KB = 8 * 1024  # allocators keep some; an attack that is repeated must not add to it


def was_closed(s):
    """Whether the server has ended the connection; what it said before is dropped."""
    s.setblocking(False)
    try:
        while s.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def wait_until_closed(sockets, seconds, drip=b''):
    """How many the server closes in that time; with `drip`, one piece every 100 ms to each."""
    left, end = list(sockets), time.monotonic() + seconds
    while left and time.monotonic() < end:
        time.sleep(0.1)
        for s in left[:]:
            if was_closed(s):
                left.remove(s)
                continue
            try:
                s.send(drip)
            except OSError:
                pass
    return len(sockets) - len(left)


def ends_within(s, bytes_max):
    """Whether what is on its way, at most so much, is followed by the end."""
    s.settimeout(2)
    try:
        while bytes_max > 0 and (got := s.recv(1 << 20)):
            bytes_max -= len(got)
    except socket.timeout:
        return False
    except OSError:
        return True
    return bytes_max > 0


def close_all(sockets):
    for s in sockets:
        s.close()


class Attack:
    """kb_max: how much memory the server may take meanwhile, for each of `count` connections."""

    def __init__(self, name, run, kb_max=0):
        self.name, self.run, self.kb_max = name, run, kb_max


def slow(first, drip, count):
    """Must be cut by a deadline of 1.5 s, however busily they drip."""
    def run(server, scale):
        sockets = [server.connect() for _ in range(count * scale)]
        for s in sockets:
            s.sendall(first)
        yield
        closed = wait_until_closed(sockets, 30, drip)
        close_all(sockets)
        yield closed == len(sockets), f'{closed} of {len(sockets)} cut'
    return run


def slow_readers(count):
    """Ask for a long answer and read nothing: cut by the write deadline, with a bounded queue for each."""
    def run(server, scale):
        sockets = [server.connect(receive_buffer=4096) for _ in range(count * scale)]
        for s in sockets:
            s.sendall(b'GET /zeros/1000000000 HTTP/1.1\r\n' + HOST + b'\r\n')
        yield
        time.sleep(4)
        closed = sum(ends_within(s, 64 << 20) for s in sockets)
        close_all(sockets)
        yield closed == len(sockets), f'{closed} of {len(sockets)} cut'
    return run


def never_reads(count):
    """Send requests without end and read no answer: the server stops reading, and ends it."""
    def run(server, scale):
        sockets = [server.connect(timeout=0.2, receive_buffer=4096) for _ in range(count * scale)]
        piece, sent = REQUEST * 500, 0
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for s in sockets:
                try:
                    sent += s.send(piece, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass
                except OSError:
                    break
        yield
        closed = wait_until_closed(sockets, 30)
        close_all(sockets)
        yield closed == len(sockets), f'{sent // 1024} KB of requests taken, {closed} of {len(sockets)} cut'
    return run


def bomb(first, piece, megabytes, answers):
    """Must be refused before it is over."""
    def run(server, scale):
        with server.connect() as s:
            sent, answer = 0, b''
            try:
                s.sendall(first)
                while sent < megabytes * scale << 20 and not answer:
                    sent += s.send(piece)
                    if select.select([s], [], [], 0)[0]:
                        answer = s.recv(4096)
                answer = answer or s.recv(4096)
            except OSError:
                pass
        yield
        status = answer[9:12].decode() or 'reset'
        yield status in answers.split() + ['reset'] and sent < megabytes * scale << 20, \
            f'{sent // 1024} KB sent, {status}'
    return run


def pipelined(server, scale):
    """Thousands of requests in a row are all answered, in order."""
    count = 20000 * scale
    with server.connect(timeout=20) as s:
        asked, answered, rest, out = 0, 0, b'', b''
        while answered < count:
            if asked < count and not out:
                out = b''.join(b'GET /%d HTTP/1.1\r\n%s\r\n' % (asked + i, HOST) for i in range(100))
                asked += 100
            readable, writable, _ = select.select([s], [s] if out else [], [], 20)
            if writable:
                out = out[s.send(out):]
            while readable or (b'\r\n\r\n' in rest and asked - answered > 100):
                answer = read_response(s, rest)
                rest = answer[2]
                if answer[1] != b'GET /%d\n' % answered:
                    yield
                    yield False, f'answer {answered} is {answer[1][:40]}'
                    return
                answered += 1
                readable = rest
    yield
    yield True, f'{answered} answered in order'


def connect_floods(server, scale):
    """Connections that end at once, half of them with a reset, some with a request on its way."""
    count = 3000 * scale
    for i in range(count):
        try:
            s = server.connect(timeout=5)
            if i % 3:
                s.send(REQUEST[:i % len(REQUEST)] if i % 3 == 1 else REQUEST)
            if i % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
        except OSError:
            pass
    yield
    yield True, f'{count} connections'


def idle(server, scale):
    """Connections that say nothing after one request: each costs little, and ends in time."""
    possible = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200
    count = min(2000 if scale == 1 else 20000, possible)
    before = server.rss_kb()
    sockets = []
    for i in range(count):
        s = socket.socket()
        s.settimeout(10)
        s.bind((f'127.0.0.{2 + i // 10000}', 0))
        s.connect(('127.0.0.1', server.port))
        s.sendall(REQUEST)
        sockets.append(s)
    answered = sum(s.recv(4096).startswith(b'HTTP/1.1 200 ') for s in sockets)
    cost = (server.rss_kb() - before) * 1024 / count
    yield
    closed = wait_until_closed(sockets, 40)
    close_all(sockets)
    yield answered == closed == count, f'{answered} answered, {cost:.0f} bytes each, {closed} closed by it'


def half_open(server, scale):
    """Peers that stop sending in the middle are forgotten; those that have asked are answered."""
    whole, parts = 0, 0
    raw = POST + b'Content-Length: 10\r\n\r\n0123456789'
    for size in range(1, len(raw) + 1):
        with server.connect() as s:
            s.sendall(raw[:size])
            s.shutdown(socket.SHUT_WR)
            answer = b''
            while got := s.recv(4096):
                answer += got
            whole += answer.startswith(b'HTTP/1.1 200 ')
            parts += not answer
    yield
    yield whole == 1 and parts == len(raw) - 1, f'{whole} answered, {parts} closed without an answer'


def huge_numbers(server, scale):
    """Numbers at and behind every limit are an answer or a wait, never memory."""
    chunked = b'Transfer-Encoding: chunked\r\n\r\n'
    cases = [(POST + b'Content-Length: %d\r\n\r\n' % n, e) for n, e in (
        (2**31, b'413'), (2**32, b'413'), (2**63 - 1, b'413'), (2**63, b'413'), (2**64 - 1, b'413'),
        (2**64, b'400'), (10**30, b'400'))]
    cases += [(POST + chunked + b'%x\r\n' % n + b'x' * 10, e) for n, e in (
        (2**32, b''), (2**63, b''), (2**64 - 1, b''), (2**64, b'400'), (16**30, b'400'))]
    cases += [(POST + chunked + b'0' * 100 + b'\r\n\r\n', b'200'), (POST + chunked + b'0' * 40000, b'400')]
    cases += [(b'GET / HTTP/1.1\r\nHost: a:%d\r\n\r\n' % n, e) for n, e in ((65535, b'200'), (65536, b'400'))]
    cases += [(b'GET / HTTP/%d.1\r\n' % n + HOST + b'\r\n', e) for n, e in ((9, b'505'), (10**9, b'400'))]
    wrong = []
    for raw, wanted in cases:
        with server.connect(timeout=0.3) as s:
            try:
                s.sendall(raw)
                answer = s.recv(4096)[9:12]
            except OSError:
                answer = b''
            if answer != wanted:
                wrong.append((raw[-40:], answer))
    yield
    yield not wrong, f'{len(cases)} numbers {wrong or ""}'


CHUNKED = POST + b'Transfer-Encoding: chunked\r\n\r\n'
ATTACKS = [
    Attack('slowloris', slow(b'GET / HTTP/1.1\r\n' + HOST, b'X: y\r\n', 200), 64),
    Attack('slow line', slow(b'GET /', b'a', 200), 64),
    Attack('silent', slow(b'', b'', 200), 16),
    Attack('stalled body', slow(POST + b'Content-Length: 100000\r\n\r\nabc', b'', 200), 64),
    Attack('stalled chunk', slow(CHUNKED + b'5\r\nab', b'', 200), 64),
    Attack('slow readers', slow_readers(50), 640),
    Attack('never reads', never_reads(20), 640),
    Attack('long line', bomb(b'GET /', b'a' * 4096, 64, '414 400')),
    Attack('long field', bomb(b'GET / HTTP/1.1\r\n' + HOST + b'X: ', b'a' * 4096, 64, '431')),
    Attack('many fields', bomb(b'GET / HTTP/1.1\r\n' + HOST, b'A: b\r\n' * 500, 64, '431')),
    Attack('tiny chunks', bomb(CHUNKED, b'1;e=xxxxxxxxxxxxxxxxxx\r\nx\r\n' * 200, 64, '400 413')),
    Attack('long extension', bomb(CHUNKED + b'1;', b'a' * 4096, 64, '400')),
    Attack('long trailers', bomb(CHUNKED + b'0\r\n', b'A: b\r\n' * 500, 64, '431')),
    Attack('large content', bomb(CHUNKED, b'1000\r\n' + b'x' * 4096 + b'\r\n', 64, '413'), 4096),
    Attack('empty lines', bomb(b'', b'\r\n' * 2048, 64, '400')),
    Attack('pipelined', pipelined, 2048),
    Attack('connect and reset', connect_floods),
    Attack('idle', idle, 4),
    Attack('half open', half_open),
    Attack('huge numbers', huge_numbers),
]


def run(attack, server, scale, judges_memory):
    honest = Honest(server)
    rss, descriptors = server.rss_kb(), server.descriptors()
    honest.start()
    steps = attack.run(server, scale)
    next(steps)
    honest.measure()
    good, facts = next(steps)
    honest.end()
    peak, most = honest.peak_kb, honest.peak_descriptors
    end = time.monotonic() + 10
    while server.is_alive() and server.descriptors() > descriptors and time.monotonic() < end:
        time.sleep(0.05)
    if not server.is_alive():
        print(f'FAIL {attack.name}: the server died')
        return False
    after, left = server.rss_kb(), server.descriptors()
    bound = KEPT_KB + attack.kb_max * max(1, most - descriptors)
    faults = [text for text, holds in (
        ('must', good), ('honest clients', honest.failures == 0 and honest.p99_ms <= HONEST_MS_MAX),
        ('descriptors', left <= descriptors),
        ('memory meanwhile', peak - rss <= bound or not judges_memory)) if not holds]
    print(f'{"FAIL" if faults else "ok  "} {attack.name}: {facts}; honest {len(honest.latencies)} asked,'
          f' {honest.failures} failed, p99 {honest.p99_ms:.1f} ms; rss {rss} -> {peak} -> {after} KB;'
          f' fds {descriptors} -> {most} -> {left}', *faults, flush=True)
    return not faults


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--long', action='store_true')
    parser.add_argument('--sanitized', action='store_true', help='memory is the sanitizer\'s: print it only')
    parser.add_argument('attacks', nargs='*')
    return parser.parse_args()


def main():
    given = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (65536, max(hard, 65536)))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    longer = ('idle_ms=15000',) if given.long else ()  # until all of them are there
    server = Server(given.server, given.reactor, *SETTINGS, *longer)
    peace = Honest(server)
    peace.start()
    time.sleep(1)
    print(f'in peace: p99 {peace.end().p99_ms:.1f} ms, rss {server.rss_kb()} KB')
    good = True
    for attack in ATTACKS:
        if not given.attacks or attack.name in given.attacks:
            scale = 5 if given.long else 1
            good = run(attack, server, scale, not given.sanitized) and good
            if not server.is_alive():
                break
    good = server.stop() and good
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
