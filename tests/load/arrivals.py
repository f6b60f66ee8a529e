# SPDX-License-Identifier: BSD-2-Clause
"""When requests come, by the clock of the server that reads them."""

import contextlib

import statistic
from harness import Load, Service, case, consistent

SEEDS = range(1, 21)
RATE, SECONDS = 450, 2
# A right generator fails here less than once in a thousand runs, over all seeds.
ALPHA = 0.001 / len(SEEDS)
OPTIONS = ("--protocol", "raw", "--verify", "echo", "-d", SECONDS, "--rate", RATE)


def arrivals(*runs):
    """Run loads with these options at the same time, each on a server of its own.

    Returns of each its JSON and the instants at which its requests were read, in s.
    """
    with contextlib.ExitStack() as stack:
        services = [stack.enter_context(Service("queue_server")) for _ in runs]
        loads = [
            stack.enter_context(Load(service.target, *OPTIONS, *options))
            for service, options in zip(services, runs)
        ]
        found = []
        for service, load in zip(services, loads):
            view = load.finish().json
            found.append((view, [record[0] / 1e9 for record in service.account()]))
        return found


@case("poisson", alone=True)
def poisson(check):
    """Intervals are exponential with the mean that was asked for, whatever the seed.

    Every fifth load is one of two threads: together they are a Poisson process, too.
    """
    pooled = []
    runs = [["--seed", seed, "-t", 1 if seed % 5 else 2] for seed in SEEDS]
    for seed, (view, times) in zip(SEEDS, arrivals(*runs)):
        gaps = statistic.intervals(times)
        pooled += gaps
        d = statistic.kolmogorov_smirnov(gaps, statistic.exponential_cdf(1 / RATE))
        limit = statistic.kolmogorov_limit(len(gaps), ALPHA)
        check.timed(d < limit, f"seed {seed}: distance {d:.4f} of {len(gaps)}, limit {limit:.4f}")
        check.equal(len(times), view["sent"], f"seed {seed}: the server's requests")
        check.equal(view["arrivals"], "poisson", "arrivals")
        consistent(check, view)
    # What has no memory: neighbours do not know of each other. 1/sqrt(n) is its deviation.
    r = statistic.correlation(pooled, pooled[1:] + pooled[:1])
    check.timed(abs(r) < 4 / len(pooled) ** 0.5, f"neighbouring intervals: correlation {r:.4f}")
    # Jitter of a tenth of a millisecond shifts this by less than 0.01.
    d = statistic.kolmogorov_smirnov(pooled, statistic.exponential_cdf(1 / RATE))
    limit = 0.01 + statistic.kolmogorov_limit(len(pooled), 0.001)
    check.timed(d < limit, f"all {len(pooled)} together: distance {d:.4f}, limit {limit:.4f}")


@case("constant")
def constant(check):
    """Arrivals are evenly spaced."""
    view, times = arrivals(["--arrivals", "constant"])[0]
    gaps = sorted(statistic.intervals(times))
    check.equal(len(times), RATE * SECONDS, "requests")
    check.near(statistic.slope(times), 1 / RATE, 0.005, "interval, s")
    for q in (0.1, 0.5, 0.9):
        check.near(statistic.quantile(gaps, q), 1 / RATE, 0.2, f"quantile {q} of intervals, s")
    check.equal(view["arrivals"], "constant", "arrivals")


def apart(xs, ys):
    """By how much intervals in the same place differ, in the median: in means of an interval."""
    return statistic.quantile(sorted(abs(x - y) for x, y in zip(xs, ys)), 0.5) * RATE


@case("seed")
def same_seed(check):
    """A seed is a schedule: again the same, and another one for another seed."""
    one, again, other = arrivals(["--seed", 7], ["--seed", 7], ["--seed", 8])
    check.equal(again[0]["scheduled"], one[0]["scheduled"], "scheduled again")
    check.equal((one[0]["seed"], other[0]["seed"]), (7, 8), "seeds")
    gaps = [statistic.intervals(times) for _, times in (one, again, other)]
    same, differs = apart(gaps[0], gaps[1]), apart(gaps[0], gaps[2])
    check.timed(same < 0.1, f"same seed: half of the intervals within {same:.3f} of their mean")
    check.that(differs > 0.3, f"another seed: half of the intervals within {differs:.3f}")


@case("no-seed")
def no_seed(check):
    """Without --seed two loads differ, and say with which seed they can be had again."""
    (one, _), (two, _) = arrivals([], [])
    check.that(one["seed"] != two["seed"], f"seeds {one['seed']} and {two['seed']}")
