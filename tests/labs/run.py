#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The labs, proved on this machine, and what happens when a check of one is disturbed.

    run.py [--tap] [CASE...]    run the cases, print TAP; without --all of the proofs the fast form of three
    run.py --all                the whole proof of each lab, not the fast form of three (half an hour)
    run.py --list               print the names of the cases

Needs root. LVT names the program under test. Exit 1 if a case fails. The proof is that of `lvt lab verify`:
two untouched services do not pass, the untouched lab does not pass, the shipped solution passes, and
nothing is left behind.
"""

import argparse
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True  # root would own it

import faults  # noqa: E402
import learner  # noqa: E402
from place import Failure, Skip  # noqa: E402

FAST = ("010-littles-ledger", "070-nagle", "140-lock-contention")


def labs():
    folder = learner.LABS
    return sorted(name for name in os.listdir(folder) if name[0].isdigit())


def cases(everything):
    found = {}
    for lab in labs() if everything else FAST:
        found[f"proof-{lab}"] = lambda lab=lab: learner.prove(lab, fast=not everything)
    found.update(faults.CASES)
    return found


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tap", action="store_true", help="print TAP (this is the default)")
    parser.add_argument("--all", action="store_true", help="the whole proof of each lab")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("case", nargs="*", help="cases to run; none: all")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    found = cases(options.all)
    if options.list:
        print("\n".join(found))
        return 0
    names = options.case or list(found)
    for name in names:
        if name not in found:
            print(f"run.py: no case '{name}': see run.py --list", file=sys.stderr)
            return 2
    print(f"1..{len(names)}", flush=True)
    failed = 0
    for number, name in enumerate(names, 1):
        lines, begin = [], time.monotonic()
        try:
            if os.getuid() != 0:
                raise Skip("checks need root")
            lines = found[name]() or []
            word, tail = "ok", ""
        except Skip as skip:
            word, tail = "ok", f" # SKIP {skip}"
        except Failure as failure:
            word, tail, lines = "not ok", "", str(failure).splitlines()
        except Exception as error:  # a defect of the test: the next case still runs
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{os.path.basename(where.filename)}:{where.lineno}"
            word, tail, lines = "not ok", "", [f"{error!r} at {place}"]
        failed += word != "ok"
        print(f"{word} {number} - {name} ({time.monotonic() - begin:.0f} s){tail}")
        for line in lines:
            print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
