# SPDX-License-Identifier: BSD-2-Clause
"""The small services of the cases in edges.py, each in a python of its own."""

import contextlib
import os
import select
import signal
import subprocess
import sys

from echo import LO_UP
from session import START_LIMIT, STOP_LIMIT, Failure, Skip, need

# What they have in common. A service says `ready PORT`; then a line of ours is its cue.
COMMON = """
import os, sys, threading, time
from socket import *

def say(*words):
    print(*words, flush=True)

def cue():
    return sys.stdin.readline().strip()

def bound(port, *options):
    sock = socket()
    for option in ((SOL_SOCKET, SO_REUSEADDR, 1), *options):
        sock.setsockopt(*option)
    sock.bind(("127.0.0.1", port))
    return sock

def listening(*options):
    sock = bound(0, *options)
    sock.listen(256)
    return sock

def port_of(sock):
    return sock.getsockname()[1]

def thread(function, *words):
    threading.Thread(target=function, args=words, daemon=True).start()

def echo(sock):
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    with sock.makefile("rb") as lines:
        for line in lines:
            sock.sendall(line)

def serve(sock, connection=echo):
    while True:
        thread(connection, sock.accept()[0])
"""

# A plain one, a thread for each connection; with a word, the first request ends the handshake.
LINES = """
sock = listening(*[(IPPROTO_TCP, TCP_DEFER_ACCEPT, 2)] * (len(sys.argv) > 1))
say("ready", port_of(sock))
serve(sock)
"""

# Service and client in a network namespace, where the setting is nobody else's. A held client takes no
# packets until the service has read its request: that is then read before there is a connection.
FAST_OPEN = LO_UP + """
import ctypes
from socket import *

PLAIN, HELD = int(sys.argv[1]), int(sys.argv[2])
nothing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # a filter: return 0
program = struct.pack("HP", 1, ctypes.addressof(nothing))
ATTACH, DETACH, SYN_DATA = 26, 27, 32

def ask(sock):
    sock.sendall(b"ask\\n")
    assert sock.recv(64) == b"ask\\n"

def dial(hold):
    client = socket()
    if hold:
        client.setsockopt(SOL_SOCKET, ATTACH, program)
    client.sendto(b"ask\\n", MSG_FASTOPEN | (MSG_DONTWAIT if hold else 0), sock.getsockname())
    return client

def finish(client):
    client.settimeout(5)
    assert client.recv(64) == b"ask\\n"
    ask(client)
    return bool(client.getsockopt(IPPROTO_TCP, TCP_INFO, 8)[5] & SYN_DATA)

read = []
def counting(sock):
    sock.recv(64, MSG_PEEK)
    read.append(sock)
    echo(sock)

try:
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as setting:
        setting.write("3")
except OSError as error:
    say("skip", error)
    cue()
sock = listening((IPPROTO_TCP, TCP_FASTOPEN, 64))
thread(serve, sock, counting)
say("ready", port_of(sock))
cue()
finish(dial(False))  # gets the cookie
fast = sum(finish(dial(False)) for _ in range(PLAIN))
clients = [dial(True) for _ in range(HELD)]
end = time.monotonic() + 3
while len(read) < 1 + PLAIN + HELD and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.05)
early = len(read)
for client in clients:
    client.setsockopt(SOL_SOCKET, DETACH, 0)
fast += sum(finish(client) for client in clients)
say("done", fast, early)
cue()
"""

# Head and body, with a pause between them if asked so.
PAUSE = """
def pausing(sock):
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    while question := sock.recv(64):
        sock.sendall(b"h" * 100)
        if question == b"slow":
            time.sleep(float(sys.argv[1]))
        sock.sendall(b"b" * 1000)

sock = listening()
say("ready", port_of(sock))
serve(sock, pausing)
"""

# It becomes itself once more, and keeps the socket that it listens on.
EXEC = """
if len(sys.argv) > 1:
    sock = socket(fileno=int(sys.argv[1]))
    say("again")
    serve(sock)
sock = listening()
say("ready", port_of(sock))
cue()
sock.set_inheritable(True)
os.execv(sys.executable, [*sys.orig_argv, str(sock.fileno())])
"""

UNBOUND = """
cue()
sock = socket()
sock.listen()
say("ready", port_of(sock))
serve(sock)
"""

# Two processes listen on each port in the same moment, as near as two CPUs can come.
TOGETHER = """
pairs = [[bound(int(port), (SOL_SOCKET, SO_REUSEPORT, 1)) for _ in "ab"] for port in sys.argv[1:]]
moment = float(cue())
mine = 0 if os.fork() else -1
os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[mine]})
for pair in pairs:
    while time.monotonic() < moment:
        pass
    pair[mine].listen()
    moment += 0.004
for pair in pairs:
    thread(serve, pair[mine])
if not mine:
    time.sleep(0.1)
    say("ready", 0)
time.sleep(60)
"""

# It speaks first, and often.
PUSH = """
def pushing(sock):
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    for _ in range(int(sys.argv[1])):
        sock.sendall(b"p" * 1000)
        time.sleep(0.005)
    echo(sock)

sock = listening()
say("ready", port_of(sock))
serve(sock, pushing)
"""


class Service:
    """A service in a python of its own, in a session of its own, and all of it ended at the end."""

    def __init__(self, source, *words, netns=False):
        self.command = [sys.executable, "-c", COMMON + source, *map(str, words)]
        if netns:
            self.command = [need("unshare"), "-n", *self.command]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self.pid = self.process.pid
        return self

    def hears(self):
        """Its next line, as words; it says one at a time."""
        if not select.select([self.process.stdout], [], [], START_LIMIT)[0]:
            raise Failure(f"the service says nothing for {START_LIMIT} s")
        line = self.process.stdout.readline().decode().split()
        if not line:
            raise Failure(f"the service ended: {self.process.stderr.read()[-300:].decode()}")
        if line[0] == "skip":
            raise Skip(" ".join(line[1:]))
        return line

    def ready(self):
        return int(self.hears()[1])

    def cue(self, text=""):
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(STOP_LIMIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
