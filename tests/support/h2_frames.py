"""HTTP/2 frames, well formed or not, and a client that sends them and notes what comes back."""
import select
import socket
import struct
import time

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
PRIORITY_UPDATE = 0x10
ACK, END_STREAM, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)


def frame(kind, flags=0, stream=0, payload=b'', length=None):
    size = len(payload) if length is None else length
    return struct.pack('>I', size)[1:] + bytes([kind, flags]) + struct.pack('>I', stream) + payload


def setting(identifier, value):
    return struct.pack('>HI', identifier, value)


def window(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack('>I', increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack('>I', code))


def integer(value, bits, first):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def field(name, value, kind=0):
    """A literal that is not indexed (0), indexed (0x40), or never (0x10); RFC 7541, 6.2."""
    name, value = name.encode('latin-1'), value.encode('latin-1')
    return bytes([kind]) + integer(len(name), 7, 0) + name + integer(len(value), 7, 0) + value


def head(*more, method='GET', path='/', scheme='http', authority='localhost', without=()):
    pseudo = {':method': method, ':scheme': scheme, ':path': path, ':authority': authority}
    return b''.join(field(n, v) for n, v in pseudo.items() if n not in without) + \
        b''.join(more if not more or isinstance(more[0], bytes) else [field(n, v) for n, v in more])


def get(stream, *more, **how):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, head(*more, **how))


def post(stream, *more, **how):
    """The head of a request whose content follows."""
    return frame(HEADERS, END_HEADERS, stream, head(*more, method='POST', **how))


def content(stream, data=b'', is_last=True):
    return frame(DATA, END_STREAM if is_last else 0, stream, data)


def status_of(block):
    """Of an answer's header block that uses nothing of the dynamic table but its size; 0: not understood."""
    while block and block[0] & 0xe0 == 0x20:
        at = 1
        if block[0] & 31 == 31:
            while block[at] & 128:
                at += 1
            at += 1
        block = block[at:]
    known = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
    if not block or block[0] & 128:
        return known.get(block[0] & 127, 0) if block else 0
    text = block[2:2 + (block[1] & 127)]
    if not block[1] & 128:
        return int(text)
    codes = {f'{n:05b}': str(n) for n in range(3)} | {f'{n + 0b010110:06b}': str(n) for n in range(3, 10)}
    digits, code = '', ''
    for bit in ''.join(f'{byte:08b}' for byte in text):
        code += bit
        if code in codes:
            digits, code = digits + codes[code], ''
    return int(digits or 0)


class Peer:
    """A connection; unless `is_raw`, with the preface and `settings` sent, and the server's acknowledged."""

    def __init__(self, server, settings=b'', is_raw=False, receive_buffer=0, gives_window=False):
        self.socket = server.connect(receive_buffer=receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.gives_window = gives_window
        self.is_closed = False
        self.rest = b''
        self.frames, self.goaways, self.pongs, self.acks = 0, [], 0, 0
        self.resets, self.statuses, self.ended, self.received = {}, {}, set(), {}
        self.reset_count = self.windows = 0
        if not is_raw:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))
            self.until(lambda: self.frames > 0)

    def send(self, data, seconds=5):
        """False when the server has closed, or takes nothing."""
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(data)
            return True
        except socket.timeout:
            return False
        except OSError:
            self.is_closed = True
            return False

    def look(self, seconds=0.0):
        """What has come, or comes in that time."""
        if self.is_closed or not select.select([self.socket], [], [], seconds)[0]:
            return
        try:
            got = self.socket.recv(1 << 18)
        except OSError:
            got = b''
        self.is_closed = not got
        self.rest += got
        while len(self.rest) >= 9:
            length = int.from_bytes(self.rest[:3], 'big')
            if len(self.rest) < 9 + length:
                break
            kind, flags, stream = self.rest[3], self.rest[4], int.from_bytes(self.rest[5:9], 'big')
            payload, self.rest = self.rest[9:9 + length], self.rest[9 + length:]
            self.take(kind, flags, stream, payload)

    def take(self, kind, flags, stream, payload):
        self.frames += 1
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended.add(stream)
        if kind == DATA:
            self.received[stream] = self.received.get(stream, 0) + len(payload)
            if self.gives_window and payload:
                self.send(window(0, len(payload)) + window(stream, len(payload)))
        elif kind == HEADERS:
            self.statuses.setdefault(stream, status_of(payload))
        elif kind == RST_STREAM:
            self.resets[stream] = int.from_bytes(payload, 'big')
            self.reset_count += 1
        elif kind == SETTINGS and flags & ACK:
            self.acks += 1
        elif kind == SETTINGS:
            self.send(frame(SETTINGS, ACK))
        elif kind == PING and flags & ACK:
            self.pongs += 1
        elif kind == PING:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.goaways.append(int.from_bytes(payload[4:8], 'big'))
        elif kind == WINDOW_UPDATE:
            self.windows += 1

    def until(self, is_true, seconds=5):
        end = time.monotonic() + seconds
        while not is_true() and not self.is_closed and time.monotonic() < end:
            self.look(0.02)
        return is_true()

    def is_over(self, stream):
        return stream in self.ended or stream in self.resets

    def error(self):
        """The code of the GOAWAY that was no farewell; None: there was none."""
        return next((code for code in self.goaways if code != NO_ERROR), None)

    def close(self):
        self.socket.close()
