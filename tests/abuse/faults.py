#!/usr/bin/env python3
"""A machine that fails under a server: descriptors run out, the disk is full, system calls return errors.

  faults.py --server build/debug/bin/catch_all --files build/debug/bin/files --reactor epoll [MODE ...]

What is answered must be right to the octet, requests may fail only while there is a fault, and afterwards the
server serves again, has the descriptors it had, and ends with 0 (built with a sanitizer: without a leak).
Modes that need strace, or the right to mount a tmpfs, are left out where that is missing. So are, with
--sanitized, those a sanitizer cannot stand itself: it needs memory and, to look at an object, a pipe.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import Server, read_response  # noqa: E402

# System call, error, and the share of requests that must still be answered. An error of a transfer ends its
# connection; one that the caller can wait for or try again must cost nothing.
INJECTED = [
    ('recvfrom', 'EINTR', 1.0), ('recvfrom', 'ECONNRESET', 0.3), ('recvfrom', 'ETIMEDOUT', 0.3),
    ('sendto,sendmsg', 'EINTR', 1.0), ('sendto,sendmsg', 'EPIPE', 0.3), ('sendto,sendmsg', 'ENOMEM', 0.3),
    ('sendfile', 'EINTR', 1.0), ('sendfile', 'EIO', 0.3),
    ('accept4', 'EINTR', 1.0), ('accept4', 'EMFILE', 0.3), ('accept4', 'ENOMEM', 0.3),
    ('accept4', 'EPROTO', 0.9),
    ('epoll_wait,epoll_pwait,epoll_pwait2', 'EINTR', 1.0), ('epoll_ctl', 'ENOMEM', 0.3),
    ('io_uring_enter', 'EINTR', 1.0), ('io_uring_enter', 'EAGAIN', 1.0),
    ('openat,openat2', 'EMFILE', 0.3), ('fstat,newfstatat,statx', 'EIO', 0.3),
    ('shutdown', 'ENOTCONN', 1.0), ('getsockopt,getsockname,getpeername', 'ENOBUFS', 1.0),
    ('mmap', 'ENOMEM', 0.3),
]


def ask(server, target, content=None, timeout=5):
    """The status and the content; b'' when the connection failed."""
    method = b'GET' if content is None else b'PUT'
    head = b'%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n' % (method, target)
    if content is not None:
        head += b'Content-Length: %d\r\n' % len(content)
    try:
        with server.connect(timeout=timeout) as s:
            s.sendall(head + b'\r\n' + (content or b''))
            answer = read_response(s)
    except OSError:
        return b'', b''
    return (answer[0][9:12], answer[1]) if answer else (b'', b'')


def serves_again(server, descriptors):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if ask(server, b'/again')[0] == b'200' and server.descriptors() <= descriptors:
            return True
        time.sleep(0.05)
    print('  descriptors', descriptors, '->', server.descriptors())
    return False


def report(name, good, facts):
    print(f'{"ok  " if good else "FAIL"} {name}: {facts}', flush=True)
    return good


def inject(given, scratch, calls, error, share):
    with open(os.path.join(scratch, 'file'), 'wb') as f:
        f.write(bytes(range(256)) * 2000)
    wanted = {b'/echo': b'GET /echo\n', b'/static/file': bytes(range(256)) * 2000}
    server = Server(given.server, given.reactor, scratch)
    for target in wanted:
        ask(server, target)
    descriptors = server.descriptors()
    names = ','.join('?' + call for call in calls.split(','))
    strace = subprocess.Popen(['strace', '-f', '-qq', '-o', '/dev/null', '-p', str(server.process.pid),
                               '-e', f'trace={names}', '-e', f'inject={names}:error={error}:when=3+5'])
    time.sleep(0.5)
    right = wrong = failed = 0
    for i in range(100):
        target = (b'/echo', b'/static/file')[i % 2]
        status, content = ask(server, target)
        right += status == b'200' and content == wanted[target]
        wrong += status == b'200' and content != wanted[target]
        failed += status != b'200'
    strace.terminate()
    strace.wait()
    good = server.is_alive() and wrong == 0 and right >= share * 100 and serves_again(server, descriptors)
    good = server.stop() and good
    return report(f'{calls} {error}', good, f'{right} right, {failed} failed, {wrong} wrong')


def few_descriptors(given, scratch):
    """200 clients for 64 descriptors: nobody hangs, the server does not spin, and it recovers."""
    # From the start: an accept that io_uring repeats keeps the limit it began with.
    limited = ('sh', '-c', 'ulimit -n 64; exec "$@"', 'sh')
    server = Server(given.server, given.reactor, scratch, under=limited)
    descriptors = server.descriptors()
    sockets = []
    for _ in range(200):
        s = server.connect(timeout=2)
        try:
            s.sendall(b'GET / HTTP/1.1\r\n')
        except OSError:
            pass  # turned away already
        sockets.append(s)

    def seconds():
        fields = open(f'/proc/{server.process.pid}/stat').read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    before = seconds()
    time.sleep(2)
    used = seconds() - before
    most = server.descriptors()
    for s in sockets:
        s.close()
    good = used < 1 and most <= 64 and serves_again(server, descriptors)
    return report('64 descriptors', server.stop() and good, f'{most} open, {used:.2f} s of CPU in 2 s')


def full_disk(given, scratch):
    """An upload that does not fit is a 5xx and leaves nothing; smaller ones work again."""
    folder = os.path.join(scratch, 'disk')
    os.mkdir(folder)
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]
    mounted = subprocess.run(mount, stderr=subprocess.PIPE)
    if mounted.returncode != 0:
        return report('full disk', True, 'left out, no right to mount')
    try:
        server = Server(given.files, given.reactor, folder)
        statuses = [ask(server, b'/files/large', os.urandom(3 << 20))[0] for _ in range(5)]
        left = os.listdir(folder)
        small = ask(server, b'/files/small', b'x' * 1000)[0]
        read = ask(server, b'/files/small')
        good = all(status[:1] == b'5' or status == b'' for status in statuses) and not left
        good = good and small == b'201' and read == (b'200', b'x' * 1000)
        return report('full disk', server.stop() and good, f'{statuses} left {left}, then {small} {read[0]}')
    finally:
        subprocess.run(['umount', folder])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--files', help='the example of that name')
    parser.add_argument('--sanitized', action='store_true')
    parser.add_argument('--reactor', required=True)
    parser.add_argument('modes', nargs='*', help='words of the names of modes')
    given = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for name, run in (('64 descriptors', few_descriptors), ('full disk', full_disk)):
            possible = given.files if run is full_disk else not given.sanitized
            if possible and (not given.modes or any(word in name for word in given.modes)):
                good = run(given, scratch) and good
        for calls, error, share in INJECTED if shutil.which('strace') else []:
            if given.sanitized and calls == 'mmap':
                continue
            if not given.modes or any(word in f'{calls} {error}' for word in given.modes):
                good = inject(given, scratch, calls, error, share) and good
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
