#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""lvt load beside other generators: requests per second, CPU per request, lateness.

    load.py [--json] [--repeats N] [--seconds S] [--connections N] [--only echo,nginx] [--first]

A server on one CPU, a generator of one thread on another, one at a time and in turns, so that what
else the machine does falls on all alike. All speak HTTP/1.1 with keep-alive in a closed loop; ab speaks
HTTP/1.0 with keep-alive, as it always does. Then the open loop at half the rate of lvt's closed one: how
late it is. Each figure is a median of repeats, with the least and the greatest. CPU is that of the
generator's process, user and system. Generators that are not installed are left out.

Needs `make build-tests`, two CPUs and a quiet machine; on one that is not, --first puts them all, servers
and generators alike, before what else runs (root). Exit 3 if a figure misses its target.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "load"), os.path.join(HERE, "..", "real")]

import run as bench  # noqa: E402
from figures import Figure  # noqa: E402
from harness import LVT, NICE, Service  # noqa: E402
from servers import Nginx  # noqa: E402
from session import Failure, Skip, settle  # noqa: E402

LATENESS_AT_MOST_US = 100


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load (3)")
    parser.add_argument("--connections", type=int, default=50, help="connections (50)")
    parser.add_argument("--only", default="echo,nginx", help="servers, comma-separated")
    parser.add_argument("--first", action="store_true", help="before what else runs (root)")
    options = parser.parse_args(argv)
    unknown = set(options.only.split(",")) - {"echo", "nginx"}
    if unknown or options.repeats < 1 or options.seconds < 1:
        parser.error("see --help")
    return options


# ---- servers ----


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as row:
        return [int(word) for word in row.read().split()]


@contextlib.contextmanager
def echo_server(cpu):
    with Service("queue_server", "--http", "--cpu", cpu, keep=False) as service:
        yield service.port


@contextlib.contextmanager
def nginx_server(cpu):
    with Nginx() as server:
        for pid in [server.process.pid, *children(server.process.pid)]:
            os.sched_setaffinity(pid, {cpu})
        yield server.port


SERVERS = {"echo": echo_server, "nginx": nginx_server}


# ---- generators ----


def lvt_closed(url, o):
    return [LVT, "load", url, "--closed", "-c", o.connections, "-d", o.seconds, "--format", "json"]


def lvt_open(url, o, rate):
    return [LVT, "load", url, "--rate", f"{rate:.0f}", "-c", o.connections, "-d", o.seconds,
            "--format", "json"]  # fmt: skip


def wrk(url, o):
    return ["wrk", "-t", 1, "-c", o.connections, "-d", f"{o.seconds}s", "--latency", url]


def hey(url, o):
    return ["hey", "-c", o.connections, "-z", f"{o.seconds}s", "-cpus", 1, url]


def ab(url, o):
    return ["ab", "-q", "-k", "-c", o.connections, "-t", o.seconds, "-n", 100000000, url]


def of_json(text):
    view = json.loads(text)
    if view["failed"]:
        raise Failure(f"lvt load: {view['failed']} requests failed: {view['errors']}")
    return view["rate_achieved"], view["ok"], view


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise Failure(f"no '{pattern}' in: {text[-300:]}")
    return float(found.group(1))


def of_wrk(text):
    return number(r"Requests/sec:\s+([\d.]+)", text), number(r"(\d+) requests in", text), None


def of_hey(text):
    statuses = re.findall(r"\[200\]\s+(\d+) responses", text)
    return number(r"Requests/sec:\s+([\d.]+)", text), float(sum(map(int, statuses))), None


def of_ab(text):
    rate = number(r"Requests per second:\s+([\d.]+)", text)
    return rate, number(r"Complete requests:\s+(\d+)", text), None


GENERATORS = {"lvt": (lvt_closed, of_json), "wrk": (wrk, of_wrk), "hey": (hey, of_hey),
              "ab": (ab, of_ab)}  # fmt: skip


def measure(command, read, cpu, limit):
    """(requests/s, µs of CPU per request, what else it said) of one generator's run."""
    command = [str(word) for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
        )
        status, usage = wait(process, limit)
        out.seek(0)
        text = out.read().decode(errors="replace")
        if status:
            err.seek(0)
            said = err.read().decode(errors="replace")[-300:]
            raise Failure(f"{' '.join(command)} ended with {status}: {said}")
    rate, requests, more = read(text)
    return rate, (usage.ru_utime + usage.ru_stime) * 1e6 / requests, more


def wait(process, limit):
    """Its status and what it used. It is killed at the limit, or when we end."""
    end = time.monotonic() + limit
    try:
        while time.monotonic() < end:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage
            time.sleep(0.02)
        raise Failure(f"{process.args[0]} did not end within {limit} s")
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def patient(command, read, cpu, limit):
    """(requests/s, µs per request), at the third try at the latest: hey at times does not end."""
    for left in (2, 1, 0):
        try:
            return measure(command, read, cpu, limit)[:2]
        except Failure as failure:
            if not left or command[0] == LVT:
                raise
            print(f"bench: again: {failure}", file=sys.stderr)


def compare(server, options, cpu):
    """{generator: ([requests/s], [µs per request])} and the open loop's [(lateness p99, JSON)]."""
    path = "/" if server == "nginx" else "/hello"
    names = [name for name in GENERATORS if name == "lvt" or shutil.which(name)]
    found, late = {name: ([], []) for name in names}, []
    with SERVERS[server](max(os.sched_getaffinity(0))) as port:
        url = f"http://127.0.0.1:{port}{path}"
        limit = options.seconds + 15
        for turn in range(options.repeats):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                make, read = GENERATORS[name]
                rate, used = patient(make(url, options), read, cpu, limit)
                found[name][0].append(rate)
                found[name][1].append(used)
                settle(port)
            half = found["lvt"][0][-1] / 2
            late.append(measure(lvt_open(url, options, half), of_json, cpu, limit))
            settle(port)
    return found, late


def figures(server, found, late):
    rows = []
    for name, (rates, used) in found.items():
        rows.append(Figure(f"{server}: {name}", "requests/s", rates))
        rows.append(Figure(f"{server}: {name}, CPU", "us/request", used, digits=2))
    for name in found:
        if name != "lvt":
            ratios = [a / b for a, b in zip(found["lvt"][0], found[name][0])]
            least = 1 if name == "wrk" else None
            rows.append(Figure(f"{server}: lvt / {name}", "ratio", ratios, None, least, 3))
    p99 = [view["lateness_ns"]["p99"] / 1e3 for _, _, view in late]
    most = LATENESS_AT_MOST_US
    rows.append(Figure(f"{server}: open at half, lateness p99", "us", p99, most, digits=1))
    used = [cpu for _, cpu, _ in late]
    rows.append(Figure(f"{server}: open at half, CPU", "us/request", used, digits=2))
    kept = [view["rate_achieved"] / view["rate_intended"] for _, _, view in late]
    rows.append(Figure(f"{server}: open at half, achieved / asked", "ratio", kept, digits=4))
    return rows


def main(argv):
    options = parse(argv)
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("bench: server and generator need a CPU each", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if options.first:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    rows = []
    for server in options.only.split(","):
        try:
            rows += figures(server, *compare(server, options, cpus[0]))
        except (Failure, Skip) as error:
            print(f"bench: {server}: {error}", file=sys.stderr)
            return 1
    host = bench.machine()
    if options.json:
        rows = [row.as_dict() for row in rows]
        document = {"machine": host, "first": options.first, "figures": rows}
        print(json.dumps(document, indent=1))
        return 3 if any(row["met"] is False for row in rows) else 0
    first = f", at nice {NICE}" if options.first else ""
    print(f"{host['kernel']}, {host['cpus']} x {host['cpu']}, {host['memory_mb']} MB")
    print(f"HTTP, {options.connections} connections, a CPU each for server and generator{first}\n")
    bench.print_figures(rows)
    return 3 if any(row.verdict() == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
