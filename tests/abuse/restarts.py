#!/usr/bin/env python3
"""Restarts a server under load, the next process listening before the last one stops, and counts.

  restarts.py --server build/debug/bin/catch_all --reactor epoll [--restarts 20] [--clients 8] [--threads 2]

Half of the clients make a connection for each request, half keep theirs until they are told to close. Every
request that was sent must be answered, whole, and no connection refused.
"""
import argparse
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import REQUEST, Server, read_response  # noqa: E402


class Client(threading.Thread):
    def __init__(self, port, keeps):
        super().__init__(daemon=True)
        self.port, self.keeps = port, keeps
        self.sent = self.answered = self.refused = self.closes = 0
        self.slowest = 0.0
        self.lost = []
        self.is_over = threading.Event()

    def ask(self, s):
        """Whether the connection can be used again."""
        began = time.monotonic()
        s.sendall(REQUEST)
        self.sent += 1
        try:
            answer = read_response(s)
        except OSError as e:
            answer = None
            self.lost.append(repr(e))
        if not answer:
            self.lost.append('no answer')
            return False
        self.answered += answer[0].startswith(b'HTTP/1.1 200 ') and answer[1] == b'GET /honest\n'
        self.slowest = max(self.slowest, time.monotonic() - began)
        told_to_close = b'connection: close' in answer[0].lower()
        self.closes += told_to_close
        return self.keeps and not told_to_close

    def run(self):
        while not self.is_over.is_set():
            try:
                s = socket.create_connection(('127.0.0.1', self.port), timeout=10)
            except OSError:
                self.refused += 1
                continue
            try:
                while self.ask(s) and not self.is_over.is_set():
                    pass
            except OSError as e:
                self.lost.append('send: ' + repr(e))
            s.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    parser.add_argument('--restarts', type=int, default=20)
    parser.add_argument('--clients', type=int, default=8)
    parser.add_argument('--threads', type=int, default=2)
    given = parser.parse_args()

    def start(port):
        return Server(given.server, given.reactor, 'hand_over=1', port=port, threads=given.threads)

    server = start(0)
    clients = [Client(server.port, keeps=i % 2 == 0) for i in range(given.clients)]
    for client in clients:
        client.start()
    good = True
    for _ in range(given.restarts):
        time.sleep(0.1)
        successor = start(server.port)
        server.terminate()
        good = server.wait() and good
        server = successor
    for client in clients:
        client.is_over.set()
    for client in clients:
        client.join()
    good = server.stop() and good
    sent, answered = sum(c.sent for c in clients), sum(c.answered for c in clients)
    refused, lost = sum(c.refused for c in clients), [why for c in clients for why in c.lost]
    print(f'{given.restarts} restarts on {given.reactor}: {sent} sent, {answered} answered,',
          f'{refused} refused, {sum(c.closes for c in clients)} told to close,',
          f'slowest {1000 * max(c.slowest for c in clients):.0f} ms', *lost[:5])
    sys.exit(0 if good and sent == answered and refused == 0 and not lost else 1)


if __name__ == '__main__':
    main()
