# SPDX-License-Identifier: BSD-2-Clause
"""Clients of ours, for loads that no packaged one makes. Each says what was answered."""

import http.client
import socket
import threading

from session import CLIENT_LIMIT, Failure


def in_threads(jobs):
    """Run functions at once, to their end; returns what they returned, in order."""
    results, errors = [None] * len(jobs), []

    def run(place, job):
        try:
            results[place] = job()
        except Exception as error:  # it is raised again, by the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=run, args=work, daemon=True) for work in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLIENT_LIMIT)
    if errors:
        raise errors[0] if isinstance(errors[0], Failure) else Failure(f"a client: {errors[0]!r}")
    if any(thread.is_alive() for thread in threads):
        raise Failure(f"a client has not ended after {CLIENT_LIMIT} s")
    return results


def http_gets(server, number, connections=1):
    """So many requests on each of some connections at once; returns how many got a 200."""

    def gets():
        link, good = http.client.HTTPConnection(server.host, server.port, timeout=10), 0
        for _ in range(number):
            link.request("GET", "/")
            answer = link.getresponse()
            good += answer.status == 200 and bool(answer.read())
        link.close()
        return good

    return sum(in_threads([gets] * connections))


def download(server, path, after_read=lambda: None, chunk=1 << 18):
    """One file on a connection of its own; returns its size. after_read() may take its time."""
    with socket.socket() as sock:
        # Else the kernel of the client takes in several MB that its program has not read.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, chunk)
        sock.settimeout(10)
        sock.connect((server.host, server.port))
        sock.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        size, head = 0, b""
        while data := sock.recv(chunk):
            if b"\r\n\r\n" not in head:
                head += data
                size -= head.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in head else 0
            size += len(data)
            after_read()
    if not head.startswith(b"HTTP/1.1 200"):
        raise Failure(f"no download: {head[:60]}")
    return size


class WebSocketClient:
    """A connection after its handshake: frames of text, up to 125 bytes."""

    def __init__(self, server):
        self.sock = socket.create_connection((server.host, server.port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = self.sock.makefile("rb")
        self.sock.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        head = b"".join(iter(self.bytes.readline, b"\r\n"))
        if b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" not in head:  # the example of RFC 6455
            raise Failure(f"no WebSocket handshake: {head}")

    def send(self, text):
        mask = b"\x12\x34\x56\x78"
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text.encode()))
        self.sock.sendall(bytes([0x81, 0x80 | len(body)]) + mask + body)

    def frames(self, number):
        """Reads so many."""
        for _ in range(number):
            head = self.bytes.read(2)
            if len(head) < 2 or len(self.bytes.read(head[1])) < head[1]:
                raise Failure("the WebSocket ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bytes.close()
        self.sock.close()


class Resp:
    """A connection to redis; usable as `with Resp(server) as redis`."""

    def __init__(self, server):
        self.sock = socket.create_connection((server.host, server.port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.sock.makefile("rb")
        self.address = "{}:{}".format(*self.sock.getsockname())

    def send(self, *words):
        parts = [str(word).encode() for word in words]
        body = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self.sock.sendall(b"*%d\r\n" % len(parts) + body)

    def reply(self):
        line = self.lines.readline()
        kind, text = line[:1], line[1:].strip()
        if kind == b"+":
            return text
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == b"-1" else self.lines.read(int(text) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(text))]
        raise Failure(f"redis says {line!r}")

    def ask(self, *words):
        self.send(*words)
        return self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.sock.close()
