"""Which servers there are, and starting and stopping them."""
import http.client
import itertools
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from .loads import KIB

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
SERVER_CPU, CLIENT_CPU = "0", "1"


class Server:
    """One command, started as often as asked, each time on a port of its own."""

    def __init__(self, name, kind, command, made_files=(), only=None):
        self.name, self.kind, self.command, self.made_files = name, kind, command, made_files
        self.only = only  # loads worth measuring; None: all
        self.serves = set()  # names of loads

    def start(self, place, prefix=(), environment=None, cpu=SERVER_CPU):
        return Running(self, place, prefix, environment, cpu)


def any_free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Place:
    """Where servers work: free ports (from `first_port` on; 0: any), a directory, files to serve."""

    def __init__(self, directory, first_port, descriptors):
        self.directory, self.descriptors = directory, descriptors
        self.files = f"{directory}/files"
        self.ports = itertools.count(first_port) if first_port else iter(any_free_port, None)

    def take_port(self):
        return next(self.ports)

    def fill(self, text, port):
        words = {"WORK": self.directory, "FILES": self.files, "PORT": port, "DESCRIPTORS": self.descriptors}
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        return text


class Running:
    def __init__(self, server, place, prefix, environment, cpu):
        self.server, self.port = server, place.take_port()
        for template in server.made_files:
            made = pathlib.Path(f"{place.directory}/{self.port}-{template}")
            made.write_text(place.fill((PEERS / f"{template}.in").read_text("utf-8"), self.port), "utf-8")
        words = [place.fill(word, self.port) for word in server.command]
        pinned = ["taskset", "-c", cpu] if cpu else []
        self.process = subprocess.Popen([*pinned, *prefix, *words], env={**os.environ, **(environment or {})},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def alive(self):
        return self.process.poll() is None

    def wait_until_it_answers(self, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.alive():
            if self.answer("/plaintext") is not None:
                return True
            time.sleep(0.05)
        return False

    def answer(self, path, content=None):
        """Status and content, or None when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST" if content else "GET", path, body=content)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def find_loads(self, loads):
        """What it does not answer as it should is not measured."""
        for load in loads:
            if self.server.only and load.name not in self.server.only:
                continue
            answer = self.answer(load.path, b"x" * KIB if load.post_bytes else None)
            if answer and answer[0] == 200 and load.answer_bytes in (None, len(answer[1])):
                self.server.serves.add(load.name)

    def processes(self):
        """Of the process and its children."""
        found, unseen = [], [self.process.pid]
        while unseen:
            pid = unseen.pop()
            found.append(pid)
            for thread in pathlib.Path(f"/proc/{pid}/task").glob("*"):
                try:
                    unseen += [int(word) for word in (thread / "children").read_text().split()]
                except OSError:
                    pass
        return found

    def memory_bytes(self):
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
                if line.startswith("RssAnon:"):
                    total += int(line.split()[1]) * 1024
        return total

    def stop(self, how=signal.SIGKILL):
        """Ends what was started here and its children, by number."""
        for pid in self.processes() if self.alive() else []:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def program(directory, name):
    path = pathlib.Path(directory) / name
    return str(path) if path.exists() else shutil.which(name)


def catalogue(directory, further):
    """All servers that are here; and a line for each that is not."""
    def ours(reactor):
        return ["@FILES@", "--address", "127.0.0.1", "--port", "@PORT@", "--threads", "1",
                "--reactor", reactor]

    wanted = [
        ("limit epoll", "limit", "limit_epoll", ["@PORT@", "@FILES@"], ()),
        ("limit io_uring", "limit", "limit_io_uring", ["@PORT@", "@FILES@"], ()),
        ("limit sendfile", "limit", "limit_epoll", ["@PORT@", "@FILES@", "sendfile"], ()),
        ("EventCore epoll", "ours", "load_target", ours("epoll"), ()),
        ("EventCore io_uring", "ours", "load_target", ours("io_uring"), ()),
        ("nginx", "peer", "nginx", ["-c", "@WORK@/@PORT@-nginx.conf"], ("nginx.conf",)),
        ("h2o", "peer", "h2o", ["-c", "@WORK@/@PORT@-h2o.conf"], ("h2o.conf",)),
        ("libuv", "peer", "peer_libuv", ["@PORT@"], ()),
        ("Beast", "peer", "peer_beast", ["@PORT@", "@FILES@"], ()),
    ]
    servers, missing = [], []
    for name, kind, binary, words, made in wanted:
        path = program(directory, binary)
        if path:
            only = ("body-64k", "body-1m") if name == "limit sendfile" else None
            servers.append(Server(name, kind, [path, *words], made, only))
        else:
            missing.append(f"{name}: left out, there is no {binary}")
    for text in further:
        name, _, command = text.partition("=")
        words = command.replace("PORT", "@PORT@").replace("FILES", "@FILES@").split()
        servers.append(Server(name, "peer", words))
    return servers, missing
