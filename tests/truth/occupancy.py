# SPDX-License-Identifier: BSD-2-Clause
"""How long requests keep their threads: mean and mean square, as the service knows them."""

import math

from verdict import Check, Row

STAGES = ["service." + n for n in ("cpu", "runq", "wakeup", "disk", "lock", "net", "pool", "sleep",
                                   "fault", "blocked")]
LATE_NS = 3000  # of the service's look at the clock, after its read and before its send


def moments(service, found):
    """Rows, if the service has summed it up."""
    total, squares = service.get("occupied", (0, 0))
    n, known = service["requests"], [s["occupancy"] for s in found if s["requests"]]
    if not total:
        return []
    if len(known) != 1 or not known[0]:
        return [Check("occupancy is known", False, str(known))]
    got = known[0]
    return [Row("occupancy, mean", total / n, total / n, got["mean_ns"], LATE_NS),
            Row("occupancy, root of the mean square", math.sqrt(squares / n),
                math.sqrt(squares / n), math.sqrt(got["square_ns2"]), LATE_NS)]


def conservation(s):
    """It is CPU time at least, and no more than all stages of its threads; no variance is negative."""
    got, mean = s.get("occupancy"), {n: s["stages"][n]["mean"] for n in STAGES}
    if not got:
        return []
    low, high = mean["service.cpu"], sum(mean.values())
    slack = 1 + 0.01 * high  # requests of which it is unknown are not in it
    made = [Check("occupancy within its stages", low - slack <= got["mean_ns"] <= high + slack,
                  "%.1f %.1f %.1f ns" % (low, got["mean_ns"], high)),
            Check("occupancy varies", got["cv2"] > -1e-9, "%g" % got["cv2"])]
    return [c for c in made if not c.ok]


def free_in_its_loop(case, service, client, found):
    """An event loop that waits serves others: no request keeps it meanwhile."""
    made = []
    for s in found:
        got, busy = s["occupancy"]["mean_ns"], sum(s["stages"][n]["mean"] for n in STAGES[:3])
        made.append(Row("occupancy without the loop's waits", busy, busy, got, 100))
    return made


def of_its_thread(case, service, client, found):
    """With what its thread does for no request, as its CPU clock has it."""
    n, cpu = service["requests"], service["stages"]["service.cpu"]
    more = [service["used"][0] - x for x in reversed(cpu)]
    kept = service["occupied"][0]
    return [Row("busy", (kept + more[0]) / n, (kept + more[1]) / n, s["occupancy"]["busy_ns"], LATE_NS)
            for s in found]
