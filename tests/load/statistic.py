# SPDX-License-Identifier: BSD-2-Clause
"""The statistics of the load tests, from their definitions."""

import math


def kolmogorov_smirnov(sample, cdf):
    """The greatest distance between the sample's distribution and a continuous one."""
    n = len(sample)
    worst = 0
    for i, x in enumerate(sorted(sample)):
        p = cdf(x)
        worst = max(worst, p - i / n, (i + 1) / n - p)
    return worst


def kolmogorov_limit(n, alpha):
    """The distance that a right sample of n exceeds with probability alpha (asymptotic)."""
    return math.sqrt(-math.log(alpha / 2) / 2 / n)


def exponential_cdf(mean):
    return lambda x: -math.expm1(-x / mean) if x > 0 else 0.0


def intervals(times):
    return [b - a for a, b in zip(times, times[1:])]


def mean(values):
    return sum(values) / len(values)


def correlation(xs, ys):
    mx, my = mean(xs), mean(ys)
    sxy = sum((x - mx) * (y - my) for x, y in zip(xs, ys))
    sxx, syy = sum((x - mx) ** 2 for x in xs), sum((y - my) ** 2 for y in ys)
    return sxy / math.sqrt(sxx * syy) if sxx and syy else 0.0


def slope(ys):
    """Of the line of least squares through (0, y0), (1, y1), ..."""
    n = len(ys)
    mx, my = (n - 1) / 2, mean(ys)
    return sum((i - mx) * (y - my) for i, y in enumerate(ys)) / (n * (n * n - 1) / 12)


def quantile(values, q):
    """The value of rank ceil(q n) of a sorted sample."""
    return values[max(1, math.ceil(q * len(values))) - 1]
