# SPDX-License-Identifier: BSD-2-Clause
"""A server that is stopped for a while: what an open loop must say, and what a closed one hides."""

import os
import signal
import time

from harness import Load, Service, case, consistent, parsed
from session import Failure, Trace, settle

RATE, SECONDS, STOP_AT, STOP_S = 1000, 2.5, 1, 0.4


def stopped_load(service, *options):
    """A load during which the service is stopped; returns its JSON and for how long it was."""
    words = ("--protocol", "raw", "--verify", "echo", "-d", SECONDS, "--arrivals", "constant")
    with Load(service.target, *words, *options) as load:
        time.sleep(STOP_AT)
        os.kill(service.process.pid, signal.SIGSTOP)
        begin = time.monotonic()
        try:
            time.sleep(STOP_S)
        finally:
            os.kill(service.process.pid, signal.SIGCONT)
        stop_s = time.monotonic() - begin
        return load.finish().json, stop_s


def expected(q, stop_s):
    """Quantile in ns: what is due in the stop waits for its rest, from all of it to nothing."""
    share = stop_s / SECONDS
    return max(0.0, 1 - (1 - q) / share) * stop_s * 1e9


def as_arithmetic_says(check, latency, stop_s, what):
    for name, q in (("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)):
        wanted, got = expected(q, stop_s), latency[name]
        good = got is not None and abs(got - wanted) < 0.05 * stop_s * 1e9
        check.timed(good, f"{what} {name}: {got} ns, by arithmetic {wanted:.0f}")
    p50 = latency["p50"]
    check.timed(p50 < 0.01e9, f"{what} p50: {p50} ns")
    mean = stop_s / SECONDS * stop_s / 2 * 1e9
    check.timed(abs(latency["mean"] / mean - 1) < 0.1, f"{what} mean {latency['mean']}, {mean:.0f}")


def open_loop(check, connections):
    """Every request that was due in the stop is in the tail; what a closed loop hides is told."""
    with Service("queue_server") as service:
        view, stop_s = stopped_load(service, "--rate", RATE, "-c", connections)
        count = len(service.account())
    check.equal(count, view["sent"], "the server's requests")
    as_arithmetic_says(check, view["latency_ns"], stop_s, "open")
    few, closed = view["closed_connections"], view["closed_latency_ns"]
    check.that(0 < few < 0.005 * view["scheduled"], f"a closed loop would have been of {few}")
    for name in ("p90", "p99"):
        check.timed(closed[name] < 0.1 * stop_s * 1e9, f"closed {name} {closed[name]} hides it")
    consistent(check, view)
    return view, stop_s


@case("stall-few")
def few(check):
    """20 connections: what is due in the stop waits for one of them."""
    view, stop_s = open_loop(check, 20)
    wait = view["connection_ns"]["mean"]
    check.timed(wait > 0.8 * view["latency_ns"]["mean"], f"mean wait for a connection {wait}")
    p90 = view["answer_ns"]["p90"]
    check.timed(p90 < 0.1 * stop_s * 1e9, f"answer p90 {p90}: the send was late, not the answer")


@case("stall-many")
def many(check):
    """A connection for each: all of the wait is the answer's."""
    view, _ = open_loop(check, 1200)
    answer = view["answer_ns"]["mean"]
    check.timed(answer > 0.9 * view["latency_ns"]["mean"], f"mean answer {answer}")


@case("stall-closed")
def closed_loop(check):
    """The same stop in a closed loop is a few requests of many: it is hidden."""
    with Service("queue_server") as service:
        view, stop_s = stopped_load(service, "--closed", "--think", 0.019, "-c", 20)
        service.account()
    latency = view["latency_ns"]
    for name in ("p90", "p99"):
        check.timed(latency[name] < 0.1 * stop_s * 1e9, f"{name} {latency[name]} hides the stop")
    check.near(latency["max"], stop_s * 1e9, 0.1, "the longest")
    consistent(check, view)


@case("stall-kernel", alone=True, root=True)
def kernel_view(check):
    """With a connection for each request, the kernel has seen what the open loop says."""
    with Service("queue_server") as service, Trace(service.port) as trace:
        view, stop_s = stopped_load(service, "--rate", RATE, "-c", 1200)
        settle(service.port)
        report = parsed(trace.finish(), "the trace's report")
        service.account()
    found = [s for s in report["services"] if s["port"] == service.port]
    if not found:
        raise Failure("the service is not in the report")
    check.equal(found[0]["requests"], view["sent"], "the kernel's requests")
    as_arithmetic_says(check, found[0]["latency_ns"], stop_s, "the kernel's")
    as_arithmetic_says(check, view["latency_ns"], stop_s, "the load's")
