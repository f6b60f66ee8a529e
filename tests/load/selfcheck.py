# SPDX-License-Identifier: BSD-2-Clause
"""The services and the statistics by themselves, so that a failure elsewhere is lvt's."""

import http.client
import random
import socket
import struct
import threading
import time
import zlib

import statistic
from harness import Service, case
from targets import Target

CONNECTIONS, EACH = 12, 40


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def ask(sock, number, size=64):
    """A raw request and its answer; returns (whether it is the echo, ns)."""
    request = struct.pack("<Q", number) + random.randbytes(size - 8)
    begin = time.monotonic_ns()
    sock.sendall(request)
    return receive(sock, size) == request, time.monotonic_ns() - begin


def ask_many(service):
    """[(echo, ns)] of a few connections that each ask one by one."""
    found = []

    def client(which):
        with socket.create_connection(("127.0.0.1", service.port)) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found.extend([ask(sock, which * EACH + i) for i in range(EACH)])

    threads = [threading.Thread(target=client, args=(i,)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


@case("self-delays", without_lvt=True)
def delays(check):
    """The delays have their distribution, are applied, and are what a client sees."""
    with Service("delay_server", "--time", "exp:8000") as service:
        found = ask_many(service)
        records = service.account()
    n = CONNECTIONS * EACH
    check.equal((len(records), sum(echo for echo, _ in found)), (n, n), "requests, echoes")
    check.equal({r[4] for r in records}, set(range(n)), "their numbers")
    drawn = [r[2] for r in records]
    d = statistic.kolmogorov_smirnov(drawn, statistic.exponential_cdf(8e6))
    limit = statistic.kolmogorov_limit(n, 1e-4)
    check.that(d < limit, f"drawn: distance {d:.3f}, limit {limit:.3f}")
    check.that(all(r[1] >= r[2] for r in records), "none is answered too early")
    late = statistic.quantile(sorted(r[1] - r[2] for r in records), 0.5)
    check.timed(late < 1e6, f"half are at most {late / 1e3:.0f} us late")
    took, seen = sorted(r[1] for r in records), sorted(ns for _, ns in found)
    check.that(all(a <= b for a, b in zip(took, seen)), "no client saw less")
    more = statistic.mean(seen) - statistic.mean(took)
    check.timed(more < 2e6, f"a client sees {more / 1e3:.0f} us more in the mean")


@case("self-queue", without_lvt=True)
def queue(check):
    """One at a time: service times do not overlap, and the distributions are as asked."""
    for form, mean in (("exp:500", 500e3), ("two:100,2000,0.25", 575e3), ("constant:300", 300e3)):
        for how in ((), ("--sleep",)):
            with Service("queue_server", "--time", form, *how) as service:
                found = ask_many(service)
                records = service.account()
            n = len(found)
            check.equal((len(records), sum(echo for echo, _ in found)), (n, n), "requests")
            got = statistic.mean([r[2] for r in records])
            check.near(got, mean, 0.2, f"{form} mean", timed=False)
            ends = sorted((r[0] + r[1], r[2]) for r in records)
            apart = all(b[0] - a[0] >= b[1] for a, b in zip(ends, ends[1:]))
            check.that(apart, f"{form} {how}: no two are served at a time")


@case("self-frames", without_lvt=True)
def frames(check):
    """Frames, sums, sizes, requests in pieces and several at a time."""
    options = ("--framing", "length", "--verify", "crc32")
    with Service("queue_server", *options) as service:
        with socket.create_connection(("127.0.0.1", service.port), 5) as sock:
            payloads = [random.randbytes(n) for n in (4, 100, 5000)]
            stream = b"".join(struct.pack(">I", len(p)) + p for p in payloads)
            sock.sendall(stream[:2])
            time.sleep(0.01)
            sock.sendall(stream[2:50])
            time.sleep(0.01)
            sock.sendall(stream[50:])
            for payload in payloads:
                size, crc = struct.unpack(">II", receive(sock, 8))
                rest = receive(sock, size - 4)
                right = (size, crc, rest) == (len(payload), zlib.crc32(payload), payload[4:])
                check.that(right, f"the answer to {len(payload)} bytes")
        check.equal([r[3] for r in service.account()], [8, 104, 5004], "sizes")
    with Service("queue_server", "--size", 16, "--answer", 40) as service:
        with socket.create_connection(("127.0.0.1", service.port), 5) as sock:
            sock.sendall(b"x" * 16)
            check.equal(receive(sock, 40), b"x" * 16 + b"\0" * 24, "a longer answer")


@case("self-http", without_lvt=True)
def plain_http(check):
    with Service("queue_server", "--http") as service:
        client = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
        for method, path, body in (("GET", "/a", None), ("POST", "/b", b"12"), ("GET", "/c", None)):
            client.request(method, path, body)
            answer = client.getresponse()
            check.equal((answer.status, answer.read()), (200, b"hello\n"), path)
        client.close()
        firsts = [r[4].to_bytes(8, "little") for r in service.account()]
        check.equal(firsts, [b"GET /a H", b"POST /b ", b"GET /c H"], "requests")
        check.equal(service.counts, {"requests": 3, "connections": 1}, "counts")


# Python's client takes a 103 for the answer.
RIGHT = ("plain", "chunked", "trailers", "pieces", "chunk-pieces", "big-head", "continue",
         "says-close", "until-close", "old", "odd-case", "twice")  # fmt: skip
CUT = (http.client.IncompleteRead, http.client.RemoteDisconnected, ConnectionResetError)


@case("self-targets", without_lvt=True)
def targets(check):
    """What the table of answers calls right is so for Python's client, and what it cuts is cut."""
    wanted = {name: (200, b"hello\n") for name in RIGHT}
    wanted.update({"no-content": (204, b""), "not-modified": (304, b""), "500": (500, b"hello\n")})
    wanted.update({name: "cut" for name in ("close", "reset", "half", "half-chunk")})
    for name, result in wanted.items():
        with Target(name) as target:
            client = http.client.HTTPConnection(*target.target.split(":"), timeout=5)
            try:
                client.request("GET", "/")
                answer = client.getresponse()
                got = (answer.status, answer.read())
            except CUT:
                got = "cut"
            client.close()
        check.equal(got, result, name)
        check.equal(target.requests, 1, f"{name}: requests")


@case("self-statistics", without_lvt=True)
def statistics(check):
    """The test of arrivals passes right ones and finds wrong ones."""
    source = random.Random(1)
    n, limit = 900, statistic.kolmogorov_limit(900, 0.001 / 20)
    exponential = statistic.exponential_cdf(1.0)

    def distance(draw):
        return statistic.kolmogorov_smirnov([draw() for _ in range(n)], exponential)

    right = [distance(lambda: source.expovariate(1)) for _ in range(200)]
    check.that(max(right) < limit, f"200 right samples: {max(right):.4f}, limit {limit:.4f}")
    wrong = {
        "constant": lambda: 1.0,
        "uniform": lambda: source.uniform(0, 2),
        "a fifth too fast": lambda: source.expovariate(1.25),
        "Erlang": lambda: (source.expovariate(2) + source.expovariate(2)),
        "cut off": lambda: min(2.0, source.expovariate(1)),
    }
    for name, draw in wrong.items():
        d = distance(draw)
        check.that(d > limit, f"{name}: {d:.4f}, limit {limit:.4f}")
    check.near(statistic.slope([3 + 2 * i for i in range(9)]), 2, 1e-9, "slope", timed=False)
