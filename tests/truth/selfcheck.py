# SPDX-License-Identifier: BSD-2-Clause
"""
The test of the tests, without lvt: a service's account must be whole and agree with its client;
a report made of that account must pass, and fail as soon as any figure in it is wrong.
"""

import copy
import math

import case as usual
import causes
import compare
from compare import Check


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
    for w in service["waits"]:
        mean = w["ns"][1] / max(1, w["count"]) / 1e3
        made.append(Check("it waited: " + causes.title(w), 0 < w["ns"][0] <= w["ns"][1],
                          "%d times, %.1f µs" % (w["count"], mean)))
    return made


def perfect_report(case, service, client, port):
    """
    A report that is exactly the service's account: of each range the middle, or another part if
    the middles do not add up to a latency.
    """
    span, (lo, hi) = client["send_span"], service["latency_from_read"]
    least, most = 0, 1
    for _ in range(40):
        part = (least + most) / 2
        report = report_at(part, case, service, client, port)
        s = report["services"][0]
        latency = s["latency_ns"]["mean"] * s["requests"] - service["queue"]
        if latency < lo - span:
            least = part
        elif latency > hi:
            most = part
        else:
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
    return {"loss": {"total": 0}, "gaps": {"lost_switch": 0}, "services": [
        {"port": port, "requests": n, "latency_ns": {"mean": latency / n, "count": n},
         "exchanges": {"request_response": n, "pipelined": 0, "unsolicited": 0,
                       "aborted": client["requests"] - n, "streaming": n * case.streaming},
         "stages": {s: {"mean": v / n} for s, v in value.items()}, "slowest": [],
         "queue_blocked": {"idle": value["queue.blocked"] / n},
         "blocked_on": by_share(made_up_waits(part, service, value), latency),
         "preempted_by": by_share([dict(row(s, value[s]), comm="x", pid=1) for s in causes.READY],
                                  latency)}]}


def row(stage, ns, count=1):
    return {"stage": stage, "count": count, "total_ns": ns, "other": False,
            **{name: None for name in causes.NAMES}}


def by_share(rows, latency):
    """As the report has them: most first, each with its share of the whole latency."""
    for r in rows:
        r["share"] = r["total_ns"] / latency
    return sorted([r for r in rows if r["total_ns"]], key=lambda r: -r["total_ns"])


def made_up_waits(part, service, value):
    """Rows of blocked_on that add up to the stages."""
    rows, sums = [], causes.by_stage(service)
    for w in service["waits"]:
        size, all_of_them = (lo + part * (hi - lo)
                             for lo, hi in (causes.wait_range(w, service), sums[w["stage"]]))
        r = row(w["stage"], value[w["stage"]] * size / all_of_them, w["count"])
        r.update({name: w[name] for name in causes.NAMES if name in w})
        rows.append(r)
    known = {r["stage"] for r in rows}
    return rows + [row(s, value[s]) for s in causes.BLOCKED if s not in known]


def settle(s):
    """Make the rows add up to the stages, so that no sum gives away what was done to these."""
    for key, stages in (("blocked_on", causes.BLOCKED), ("preempted_by", causes.READY)):
        for stage in stages:
            mine = [r for r in s[key] if r["stage"] == stage] or [row(stage, 0)]
            mine[0]["total_ns"] += (s["stages"][stage]["mean"] * s["requests"] -
                                    sum(r["total_ns"] for r in mine))
            s[key] = [r for r in s[key] if r["stage"] != stage] + mine
        s[key] = by_share(s[key], s["latency_ns"]["mean"] * s["requests"])
    s["queue_blocked"] = {"idle": s["stages"]["queue.blocked"]["mean"]}


def all_good(case, service, client, report, port):
    return all(v.ok for v in compare.verdicts(case, service, client, report, port))


def spoiled(report):
    """Yield (what was done, a report that is wrong in one way)."""
    def changed(what):
        r = copy.deepcopy(report)
        return what, r, r["services"][0]

    waits = report["services"][0]["blocked_on"]
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
    if 0.03 * report["services"][0]["stages"]["service.cpu"]["mean"] > 12000 and not waits:
        what, r, s = changed("a little CPU charged where there must be none")
        s["stages"]["service.cpu"]["mean"] -= 11000
        s["stages"]["service.disk"]["mean"] += 11000
        settle(s)
        yield what, r
    for name in ("service.handoff", "service.client", "service.net", "unattributed"):
        what, r, s = changed("CPU charged to " + name)
        moved = s["stages"]["service.cpu"]["mean"] + 11000
        s["stages"][name]["mean"] += moved
        s["stages"]["service.cpu"]["mean"] = 0
        s["latency_ns"]["mean"] += 11000
        settle(s)
        if moved > 20000:
            yield what, r
    yield from spoiled_waits(report, changed)
    what, r, s = changed("queue charged to the service")
    for q in compare.QUEUE:
        s["stages"]["service.cpu"]["mean"] += s["stages"][q]["mean"]
        s["stages"][q]["mean"] = 0
    settle(s)
    before = report["services"][0]["stages"]["service.cpu"]["mean"]
    if s["stages"]["service.cpu"]["mean"] - before > max(before, 25000):
        yield what, r


def spoiled_waits(report, changed):
    """Wrong reasons for what is right in sum."""
    for i, old in enumerate(report["services"][0]["blocked_on"]):
        wrong = [("other", True)] + [(n, "nobody") for n in causes.NAMES if old[n] is not None]
        few = math.ceil(0.02 * old["count"])
        for key, value in wrong if few < old["count"] else []:
            what, r, s = changed("%s: 2 %% of the waits, %s" % (causes.describe(old), key))
            rows = s["blocked_on"]
            rows.append(dict(rows[i], count=few, total_ns=0, share=0, **{key: value}))
            rows[i]["count"] -= few
            yield what, r
        what, r, s = changed("%s: not in the sum" % causes.describe(old))
        s["blocked_on"][i]["total_ns"] += 1000
        yield what, r


def run(case):
    """All checks of a case."""
    if case.facts:
        return case.facts(case)
    service = case.start()
    client, noise = usual.run_client(case, service)
    truth = usual.truth_of(case, service, noise)
    made = account(case, truth, client)
    case = copy.copy(case)
    case.serial = case.contended = False  # a made-up report has no run queue
    report = perfect_report(case, truth, client, service.port)
    made += [v for v in compare.verdicts(case, truth, client, report, service.port) if not v.ok]
    for what, r in spoiled(report):
        made.append(Check("noticed: " + what,
                          not all_good(case, truth, client, r, service.port), ""))
    return made
