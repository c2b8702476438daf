#!/usr/bin/env python3
"""The pages of examples/chat and examples/ticker in headless Chromium, driven over its DevTools protocol.

  browser.py --bin build/debug/bin

What one window of the chat says is seen in the other; the ticker's value changes. Without Chromium the exit
code is 77 (skipped).
"""
import argparse
import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server  # noqa: E402

PATIENCE = 30


class DevTools:
    """One page, over the WebSocket of its debugger."""

    def __init__(self, url):
        host, port, path = re.match(r'ws://([^:/]+):(\d+)(/.*)', url).groups()
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                             f'Sec-WebSocket-Key: {key}\r\n\r\n').encode())
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += self.socket.recv(1)
        self.number = 0

    def exactly(self, count):
        data = b''
        while len(data) < count:
            some = self.socket.recv(count - len(data))
            if not some:
                raise EOFError('the browser has gone')
            data += some
        return data

    def receive(self):
        length = self.exactly(2)[1] & 127
        if length >= 126:
            length = int.from_bytes(self.exactly(2 if length == 126 else 8), 'big')
        return json.loads(self.exactly(length))

    def evaluate(self, expression):
        self.number += 1
        text = json.dumps({'id': self.number, 'method': 'Runtime.evaluate',
                           'params': {'expression': expression, 'returnByValue': True}}).encode()
        self.socket.sendall(b'\x81\xfe' + struct.pack('>H', len(text)) + bytes(4) + text
                            if len(text) > 125 else bytes((0x81, 0x80 | len(text))) + bytes(4) + text)
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                return answer['result']['result'].get('value')

    def wait_for(self, expression, wanted):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.evaluate(expression)
            if value is not None and wanted(value):
                return True
            time.sleep(0.05)
        print(f'{expression} is {self.evaluate(expression)!r}')
        return False


class Browser:
    def __init__(self, program, profile):
        self.process = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0',
             f'--user-data-dir={profile}', 'about:blank'], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r'DevTools listening on ws://([^/]+)/', line)
            if found:
                self.at = found.group(1)
                return
        sys.exit('Chromium did not start')

    def open(self, url):
        asked = urllib.request.Request(f'http://{self.at}/json/new?{url}', method='PUT')
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return DevTools(json.load(answer)['webSocketDebuggerUrl'])

    def close(self):
        self.process.kill()
        self.process.wait()


def chat(browser, server):
    page = f'http://127.0.0.1:{server.port}/'
    one, two = browser.open(page), browser.open(page)
    good = True
    for window in (one, two):
        state = "(document.getElementById('state') || {}).textContent"
        good = window.wait_for(state, lambda text: text.startswith('connected')) and good
    one.evaluate("at('text').value = 'hello from one'; at('talk').requestSubmit()")
    for window in (one, two):
        good = window.wait_for("at('said').textContent", lambda text: 'hello from one' in text) and good
    two.evaluate("at('text').value = '<b>and back'; at('talk').requestSubmit()")
    good = one.wait_for("at('said').textContent", lambda text: '<b>and back' in text) and good
    print('chat:', 'good' if good else 'BAD')
    return good


def ticker(browser, server):
    window = browser.open(f'http://127.0.0.1:{server.port}/')
    good = window.wait_for("document.readyState === 'complete' ? points.length : 0", lambda n: n > 3)
    good = window.wait_for("state.textContent", lambda text: text == 'live') and good
    print('ticker:', 'good' if good else 'BAD')
    return good


def demo(browser, server):
    page = f'http://127.0.0.1:{server.port}/'
    one, two = browser.open(page), browser.open(page)
    good = True
    for window in (one, two):
        shown = "(document.getElementById('requests') || {}).textContent"
        good = window.wait_for(shown, lambda text: text.strip().isdigit()) and good
        facts = "document.getElementById('wall-facts').textContent"
        good = window.wait_for(facts, lambda text: text == 'connected') and good
    one.evaluate("$('wall-text').value = 'written by one'; $('wall-form').requestSubmit()")
    good = two.wait_for("$('wall').textContent", lambda text: 'written by one' in text) and good
    print('demo:', 'good' if good else 'BAD')
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    parser.add_argument('--reactor', default='epoll')
    given = parser.parse_args()
    program = shutil.which('chromium') or shutil.which('chromium-browser')
    if not program:
        print('skipped: there is no Chromium')
        sys.exit(SKIPPED)
    good = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            for name, test in (('chat', chat), ('ticker', ticker), ('demo', demo)):
                if not os.path.exists(os.path.join(given.bin, name)):
                    continue
                server = Server(os.path.join(given.bin, name), given.reactor)
                good = test(browser, server) and good
                good = server.stop() and good
        finally:
            browser.close()
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
