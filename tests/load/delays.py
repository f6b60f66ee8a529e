# SPDX-License-Identifier: BSD-2-Clause
"""A service with a known distribution of delays: the load reports that distribution."""

import os
import tempfile

import statistic
from harness import Service, case, consistent, histogram, quantile, raw

SHARE, LEAST_NS = 0.02, 20000  # how far off a quantile may be: 2 %, or 20 us
# Neither disturbs the other.
LOAD_CPU, SERVICE_CPU = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
NAMED = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}


def accurate(check, truth, got, what):
    off = max(truth - got[1], got[0] - truth, 0)
    room = max(SHARE * truth, LEAST_NS)
    text = f"{what}: {got[0] / 1e3:.1f} us, the service's {truth / 1e3:.1f}"
    check.timed(off <= room, text)


def compare(check, service, *options, every=True):
    """Run a load on a delay service and compare all quantiles that the sample has."""
    with tempfile.TemporaryDirectory(prefix="lvt-load-") as folder:
        path = os.path.join(folder, "run.hlog")
        view = raw(service, *options, "-o", path, "--cpus", LOAD_CPU)
        cells = histogram(path, "client/answer")
    records = service.account()
    took = sorted(record[1] for record in records)
    check.equal(len(took), view["ok"], "answers")
    check.equal(sum(n for _, n in cells.values()), view["ok"], "answers in the run file")
    for name, q in NAMED.items():
        value = view["answer_ns"][name]
        accurate(check, statistic.quantile(took, q), (value, value), f"answer_ns {name}")
    steps = [q / 100 for q in range(1, 100)] + [q / 1000 for q in range(991, 1000)]
    for q in steps if every else ():
        accurate(check, statistic.quantile(took, q), quantile(cells, q), f"quantile {q}")
    accurate(check, statistic.mean(took), (view["answer_ns"]["mean"],) * 2, "mean")
    consistent(check, view)
    return view


@case("delays-exponential", alone=True)
def exponential(check):
    """A tail of two decades, thousands of connections, no queue."""
    with Service("delay_server", "--time", "shifted:8000,16000", "--cpu", SERVICE_CPU) as service:
        view = compare(check, service, "--rate", 4000, "-c", 2000, "-d", 1.5, "--seed", 1)
    check.equal(view["connections"], 2000, "connections")
    check.equal(view["failed"], 0, "failed")


@case("delays-two", alone=True)
def two_points(check):
    """One in a hundred takes 20 times as long: the step is where it is."""
    with Service("delay_server", "--time", "two:20000,200000,0.015", "--cpu", SERVICE_CPU) as service:
        view = compare(check, service, "--rate", 2000, "-c", 400, "-d", 1, "--seed", 2)
    check.that(view["answer_ns"]["p99"] > 5 * view["answer_ns"]["p90"], "the step is seen")


@case("delays-uniform", alone=True)
def uniform(check):
    with Service("delay_server", "--time", "uniform:10000,40000", "--cpu", SERVICE_CPU) as service:
        compare(check, service, "--rate", 2000, "-c", 200, "-d", 1, "-t", 2, "--seed", 3)


@case("in-flight")
def in_flight(check):
    """Little's law: rate x latency."""
    with Service("delay_server", "--time", "constant:100000") as service:
        options = ("--arrivals", "constant", "-c", 400, "-d", 2)
        view = raw(service, "--rate", 1000, *options)
        service.account()
    mean = view["in_flight"]
    mean = mean["mean"] if isinstance(mean, dict) else mean
    check.near(mean, 100, 0.06, "in flight")


@case("timeouts")
def timeouts(check):
    """A request that is not answered in time keeps its rank: above all others, and unknown."""
    with Service("delay_server", "--time", "two:1000,60000000,0.03") as service:
        options = ("--timeout", 0.3, "-c", 200, "-d", 2, "--seed", 4)
        view = raw(service, "--rate", 1000, *options)
        drawn = [record[2] for record in service.account()]
    check.equal(view["errors"].get("timeout"), view["failed"], "they are time-outs")
    check.near(view["failed"] / view["scheduled"], 0.03, 0.6, "share that failed", timed=False)
    check.equal(view["scheduled"] - len(drawn), view["failed"], "what was not answered has failed")
    latency = view["latency_ns"]
    for name in ("p99", "p99_9", "max"):
        check.equal(latency[name], None, f"latency {name}")
    for name in ("p50", "p90", "mean"):
        check.that(latency[name] and latency[name] < 300e6, f"latency {name}: {latency[name]}")
    answer = view["answer_ns"]["p99"]
    check.that(answer and answer < 300e6, f"the answered ones have a p99: {answer}")
    consistent(check, view)


@case("timeouts-few")
def few_timeouts(check):
    """Below 1 %, the p99 is known; the worst is not."""
    with Service("delay_server", "--time", "two:1000,60000000,0.004") as service:
        options = ("--timeout", 0.3, "-c", 200, "-d", 2, "--seed", 5)
        view = raw(service, "--rate", 1000, *options)
        service.account()
    latency = view["latency_ns"]
    share = view["failed"] / view["scheduled"]
    check.that(0.001 < share < 0.01, f"{share:.2%} failed")
    check.that(latency["p99"] and latency["p99"] < 300e6, f"p99 {latency['p99']}")
    check.equal((latency["p99_9"], latency["max"]), (None, None), "p99.9 and the worst")
    consistent(check, view)
