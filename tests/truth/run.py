#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Services that know their own stages, and lvt, compared.

    run.py [--tap] [CASE...]    one TAP line for each case (the default)
    run.py --table [CASE...]    the truth table: expected, measured, error, verdict
    run.py --self [CASE...]     without lvt: services and client against each other
    run.py --list               the cases

LVT is the program (default .output/lvt), TRUTH_BIN where the services are (default: they are
compiled into a temporary directory). Needs root, but for --self and --list.
"""

import os
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True  # root must leave nothing in the tree

import cases  # noqa: E402
import compare  # noqa: E402
import harness  # noqa: E402
import selfcheck  # noqa: E402


def run_case(case, without_lvt):
    """(verdicts, reason to skip, seconds)"""
    begin = time.monotonic()
    verdicts, skip = [], None
    try:
        if without_lvt:
            verdicts = selfcheck.run(case)
        else:
            verdicts = case.run(case)
    except harness.Skip as e:
        skip = str(e)
    except (harness.Failed, OSError, LookupError, TypeError, ValueError,
            subprocess.SubprocessError) as e:
        where = traceback.extract_tb(e.__traceback__)[-1]
        verdicts.append(compare.Check("the case ran", False, "%s: %s (%s:%d: %s)" % (
            type(e).__name__, e, os.path.basename(where.filename), where.lineno, where.line)))
    finally:
        harness.reap()
    if not verdicts and not skip:
        verdicts.append(compare.Check("something was checked", False, "nothing"))
    return verdicts, skip, time.monotonic() - begin


def run_quietly(case, without_lvt):
    """
    As run_case. A case of which nothing but times is off is tried again, up to twice, and says so: who
    else runs on the machine (or under it: a service's CPU clock stops while the hypervisor has its CPU,
    time on the CPU does not) can move one time in a thousand past its tolerance, but not three times in
    a row; a defect does. Names of waits are tried again only if the report counts events that no hook
    saw. What does not hang on a clock (counts, sums, loss) gets no second try.
    """
    for left in (2, 1, 0):
        stolen, unseen = harness.stolen_ms(), harness.Lvt.unseen
        result = run_case(case, without_lvt)
        stolen, unseen = harness.stolen_ms() - stolen, harness.Lvt.unseen - unseen
        bad = [v for v in result[0] if not v.ok]
        again = (compare.Row, compare.Name) if unseen else compare.Row
        if not left or not bad or not all(isinstance(v, again) for v in bad):
            return result
        print("# %s again: the hypervisor took %d ms, no hook saw %d events" %
              (case.name, stolen, unseen))
        for v in bad:
            print("#   " + str(v), flush=True)


def print_tap(number, case, verdicts, skip, seconds):
    bad = [v for v in verdicts if not v.ok]
    print("%sok %d - truth %s%s" % ("not " if bad else "", number, case.name,
                                    " # SKIP " + skip if skip else " # %.1f s" % seconds))
    if bad:
        print("#   " + compare.HEADING)
    for v in bad:
        print("#   " + str(v))


def print_table(case, verdicts, skip):
    print("\n%s: %s" % (case.name, "skipped: " + skip if skip else case.what))
    if not skip:
        print("  " + compare.HEADING)
    for v in verdicts:
        # a stage that is nothing and should be is not worth a line
        if v.ok and isinstance(v, compare.Row) and v.hi == 0 and v.measured < 50:
            continue
        print("  " + str(v))


def choose(words):
    known = {c.name: c for c in cases.CASES}
    for w in words:
        if w not in known:
            sys.exit("run.py: no case %s: see run.py --list" % w)
    return [known[w] for w in words] or cases.CASES


def main(argv):
    options = [a for a in argv if a.startswith("-")]
    for o in options:
        if o not in ("--tap", "--table", "--self", "--list"):
            sys.stderr.write(__doc__)
            return 2
    chosen = choose([a for a in argv if not a.startswith("-")])
    if "--list" in options:
        for c in chosen:
            print("%-18s %s" % (c.name, c.what))
        return 0
    if "--self" not in options and os.geteuid():
        sys.exit("run.py: lvt needs root: sudo run.py, or run.py --self")
    # an ended run must still take its network namespaces and processes away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    harness.choose_cpus()
    keep = harness.build()
    failed = 0
    if "--table" not in options:
        print("1..%d" % len(chosen), flush=True)
    for i, case in enumerate(chosen, 1):
        verdicts, skip, seconds = run_quietly(case, "--self" in options)
        failed += any(not v.ok for v in verdicts)
        if "--table" in options:
            print_table(case, verdicts, skip)
        else:
            print_tap(i, case, verdicts, skip, seconds)
        sys.stdout.flush()
    if keep:
        keep.cleanup()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
