# SPDX-License-Identifier: BSD-2-Clause
"""Cases: the ways in which lvt can be asked to record, and the law that checks all of it."""

import os
import signal
import socket
import time

import servers
import trace_events
from backends import Proxy, SlowBackend
from cases import Result, case, redis_benchmark, traced
from clients import http_gets
from echo import Lvt, case as case_with_lvt, outcome, says
from faults import bpf_of, nothing_stays
from reasons import judge, law_checks, part
from session import Failure, Trace, settle

# ---- Little's law ----


@case("law-redis")
def law_redis(lvt):
    """Commands that take redis longer than the client: so many are in flight all the time.

    With GET there are two or so at a time, now none and now twenty: the samples of 2 s are too few
    to know their mean to 2 %.
    """
    number = 80000
    script = "local x = 0 for i = 1, 4000 do x = x + i end return x"
    with servers.Redis() as server:
        run = lambda: redis_benchmark(server, "-n", str(number), "eval", script, "0")
        _, report, service = traced(server, run, lvt)
        calls = server.calls()
    done, config = calls["eval"], calls.get("config|get", 0)
    extra = [(done == number, f"{number} asked, {done} done")]
    if lvt:
        extra += judge(law_checks, service)
    return Result(
        client=number,
        truth=done + bool(config),
        explain=f"{done} EVAL and one exchange with {config} CONFIG GET",
        report=report,
        service=service,
        extra=extra,
    )


# ---- what it costs ----

BPF_STATS = "/proc/sys/kernel/bpf_stats_enabled"


def setting():
    with open(BPF_STATS, encoding="ascii") as text:
        return text.read().strip()


def overhead_checks(report):
    over = report["overhead"]
    for name in ("events", "bpf_ns_per_request"):
        value = over[name]
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        yield good, f"overhead.{name} is a number: {value!r}"
    events, requests = over["events"] or 0, report["services"][0]["requests"]
    yield events >= 3 * requests, f"{events} events: at least arrive, read, send of {requests}"


@case("mode-overhead")
def overhead(lvt):
    """--measure-overhead: numbers, and the kernel's setting is as before; so after kill -9."""
    options = ["--measure-overhead"] if lvt else []
    before, number = setting(), 50000
    with servers.Redis() as server:
        run = lambda: redis_benchmark(server, "-t", "get", "-n", str(number))
        _, report, service = traced(server, run, lvt, *options)
        after, killed = setting(), None
        done = server.calls()["get"]
        if lvt:
            with Lvt("-p", server.port, *options) as second:
                second.process.kill()
                second.process.wait()
                killed = setting()
    extra = [says("the setting after it", after, before)]
    if lvt:
        extra.append(says("the setting after its kill", killed, before))
        extra += judge(overhead_checks, report)
    return Result(
        client=number,
        truth=done + 1,
        explain="redis' own count and one exchange with CONFIG GET",
        report=report,
        service=service,
        extra=extra,
    )


# ---- timestamps of received packets ----

SO_TIMESTAMPING, REPORT_SOFTWARE = 37, 1 << 4  # without the flag that asks for receive timestamps


def stamped():
    """Does the kernel stamp what it receives, for whoever wants that? This one only looks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, REPORT_SOFTWARE)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(2)
        sock.sendto(b"x", sock.getsockname())
        return any(kind == SO_TIMESTAMPING for _, kind, _ in sock.recvmsg(16, 256)[1])


def becomes(look, expected, seconds=3):
    """Wait for it: the kernel turns it off a moment after the last user has gone."""
    end = time.monotonic() + seconds
    while look() != expected and time.monotonic() < end:
        time.sleep(0.05)
    return look()


def in_session(leader):
    """The processes of its session."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                state, _, _, session = stat.read().rsplit(")", 1)[1].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state != "Z":
            found.append(int(pid))
    return found


def rx_checks(service):
    rx, requests = part(service, "net")["rx"], service["requests"]
    yield rx is not None, "net.rx was measured"
    count = rx["count"] if rx else 0
    yield 0.99 * requests <= count <= requests, f"net.rx of {count} among {requests} requests"
    if rx:
        marks = [rx[name] for name in ("p50", "p90", "p99", "p99_9", "max")]
        yield 0 < rx["mean"] <= marks[-1] and marks == sorted(marks), f"net.rx is possible: {rx}"


@case_with_lvt("mode-rx-timestamps")
def rx_timestamps():
    """They are on while it traces, and off when it has ended, by itself or by kill -9."""
    number, checks, before = 30000, [], stamped()
    with servers.Redis() as server:
        for end in ("by itself", "by kill -9"):
            words = ["-p", server.port, "--rx-timestamps"]
            with Lvt(*words, start_new_session=True) as lvt:
                mine = bpf_of(lvt.process.pid)
                redis_benchmark(server, "-t", "get", "-n", str(number))
                settle(server.port)
                checks.append(says("packets are stamped meanwhile", stamped(), True))
                if end == "by itself":
                    service = lvt.report()["services"][0]
                    checks.append(says("requests", service["requests"], number + 1))
                    checks += judge(rx_checks, service)
                else:
                    lvt.process.send_signal(signal.SIGKILL)
                    lvt.process.wait()
                left = becomes(lambda: in_session(lvt.process.pid), [])
                checks.append(says(f"ended {end}: processes left", left, []))
                after = becomes(stamped, before)
                checks.append(says(f"ended {end}: packets are stamped", after, before))
                checks += nothing_stays(mine)
    return outcome(2 * number, checks)


# ---- the slowest requests as a trace ----


def trace_checks(text, most):
    try:
        document = trace_events.load(text)
    except ValueError as error:
        raise Failure(f"it is not JSON: {error}: {text[:100]}") from error
    requests, defects = trace_events.examine(document)
    what = f"{len(requests)} requests, each adds up, what is in them nests: {defects[:5]}"
    yield not defects, what
    yield 0 < len(requests) <= most, f"{len(requests)} of {most} requests are in the trace"


@case("mode-trace")
def trace_format(lvt):
    """--format trace, of a proxy: an event of its own for each request and for what is in it."""
    connections, each = 5, 20
    number = connections * each
    with SlowBackend(0.02) as backend, Proxy(backend, keep=True) as proxy:
        run = lambda: http_gets(proxy, each, connections)
        if lvt:
            with Trace(proxy.port, "trace") as trace:
                good = run()
                settle(proxy.port)
                text = trace.finish()
        else:
            good = run()
        served = proxy.served()
    extra = list(trace_events.own_checks())
    extra.append((good == served == number, f"{number} asked, {good} answered, {served} by nginx"))
    if lvt:
        extra += judge(trace_checks, text, number)
    return Result(client=good, truth=served, extra=extra)
