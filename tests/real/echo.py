# SPDX-License-Identifier: BSD-2-Clause
"""What the cases of filters and faults are made of: a service that counts, lvt, a verdict.

The service answers a line with a line, so that what is counted here is counted exactly.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

import cases
from session import LVT, START_LIMIT, STOP_LIMIT, Failure, Skip, Trace, free_port, need, stop

HOST = "127.0.0.1"

# echo.py NAME HOST:PORT...: waits for a line on stdin, then listens. SIGTERM: its counts as JSON.
ECHO = """
import json, resource, selectors, signal, socket, sys

name, places = sys.argv[1], [place.rsplit(":", 1) for place in sys.argv[2:]]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
open("/proc/self/comm", "w").write(name)
served, poll = {}, selectors.DefaultSelector()

def end(*_):
    print(json.dumps(served), flush=True)
    sys.exit(0)

def listen(host, port):
    served.setdefault(port, 0)
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in host:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, int(port)))
    sock.listen(4096)
    poll.register(sock, selectors.EVENT_READ, (True, port))

signal.signal(signal.SIGTERM, end)
sys.stdin.readline()
for host, port in places:
    listen(host, port)
print("ready", flush=True)
while True:
    for key, _ in poll.select():
        listening, port = key.data
        if listening:
            poll.register(key.fileobj.accept()[0], selectors.EVENT_READ, (False, port))
            continue
        try:
            data = key.fileobj.recv(4096)
            if data:
                served[port] += 1
                key.fileobj.send(data)
                continue
        except OSError:
            pass
        poll.unregister(key.fileobj)
        key.fileobj.close()
"""

ASK = """
import socket, sys
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
for _ in range(int(sys.argv[3])):
    sock.sendall(b"ask\\n")
    assert sock.recv(64) == b"ask\\n"
"""

# The loopback of a new namespace is down: SIOCSIFFLAGS, IFF_UP | IFF_RUNNING.
LO_UP = """
import fcntl, socket, struct
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
sock.close()
"""


class Echo:
    """A small service on one or more ports; usable as `with Echo(port) as echo`."""

    def __init__(self, *ports, name="lvt-echo", places=(), netns=False, wait=False):
        """`places`: further (host, port). `wait`: listen only when listen() is called."""
        self.places = [(HOST, port) for port in ports] + list(places)
        self.name, self.netns, self.wait = name, netns, wait

    def __enter__(self):
        source = LO_UP + ECHO if self.netns else ECHO
        command = [sys.executable, "-c", source, self.name]
        command += [f"{host}:{port}" for host, port in self.places]
        if self.netns:
            command = [need("unshare"), "-n", *command]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.pid = self.process.pid  # unshare becomes the program
        try:
            if not self.wait:
                self.listen()
        except BaseException:
            self.__exit__()
            raise
        return self

    def listen(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != b"ready\n":
            raise Failure(f"the service does not start: {self.process.stderr.read()[-300:]}")

    def ask(self, number, place=0, connections=1):
        """Ask so often on each of some new connections, one after the other."""
        host, port = self.places[place]
        if self.netns:
            words = [need("nsenter"), "-t", str(self.pid), "-n", sys.executable, "-c", ASK]
            subprocess.run([*words, host, str(port), str(number)], check=True, timeout=10)
            return
        for _ in range(connections):
            with socket.create_connection((host, port), 5) as sock:
                ask(sock, number)

    def served(self):
        """End it; returns how many lines it answered, by port."""
        self.process.send_signal(signal.SIGTERM)
        text = self.process.communicate(timeout=STOP_LIMIT)[0]
        return {int(port): number for port, number in json.loads(text).items()}

    def __exit__(self, *_):
        stop(self.process, signal.SIGKILL)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


def ask(sock, number=1):
    for _ in range(number):
        sock.sendall(b"ask\n")
        if sock.recv(64) != b"ask\n":
            raise Failure("a request has no answer")


def ports(number):
    found = set()
    while len(found) < number:
        found.add(free_port(HOST))
    return list(found)


class Lvt(Trace):
    """`lvt record` with any words, from its attach to its report."""

    def __init__(self, *words, **popen):
        super().__init__(0)
        self.command = [LVT, "record", "--format", "json", *map(str, words)]
        self.popen = popen

    def __enter__(self):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self.stdout,
            stderr=subprocess.PIPE,
            **self.popen,
        )
        try:
            self._wait_tracing()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_tracing(self):
        """As in Trace, but a descriptor may be beyond 1,024, which select() cannot take."""
        end = time.monotonic() + START_LIMIT
        poll = select.poll()
        poll.register(self.process.stderr, select.POLLIN)
        while b"tracing" not in self.talk:
            left = end - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise Failure(f"lvt does not trace after {START_LIMIT} s: {self.said()}")
            chunk = os.read(self.process.stderr.fileno(), 4096)
            if not chunk:
                raise Failure(f"lvt ended before it traced: {self.said()}")
            self.talk += chunk

    def report(self):
        return json.loads(self.finish())


def counts(report):
    """Requests by port."""
    return {service["port"]: service["requests"] for service in report["services"]}


def says(what, found, expected):
    return found == expected, f"{what}: {found}, expected {expected}"


def no_loss(report):
    lost = {name: number for name, number in report["loss"].items() if number}
    return not lost, f"no loss: {lost}"


def outcome(asked, checks, served=None):
    return cases.Result(client=asked, truth=asked if served is None else served, extra=checks)


def case(name):
    """A case that is nothing without lvt."""

    def add(function):
        def body(lvt):
            if not lvt:
                raise Skip("nothing to check without lvt")
            return function()

        body.__doc__ = function.__doc__
        return cases.case(name)(body)

    return add
