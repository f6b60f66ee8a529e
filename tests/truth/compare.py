# SPDX-License-Identifier: BSD-2-Clause
"""What the service knows against what lvt measured, as rows of a table; times in ns."""

import json
import os

import causes
import occupancy
import slowest
from verdict import HEADING, TOLERANCE_NS, Check, Name, Row  # noqa: F401 (HEADING is for run.py)

QUEUE = ["queue.accept", "queue.busy", "queue.runq", "queue.wakeup", "queue.blocked",
         "queue.pickup"]
RUNQ = ["queue.runq", "service.runq"]
WAKEUP = ["queue.wakeup", "service.wakeup"]
SWITCH_NS = 5000  # between the scheduler's clock and sched_switch, cold caches


def stage_names():
    """All stages, from the one place that names them."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../include/stages.def")
    with open(path) as f:
        return [line.split('"')[1] for line in f if line.startswith("STAGE(")]


def services_at(report, port):
    return [s for s in report["services"] if s["port"] == port]


def total(found, stages):
    """Sum in ns of stages over all requests of some services."""
    return sum(s["stages"].get(n, {"mean": 0})["mean"] * s["requests"]
               for s in found for n in stages if s["requests"])


def integrity(report):
    """What must hold whatever was traced."""
    checks = [Check("loss", report["loss"]["total"] == 0,
                    json.dumps({k: v for k, v in report["loss"].items() if v}))]
    for s in report["services"]:
        if not s["requests"]:
            continue
        mean = s["latency_ns"]["mean"]
        got = sum(x["mean"] for x in s["stages"].values())
        # 1 ns, and what a double of this size rounds in some twenty additions
        checks.append(Check("sum of stages == latency, port %d" % s["port"],
                            abs(got - mean) <= 1 + 1e-12 * mean, "%.3f %.3f ns" % (got, mean)))
        low = [n for n, x in s["stages"].items() if x["mean"] < 0]
        checks.append(Check("no stage below zero, port %d" % s["port"], not low, " ".join(low)))
        x = s["exchanges"]
        checks.append(Check("exchanges add up, port %d" % s["port"],
                            x["request_response"] + x["pipelined"] == s["requests"]
                            == s["latency_ns"]["count"], json.dumps(x)))
        checks += causes.conservation(s) + slowest.conservation(s)
        checks += occupancy.conservation(s)
    return checks


def counts(found, client, service=None):
    """Every request exactly once. service may be None if its sums are lost."""
    n = sum(s["requests"] for s in found)
    known = [service["requests"]] if service else []
    if not client["resets"]:
        known.append(client["answers"])
    checks = [Check("requests", all(k == n for k in known),
                    "service and client %s lvt %d" % (known, n))]
    if client["resets"]:
        # A reset may come after the answer if the client was held up: then it is a request.
        aborted = sum(s["exchanges"]["aborted"] for s in found)
        checks.append(Check("aborted", aborted == client["requests"] - n and
                            client["answers"] <= n < client["requests"],
                            "resets %d lvt %d" % (client["resets"], aborted)))
    return checks


def expectations(case, service, client):
    """Yield (what, stages, lo, hi), sums in ns. A queue time begins within the client's send()."""
    span = client["send_span"]
    q = service["queue"]
    # A thread that loses its CPU between the kernel's mark and its own look at the clock moves that
    # wait from one side to the other. Over thousands of requests it vanishes, over sixty it does not, nor
    # where the service's own threads wake up for the same CPU.
    few = service["requests"] < 100 and not case.contended
    edge = service["run_delay"] if few or case.crowded else 0
    yield "queue.*", QUEUE, max(0, q - span - edge), q
    covered = set(QUEUE) - {"queue.accept", "queue.busy"} | set(case.free)
    for what, (lo, hi) in [*service["stages"].items(), *causes.by_stage(service).items()]:
        stages = what.split("+")
        if stages[0].startswith("queue."):
            # While others were served, the thread may itself have waited for a CPU.
            lo = max(0, lo - span - case.waiting * service["run_delay"])
        else:
            # At a forced switch the scheduler's clock and sched_switch are some us apart.
            noise = SWITCH_NS * service["switches"] * (1 + case.waiting)
            ready = few or any(n.endswith((".runq", ".wakeup")) for n in stages)
            lo, hi = max(0, lo - noise - service.get("gap", 0)), hi + noise + edge * ready
            if what == "service.cpu":
                hi += 1000 * case.cold_us * service["requests"]
        yield what, stages, lo, hi
        covered.update(stages)
    for n in stage_names():
        if n not in covered:
            yield n, [n], 0, service.get("gap", 0) if n == "unattributed" else 0


def latency(service, client, found):
    n, q = service["requests"], service["queue"]
    lo, hi = service["latency_from_read"]
    got = sum(s["latency_ns"]["mean"] * s["requests"] for s in found if s["requests"])
    return Row("latency", (lo + max(0, q - client["send_span"])) / n, (hi + q) / n, got / n)


def rows(case, service, client, found):
    """The truth table of a case. service: its sums, and "run_delay" of its threads."""
    n = service["requests"]
    if not n:
        return []
    tolerance = causes.TOLERANCE_NS if service.get("waits") else TOLERANCE_NS
    made = [latency(service, client, found)]
    made += [Row(what, lo / n, hi / n, total(found, stages) / n, tolerance)
             for what, stages, lo, hi in expectations(case, service, client)]
    made += causes.waits(service, found, case.shared_loop)
    made += occupancy.moments(service, found)
    made += schedstat(case, service, client, found)
    return made


def schedstat(case, service, client, found):
    """
    The ready stages against the scheduler's own account. It counts from the enqueueing, which for a
    thread that is woken from another CPU is an interrupt later than its waking, within or about
    the client's send(). An idle CPU's wake-up is mostly that interrupt, so it proves nothing there.
    """
    n, delay = service["requests"], service["run_delay"]
    span = case.wakes * client["send_span"]
    if case.contended:
        return [Row("*.runq+*.wakeup (schedstat)", delay / n, (delay + span) / n,
                    total(found, RUNQ + WAKEUP) / n)]
    if case.serial:
        return [Row("*.runq (schedstat)", 0, (delay + span) / n, total(found, RUNQ) / n)]
    return []


def verdicts(case, service, client, report, port):
    """All rows and checks of a plain case."""
    found = services_at(report, port)
    if report["gaps"]["lost_switch"]:
        # The kernel does not deliver some switches; lvt counts them and may not know a little.
        seen = sum(s["latency_ns"]["mean"] * s["requests"] for s in found if s["requests"])
        service = dict(service, gap=min(total(found, ["unattributed"]), 0.01 * seen))
    made = rows(case, service, client, found) + counts(found, client, service)
    if service["requests"] and sum(s["requests"] for s in found):
        seen = sum(s["latency_ns"]["mean"] * s["requests"] for s in found if s["requests"])
        made.append(Check("latency <= the client's", seen <= client["latency_sum"],
                          "%.1f %.1f µs" % (seen / service["requests"] / 1e3,
                                            client["latency_sum"] / service["requests"] / 1e3)))
    if case.contended:
        wait, idle = total(found, RUNQ), total(found, WAKEUP)
        made.append(Check("contention, not wake-up latency", wait > 5 * idle,
                          "runq %.1f ms wakeup %.1f ms" % (wait / 1e6, idle / 1e6)))
    if service.get("waits"):
        made.append(causes.streaming(found, service["requests"] if case.streaming else 0))
    return made + integrity(report)
