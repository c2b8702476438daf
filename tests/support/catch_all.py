"""catch_all as a process of its own, what it has open, and clients that behave."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

SKIPPED = 77
REQUEST = b'GET /honest HTTP/1.1\r\nHost: example.org\r\n\r\n'


def find_suites(given=None):
    """The folder of the shared suites: given, $EVENTCORE_SUITES, or beside the repository."""
    here = os.path.dirname(os.path.abspath(__file__))
    beside = os.path.join(here, '..', '..', '..', 'shared', 'suites')
    for folder in (given, os.environ.get('EVENTCORE_SUITES'), beside):
        if folder and os.path.exists(os.path.join(folder, 'h1run.py')):
            return os.path.abspath(folder)
    return None


class Server:
    """catch_all on 127.0.0.1, and a port of the kernel's choice unless one is given.

    `under`: a command that runs it, by exec.
    """

    def __init__(self, program, reactor, *more, port=0, under=(), threads=1):
        command = [*under, program, '--address', '127.0.0.1', '--port', str(port), '--threads', str(threads),
                   '--reactor', reactor, *more]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r'port=(\d+)', line)
        if not found or f'reactor="{reactor}:' not in line:
            self.process.kill()
            if 'cannot open a reactor' in line:
                print(f'skipped: this machine has no {reactor}')
                sys.exit(SKIPPED)
            sys.exit(f'{program} did not start on {reactor}: {line}')
        self.port = int(found.group(1))
        self.said = []
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def listen(self):
        for line in self.process.stderr:
            self.said.append(line)

    def rss_kb(self):
        with open(f'/proc/{self.process.pid}/statm') as f:
            return int(f.read().split()[1]) * 4

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def is_alive(self):
        return self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=30):
        """Whether it ended with 0. A sanitizer that finds a leak at the end makes it another number."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        self.reader.join(1)
        if self.process.returncode != 0:
            print('it said:', ''.join(self.said[-40:]))
        return self.process.returncode == 0

    def stop(self):
        if not self.is_alive():
            print('it died:', ''.join(self.said[-40:]))
            return False
        self.terminate()
        return self.wait()

    def connect(self, timeout=5, receive_buffer=0):
        s = socket.socket()
        s.settimeout(timeout)
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.connect(('127.0.0.1', self.port))
        return s


def read_response(s, rest=b''):
    """(head, content, what follows), of one response with Content-Length; None when the connection ended."""
    while b'\r\n\r\n' not in rest:
        got = s.recv(65536)
        if not got:
            return None
        rest += got
    head, _, rest = rest.partition(b'\r\n\r\n')
    length = re.search(rb'(?i)content-length: (\d+)', head)
    bytes_left = int(length.group(1)) if length else 0
    while len(rest) < bytes_left:
        got = s.recv(65536)
        if not got:
            return None
        rest += got
    return head, rest[:bytes_left], rest[bytes_left:]


class Honest(threading.Thread):
    """A client that behaves: a request every few milliseconds, on a new connection or a kept one in turn."""

    def __init__(self, server, pause=0.01):
        super().__init__(daemon=True)
        self.server, self.port, self.pause = server, server.port, pause
        self.peak_kb = self.peak_descriptors = 0
        self.latencies, self.failures = [], 0
        self.is_over = threading.Event()

    def run(self):
        kept = None
        while not self.is_over.wait(self.pause):
            began = time.monotonic()
            try:
                s = kept or socket.create_connection(('127.0.0.1', self.port), timeout=10)
                s.sendall(REQUEST)
                answer = read_response(s)
                if not answer or not answer[0].startswith(b'HTTP/1.1 200 '):
                    raise OSError('no good answer')
                kept = s if not kept else (s.close(), None)[1]
            except OSError:
                self.failures += 1
                kept = None
            self.latencies.append(time.monotonic() - began)
            self.measure()

    def measure(self):
        """What the server takes just now; what it took at most is kept."""
        try:
            self.peak_kb = max(self.peak_kb, self.server.rss_kb())
            self.peak_descriptors = max(self.peak_descriptors, self.server.descriptors())
        except OSError:
            pass  # it has died, and others will say so

    def end(self):
        began = time.monotonic()
        while len(self.latencies) < 20 and time.monotonic() < began + 5:
            time.sleep(0.01)
        self.is_over.set()
        self.join()
        ordered = sorted(self.latencies) or [0.0]
        self.p99_ms = 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        return self
