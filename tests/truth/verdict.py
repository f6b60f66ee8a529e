# SPDX-License-Identifier: BSD-2-Clause
"""One line of a truth table: what is expected, what was measured, whether that is good."""

TOLERANCE_NS, TOLERANCE_SHARE = 10000, 0.03  # a mean may be off by the larger of the two


class Row:
    """One expectation: a mean within [lo, hi] ns, or within tolerance of it."""

    def __init__(self, what, lo, hi, measured, tolerance_ns=TOLERANCE_NS):
        self.what, self.lo, self.hi, self.measured = what, lo, hi, measured
        self.error = measured - hi if measured > hi else min(0, measured - lo)
        self.expected = min(max(measured, lo), hi)
        self.ok = abs(self.error) <= max(tolerance_ns, TOLERANCE_SHARE * abs(self.expected))

    def __str__(self):
        rng = "%.1f" % (self.hi / 1e3) if self.lo == self.hi else "%.1f..%.1f" % (self.lo / 1e3,
                                                                                self.hi / 1e3)
        share = "%+.1f %%" % (100 * self.error / self.expected) if self.expected else ""
        return "%-52s %18s %10.1f %+8.1f %9s  %s" % (
            self.what, rng, self.measured / 1e3, self.error / 1e3, share,
            "good" if self.ok else "BAD")


HEADING = "%-52s %18s %10s %8s %9s  %s" % ("stage (µs per request)", "expected", "measured",
                                           "error", "", "verdict")


class Check:
    """One yes or no."""

    def __init__(self, what, ok, detail):
        self.what, self.ok, self.detail = what, ok, detail

    def __str__(self):
        return "%-52s %s  %s" % (self.what, self.detail, "good" if self.ok else "BAD")


class Name(Check):
    """Whether waits have their names: of one whose end no hook saw it is not known."""
