#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real servers under real clients: do the counts agree, and do the stages add up?

    run.py [--tap] [CASE...]    run the cases, print TAP
    run.py --table [CASE...]    print what each case measured, as a table
    run.py --list               print the names of the cases
    run.py --self [...]         leave lvt out: check servers, clients and truths alone

Needs root (but not with --self). LVT names the program under test. Exit 1 if a check fails.
"""

import argparse
import os
import signal
import sys

sys.dont_write_bytecode = True  # root would own it

import cases  # noqa: E402
import edges  # noqa: E402,F401
import ends  # noqa: E402,F401
import faults  # noqa: E402,F401  (its cases add themselves, as those of filters)
import filters  # noqa: E402,F401
import kinds  # noqa: E402,F401
import modes  # noqa: E402,F401
import pages  # noqa: E402,F401
import pages_made  # noqa: E402,F401
import peers  # noqa: E402,F401
import screens  # noqa: E402,F401
import serving  # noqa: E402,F401
import trials  # noqa: E402,F401
import why  # noqa: E402,F401
from session import LVT, Failure, Skip  # noqa: E402


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tap", action="store_true", help="print TAP (this is the default)")
    parser.add_argument("--table", action="store_true", help="print a table of what was measured")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--self", action="store_true", help="leave lvt out")
    parser.add_argument("case", nargs="*", help="cases to run; none: all")
    options = parser.parse_args(argv)
    unknown = [name for name in options.case if name not in cases.CASES]
    if unknown:
        parser.error(f"no case '{unknown[0]}': there are {', '.join(cases.CASES)}")
    return options


def run_case(name, lvt):
    """Run one case; returns (verdict, its result or None, lines): verdict is ok, skip, not ok."""
    try:
        result = cases.run(name, lvt)
        checks = list(cases.checks(result))
    except Skip as skip:
        return "skip", None, [str(skip)]
    except Failure as failure:
        return "not ok", None, [str(failure)]
    except Exception as error:  # a defect, or a report of a wrong shape: the next case still runs
        return "not ok", None, [repr(error)]
    wrong = [f"wrong: {what}" for good, what in checks if not good]
    right = [f"right: {what}" for good, what in checks if good]
    return ("not ok", result, wrong + right) if wrong else ("ok", result, [summary(result)])


def summary(result):
    if not result.service:
        return f"client {result.client}, truth {result.truth}"
    row = table_row("", result)
    return f"client {row[1]}, truth {row[2]}, lvt {row[3]}, mean {row[4]} us, unattributed {row[6]}"


def tap(names, lvt):
    failed = 0
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        verdict, _, lines = run_case(name, lvt)
        failed += verdict == "not ok"
        if verdict == "skip":
            print(f"ok {number} - {name} # SKIP {lines[0]}", flush=True)
            continue
        print(f"{verdict} {number} - {name}")
        for line in lines:
            print("# " + line.replace("\n", " "))
        sys.stdout.flush()
    return failed


HEAD = (
    "case", "client", "truth", "lvt", "mean us", "stages us", "unattr.",
    "plain", "pipel.", "unsol.", "abort", "loss", "verdict",
)  # fmt: skip


def table_row(name, result):
    counts = [name, result.client, "-" if result.truth is None else result.truth]
    service = result.service
    if not service:
        return counts
    kinds = service["exchanges"]
    return counts + [
        service["requests"],
        f"{service['latency_ns']['mean'] / 1e3:.3f}",
        f"{cases.sum_of_stages(service) / 1e3:.3f}",
        f"{service['stages']['unattributed']['share']:.3%}",
        kinds["request_response"],
        kinds["pipelined"],
        kinds["unsolicited"],
        kinds["aborted"],
        result.report["loss"]["total"],
    ]


def table(names, lvt):
    failed, form = 0, "{:<16}{:>8}{:>8}{:>8}{:>10}{:>10}{:>9}{:>8}{:>8}{:>7}{:>7}{:>6}  {}"
    print(form.format(*HEAD))
    for name in names:
        verdict, result, lines = run_case(name, lvt)
        failed += verdict == "not ok"
        cells = table_row(name, result) if result else [name]
        cells += [""] * (len(HEAD) - 1 - len(cells)) + [verdict]
        print(form.format(*map(str, cells)))
        for line in lines:
            if verdict != "ok" and not line.startswith("right"):
                print(f"  {line}")
        sys.stdout.flush()
    return failed


def main(argv):
    options = parse(argv)
    names = options.case or list(cases.CASES)
    if options.list:
        print("\n".join(cases.CASES))
        return 0
    if not options.self and not os.access(LVT, os.X_OK):
        print(f"Bail out! {LVT} is not there: run make")
        return 1
    if not options.self and os.getuid() != 0:
        print("Bail out! tracing needs root")
        return 1
    # An ended run must still stop its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run = table if options.table else tap
    return 1 if run(names, not options.self) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
