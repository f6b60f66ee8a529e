# SPDX-License-Identifier: BSD-2-Clause
"""
Why a request waited: what the service knows of its waits, against the report's blocked_on and
preempted_by; and the sums that must hold in any report.
"""

from verdict import Check, Name, Row

BLOCKED = ["service.disk", "service.lock", "service.net", "service.pool", "service.sleep",
           "service.fault", "service.blocked"]
READY = ["queue.runq", "service.runq"]
NAMES = ["syscall", "peer", "peer_comm", "peer_pid", "waker"]
WAKING_NS = 5000  # from sched_waking to the queue of a CPU, cold caches
TOLERANCE_NS = 20000
RIGHT_SHARE = 0.99  # of the waits have the right names
FEW = 50  # waits of which none may be wrong


def wait_range(wait, service):
    """
    [lo, hi] ns of all waits of a kind; if nobody knows its end, a wait for the CPU is in it. That begins
    with sched_waking, run_delay some us later: when the thread is in the queue of its CPU, which an
    interrupt may have to tell.
    """
    lo, hi = wait["ns"]
    ready_too = wait["wake_unknown"] or wait["again"]
    ready = service["run_delay"] + WAKING_NS * wait["count"]
    return (max(0, lo - ready) if ready_too else lo), hi


def by_stage(service):
    """stage -> [lo, hi] ns, of the service's waits."""
    sums = {}
    for w in service.get("waits", []):
        lo, hi = wait_range(w, service)
        have = sums.get(w["stage"], (0, 0))
        sums[w["stage"]] = (have[0] + lo, have[1] + hi)
    return sums


def fits(row, wait):
    """Has a row of the report the names that the service gives to a wait?"""
    return (row["stage"] == wait["stage"] and not row["other"] and
            all(row[n] == wait[n] for n in NAMES if n in wait))


def title(wait):
    return " ".join([wait["stage"]] + [str(wait[n]) for n in ("syscall", "peer", "waker")
                                       if n in wait])


def describe(row):
    """A row of blocked_on or preempted_by in a few words."""
    words = [row["stage"]] + ["%s %s" % (n, row[n]) for n in NAMES + ["comm", "pid"] if row.get(n)]
    count = "%d ns" % row["total_ns"] if row["other"] else row["count"]
    return " ".join(words + ["other"] * row["other"]) + ": %s" % count


def names(what, rows, right):
    """
    By count, nearly all rows are right. How many waits have no name is not known, but how long they
    took.
    """
    rest = sum(r["total_ns"] for r in rows if r["other"])
    time = sum(r["total_ns"] for r in rows)
    good, n = (sum(r["count"] for r in some if not r["other"]) for some in (right, rows))
    wrong = "; ".join(describe(r) for r in rows if r not in right)
    slack = 1 - RIGHT_SHARE if n >= FEW else 0
    return Name(what, 0 < n and (1 - slack) * n <= good and rest <= (1 - RIGHT_SHARE) * time,
                "%d of %d%s" % (good, n, wrong and ", not " + wrong))


def shared(known, rows, service):
    """All kinds of wait of a loop together, and which is longer."""
    n = service["requests"]
    lo, hi = (sum(wait_range(w, service)[i] for w in known) for i in (0, 1))
    time = [sum(r["total_ns"] for r in rows if fits(r, w)) for w in known]
    order = sorted(range(len(known)), key=lambda i: known[i]["ns"][0])
    return [Row("all waits of the loop", lo / n, hi / n, sum(time) / n, TOLERANCE_NS),
            Check("the longer wait is the longer one", order == sorted(order, key=time.__getitem__),
                  str(time))]


def waits(service, found, shared_loop=False):
    """Each kind of wait: its time, and whether its names are right."""
    n, known = service["requests"], service.get("waits", [])
    if not known or not n:
        return []
    rows = [r for s in found for r in s["blocked_on"] if r["stage"] in BLOCKED]
    made = [names("waits with the right names", rows,
                  [r for r in rows if any(fits(r, w) for w in known)])]
    if shared_loop:
        return made + shared(known, rows, service)
    for w in known:
        lo, hi = wait_range(w, service)
        mine = [r for r in rows if fits(r, w)]
        count = sum(r["count"] for r in mine)
        made += [Row(title(w), lo / n, hi / n, sum(r["total_ns"] for r in mine) / n, TOLERANCE_NS),
                 Name("waits: " + title(w), count >= RIGHT_SHARE * w["count"],
                      "%d, the service knows %d" % (count, w["count"]))]
    return made


def preempted(found, comm, pid):
    """
    Who has the CPU while the thread is ready: only one process can take it away from the service.
    A thread that wakes up takes its CPU from whoever is there, in no time, but it counts.
    """
    rows = [r for s in found for r in s["preempted_by"]]
    right = [r for r in rows if not r["other"] and (r["comm"], r["pid"]) == (comm, pid)]
    time, n = (sum(r["total_ns"] for r in some) for some in (right, rows))
    taken = [r for r in rows if r["stage"] == "service.runq"]
    return [names("preempted by %s" % comm, taken, [r for r in right if r in taken]),
            Check("waits for %s, by time" % comm, n and time >= 0.95 * n,
                  "%.2f of %.2f ms" % (time / 1e6, n / 1e6))]


def adds_up(s, key, stages):
    """The rows of each stage add up to the stage."""
    made = []
    for stage in stages:
        rows = [r for r in s[key] if r["stage"] == stage]
        want = s["stages"][stage]["mean"] * s["requests"]
        got = sum(r["total_ns"] for r in rows)
        # means are rounded as doubles are
        made.append(Check("%s adds up to %s" % (key, stage), abs(got - want) <= 1 + 1e-9 * want,
                          "%.0f %.0f ns" % (got, want)))
        others = sum(r["other"] for r in rows)
        if others > 1:
            made.append(Check("one row for all others, " + stage, False, str(others)))
    return made


def sorted_and_shared(s, key):
    """Most first; the shares are of the whole latency."""
    all_ns = s["latency_ns"]["mean"] * s["requests"]
    time = [r["total_ns"] for r in s[key] if not r["other"]]
    return [Check(key + ", most first", time == sorted(time, reverse=True), str(time[:8])),
            Check(key + ", shares of the latency",
                  all(abs(r["share"] * all_ns - r["total_ns"]) <= 1e-3 * all_ns for r in s[key]),
                  " ".join("%.4f" % r["share"] for r in s[key][:8]))]


def shortly(what, checks):
    """Those that are bad; one line for all if none is."""
    bad = [c for c in checks if not c.ok]
    return bad or [Check(what, True, "%d checks" % len(checks))] * bool(checks)


def conservation(s):
    """What must hold in the report of a service, whatever was traced."""
    made = []
    for key, stages in (("blocked_on", BLOCKED), ("preempted_by", READY)):
        if s.get(key) is not None:
            made += adds_up(s, key, stages) + sorted_and_shared(s, key)
            stray = [describe(r) for r in s[key] if r["stage"] not in stages]
            made.append(Check(key + " has its stages only", not stray, "; ".join(stray)))
    if s.get("queue_blocked") is not None:
        got, want = sum(s["queue_blocked"].values()), s["stages"]["queue.blocked"]["mean"]
        made.append(Check("queue_blocked adds up", abs(got - want) <= 1 + 1e-9 * want,
                          "%.3f %.3f ns" % (got, want)))
    return shortly("causes add up", made)


def streaming(found, expected):
    got = sum(s["exchanges"]["streaming"] for s in found)
    return Check("answers that are transfers", got == expected, "%d of %d" % (got, expected))


def reader_slept(case, service, client, found):
    """What the reader does while requests wait and it is off the CPU: it sleeps on its timer."""
    made = []
    for s in found:
        slept, blocked = s["queue_blocked"]["sleep"], s["stages"]["queue.blocked"]["mean"]
        made.append(Check("queue.blocked is sleep", slept >= RIGHT_SHARE * blocked > 0,
                          "%.1f of %.1f µs" % (slept / 1e3, blocked / 1e3)))
    return made


def littles_law(case, service, client, found):
    """In flight, sampled, is throughput times latency."""
    laws = [s["littles_law"] for s in found]
    return [Check("Little's law, within 2 %",
                  l["relative_error"] is not None and abs(l["relative_error"]) < 0.02,
                  "%.3f sampled %.3f predicted" % (l["in_flight_sampled"],
                                                   l["in_flight_predicted"])) for l in laws]


def utilisation(case, service, client, found):
    """The CPU time of the service's threads over the window, and their wait for it."""
    n, (cpu, delay, threads) = service["requests"], service["used"]
    made = []
    for s in found:
        u, window = s["utilisation"], s["window_s"] * 1e9
        made += [Row("CPU time of the process", cpu / n, cpu / n, u["cpu_share"] * window / n),
                 Row("its wait for a CPU (schedstat)", delay / n,
                     (delay + case.wakes * client["send_span"]) / n, u["runq_share"] * window / n),
                 Check("threads", 1 <= u["threads"] <= threads,
                       "%d of %d" % (u["threads"], threads))]
    return made
