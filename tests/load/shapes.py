# SPDX-License-Identifier: BSD-2-Clause
"""Shapes of a load: profiles, mixes, sizes, frames, connections."""

import collections
import os
import socket
import time

from harness import Load, Service, case, consistent, load, raw
from session import Failure

HTTP = ("queue_server", "--http")


def by_slot(times, slot):
    """How many came in each slot since the first."""
    begin, counts = times[0], collections.Counter()
    for at in times:
        counts[int((at - begin) / slot)] += 1
    return [counts[i] for i in range(max(counts) + 1)]


def profiled(check, profile, wanted, slot=1.0):
    """The requests of each slot are those that the profile says."""
    with Service("queue_server") as service:
        words = ("--arrivals", "constant", "-d", len(wanted) * slot, "--profile", profile)
        view = raw(service, *words)
        times = [record[0] / 1e9 for record in service.account()]
    counts = by_slot(times, slot)[: len(wanted)]
    for got, due in zip(counts, wanted):
        room = max(3, 0.05 * due)
        check.timed(abs(got - due) <= room, f"'{profile}': {counts}, to be {wanted}")
    check.near(view["scheduled"], sum(wanted), 0.02, f"'{profile}': scheduled", timed=False)
    check.near(view["rate_intended"], sum(wanted) / len(wanted) / slot, 0.02, "rate_intended")
    check.equal(view["sent"], len(times), "the server's requests")
    check.that(view["profile"], f"profile {view['profile']}")
    consistent(check, view)


@case("profile-step")
def step(check):
    profiled(check, "step 200 600 200 0.5s", [100, 200, 300], slot=0.5)


@case("profile-ramp")
def ramp(check):
    # The area below a line from 200 to 1000 in 2 s.
    profiled(check, "ramp 200 1000 2s", [150, 250, 350, 450], slot=0.5)


@case("profile-burst")
def burst(check):
    # 100/s, but 1100/s in 0.2 s of each second; where in the second, the profile knows.
    with Service("queue_server") as service:
        words = ("--arrivals", "constant", "-d", 2, "--profile", "burst 100 1100 1 0.2")
        view = raw(service, *words)
        times = [record[0] / 1e9 for record in service.account()]
    counts = by_slot(times, 0.1)
    peaks = [n for n in counts if n > 60]
    check.timed(3 <= len(peaks) <= 6, f"tenths of a second above the base: {counts}")
    check.near(view["scheduled"], 2 * (0.2 * 1100 + 0.8 * 100), 0.02, "scheduled", timed=False)
    consistent(check, view)


@case("profile-poisson")
def poisson(check):
    """Without --arrivals a profile is of poisson arrivals: the counts have a deviation."""
    with Service("queue_server") as service:
        view = raw(service, "-d", 2, "--profile", "ramp 0 2000 2", "--seed", 5)
        times = [record[0] / 1e9 for record in service.account()]
    check.near(view["scheduled"], 2000, 4 / 2000**0.5, "scheduled", timed=False)
    early = sum(at < times[0] + 1 for at in times)
    check.near(early / len(times), 0.25, 0.2, "share of the first half")


@case("mix-http")
def mix_http(check):
    """Requests in the proportions of their weights, each as it was given."""
    with Service(*HTTP) as service:
        words = ("--rate", 2000, "-d", 1, "--mix", "6 GET /a", "--mix", "3 GET /bb")
        view = load(service.target, *words, "--mix", "1 POST /c {key}", "--keys", 10)
        seen = collections.Counter(
            record[4].to_bytes(8, "little").split()[0:2][-1] for record in service.account()
        )
    n = sum(seen.values())
    check.equal(n, view["sent"], "the server's requests")
    for path, share in ((b"/a", 0.6), (b"/bb", 0.3), (b"/c", 0.1)):
        room = 4 * (share * (1 - share) / n) ** 0.5
        got = seen[path] / n
        check.that(abs(got - share) < room, f"{path.decode()}: {got:.3f}, to be {share}")
    check.equal(len(view["mix"]), 3, "mix in the report")
    consistent(check, view)


def framed(check, *options, served=(), size=None):
    with Service("queue_server", *served) as service:
        view = load(service.target, "--protocol", "raw", "--rate", 300, "-d", 0.5, *options)
        records = service.account()
    name = " ".join(map(str, options))
    check.equal(view["failed"], 0, f"{name}: failed ({view['errors']})")
    check.equal(len(records), view["sent"], f"{name}: the server's requests")
    sizes = {record[3] for record in records}
    if size:
        check.equal(sizes, {size}, f"{name}: sizes")
        check.equal(view["bytes_sent"], size * view["sent"], f"{name}: bytes sent")
    numbers = [record[4] for record in records]
    check.equal(len(set(numbers)), len(numbers), f"{name}: each request has its own number")
    consistent(check, view)


@case("raw-frames")
def frames(check):
    """Fixed and length-prefixed requests, small and large, echoed or summed."""
    framed(check, "--verify", "echo", size=64)
    framed(check, "--verify", "crc32", served=("--verify", "crc32"), size=64)
    large = ("--size", 20000)
    framed(check, *large, "--verify", "echo", served=large, size=20000)
    length = ("--framing", "length")
    framed(check, *length, "--verify", "echo", "--size", 100, served=length, size=104)
    crc = ("--verify", "crc32")
    framed(check, *length, *crc, "--size", 1000, served=(*length, *crc), size=1004)


@case("raw-answer-size")
def answer_size(check):
    """--size N:M: requests of N bytes, answers of M."""
    served = ("--size", 100, "--answer", 3000, "--verify", "crc32")
    framed(check, "--size", "100:3000", "--verify", "crc32", served=served, size=100)


@case("many-connections", alone=True)
def many(check):
    """2,000 connections, all of them used."""
    with Service("delay_server", "--time", "constant:500000") as service:
        view = raw(service, "--rate", 4000, "-c", 2000, "-d", 1, "--arrivals", "constant")
        service.account()
        connections = service.counts["connections"]
    check.equal(connections, 2000, "connections at the server")
    check.equal(view["failed"], 0, f"failed ({view['errors']})")
    check.equal(view["scheduled"], 4000, "scheduled")
    check.equal(view["reconnects"], 0, "reconnects")
    consistent(check, view)


@case("close")
def close(check):
    """--close: a connection a request, and its making is in the latency."""
    with Service(*HTTP) as service:
        view = load(service.target, "--rate", 200, "-d", 1, "--close", "--arrivals", "constant")
        count = len(service.account())
        connections = service.counts["connections"]
    check.equal(count, view["sent"], "the server's requests")
    check.that(count <= connections <= count + 50, f"{connections} connections, {count} requests")
    check.that(view["connection_ns"]["mean"] > 0, "connecting takes its time")
    check.equal(view["failed"], 0, f"failed ({view['errors']})")
    consistent(check, view)


@case("threads")
def threads(check):
    """Two threads are one load."""
    with Service("queue_server") as service:
        words = ("--arrivals", "constant", "-t", 2, "-c", 10, "-d", 1)
        view = raw(service, "--rate", 1000, *words)
        count = len(service.account())
        connections = service.counts["connections"]
    check.equal(view["scheduled"], 1000, "scheduled")
    check.equal((count, connections), (1000, 10), "requests and connections at the server")
    check.equal((view["threads"], view["failed"]), (2, 0), "threads, failed")
    consistent(check, view)


@case("pinned")
def pinned(check):
    """--cpus: its threads are where they were put; none of them stands back behind other processes."""
    cpu = max(os.sched_getaffinity(0))
    with Service("queue_server") as service:
        words = ("--protocol", "raw", "--rate", 200, "-d", 1, "--cpus", cpu, "-t", 2)
        with Load(service.target, *words, first=("chrt", "-o", "0")) as run:
            found = {}
            while run.process.poll() is None:
                found.update(threads_of(run.process.pid))
                time.sleep(0.05)
            run.finish()
    workers = [at for name, *at in found.values() if name == "lvt-load"]
    check.equal(workers, [[{cpu}, os.SCHED_OTHER, 0]] * 2, "CPUs, policy, nice value of its threads")


def threads_of(pid):
    """{id: (name, CPUs, scheduling policy, nice value)}"""
    found = {}
    try:
        for task in map(int, os.listdir(f"/proc/{pid}/task")):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as comm:
                name = comm.read().strip()
            nice = os.getpriority(os.PRIO_PROCESS, task)
            found[task] = name, os.sched_getaffinity(task), os.sched_getscheduler(task), nice
    except OSError:
        pass  # it has ended
    return found


@case("ipv6")
def ipv6(check):
    """A target in brackets, and a name."""
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError as error:
        raise Failure("no IPv6 here") from error
    with Service("queue_server") as service:
        view = load(f"localhost:{service.port}", "--protocol", "raw", "--rate", 100, "-d", 0.5)
        count = len(service.account())
    check.equal(view["ok"], count, "by name")
    with Load(f"[::1]:{service.port}", "--rate", 100, "-d", 0.5) as run:
        run.finish(status=1)
    check.that("refused" in run.talk and "[::1]" in run.talk, f"talk: {run.talk}")
