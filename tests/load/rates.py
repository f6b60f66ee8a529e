# SPDX-License-Identifier: BSD-2-Clause
"""A rate is kept, and its requests are counted alike by both ends."""

import statistic
from harness import Service, case, consistent, raw


def at_rate(rate, seconds, connections=50):
    def run(check):
        with Service("queue_server") as service:
            options = ("--arrivals", "constant", "-c", connections, "-d", seconds)
            view = raw(service, "--rate", rate, *options)
            times = [record[0] / 1e9 for record in service.account()]
        wanted = rate * seconds
        by = max(0.005, 1.01 / wanted)  # or one request
        check.near(view["scheduled"], wanted, by, "scheduled", timed=False)
        check.equal(view["sent"], view["scheduled"], "all were sent")
        check.equal(len(times), view["sent"], "the server's requests")
        check.equal(view["failed"], 0, "failed")
        check.near(view["rate_intended"], rate, 1e-6, "rate_intended", timed=False)
        check.near(view["rate_sent"], rate, by, "rate_sent")
        check.near(view["rate_achieved"], rate, max(by, 0.01), "rate_achieved")
        check.near(1 / statistic.slope(times), rate, 0.005, "rate by the server's clock")
        check.that(view["lateness_ns"]["count"] > 0, "lateness is told")
        consistent(check, view)

    return run


for per_second, duration in ((10, 2), (100, 2), (1000, 2)):
    case(f"rate-{per_second}")(at_rate(per_second, duration))
case("rate-10000", alone=True)(at_rate(10000, 1))
case("rate-20000", alone=True)(at_rate(20000, 0.5, 20))


@case("rate-poisson")
def poisson(check):
    """The mean of a poisson load: its number of requests has the deviation of its root."""
    with Service("queue_server") as service:
        view = raw(service, "--rate", 2000, "-d", 2, "--seed", 3)
        count = len(service.account())
    check.equal(count, view["sent"], "the server's requests")
    check.near(view["scheduled"], 4000, 4 / 4000**0.5, "scheduled", timed=False)
    check.near(view["rate_intended"], 2000, 1e-6, "rate_intended", timed=False)
    consistent(check, view)


@case("rate-too-high", alone=True)
def too_high(check):
    """A rate beyond what the service can do is not hidden: it is due all the same, and waits."""
    with Service("queue_server", "--time", "constant:1000", "--sleep") as service:
        options = ("-c", 20, "-d", 1, "--timeout", 20, "--arrivals", "constant")
        view = raw(service, "--rate", 2000, *options)
        count = len(service.account())
    check.equal(view["scheduled"], 2000, "scheduled")
    check.equal(view["sent"], count, "the server's requests")
    check.that(view["rate_achieved"] < 1000, f"achieved {view['rate_achieved']:.0f}/s")
    # The last one is due at 1 s and answered at 2 s or later: half of all wait for over 0.5 s.
    p50 = view["latency_ns"]["p50"]
    check.that(p50 is not None and p50 > 0.45e9, f"p50 {p50} ns")
    connection = view["connection_ns"]["mean"]
    answer = view["answer_ns"]["mean"]
    check.that(connection > 10 * answer, f"waited for a connection {connection}, answer {answer}")
    consistent(check, view)


@case("warm-up")
def warm_up(check):
    """What is due in the warm-up is asked, and is in no number."""
    with Service("queue_server") as service:
        view = raw(service, "--rate", 500, "-d", 1, "--warmup", 1, "--arrivals", "constant")
        count = len(service.account())
    check.near(view["scheduled"], 500, 0.005, "scheduled", timed=False)
    check.near(count, 1000, 0.005, "the server's requests", timed=False)
    check.near(view["warm_up_s"], 1, 1e-6, "warm_up_s", timed=False)
    check.near(view["duration_s"], 1, 0.02, "duration_s", timed=False)
    consistent(check, view)


@case("closed")
def closed(check):
    """A closed loop: as many at a time as connections, each thinks after its answer."""
    with Service("delay_server", "--time", "constant:5000") as service:
        words = ("--arrivals", "constant", "-c", 10, "-d", 2)
        view = raw(service, "--closed", "--think", 0.015, *words)
        records = service.account()
    check.equal(len(records), view["sent"], "the server's requests")
    check.that(not view["open"], "it is said to be closed")
    check.that(view["rate_intended"] is None, "it has no rate of its own")
    # Little: 10 connections in a cycle of at least 20 ms.
    check.that(view["rate_achieved"] <= 505, f"achieved {view['rate_achieved']:.0f}/s")
    check.timed(view["rate_achieved"] > 400, f"achieved {view['rate_achieved']:.0f}/s of 500")
    at_once, deepest = 0, 0
    for _, change in sorted([(r[0], 1) for r in records] + [(r[0] + r[1], -1) for r in records]):
        at_once += change
        deepest = max(deepest, at_once)
    check.that(deepest <= 10, f"{deepest} requests at a time by 10 connections")
    consistent(check, view)
