# SPDX-License-Identifier: BSD-2-Clause
"""The slowest requests of a report: each is whole, and they are the slowest in truth."""

from causes import shortly
from verdict import Check

AT_LEAST = 10  # are kept


def faults_of(e):
    """What is wrong with one request of the list; times in ns from its arrival."""
    end, stages = e["latency_ns"], e["stages_ns"]
    if sum(stages.values()) != end:
        yield "stages add up to %d, not %d" % (sum(stages.values()), end)
    if any(x <= 0 for x in stages.values()):
        yield "a stage of nothing, or less"
    if not 0 <= e["read_ns"] <= e["reply_ns"] <= e["done_ns"] == end:
        yield "marks %s of %d" % ([e[m] for m in ("read_ns", "reply_ns", "done_ns")], end)
    after = [end] + [e[m] for m in ("sent_ns", "acked_ns") if e[m] is not None]
    if after != sorted(after):
        yield "sent or acked out of order: %s" % after
    for w in e["waits"]:
        if not 0 <= w["start_ns"] <= w["end_ns"] <= end:
            yield "wait %d..%d of %d" % (w["start_ns"], w["end_ns"], end)
        elif w["stage"] not in stages:
            yield "a wait in %s, of which there is nothing" % w["stage"]


def conservation(s):
    """What must hold whatever was traced."""
    listed = s.get("slowest") or []
    made = []
    for i, e in enumerate(listed):
        wrong = "; ".join(faults_of(e))
        made.append(Check("slowest request %d is whole" % (i + 1), not wrong, wrong))
    latencies = [e["latency_ns"] for e in listed]
    made.append(Check("slowest first", latencies == sorted(latencies, reverse=True),
                      str(latencies[:12])))
    return shortly("the slowest are whole", made if listed else [])


def slept(e, wait):
    """
    Did this request sleep as the service says that its slow ones do, and does one of its waits
    cover that?
    """
    least = 0.97 * wait["ns"][0] / max(1, wait["count"])
    here = e["stages_ns"].get(wait["stage"], 0)
    return here >= least and any(
        w["stage"] == wait["stage"] and w["syscall"] == wait["syscall"] and
        w["end_ns"] - w["start_ns"] >= 0.97 * here for w in e["waits"])


def are_the_slow(case, service, client, found):
    """The service knows how many of its requests sleep; these, and only these, are slow."""
    wait, made = service["waits"][0], []
    for s in found:
        listed = s["slowest"]
        slow = [slept(e, wait) for e in listed]
        want = min(wait["count"], len(listed))
        kept = Check("slow requests are kept", len(listed) >= min(AT_LEAST, s["requests"]),
                     "%d of %d" % (len(listed), wait["count"]))
        first = Check("those that slept come first", all(slow[:want]) and sum(slow) == want,
                      "".join("s" if x else "-" for x in slow))
        whose = sorted({(e["thread"]["comm"], e["reader"]["comm"]) for e in listed[:want]})
        named = Check("by their thread", whose == [(s["comm"], s["comm"])], str(whose))
        made += [kept, first, named,
                 Check("from 127.0.0.1",
                       all(e["client"].startswith("127.0.0.1:") for e in listed), ""),
                 Check("at different times", len({e["at_s"] for e in listed}) == len(listed) and
                       all(0 <= e["at_s"] <= s["window_s"] for e in listed), "")]
    return made
