#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How often lvt trial's verdicts are right.

    verdicts.py aa [N]    N (40) trials of redis against itself: what is not INCONCLUSIVE or
                          EQUIVALENT is wrong. Beside it what a Mann-Whitney test over the same
                          requests says, as if they were independent.
    verdicts.py ab [N]    N (20) trials each of a service that takes 3 %, 10 %, 50 % longer: verdicts,
                          and whether the interval has the true ratio in it.

Needs root, redis-server, redis-benchmark, `make build-tests`, and a quiet machine: 20 to 30 minutes
each. Options of lvt trial can follow (`-- --seconds 2`). Exit 3 if a share misses its target.
"""

import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LVT = os.environ.get("LVT", os.path.join(ROOT, ".output", "lvt"))
TRUTH = os.environ.get("TRUTH_BIN", os.path.join(ROOT, ".output", "tests", "truth"))
PORT = 7600
PAIRS = 8
FALSE_AT_MOST, COVERED_AT_LEAST = 0.10, 0.90
Z = 1.96


def trial(folder, seed, words):
    """The result of one trial; its runs stay in the folder."""
    argv = [LVT, "trial", "-p", str(PORT), "--pairs", str(PAIRS), "--looks", "1",
            "--seed", str(seed), "--dir", folder, "--format", "json", *words]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if not done.stdout:
        sys.exit("verdicts: lvt trial ended with %d: %s" % (done.returncode, done.stderr[-500:]))
    return json.loads(done.stdout)


def histogram(run):
    """Upper bound -> requests, of a run's latency."""
    text = subprocess.run([LVT, "report", run, "--format", "openmetrics"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    found, below = {}, 0
    for le, n in re.findall(r'^lvt_request_latency_seconds_bucket\{.*le="([^"]+)"\} (\d+)', text,
                            re.MULTILINE):
        found[float(le)] = int(n) - below
        below = int(n)
    return found


def arm(folder, name):
    """The requests of all runs of an arm together."""
    total = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith("-%s.hlog" % name):
            for le, n in histogram(os.path.join(folder, file)).items():
                total[le] = total.get(le, 0) + n
    return total


def mann_whitney(a, b):
    """z of the rank sum with ties, by the normal approximation, as is usual for so many."""
    n, m, below, ranks, ties = sum(a.values()), sum(b.values()), 0, 0.0, 0.0
    for le in sorted(set(a) | set(b)):
        x, y = a.get(le, 0), b.get(le, 0)
        t = x + y
        ranks += x * (below + (t + 1) / 2)
        ties += t**3 - t
        below += t
    all_ = n + m
    u = ranks - n * (n + 1) / 2
    var = n * m / 12 * (all_ + 1 - ties / (all_ * (all_ - 1)))
    return (u - n * m / 2) / math.sqrt(var)


def effect(result, name):
    return result["metrics"][name]


def against_itself(count, words):
    server = "redis-server --port %d --save ''" % PORT
    load = "redis-benchmark -p {port} -t get -n 1000000000 -c 20 -q"
    said, naive, widths = {}, 0, []
    for i in range(count):
        with tempfile.TemporaryDirectory(prefix="lvt-aa-") as folder:
            runs = os.path.join(folder, "runs")
            r = trial(runs, i + 1, ["--before", server, "--after", server, "--load-cmd", load,
                                    "--seconds", "1", "--warm-up", "0.3", *words])
            z = mann_whitney(arm(runs, "before"), arm(runs, "after"))
        said[r["verdict"]] = said.get(r["verdict"], 0) + 1
        naive += abs(z) > Z
        e = effect(r, r["primary"])
        if e["low"] and e["high"]:
            widths.append(math.sqrt(e["high"] / e["low"]))
        print("trial %2d  %-12s p99 ratio %s (%s to %s)  over requests: z %+.1f, %s" % (
            i + 1, r["verdict"], e["ratio"], e["low"], e["high"], z,
            "differ" if abs(z) > Z else "alike"), flush=True)
    valid = count - said.get("INVALID", 0)
    wrong = said.get("IMPROVED", 0) + said.get("REGRESSED", 0)
    print("%d trials: %s" % (count, ", ".join("%d %s" % (n, v) for v, n in sorted(said.items()))))
    print("called different: %d of %d valid trials (%.1f %%, at most %.0f %%); over requests: %d of %d "
          "(%.0f %%)" % (wrong, valid, 100 * wrong / max(1, valid), 100 * FALSE_AT_MOST, naive, count,
                         100 * naive / count))
    if widths:
        print("the interval is a factor of %.3f wide to each side (median)" % statistics.median(widths))
    return 0 if valid and wrong <= FALSE_AT_MOST * valid else 3


def against_slower(count, words):
    """
    The service is busy for so many µs by its own clock. What a request takes beside that is the same
    in both arms: the median less the busy time, of the arm before.
    """
    missed = 0
    work = 1000
    for percent in (3, 10, 50):
        said, covered, ratios, n = {}, 0, [], 0
        for i in range(count):
            with tempfile.TemporaryDirectory(prefix="lvt-ab-") as folder:
                arms = ["%s/truth_work --family 4 --cpu 1 --port %d --work %d" % (TRUTH, PORT, w)
                        for w in (work, work * (100 + percent) // 100)]
                load = "%s/client --family 4 --cpu 0 --port {port} --requests 1000000" % TRUTH
                r = trial(os.path.join(folder, "runs"), i + 1,
                          ["--before", arms[0], "--after", arms[1], "--load-cmd", load,
                           "--primary", "p50", "--seconds", "0.5", "--warm-up", "0.1", *words])
            said[r["verdict"]] = said.get(r["verdict"], 0) + 1
            e = effect(r, "p50")
            if r["verdict"] == "INVALID" or not e["low"]:
                continue
            beside = max(0, e["before"] / 1e3 - work)
            true = (work * (1 + percent / 100) + beside) / (work + beside)
            n += 1
            covered += e["low"] <= true <= e["high"]
            ratios.append(e["ratio"])
            print("+%d %%  trial %2d  %-12s p50 ratio %.4f (%.4f to %.4f), truly %.4f%s" % (
                percent, i + 1, r["verdict"], e["ratio"], e["low"], e["high"], true,
                "" if e["low"] <= true <= e["high"] else "  NOT IN IT"), flush=True)
        print("+%d %%: %s; the interval has the true ratio in %d of %d (at least %.0f %%); ratio %.4f "
              "(median)" % (percent, ", ".join("%d %s" % x for x in sorted((n_, v) for v, n_ in
                                                                            said.items())),
                            covered, n, 100 * COVERED_AT_LEAST,
                            statistics.median(ratios) if ratios else math.nan), flush=True)
        missed += not n or covered < COVERED_AT_LEAST * n
    return 3 if missed else 0


def main(argv):
    words = argv[argv.index("--") + 1:] if "--" in argv else []
    rest = argv[:len(argv) - len(words) - ("--" in argv)]
    kinds = {"aa": (against_itself, 40), "ab": (against_slower, 20)}
    if not rest or rest[0] not in kinds or len(rest) > 2 or not all(x.isdigit() for x in rest[1:]):
        sys.stderr.write(__doc__)
        return 2
    # an ended run must still take its folders away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run, count = kinds[rest[0]]
    return run(int(rest[1]) if rest[1:] else count, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
