# SPDX-License-Identifier: BSD-2-Clause
"""
The test of the tests, without lvt: a service's account must be whole and agree with its client;
a report made of that account must pass, and fail as soon as any figure in it is wrong.
"""

import copy

import cases
import compare
from compare import Check
from harness import Service


def account(case, service, client):
    """Service against client."""
    n = service["requests"]
    lo, hi = service["latency_from_read"]
    more = n - client["answers"]  # answers that a reset overtook
    made = [Check("requests", n > 0 and 0 <= more <= client["resets"], "%d, %d more" % (n, more)),
            Check("none failed", client["failed"] == 0, str(client["failed"])),
            Check("within the client's latency", lo <= client["latency_sum"], "")]
    known = {k: v for k, v in service["stages"].items() if k.startswith("service.")}
    whole = {k: v for k, v in known.items()
             if not any(k != o and set(k.split("+")) < set(o.split("+")) for o in known)}
    least, most = (sum(v[i] for v in whole.values()) for i in (0, 1))
    made += [compare.Row("service stages, at least", 0, hi / n, least / n),
             compare.Row("service stages, at most", lo / n, max(lo, most) / n, most / n)]
    cpu = service["stages"]["service.cpu"]
    made.append(Check("CPU per request", cpu[1] / n >= case.work_us * 1000,
                      "%.1f of %d µs" % (cpu[1] / n / 1e3, case.work_us)))
    if case.work_us:
        made.append(Check("not much more", cpu[0] / n < case.work_us * 1.5e3 + 400e3, ""))
    return made


def perfect_report(case, service, client, port):
    """
    A report that is exactly the service's account: of each range the middle, or another part if
    the middles do not add up to a latency.
    """
    span, (lo, hi) = client["send_span"], service["latency_from_read"]
    for part in [0.5] + [i / 50 for i in range(51)]:
        report = report_at(part, case, service, client, port)
        s = report["services"][0]
        latency = s["latency_ns"]["mean"] * s["requests"] - service["queue"]
        if lo - span <= latency <= hi:
            break
    return report


def report_at(part, case, service, client, port):
    n, value = service["requests"], {s: 0 for s in compare.stage_names()}
    wanted = sorted(compare.expectations(case, service, client), key=lambda e: len(e[1]))
    for what, stages, lo, hi in wanted:
        rest = lo + part * (hi - lo) - sum(value[s] for s in stages)
        put = "queue.pickup" if what == "queue.*" else stages[-1]
        value[put] += max(0, rest)
    latency = sum(value.values())
    return {"loss": {"total": 0}, "services": [
        {"port": port, "requests": n, "latency_ns": {"mean": latency / n, "count": n},
         "exchanges": {"request_response": n, "pipelined": 0, "unsolicited": 0,
                       "aborted": client["requests"] - n},
         "stages": {s: {"mean": v / n} for s, v in value.items()}}]}


def all_good(case, service, client, report, port):
    return all(v.ok for v in compare.verdicts(case, service, client, report, port))


def spoiled(report):
    """Yield (what was done, a report that is wrong in one way)."""
    def changed(what):
        r = copy.deepcopy(report)
        return what, r, r["services"][0]

    for by in (-1, 1):
        what, r, s = changed("requests %+d" % by)
        for d, k in ((s, "requests"), (s["latency_ns"], "count"),
                     (s["exchanges"], "request_response")):
            d[k] += by
        yield what, r
    what, r, s = changed("a loss")
    r["loss"]["total"] = 1
    yield what, r
    what, r, s = changed("latency 5 ns off the sum")
    s["latency_ns"]["mean"] += 5
    yield what, r
    if report["services"][0]["exchanges"]["aborted"]:
        what, r, s = changed("an aborted exchange less")
        s["exchanges"]["aborted"] -= 1
        yield what, r
    if 0.03 * report["services"][0]["stages"]["service.cpu"]["mean"] > 12000:
        what, r, s = changed("a little CPU charged where there must be none")
        s["stages"]["service.cpu"]["mean"] -= 11000
        s["stages"]["service.disk"]["mean"] += 11000
        yield what, r
    for name in ("service.handoff", "service.client", "service.net", "unattributed"):
        what, r, s = changed("CPU charged to " + name)
        moved = s["stages"]["service.cpu"]["mean"] + 11000
        s["stages"][name]["mean"] += moved
        s["stages"]["service.cpu"]["mean"] = 0
        s["latency_ns"]["mean"] += 11000
        if moved > 20000:
            yield what, r
    what, r, s = changed("queue charged to the service")
    for q in compare.QUEUE:
        s["stages"]["service.cpu"]["mean"] += s["stages"][q]["mean"]
        s["stages"][q]["mean"] = 0
    before = report["services"][0]["stages"]["service.cpu"]["mean"]
    if s["stages"]["service.cpu"]["mean"] > 2 * before:
        yield what, r


def run(case):
    """All checks of a case."""
    service = Service(case.service, case.family)
    client, noise = cases.run_client(case, service)
    truth = cases.truth_of(case, service, noise)
    made = account(case, truth, client)
    case = copy.copy(case)
    case.serial = case.contended = False  # a made-up report has no run queue
    report = perfect_report(case, truth, client, service.port)
    made += [v for v in compare.verdicts(case, truth, client, report, service.port) if not v.ok]
    for what, r in spoiled(report):
        made.append(Check("noticed: " + what,
                          not all_good(case, truth, client, r, service.port), ""))
    return made
