# SPDX-License-Identifier: BSD-2-Clause
"""Targets that misbehave, or that are unusual and right: a table of what they answer."""

import socket
import struct
import threading
import time

BODY = b"hello\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + BODY
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"  # fatal, protocol version: RFC 5246, 7.2
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
KEEP, CLOSE, RESET, HANG = "keep", "close", "reset", "hang"


def head(*fields, status=b"200 OK", version=b"1.1"):
    return b"\r\n".join([b"HTTP/" + version + b" " + status, *fields, b"", b""])


def pieces(answer):
    return [answer[i : i + 1] for i in range(len(answer))]


# name -> (what a request gets, what becomes of the connection then). A list is sent piece by piece.
ANSWERS = {
    # wrong ones
    "silent": (b"", HANG),
    "close": (b"", CLOSE),
    "reset": (b"", RESET),
    "half": (head(b"Content-Length: 100") + b"half", CLOSE),
    "half-head": (b"HTTP/1.1 200 OK\r\nContent-Le", CLOSE),
    "half-chunk": (CHUNKED + b"10\r\nhalf", CLOSE),
    "half-silent": (head(b"Content-Length: 100") + b"half", HANG),
    "garbage": (b"\x00\xff\xfenothing of the kind\r\n\r\n" * 4, CLOSE),
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", CLOSE),
    "bad-chunk": (CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", CLOSE),
    "bad-length": (head(b"Content-Length: -5") + BODY, CLOSE),
    "huge-length": (head(b"Content-Length: 99999999999999999999999") + BODY, CLOSE),
    "two-lengths": (head(b"Content-Length: 6", b"Content-Length: 7") + BODY, CLOSE),
    "500": (head(b"Content-Length: 6", status=b"500 No") + BODY, KEEP),
    "404": (head(b"Content-Length: 6", status=b"404 No") + BODY, KEEP),
    "tls": (TLS_ALERT, CLOSE),
    "other-body": (head(b"Content-Length: 6") + b"other\n", KEEP),
    "endless-head": ([head(b"a: b")[:-2]] + [b"x: " + b"y" * 8000 + b"\r\n"] * 60, CLOSE),
    # right ones
    "plain": (OK, KEEP),
    "chunked": (CHUNKED + b"2\r\nhe\r\n4;x=y\r\nllo\n\r\n0\r\n\r\n", KEEP),
    "trailers": (CHUNKED + b"6\r\nhello\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", KEEP),
    "pieces": (pieces(OK), KEEP),
    "chunk-pieces": (pieces(CHUNKED + b"6\r\nhello\n\r\n0\r\n\r\n"), KEEP),
    "big-head": (head(b"X: " + b"y" * 6000, b"Content-Length: 6") + BODY, KEEP),
    "big-body": (head(b"Content-Length: 1000000") + b"hello" * 200000, KEEP),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, KEEP),
    "hints": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + OK, KEEP),
    "no-content": (head(status=b"204 No Content"), KEEP),
    "not-modified": (head(b"Content-Length: 6", status=b"304 Not Modified"), KEEP),
    "head": (head(b"Content-Length: 6"), KEEP),
    "says-close": (head(b"Connection: close", b"Content-Length: 6") + BODY, CLOSE),
    "until-close": (head(b"Connection: close") + BODY, CLOSE),
    "old": (head(b"Content-Length: 6", version=b"1.0") + BODY, CLOSE),
    "odd-case": (head(b"CONTENT-length:6", b"connection: Keep-Alive") + BODY, KEEP),
    # two for one, and raw
    "twice": (OK + OK, KEEP),
    "raw-wrong": (b"\x00" * 64, KEEP),
    "raw-half": (b"\x00" * 10, CLOSE),
    "redis-error": (b"-ERR no\r\n", KEEP),
    "redis-garbage": (b"nothing of the kind\r\n", CLOSE),
    "redis-half": (b"$10\r\nhel", CLOSE),
}


class Target:
    """A server of one of these answers, or of several in turn. Counts requests and connections."""

    def __init__(self, *names, at_once=False, port=0):
        self.names, self.at_once, self.port = names, at_once, port
        self.ended = True
        self.requests = self.connections = 0
        self.lock = threading.Lock()
        self.open, self.threads = set(), []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.target = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.ended = False
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        if self.ended:
            return
        self.ended = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for sock in self.open:
                sock.shutdown(socket.SHUT_RDWR) if sock.fileno() >= 0 else None
        for thread in self.threads:
            thread.join(5)

    def _start(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.at_once:
                sock.close()
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open.add(sock)
            self._start(self._serve, sock)

    def _serve(self, sock):
        try:
            # A request is small, and so comes in one piece.
            while sock.recv(65536):
                with self.lock:
                    name = self.names[self.requests % len(self.names)]
                    self.requests += 1
                answer, then = ANSWERS[name]
                for piece in answer if isinstance(answer, list) else [answer]:
                    sock.sendall(piece)
                if then == HANG:
                    while sock.recv(65536):
                        pass
                if then == RESET:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if then != KEEP:
                    break
        except OSError:
            pass  # the client has gone
        with self.lock:
            self.open.discard(sock)
            sock.close()


class Full:
    """Never accepts, and its backlog is full: a further handshake is not answered."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        where = self.listener.getsockname()
        self.target = "127.0.0.1:%d" % where[1]
        self.held = []
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(where)
            self.held.append(sock)
        time.sleep(0.05)
        return self

    def __exit__(self, *_):
        for sock in [*self.held, self.listener]:
            sock.close()


def refusing():
    """A target that refuses: its port was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return "127.0.0.1:%d" % sock.getsockname()[1]
