# SPDX-License-Identifier: BSD-2-Clause
"""The measurements of the bench. What they read is described at each."""

import contextlib
import csv
import dataclasses
import fcntl
import os
import re
import select
import signal
import statistics
import subprocess
import tempfile
import time

import fdinfo
from servers import Redis
from session import LVT, ROOT, START_LIMIT, Failure, Trace, need, run_client, settle, stop

CONNECTIONS = 50
REQUESTS = 200000
STATS_SETTING = "/proc/sys/kernel/bpf_stats_enabled"
EMPTY = os.environ.get("LVT_BENCH", os.path.join(ROOT, ".output", "tests", "bench"))


@dataclasses.dataclass
class Figure:
    name: str
    unit: str
    values: list
    at_most: float = None
    at_least: float = None
    digits: int = 0

    median = property(lambda self: statistics.median(self.values))
    least = property(lambda self: min(self.values))
    greatest = property(lambda self: max(self.values))

    def target(self):
        if self.at_most is not None:
            return f"<= {self.at_most:,g}"
        return f">= {self.at_least:,g}" if self.at_least is not None else "-"

    def verdict(self):
        if self.at_most is None and self.at_least is None:
            return ""
        over = self.at_most is not None and self.median > self.at_most
        under = self.at_least is not None and self.median < self.at_least
        return "MISSED" if over or under else "met"

    def as_dict(self):
        keys = ("median", "least", "greatest")
        return {
            **dataclasses.asdict(self),
            **{key: getattr(self, key) for key in keys},
            "met": {"MISSED": False, "met": True}.get(self.verdict()),
        }


@dataclasses.dataclass
class Measured:
    rows: list
    hooks: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)


def load(server):
    """One run of redis-benchmark; returns its requests per second."""
    where = ["-h", server.host, "-p", str(server.port), "-c", str(CONNECTIONS)]
    text = run_client(
        [need("redis-benchmark"), *where, "-t", "get", "-n", str(REQUESTS), "--csv"]
    )
    rows = list(csv.DictReader(text[text.index('"test"') :].splitlines()))
    settle(server.port)
    return float(rows[0]["rps"])


# ---- kernel time per request ----


@contextlib.contextmanager
def run_time_counted():
    """The kernel adds up each program's run time while this holds; the setting is put back.

    It costs about 79 ns a call, which falls on the empty programs too and so is not in the net.
    """
    with open(STATS_SETTING, encoding="ascii") as setting:
        before = setting.read()
    try:
        with open(STATS_SETTING, "w", encoding="ascii") as setting:
            setting.write("1")
        yield
    finally:
        with open(STATS_SETTING, "w", encoding="ascii") as setting:
            setting.write(before)


@contextlib.contextmanager
def empty_programs(hooks):
    """An empty program on each of these tracepoints; yields the id of the process."""
    program, obj = os.path.join(EMPTY, "empty"), os.path.join(EMPTY, "empty.bpf.o")
    for path in (program, obj):
        if not os.path.exists(path):
            raise Failure(f"{path} is not there: run make bench")
    process = subprocess.Popen(
        [program, obj, *hooks], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        if not select.select([process.stdout], [], [], START_LIMIT)[0]:
            raise Failure(f"empty programs are not attached after {START_LIMIT} s")
        if not process.stdout.readline().startswith(b"attached"):
            raise Failure("empty programs could not be attached")
        yield process.pid
    finally:
        stop(process)
        process.stdin.close()
        process.stdout.close()


def kernel_time(repeats):
    """ns per request of all programs, net of empty programs on the same hooks.

    Both kinds are attached at the same time, so they see the same events in the same run: the pair
    of a repeat cannot differ by what the machine does. A program's net time is its run time less
    its calls x the mean of the empty program on its hook. What an empty program is seen to take is
    nearly all the measuring itself, so from programs on other kinds of hooks (iterators, perf
    events) the least of these means is taken off. The kernel does not count its timers' callbacks.
    All calls count, whatever the process: both ends of the loopback, and the machine's switches.
    """
    nets, per_hook = [], {}
    with Redis() as server, Trace(server.port) as trace, run_time_counted():
        ours = fdinfo.links(trace.process.pid)
        hooks = sorted({hook for hook in ours.values() if hook in fdinfo.TRACEPOINTS})
        with empty_programs(hooks) as empty_pid:
            empties = fdinfo.links(empty_pid)
            load(server)  # warm up
            for _ in range(repeats):
                before = fdinfo.programs(trace.process.pid), fdinfo.programs(empty_pid)
                load(server)
                after = fdinfo.programs(trace.process.pid), fdinfo.programs(empty_pid)
                own = fdinfo.difference(before[0], after[0], ours)
                net = net_by_hook(own, fdinfo.difference(before[1], after[1], empties))
                nets.append(sum(row["net_ns_per_request"] for row in net))
                for row in net:
                    per_hook.setdefault(row["hook"], []).append(row)
        trace.finish()
    figure = Figure("kernel time per request, net", "ns", nets, at_most=1400)
    table = [median_row(hook, rows) for hook, rows in sorted(per_hook.items())]
    return Measured([figure], table, [text for text in map(foreign, table) if text])


def foreign(row):
    """A word of warning if a hook was called for other traffic than ours, else None."""
    # Once at the client's end and once at the server's.
    if row["hook"] not in fdinfo.PER_MESSAGE or row["calls_per_request"] < 2.1:
        return None
    calls = f"{row['hook']} ran {row['calls_per_request']:.2f} times a request, not 2"
    return f"{calls}: other TCP traffic of this machine is in the figure."


def net_by_hook(ours, empties):
    """One row per hook; ours and empties: hook -> (calls, ns)."""
    means = {hook: ns / calls for hook, (calls, ns) in empties.items()}
    rows = []
    for hook, (calls, ns) in ours.items():
        empty_ns = means.get(hook, min(means.values()))
        rows.append({
            "hook": hook,
            "calls_per_request": calls / REQUESTS,
            "ns_per_call": ns / calls if calls else 0,
            "empty_ns": empty_ns,
            "net_ns_per_request": (ns - calls * empty_ns) / REQUESTS,
        })  # fmt: skip
    return rows


def median_row(hook, rows):
    result = {"hook": hook}
    for key in rows[0].keys() - {"hook"}:
        result[key] = statistics.median(row[key] for row in rows)
    return result


# ---- the loader ----


def start(repeats):
    """ms from just before fork and exec to the word "tracing" on stderr."""
    times = []
    with Redis() as server:
        for _ in range(max(10, repeats)):
            begin = time.monotonic()
            with Trace(server.port) as trace:
                times.append((time.monotonic() - begin) * 1e3)
                trace.finish()
    return Measured([Figure("exec to attached", "ms", times, at_most=300)])


@contextlib.contextmanager
def steady_load(server):
    """redis-benchmark without an end, until it is stopped."""
    where = ["-h", server.host, "-p", str(server.port), "-c", str(CONNECTIONS)]
    process = subprocess.Popen(
        [need("redis-benchmark"), *where, "-t", "get", "-n", "1000000000", "-q"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        stop(process, signal.SIGKILL)


def cpu_ns(pid):
    """ns on CPU of all threads of a process that are there now."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as row:
            total += int(row.read().split()[0])
    return total


def peak_rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as rows:
        return int(re.search(r"VmHWM:\s+(\d+)", rows.read()).group(1))


def loader(_repeats):
    """The peak memory of `lvt record -i 1` and its CPU in each of 10 seconds under load."""
    shares, rss = [], []
    with Redis() as server, Trace(server.port, options=["-i", "1"]) as trace:
        with steady_load(server):
            time.sleep(0.5)
            before, since = cpu_ns(trace.process.pid), time.monotonic()
            for second in range(1, 11):
                time.sleep(max(0, since + second - time.monotonic()))
                now, then = cpu_ns(trace.process.pid), time.monotonic()
                shares.append((now - before) / 1e7)
                rss.append(peak_rss_kb(trace.process.pid) / 1e3)
                before = now
            mean = sum(shares) / (then - since)
        trace.finish()
    return Measured([
        Figure("loader memory, peak", "MB", [rss[-1]], at_most=20, digits=1),
        Figure("loader CPU at 1 s intervals, mean of 10 s", "%", [mean], at_most=1, digits=2),
        Figure("loader CPU, of single seconds", "%", shares, digits=2),
    ])  # fmt: skip


# ---- maps ----


def maps(_repeats):
    """Memory of the kernel maps for one service, as the kernel itself says (memlock).

    What socket and task storage hold is not in that number: their size per element is noted.
    """
    with Redis() as server, Trace(server.port) as trace:
        load(server)
        found = fdinfo.maps(trace.process.pid)
        trace.finish()
    total = sum(item.memlock for item in found)
    by_name = {}
    for item in found:
        by_name[item.name] = by_name.get(item.name, 0) + item.memlock
    biggest = sorted(by_name, key=by_name.get, reverse=True)[:4]
    shares = (f"{name} {by_name[name] / 1e6:.2f} MB" for name in biggest)
    notes = [f"Biggest maps: {', '.join(shares)}."]
    for item in found:
        if item.per:
            notes.append(f"Not in that: {item.name}, {item.value_size} bytes a {item.per}.")
    rows = [Figure("kernel maps, one service", "MB", [total / 1e6], at_most=16, digits=1)]
    return Measured(rows, notes=notes)


# ---- throughput ----


def throughput(repeats):
    """Requests per second with lvt / without, in pairs; the order turns from pair to pair."""
    ratios, without = [], []
    with Redis() as server:
        load(server)  # warm up
        for pair in range(repeats):
            rates = {}
            for traced in (False, True) if pair % 2 else (True, False):
                if traced:
                    with Trace(server.port) as trace:
                        rates[traced] = load(server)
                        trace.finish()
                else:
                    rates[traced] = load(server)
            ratios.append(rates[True] / rates[False])
            without.append(rates[False])
    return Measured([
        Figure("throughput without lvt", "requests/s", without),
        Figure("throughput with lvt / without", "ratio", ratios, digits=3),
    ])  # fmt: skip


# ---- reading a run ----


def read_run(path):
    """Seconds and peak memory in MB of `lvt report`.

    That its output waits in a short pipe is what keeps the process there to be looked at. (The
    memory in the usage of an ended child would be this one's, from before its exec.)
    """
    command = [LVT, "report", path, "--format", "json"]
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        select.select([process.stdout], [], [])
        memory = peak_rss_kb(process.pid) / 1e3
        process.stdout.read()
        process.wait()
        spent = time.monotonic() - begin
    if process.returncode:
        raise Failure(f"lvt report ended with {process.returncode}")
    return spent, memory


def report(repeats):
    """`lvt report` of a simulated hour at 100 ms intervals: its time and memory.

    Memory for a tenth of the hour is measured, too: it must not depend on how long the run is.
    """
    writer = os.path.join(EMPTY, "run_hour")
    if not os.path.exists(writer):
        raise Failure(f"{writer} is not there: run make bench")
    with tempfile.TemporaryDirectory(prefix="lvt-bench-") as folder:
        path = os.path.join(folder, "run.hlog")
        subprocess.run([writer, path, "3600"], check=True)
        tenth = [read_run(path)[1] for _ in range(repeats)]
        subprocess.run([writer, path], check=True)
        size = os.path.getsize(path) / 1e6
        times, memory = zip(*(read_run(path) for _ in range(repeats)))
    return Measured([
        Figure("report of an hour at 100 ms", "s", times, at_most=1, digits=2),
        Figure("size of that run", "MB", [size], digits=1),
        Figure("memory of that report, peak", "MB", memory, at_most=20, digits=1),
        Figure("memory for a tenth of it, peak", "MB", tenth, digits=1),
    ])  # fmt: skip
