# SPDX-License-Identifier: BSD-2-Clause
"""Servers with a known reason to be slow, and the neighbour that is one."""

import os
import re
import subprocess
import sys

from servers import Counting, Nginx, Node
from session import Failure, Server, first_number, need, stop


class SlowBackend(Counting):
    """It sleeps before each answer, and clocks how long it had each request."""

    name = "slow-backend"
    SOURCE = """
import os, signal, socket, sys, threading, time

port, host, delay, name = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
took, answer = [], b"x" * 200
head = b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(answer)

def connection(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    text = b""
    while data := sock.recv(4096):
        text += data
        if not text.endswith(b"\\r\\n\\r\\n"):
            continue
        start = time.monotonic_ns()
        time.sleep(delay)
        took.append(time.monotonic_ns() - start)
        sock.sendall(head + answer)
        if b"Connection: close" in text:
            break
        text = b""
    sock.close()

def end(*_):
    os.write(1, b"served %d\\nslept %d\\n" % (len(took), sum(took)))
    os._exit(0)

with open("/proc/self/comm", "w") as comm:
    comm.write(name)
signal.signal(signal.SIGTERM, end)
listening = socket.create_server((host, port), backlog=128)
while True:
    threading.Thread(target=connection, args=[listening.accept()[0]], daemon=True).start()
"""

    def __init__(self, delay):
        self.delay = delay

    def prepare(self):
        self.script = self.write("backend.py", self.SOURCE)

    def command(self):
        words = [self.script, str(self.port), self.host, str(self.delay), self.name]
        return [need("python3"), *words]

    def slept(self):
        """The ns of all its sleeps; ends it, as served() does."""
        stop(self.process)
        return first_number(r"slept (\d+)", self.log_text(), "time of the backend")


class Proxy(Nginx):
    """nginx before a backend, to which it keeps its connections or not."""

    def __init__(self, backend, keep):
        keepalive = "keepalive 32;" if keep else ""
        persist = 'proxy_http_version 1.1; proxy_set_header Connection "";' if keep else ""
        super().__init__(
            config=f"upstream backend {{ server {backend.host}:{backend.port}; {keepalive} }}",
            location=f"proxy_pass http://backend; {persist}",
        )


class NodePool(Node):
    """Its handler lets libuv's pool work: the event loop waits, or turns to others."""

    SOURCE = Node.SOURCE.replace(
        "response.end(body)",
        'require("crypto").pbkdf2("lvt", "salt", 20000, 64, "sha512", () => response.end(body))',
    )


HOG = """
import os
with open("/proc/self/comm", "w") as comm:
    comm.write("cpu-hog")
print("ready", flush=True)
while os.getppid() == {parent}:
    for _ in range(1000000):
        pass
"""


class NodeBesideHog(Node):
    """On one CPU with a process that always wants it."""

    def started(self):
        self.cpu = max(os.sched_getaffinity(0))
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            os.sched_setaffinity(int(task), {self.cpu})
        self.hog = subprocess.Popen(
            [sys.executable, "-c", HOG.format(parent=os.getpid())],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        os.sched_setaffinity(self.hog.pid, {self.cpu})
        if self.hog.stdout.readline() != b"ready\n":
            raise Failure("the neighbour does not start")

    def __exit__(self, *words):
        if getattr(self, "hog", None):
            stop(self.hog)
            self.hog.stdout.close()
        super().__exit__(*words)


class WebSocket(Counting):
    """It echoes each frame of text, with two exceptions.

    `push N MS` is answered by N frames that are MS ms apart; after the echo of `later N MS` come
    N more, unasked, when MS ms have gone by.
    """

    name = "websocket"
    SOURCE = """
import base64, hashlib, os, signal, socket, sys, threading, time

served = [0]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455

def frame(sock, text):
    sock.sendall(bytes([0x81, len(text)]) + text)

def messages(sock, lines):
    while len(head := lines.read(2)) == 2:
        size = head[1] & 0x7f
        mask, text = lines.read(4), lines.read(size)
        yield bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))

def connection(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lines, key = sock.makefile("rb"), b""
    while line := lines.readline().strip():
        if line.lower().startswith(b"sec-websocket-key:"):
            key = line.split()[1]
    if not key:
        return sock.close()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n"
                 b"Connection: Upgrade\\r\\nSec-WebSocket-Accept: %s\\r\\n\\r\\n" % accept)
    served[0] += 1
    for message in messages(sock, lines):
        served[0] += 1
        word, *numbers = message.split()
        if word == b"push":
            for _ in range(int(numbers[0])):
                frame(sock, b"p" * 100)
                time.sleep(int(numbers[1]) / 1000)
        else:
            frame(sock, message)
        if word == b"later":
            time.sleep(int(numbers[1]) / 1000)
            for _ in range(int(numbers[0])):
                frame(sock, b"p" * 100)
                time.sleep(0.005)
    sock.close()

def end(*_):
    os.write(1, b"served %d\\n" % served[0])
    os._exit(0)

signal.signal(signal.SIGTERM, end)
listening = socket.create_server((sys.argv[2], int(sys.argv[1])), backlog=128)
while True:
    threading.Thread(target=connection, args=[listening.accept()[0]], daemon=True).start()
"""

    def prepare(self):
        self.script = self.write("websocket.py", self.SOURCE)

    def command(self):
        return [need("python3"), self.script, str(self.port), self.host]


class TlsServer(Server):
    """openssl s_server with kernel TLS: a page about the session for each request."""

    name = "openssl s_server"

    def __init__(self, ktls=True):
        self.ktls = ktls

    def prepare(self):
        names = ["-keyout", self.path("key.pem"), "-out", self.path("cert.pem")]
        done = subprocess.run(
            [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", *names],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failure(f"no certificate: {done.stderr[-200:].decode()}")

    def command(self):
        return [
            need("openssl"), "s_server", "-accept", f"{self.host}:{self.port}", "-www",
            "-key", self.path("key.pem"), "-cert", self.path("cert.pem"), "-num_tickets", "0",
            *(["-ktls"] if self.ktls else []),
        ]  # fmt: skip


def tls_stat(name):
    """A counter of the kernel's TLS, 0 if there is none."""
    try:
        with open("/proc/net/tls_stat", encoding="ascii") as text:
            found = re.search(rf"^{name}\s+(\d+)", text.read(), re.M)
            return int(found.group(1)) if found else 0
    except FileNotFoundError:
        return 0


def tls_in_kernel():
    with open("/proc/sys/net/ipv4/tcp_available_ulp", encoding="ascii") as words:
        return "tls" in words.read().split()
