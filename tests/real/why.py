# SPDX-License-Identifier: BSD-2-Clause
"""Cases: servers with one known reason to be slow. Does the report name it, and how much of it?

No time is compared with a number of ours: orders, shares of one run, and what the server clocked.
"""

import contextlib
import os
import re
import threading
import time

import cgroups
import servers
from backends import NodeBesideHog, NodePool, Proxy, SlowBackend
from cases import Result, case, http_case, redis_benchmark, traced
from clients import Resp, http_gets, in_threads
from reasons import brief, judge, largest, largest_stage, mean, part, rows, share, shares
from session import Skip, first_number

# ---- the disk ----

WRITERS = 4
# One statement is one transaction is one exchange: its answer is sent when it is on the disk.
UPDATE = """\\set aid random(1, 100000)
update pgbench_accounts set abalance = abalance + 1 where aid = :aid;
"""


def updates(server, lvt, commit):
    script = server.write("update.sql", UPDATE)
    words = ["-n", "-f", script, "-c", str(WRITERS), "-T", "1"]
    settings = f"-c synchronous_commit={commit}"
    text, report, service = traced(server, lambda: server.pgbench(*words, settings=settings), lvt)
    done = first_number(r"actually processed: (\d+)", text, "count of pgbench")
    return done, report, service


def disk_checks(safe, fast):
    """Of one server: its commits waited for the disk, and did not wait."""
    disk = rows(safe, "service.disk")
    syncs = {"fsync", "fdatasync", "sync_file_range", "pwrite64", "pwritev"}
    good = bool(disk) and disk[0]["syscall"] in syncs
    yield good, f"the disk is waited for in a sync: {brief(disk)}"
    both = [share(service, "service.disk") for service in (safe, fast)]
    what = f"service.disk is {both[0]:.1%} with synchronous_commit and {both[1]:.1%} without"
    good = both[0] > 0.05 and both[0] > 2 * both[1]
    yield good, f"{what}; {shares(safe)}; without: {shares(fast)}"
    # Who commits while another one syncs sleeps on its semaphore, until that one wakes it.
    lock = [row for row in rows(safe, "service.lock") if not row["other"]]
    good = bool(lock) and (lock[0]["syscall"], lock[0]["waker"]) == ("futex", "postgres")
    yield good, f"others wait in futex for postgres: {brief(lock)}"
    locks = [share(service, "service.lock") for service in (safe, fast)]
    yield locks[0] > locks[1], f"service.lock is {locks[0]:.1%}, and {locks[1]:.1%} without"


@case("why-disk")
def why_disk(lvt):
    """PostgreSQL with and without waiting for the disk at a commit."""
    with servers.Postgres(durable=True) as server:
        fast_done, _, fast = updates(server, lvt, "off")
        done, report, safe = updates(server, lvt, "on")
    connections = WRITERS + 1
    extra = [(fast_done > 0, f"{fast_done} transactions without, {done} with the disk")]
    if lvt:
        extra += judge(disk_checks, safe, fast)
    return Result(
        client=done,
        truth=done + 2 * connections,
        aborted=connections,
        explain=f"{done} transactions, 2 exchanges to start each of {connections} connections",
        report=report,
        service=safe,
        extra=extra,
    )


# ---- a downstream service ----


def net_checks(service, backend, pid, slept):
    yield largest_stage(service) == "service.net", f"service.net is the largest: {shares(service)}"
    first = part(service, "blocked_on")[0]
    peer = f"{backend.host}:{backend.port}"
    found = [first[name] for name in ("stage", "syscall", "peer", "peer_comm", "peer_pid")]
    expected = ["service.net", "epoll_wait", peer, backend.name, pid]
    yield found == expected, f"blocked most on {found}, expected {expected}"
    ratio = first["total_ns"] / slept
    yield 0.9 < ratio < 1.1, f"that is {ratio:.3f} of what the backend slept; {brief([first])}"


def net_case(lvt, connections, keep):
    """A proxy waits for its backend; with many at once, it waits for several in one epoll_wait."""
    delay, each = 0.05, 40
    with SlowBackend(delay) as backend, Proxy(backend, keep) as proxy:
        run = lambda: http_gets(proxy, each, connections)
        good, report, service = traced(proxy, run, lvt)
        served, pid = proxy.served(), backend.process.pid
        slept, behind = backend.slept(), backend.served()
    number = each * connections
    extra = [
        (good == behind == number, f"{number} asked, {good} answered, {behind} by the backend"),
        (slept >= number * delay * 1e9, f"it slept {slept / number / 1e6:.1f} ms each time"),
    ]
    if lvt:
        extra += judge(net_checks, service, backend, pid, slept)
    return Result(
        client=good,
        truth=served,
        explain="nginx's own count",
        report=report,
        service=service,
        extra=extra,
    )


@case("why-net")
def why_net(lvt):
    return net_case(lvt, 1, keep=False)


@case("why-net-10")
def why_net_10(lvt):
    return net_case(lvt, 10, keep=True)


# ---- another request of the same thread ----

SCRIPT = "local x = 0 for i = 1, tonumber(ARGV[1]) do x = x + i % 7 end return x"
GETTERS = 8
BUSY_SECONDS = 2.5


def script_size(redis, ms):
    """How many turns the script takes in so many ms."""
    took = []
    for _ in range(3):
        start = time.monotonic()
        redis.ask("eval", SCRIPT, 0, 100000)
        took.append(time.monotonic() - start)
    return int(100000 * ms / 1000 / min(took))


def getter(server, ended):
    """Quick requests with pauses; returns how many."""
    done = 0
    with Resp(server) as redis:
        while not ended.is_set():
            redis.ask("get", "key")
            done += 1
            time.sleep(0.005)
    return done


def script_and_gets(server, turns):
    """Returns (scripts, address of their connection, GETs)."""
    ended, address, scripts = threading.Event(), [], 0

    def script():
        nonlocal scripts
        try:
            with Resp(server) as redis:
                address.append(redis.address)
                end = time.monotonic() + BUSY_SECONDS
                while time.monotonic() < end:
                    redis.ask("eval", SCRIPT, 0, turns)
                    scripts += 1
                    time.sleep(0.18)
        finally:
            ended.set()

    gets = in_threads([script] + [lambda: getter(server, ended)] * GETTERS)[1:]
    return scripts, address[0], sum(gets)


# What was read in the same turn of the loop, before the script, is answered after it.
BEHIND = ["queue.busy", "service.other"]


def majority(found, stages):
    """Is one of these the largest stage in nearly all of these slow requests?"""
    names = [largest(each["stages_ns"]) for each in found]
    good = bool(found) and sum(map(names.count, stages)) >= 0.8 * len(names)
    return good, {name: names.count(name) for name in names}


def busy_checks(service, script, eval_us):
    # Less than 1 % are scripts, and each has made so many others wait that they are more than 1 %.
    waits, all_of_it = service["stages"]["queue.busy"]["p99"], service["latency_ns"]["p99"]
    what = f"queue.busy has a p99 of {waits} ns, the latency one of {all_of_it} ns"
    yield waits > 0.5 * all_of_it, f"the slow 1 % wait until the thread has time: {what}"
    good = largest_stage(service) == "queue.busy"
    yield good, f"queue.busy is the largest: {shares(service)}"
    tail = next(row for row in service["anatomy"] if row["at"] == "p99")
    top = largest(tail["stages_ns"])
    yield top in [*BEHIND, "service.cpu"], f"the p99 is a script, or who waits for it: {top}"
    total = mean(service, "service.cpu", "service.runq") * service["requests"]
    what = f"the scripts took {eval_us} us by redis' clock, lvt has {total / 1e3:.0f} as served"
    yield total > 0.9 * eval_us * 1e3, what
    slowest = part(service, "slowest")
    own = [each for each in slowest if each["client"] == script]
    good, names = majority(own, ["service.cpu"])
    yield good, f"the slow requests of {script} are service.cpu: {names}"
    others = [each for each in slowest if each["client"] != script]
    good, names = majority(others, BEHIND)
    yield good, f"the slow ones of others are {' or '.join(BEHIND)}: {names}"


@case("why-busy")
def why_busy(lvt):
    """A slow script of redis, a few times per second: who comes meanwhile waits for its thread."""
    with servers.Redis() as server:
        with contextlib.suppress(PermissionError):  # other load of the host is not what this tests
            os.setpriority(os.PRIO_PROCESS, server.process.pid, -10)
        with Resp(server) as redis:
            turns = script_size(redis, ms=20)
        server.started()
        run = lambda: script_and_gets(server, turns)
        (scripts, address, gets), report, service = traced(server, run, lvt)
        calls = server.calls()
        usec = first_number(r"cmdstat_eval:calls=\d+,usec=(\d+)", server.stats(), "time of EVAL")
    truth = calls["eval"] + calls["get"]
    extra = [
        (calls["eval"] == scripts and calls["get"] == gets, f"{scripts} scripts and {gets} GETs"),
        (0 < scripts < gets / 100, "less than 1 % are scripts"),
    ]
    if lvt:
        extra += judge(busy_checks, service, address, usec)
    return Result(
        client=scripts + gets,
        truth=truth,
        explain="redis' own count",
        report=report,
        service=service,
        extra=extra,
    )


# ---- another task on its CPU ----


def hog_checks(service, pid):
    both = ("queue.runq", "service.runq")
    yield share(service, *both) > 0.2, f"*.runq is a large share: {shares(service)}"
    ran = {}
    for row in part(service, "preempted_by"):
        who = (row["comm"], row["pid"])
        ran[who] = ran.get(who, 0) + row["total_ns"]
    found = largest(ran) if ran else None
    what = f"who ran instead: {found}, expected {('cpu-hog', pid)}"
    yield found == ("cpu-hog", pid), f"{what}; {brief(part(service, 'preempted_by'))}"


@case("why-cpu-hog")
def why_cpu_hog(lvt):
    """A server shares its CPU with a process that never sleeps."""
    server = NodeBesideHog()
    result = http_case(server, lvt, connections=4)
    if lvt:
        result.extra += judge(hog_checks, result.service, server.hog.pid)
    return result


# ---- a pool of threads ----


def pool_checks(service):
    good = largest_stage(service) == "service.pool"
    yield good, f"service.pool is the largest: {shares(service)}"
    pool = rows(service, "service.pool")
    wakers = {row["waker"] for row in pool if not row["other"]}
    good = bool(wakers) and wakers <= {"libuv-worker", "node"}
    yield good, f"a thread of libuv's pool ended the waits: {wakers}"
    waits = {row["syscall"] for row in pool if not row["other"]}
    good = bool(waits) and all(re.fullmatch(r"epoll_p?wait2?", str(name)) for name in waits)
    yield good, f"the event loop waited in epoll: {waits}"


@case("why-pool")
def why_pool(lvt):
    """The event loop of node waits for its pool, which computes a hash."""
    result = http_case(NodePool(), lvt, connections=2)
    if lvt:
        result.extra += judge(pool_checks, result.service)
    return result



# ---- a quota ----


class Quota:
    """A cgroup that may use so much of a CPU, in each period; v1 or v2."""

    PERIOD_US = 100000

    def __init__(self, share_of_cpu):
        self.quota_us = int(share_of_cpu * self.PERIOD_US)
        try:
            self.group, self.v1 = cgroups.Group(cgroups.v1_mount("cpu")), True
        except Skip:
            self.group, self.v1 = cgroups.Group(cgroups.v2_mount()), False

    def __enter__(self):
        self.group.__enter__()
        try:
            if self.v1:
                self.group.write("cpu.cfs_period_us", self.PERIOD_US)
                self.group.write("cpu.cfs_quota_us", self.quota_us)
            else:
                self.group.write("cpu.max", f"{self.quota_us} {self.PERIOD_US}")
        except OSError as error:
            self.group.__exit__()
            raise Skip(f"no CPU quota for a cgroup of our own: {error}") from error
        return self

    def throttled(self):
        """(how often, for how many ns) by the kernel's own count."""
        stat = dict(line.split() for line in self.group.read("cpu.stat").splitlines())
        ns = int(stat["throttled_time"]) if self.v1 else 1000 * int(stat["throttled_usec"])
        return int(stat["nr_throttled"]), ns

    def __exit__(self, *_):
        self.group.__exit__()


@case("why-quota")
def why_quota(lvt):
    """A tenth of a CPU: nobody has it while the rest of the period goes by."""
    with Quota(0.1) as quota, servers.Redis() as server:
        quota.group.add(server.process.pid)
        words = ["-t", "ping_mbulk", "-n", "20000", "-c", "1"]
        run = lambda: redis_benchmark(server, *words)
        before = quota.throttled()
        _, report, service = traced(server, run, lvt)
        times, ns = (b - a for a, b in zip(before, quota.throttled()))
    extra = [(times > 3, f"it was throttled {times} times")]
    if lvt:
        found = [row for row in service["preempted_by"] if row["comm"] == "idle"]
        count, time_ns = (sum(row[key] for row in found) for key in ("count", "total_ns"))
        extra += [
            (0 < count <= times, f"{count} waits for nobody, throttled {times} times"),
            # no request is open in some of that time, and in some another task is there at once
            (0.4 * ns < time_ns <= 1.1 * ns, f"{time_ns} ns of them, {ns} ns by the kernel"),
            (service["preempted_by"][0] in found, f"the most: {brief(service['preempted_by'])}"),
            (all(row["pid"] == 0 for row in found), brief(found)),
        ]
    return Result(20000, None, report=report, service=service, extra=extra)
