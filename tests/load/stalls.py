# SPDX-License-Identifier: BSD-2-Clause
"""A server that is stopped for a while: what an open loop must say, and what a closed one hides."""

import json
import os
import signal
import time

from harness import Load, Service, case, consistent
from session import Trace, Failure, settle

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


@case("stall-open")
def open_loop(check):
    """Every request that was due in the stop is in the tail, few connections or many."""
    for connections in (20, 1200):
        with Service("queue_server") as service:
            view, stop_s = stopped_load(service, "--rate", RATE, "-c", connections)
            count = len(service.account())
        name = f"{connections} connections:"
        check.equal(count, view["sent"], f"{name} the server's requests")
        as_arithmetic_says(check, view["latency_ns"], stop_s, name)
        consistent(check, view)
        closed = view["closed_latency_ns"]
        if connections == 20:
            check.that(closed["p90"] < 0.1 * stop_s * 1e9, f"{name} closed p90 {closed['p90']}")
            wait = view["connection_ns"]["mean"]
            check.that(wait > 0.8 * view["latency_ns"]["mean"], f"{name} mean wait for one {wait}")
            answer = view["answer_ns"]
            check.that(answer["p90"] < 0.1 * stop_s * 1e9, f"{name} answer p90 {answer['p90']}")
        few = view["closed_connections"]
        check.that(0 < few <= connections, f"{name} closed loop of {few}")
        if few < 0.005 * view["scheduled"]:
            check.that(closed["p99"] < 0.1 * stop_s * 1e9, f"{name} closed p99 {closed['p99']}")


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
        report = json.loads(trace.finish())
        service.account()
    found = [s for s in report["services"] if s["port"] == service.port]
    if not found:
        raise Failure("the service is not in the report")
    check.equal(found[0]["requests"], view["sent"], "the kernel's requests")
    as_arithmetic_says(check, found[0]["latency_ns"], stop_s, "the kernel's")
    as_arithmetic_says(check, view["latency_ns"], stop_s, "the load's")
