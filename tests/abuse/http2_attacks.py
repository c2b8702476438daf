#!/usr/bin/env python3
"""Attacks a server with HTTP/2 frames: mistakes of every section, and floods beside honest clients.

  http2_attacks.py --server build/debug/bin/catch_all --reactor epoll [--long] [ATTACK ...]

The mistakes (one connection each): RFC 9113 frame by frame, what ends the connection, what ends the stream,
and what is none. The floods are judged as attacks.py judges its own: honest clients, descriptors, memory.
"""
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from attacks import Attack, arguments, close_all, run, wait_until_closed  # noqa: E402
from catch_all import Server  # noqa: E402
from h2_frames import *  # noqa: E402, F403
from h2_frames import Peer  # noqa: E402

SETTINGS_MS = ('header_ms=1500', 'body_ms=1500', 'write_ms=1500', 'idle_ms=2000')
OPEN = post(1)

# ---- mistakes ----
# A number: GOAWAY with it, or the connection is closed. ('stream', code …): RST_STREAM with one of them, or a
# refusal (4xx), or the connection's end. ('ok', stream): answered below 400. ('refused', stream): 4xx or
# reset.


def mistakes_of_frames():
    half = frame(HEADERS, END_STREAM, 1, head())
    for name, inside in (('PING', frame(PING, 0, 0, bytes(8))), ('SETTINGS ACK', frame(SETTINGS, ACK)),
                         ('WINDOW_UPDATE', window(0, 1)), ('RST_STREAM', reset(1)),
                         ('DATA', content(1)), ('GOAWAY', frame(GOAWAY, 0, 0, bytes(8))),
                         ('PUSH_PROMISE', frame(PUSH_PROMISE, 4, 1))):
        yield f'{name} inside a header block', half + inside + frame(CONTINUATION, 4, 1), PROTOCOL_ERROR
    yield 'the preface once more', PREFACE, (PROTOCOL_ERROR, FRAME_SIZE_ERROR)
    yield 'a frame of 2^24-1 octets', frame(0xaa, 0, 0, bytes(9), 2**24 - 1), FRAME_SIZE_ERROR
    yield 'PING of 2^24-1 octets', frame(PING, 0, 0, bytes(9), 2**24 - 1), FRAME_SIZE_ERROR
    yield 'SETTINGS ACK of 6 octets', frame(SETTINGS, ACK, 0, setting(3, 1)), FRAME_SIZE_ERROR
    yield 'CONNECT_PROTOCOL = 2', frame(SETTINGS, 0, 0, setting(8, 2)), PROTOCOL_ERROR
    yield 'NO_RFC7540_PRIORITIES = 2', frame(SETTINGS, 0, 0, setting(9, 2)), PROTOCOL_ERROR
    yield 'PUSH_PROMISE on stream 0', frame(PUSH_PROMISE, END_HEADERS, 0, bytes(4)), PROTOCOL_ERROR
    yield 'padding as long as the frame', OPEN + frame(DATA, PADDED, 1, b'\x03abc'), PROTOCOL_ERROR
    yield 'HEADERS all of padding', frame(HEADERS, 5 | PADDED, 1, b'\x04abc'), PROTOCOL_ERROR
    yield 'PRIORITY of itself', frame(PRIORITY, 0, 5, b'\0\0\0\x05x'), PROTOCOL_ERROR
    yield 'HEADERS of itself', frame(HEADERS, 5 | WITH_PRIORITY, 5, b'\0\0\0\x05x' + head()), \
        ('stream', PROTOCOL_ERROR)
    yield 'RST_STREAM of stream 2', reset(2), PROTOCOL_ERROR
    yield 'WINDOW_UPDATE of stream 2', window(2, 1), PROTOCOL_ERROR
    yield 'DATA of stream 2', content(2), PROTOCOL_ERROR
    yield 'WINDOW_UPDATE of 0 behind the end', get(1) + window(1, 0), PROTOCOL_ERROR
    yield 'DATA behind the last stream', get(0x7fffffff) + content(0x7ffffffd), ('stream', STREAM_CLOSED)


def mistakes_of_states():
    yield 'DATA behind RST_STREAM', OPEN + reset(1) + content(1), ('stream', STREAM_CLOSED)
    yield 'HEADERS behind RST_STREAM', OPEN + reset(1) + get(1), (STREAM_CLOSED, PROTOCOL_ERROR)
    yield 'trailers behind END_STREAM', get(1) + get(1), (STREAM_CLOSED, PROTOCOL_ERROR)
    yield 'a stream below the last', get(9) + get(7), (PROTOCOL_ERROR, STREAM_CLOSED)
    yield 'stream windows over 2^31-1 by SETTINGS', \
        OPEN + window(1, 0x7fff0000 - 1) + frame(SETTINGS, 0, 0, setting(4, 0x7fffffff)), FLOW_CONTROL_ERROR
    yield 'two trailers', post(1) + frame(HEADERS, END_HEADERS, 1, field('a', 'b')) + \
        frame(HEADERS, 5, 1, field('a', 'b')), ('stream', PROTOCOL_ERROR)


def mistakes_of_requests():
    bad = ('refused', 1)
    for name, more in (
            ('a length twice', [('content-length', '0'), ('content-length', '0')]),
            ('lengths as a list', [('content-length', '0, 0')]),
            ('a length of -1', [('content-length', '-1')]),
            ('a length over 2^64', [('content-length', '9' * 30)]),
            ('an empty length', [('content-length', '')]),
            ('te: a list', [('te', 'trailers, trailers')]), ('http2-settings', [('connection', 'x')]),
            ('two hosts', [('host', 'localhost'), ('host', 'localhost')]),
            ('another host', [('host', 'b')]), (':method again', [(':method', 'GET')]),
            ('an unknown pseudo-header', [(':x', 'y')]), ('an empty name', [('', 'x')]),
            ('a tab in a name', [('x\ty', 'x')]), ('DEL in a name', [('\x7f', '')]),
            ('a new line', [('x', 'a\nb')]), ('a space at the end', [('x', 'a ')])):
        yield name, get(1, *more), bad
    for name, how in (
            ('no :method', {'without': [':method']}), ('no :path', {'without': [':path']}),
            ('no :authority', {'without': [':authority']}), ('an empty :authority', {'authority': ''}),
            ('a user in :authority', {'authority': 'a@b'}), ('a path in :authority', {'authority': 'a/b'}),
            ('an empty :path', {'path': ''}), (':path *', {'path': '*'}),
            ('an absolute :path', {'path': 'http://a/'}),
            ('a fragment', {'path': '/#a'}), ('a :path with a space', {'path': '/ HTTP/1.1'}),
            ('a :method with a space', {'method': 'GET /x'}), ('an empty :method', {'method': ''}),
            ('CONNECT with :path', {'method': 'CONNECT'}), ('an empty :scheme', {'scheme': ''}),
            ('CONNECT without a port',
             {'method': 'CONNECT', 'authority': 'a', 'without': [':path', ':scheme']})):
        yield name, get(1, **how), bad
    yield 'an empty block', frame(HEADERS, 5, 1), bad
    yield 'a field in front of :path', \
        frame(HEADERS, 5, 1, field(':method', 'GET') + field('a', 'b') + head(without=[':method'])), bad
    for name in (':path', 'content-length', 'transfer-encoding', 'connection', 'Upper', 'a b'):
        trailer = frame(HEADERS, 5, 1, field(name, '1'))
        yield f'{name} as a trailer', OPEN + content(1, b'x', False) + trailer, bad
    yield 'more content than promised', post(1, ('content-length', '1')) + content(1, b'xx'), bad
    yield 'less content than promised', post(1, ('content-length', '3')) + content(1, b'xx'), bad
    yield 'less, and trailers', post(1, ('content-length', '3')) + frame(HEADERS, 5, 1, field('a', 'b')), bad
    yield 'a length and no content', get(1, ('content-length', '1')), bad


def no_mistakes():
    good = ('ok', 1)
    yield 'a stream window of 2^31-1', OPEN + window(1, 0x7fffffff - 65535) + content(1), good
    yield 'reserved bits', OPEN + frame(WINDOW_UPDATE, 0, 1, b'\x80\0\0\1') + content(1), good
    yield 'settings in any order', frame(SETTINGS, 0, 0, b''.join(setting(*pair) for pair in (
        (1, 0), (5, 2**24 - 1), (2, 0), (3, 0), (6, 0), (99, 7)))) + get(1), good
    yield 'no window, then one below nothing, then enough', frame(SETTINGS, 0, 0, setting(4, 1)) + get(1) + \
        frame(SETTINGS, 0, 0, setting(4, 0)) + window(1, 100), good
    yield 'PRIORITY_UPDATE', \
        frame(PRIORITY_UPDATE, 0, 0, b'\0\0\0\1u=1, i') + get(1, ('priority', 'u=9')), good
    yield 'GOAWAY in front of a request', frame(GOAWAY, 0, 0, bytes(8) + b'why') + get(1), ('any', 1)
    yield 'the last stream there is', get(0x7fffffff), ('ok', 0x7fffffff)
    yield 'RST_STREAM twice', OPEN + reset(1) + reset(1) + get(3), ('ok', 3)
    yield 'frames that nobody knows', \
        b''.join(frame(k, 255, k % 3, b'x' * k) for k in range(11, 60)) + get(1), good
    yield 'priorities of RFC 7540', frame(PRIORITY, 0, 3, b'\x80\0\0\1x') + get(1), good
    yield 'padding is given back', \
        OPEN + frame(DATA, PADDED, 1, b'\xffx' + bytes(255)) * 6000 + content(1), good
    yield 'crumbs of a cookie', get(1, ('cookie', 'a=b'), ('x', 'y'), ('cookie', 'c=d')), good
    yield 'size updates of the table', frame(HEADERS, 5, 1, b'\x20\x3f\xe1\x1f' + head()), good


def is_as_wanted(peer, wanted):
    kind, *codes = wanted if isinstance(wanted, tuple) and isinstance(wanted[0], str) else ('goaway', wanted)
    flat = codes[0] if isinstance(codes[0], tuple) else tuple(codes)
    if kind == 'goaway':
        return peer.until(lambda: peer.is_closed or peer.error() in flat) and peer.error() in (None, *flat)
    if kind == 'stream':
        return peer.until(lambda: peer.is_closed or peer.goaways or
                          any(code in flat for code in peer.resets.values()) or
                          any(400 <= status < 500 for status in peer.statuses.values()))
    stream = flat[0]
    over = peer.until(lambda: peer.is_over(stream) or peer.is_closed)
    if kind == 'any':
        return over
    if kind == 'ok':
        return stream in peer.ended and 0 < peer.statuses.get(stream, 0) < 400
    return peer.resets.get(stream, 0) in (PROTOCOL_ERROR, NO_ERROR) and stream not in peer.statuses \
        or 400 <= peer.statuses.get(stream, 0) < 500 or peer.is_closed and stream not in peer.statuses


def check_mistakes(server):
    cases = [case for group in (mistakes_of_frames, mistakes_of_states, mistakes_of_requests, no_mistakes)
             for case in group()]

    def try_out(case):
        peer = Peer(server)
        peer.send(case[1])
        good = is_as_wanted(peer, case[2])
        peer.close()
        return good, peer
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(try_out, cases))
    bad = 0
    for (name, _, wanted), (good, peer) in zip(cases, tried):
        if not good:
            bad += 1
            print(f'FAIL {name}: wanted {wanted}; goaway {peer.goaways} reset {peer.resets}'
                  f' status {peer.statuses} closed {peer.is_closed}')
    print(f'{"FAIL" if bad else "ok  "} mistakes: {len(cases)} tried, {bad} not as wanted', flush=True)
    return not bad


# ---- floods ----


def flood(piece, most=20000, batch=50, settings=b'', first=b''):
    """Sends piece(n) until the server has had enough, and it has to."""
    def attack(server, scale):
        peer = Peer(server, settings)
        peer.send(first)
        sent, going = 0, True
        while going and sent < most * scale and not peer.is_closed and peer.error() is None:
            going = peer.send(b''.join(piece(n) for n in range(sent, sent + batch)))
            sent += batch
            peer.look()
        yield
        ended = peer.until(lambda: peer.is_closed or peer.error() is not None)
        peer.close()
        yield ended, f'ended after {sent}, code {peer.error()}, {peer.reset_count} streams reset'
    return attack


def odd(n):
    return 1 + 2 * n


SETTLED = PREFACE + frame(SETTINGS)
SLOW = (  # what a connection begins with, and what it drips
    (PREFACE[:20], b''), (PREFACE, b''), (SETTLED, b''), (SETTLED, frame(PING, 0, 0, bytes(8))),
    (SETTLED + get(1), frame(PING, 0, 0, bytes(8))), (SETTLED + frame(HEADERS, 0, 1), b''),
    (SETTLED + frame(HEADERS, 5, 1, b'\x82', 200), b'\x82'), (SETTLED + get(1), b'\0'),
    (SETTLED + frame(DATA, 0, 1, b'', 16384), b'x'))


def slow(server, scale):
    """Connections that drip; a deadline of 1.5 s or 2 s must end them."""
    peers = [(Peer(server, is_raw=True), drip) for _ in range(10 * scale) for _, drip in SLOW]
    for (peer, _), (first, _) in zip(peers, SLOW * 10 * scale):
        peer.send(first)
    yield
    end = time.monotonic() + 12
    while time.monotonic() < end and not all(p.is_closed for p, _ in peers):
        for peer, drip in peers:
            peer.send(drip)
            peer.look()
        time.sleep(0.1)
    closed = sum(p.is_closed for p, _ in peers)
    close_all([p.socket for p, _ in peers])
    yield closed == len(peers), f'{closed} of {len(peers)} cut'


WINDOWS = (  # the initial window, and what opens one
    (0, lambda n: b''), (1, lambda n: window(n, 1)), (2**31 - 1, lambda n: window(0, 1)),
    (1000, lambda n: frame(SETTINGS, 0, 0, setting(4, n))))


def slow_windows(server, scale):
    """Asks for much and opens the window by drips: every stream is cut, and little is kept for it."""
    peers = [(Peer(server, setting(4, first)), opening) for first, opening in WINDOWS * 3 * scale]
    for peer, _ in peers:
        peer.send(b''.join(get(odd(n), path='/zeros/100000000') for n in range(100)))
    yield
    end = time.monotonic() + 12
    while time.monotonic() < end and any(len(p.resets) < 100 and not p.is_closed for p, _ in peers):
        for peer, opening in peers:
            peer.send(b''.join(opening(odd(n)) for n in range(0, 100, 10)))
            peer.look()
        time.sleep(0.1)
    cut = sum(p.is_closed or len(p.resets) == 100 for p, _ in peers)
    close_all([p.socket for p, _ in peers])
    yield cut == len(peers), f'{cut} of {len(peers)} connections with 100 streams each cut'


def unread(piece, batch=200):
    """Sends what has to be answered and reads nothing: the server stops reading, and ends it in time."""
    def attack(server, scale):
        peers = [Peer(server, receive_buffer=4096) for _ in range(5 * scale)]
        sent = 0
        for peer in peers:
            for n in range(100):
                if not peer.send(b''.join(piece(n * batch + i) for i in range(batch)), seconds=0.2):
                    break
                sent += batch
        yield
        closed = wait_until_closed([p.socket for p in peers], 12)
        close_all([p.socket for p in peers])
        yield closed == len(peers), f'{sent} frames taken, {closed} of {len(peers)} cut'
    return attack


def kept_open(block, kb_max):
    """Heads that are small on the wire, of requests whose content does not come: what each stream costs."""
    def attack(server, scale):
        before = server.rss_kb()
        peers = [Peer(server) for _ in range(5 * scale)]
        for peer in peers:
            for n in range(100):
                peer.send(frame(HEADERS, END_HEADERS, odd(n), block(n)))
                peer.look()
        time.sleep(0.3)
        cost = (server.rss_kb() - before) / (500 * scale)
        yield
        alive = sum(not p.is_closed for p in peers)
        close_all([p.socket for p in peers])
        yield cost <= kb_max, f'{cost:.1f} KB for each of 500 streams, {alive} connections left'
    return attack


def crumbs(n):
    """15 KB of cookie by reference, then crumbs of it between other fields, one octet each."""
    first = field('cookie', 'c' * 3500, 0x40) + field('x', 'y', 0x40) + field('cookie', 'd', 0x40)
    both, long = b'\xbf\xbe', b'\xc0'
    return (head(method='POST') if n else head(method='POST') + first) + long * 3 + both * 80


def bomb(n):
    """A field of 4,000 octets, by reference, thousands of times."""
    return head(method='POST') + (field('x', 'y' * 4000, 0x40) if n == 0 else b'') + b'\xbe' * 2000


def many_resets(server, scale):
    """Requests that wait, reset behind a pause, on many connections: the handlers in progress are bounded."""
    peers = [Peer(server) for _ in range(5 * scale)]
    for round_of in range(8):
        for peer in peers:
            numbers = range(round_of * 50, round_of * 50 + 50)
            peer.send(b''.join(get(odd(n), path='/wait/60000') for n in numbers))
        for peer in peers:
            peer.send(b''.join(reset(odd(n)) for n in range(round_of * 50, round_of * 50 + 50)))
            peer.look()
    yield
    ended = sum(p.until(lambda p=p: p.is_closed or p.error() == ENHANCE_YOUR_CALM) for p in peers)
    close_all([p.socket for p in peers])
    yield ended == len(peers), f'{ended} of {len(peers)} sent away'


BLOCK = head()
FLOODS = [
    Attack('crumbs', kept_open(crumbs, 64), 8192),  # first, where no memory is there to be used again
    Attack('rapid reset', flood(lambda n: get(odd(n)) + reset(odd(n)))),
    Attack('rapid reset with a pause', many_resets, 2048),
    Attack('made to reset: windows', flood(lambda n: post(odd(n)) + window(odd(n), 0x7fffffff))),
    Attack('made to reset: late DATA', flood(lambda n: post(odd(n)) + reset(odd(n)) + content(odd(n)))),
    Attack('made to reset: DATA behind the end', flood(lambda n: get(odd(n)) + content(odd(n)))),
    Attack('made to reset: no trailers', flood(
        lambda n: post(odd(n)) + frame(HEADERS, END_HEADERS, odd(n), field('a', 'b')))),
    Attack('made to reset: malformed', flood(lambda n: get(odd(n), ('connection', 'close')))),
    Attack('made to reset: lengths', flood(lambda n: get(odd(n), ('content-length', '7')))),
    Attack('made to reset: too many', flood(lambda n: post(odd(n)))),
    Attack('made to reset: itself', flood(
        lambda n: frame(HEADERS, 5 | WITH_PRIORITY, odd(n), struct.pack('>IB', odd(n), 1) + BLOCK))),
    Attack('PING', flood(lambda n: frame(PING, 0, 0, bytes(8)))),
    Attack('PING ACK', flood(lambda n: frame(PING, ACK, 0, bytes(8)))),
    Attack('SETTINGS', flood(lambda n: frame(SETTINGS, 0, 0, setting(4, n)))),
    Attack('SETTINGS ACK', flood(lambda n: frame(SETTINGS, ACK))),
    Attack('windows up and down', flood(
        lambda n: frame(SETTINGS, 0, 0, setting(4, 0) + setting(4, 2**31 - 1)),
        first=b''.join(get(odd(n), path='/wait/2000') for n in range(100)))),
    Attack('tables', flood(lambda n: frame(SETTINGS, 0, 0, setting(1, n % 2 * 4096)))),
    Attack('PRIORITY', flood(lambda n: frame(PRIORITY, 0, odd(n), b'\0\0\0\0x'))),
    Attack('PRIORITY_UPDATE', flood(
        lambda n: frame(PRIORITY_UPDATE, 0, 0, struct.pack('>I', odd(n)) + b'u=1'))),
    Attack('WINDOW_UPDATE', flood(lambda n: window(0, 1))),
    Attack('WINDOW_UPDATE of ended streams', flood(lambda n: window(1, 1), first=get(1))),
    Attack('RST_STREAM of ended streams', flood(lambda n: reset(1), first=get(1))),
    Attack('unknown frames', flood(lambda n: frame(0xf0, 0, 0, b'x'))),
    Attack('GOAWAY', flood(lambda n: frame(GOAWAY, 0, 0, bytes(8)))),
    Attack('empty DATA', flood(lambda n: frame(DATA, 0, 1), first=OPEN)),
    Attack('padding alone', flood(lambda n: frame(DATA, PADDED, 1, b'\x01\0'), first=OPEN)),
    Attack('empty CONTINUATION', flood(lambda n: frame(CONTINUATION, 0, 1),
                                       first=frame(HEADERS, 0, 1, BLOCK))),
    Attack('long CONTINUATION', flood(lambda n: frame(CONTINUATION, 0, 1, field('x', 'y' * 9000)), batch=1,
                                      first=frame(HEADERS, 0, 1, BLOCK))),
    Attack('PING unread', unread(lambda n: frame(PING, 0, 0, bytes(8))), 512),
    Attack('answers unread', unread(lambda n: get(odd(n), path='/zeros/100000')), 6 * 1024),
    Attack('refusals unread', unread(lambda n: get(odd(n), path='*')), 2048),
    Attack('header bomb', flood(lambda n: frame(HEADERS, 5, odd(n), bomb(n)), batch=1)),
    Attack('small windows', slow_windows, 6 * 1024),
    Attack('slow', slow, 64),
]


def main():
    given = arguments()
    server = Server(given.server, given.reactor, *SETTINGS_MS)
    good = not given.attacks and check_mistakes(server) or bool(given.attacks)
    for attack in FLOODS:
        if given.attacks and attack.name not in given.attacks or not server.is_alive():
            continue
        good = run(attack, server, 5 if given.long else 1, not given.sanitized) and good
    sys.exit(0 if server.stop() and good else 1)


if __name__ == '__main__':
    main()
