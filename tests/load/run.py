#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Loads on services that know when they were asked and how long they took.

    run.py [--tap] [CASE...]    run the cases, print TAP
    run.py --list               print the names of the cases
    run.py --self               leave lvt out: check the services and the statistics alone
    run.py --verbose [...]      say what was found right, too

Cases that bear company run at the same time. Needs root for those that trace; they skip themselves
without. LVT names the program under test, LOAD_BIN where the services are. Exit 1 if a check fails.
"""

import argparse
import concurrent.futures
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True  # root would own it

import arrivals  # noqa: E402,F401  (cases add themselves)
import bad  # noqa: E402,F401
import harness  # noqa: E402
import delays  # noqa: E402,F401
import ends  # noqa: E402,F401
import rates  # noqa: E402,F401
import selfcheck  # noqa: E402,F401
import servers_real  # noqa: E402,F401
import shapes  # noqa: E402,F401
import stalls  # noqa: E402,F401
import sweeps  # noqa: E402,F401
from harness import CASES, LVT, Check, Failure  # noqa: E402
from session import Skip  # noqa: E402

TOGETHER = 16  # cases at a time: most of them wait
TRIES = 3  # of what hangs on a clock: others use the machine, too


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tap", action="store_true", help="print TAP (this is the default)")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--self", action="store_true", help="leave lvt out")
    parser.add_argument("--verbose", action="store_true", help="also what was found right")
    parser.add_argument("case", nargs="*", help="cases to run; none: all")
    options = parser.parse_args(argv)
    unknown = [name for name in options.case if name not in CASES]
    if unknown:
        parser.error(f"no case '{unknown[0]}': see run.py --list")
    return options


def attempt(function):
    """(reason to skip or None, its Check)"""
    check = Check()
    try:
        if function.root and os.getuid() != 0:
            raise Skip("tracing needs root")
        function(check)
    except Skip as skip:
        return str(skip), check
    except Failure as failure:
        check.wrong.append(str(failure))
    except Exception as error:  # a defect, or a report of a wrong shape: the next case still runs
        where = traceback.extract_tb(error.__traceback__)[-1]
        check.wrong.append(f"{error!r} at {os.path.basename(where.filename)}:{where.lineno}")
    if not check.wrong and not check.late and not check.lines:
        check.wrong.append("nothing was checked")
    return None, check


def run_case(name):
    """(reason to skip or None, Check, notes). Only what hangs on a clock is tried again."""
    notes, begin = [], time.monotonic()
    for left in range(TRIES - 1, -1, -1):
        skip, check = attempt(CASES[name])
        if skip or check.wrong or not check.late or not left:
            break
        notes += [f"again: {what}" for what in check.late]
    notes.append(f"{time.monotonic() - begin:.1f} s")
    return skip, check, notes


def say(number, name, result, verbose):
    skip, check, notes = result
    if skip:
        print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        return 0
    wrong = check.wrong + check.late
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
    lines = [f"wrong: {what}" for what in wrong] + notes
    if verbose or wrong:
        lines += [f"right: {what}" for what in check.lines]
    for line in lines:
        print("# " + line.replace("\n", " / "))
    sys.stdout.flush()
    return bool(wrong)


def run_all(names, verbose):
    alone = [name for name in names if CASES[name].alone]
    together = [name for name in names if not CASES[name].alone]
    print(f"1..{len(names)}")
    failed = 0
    pool = concurrent.futures.ThreadPoolExecutor(TOGETHER)
    try:
        found = [pool.submit(run_case, name) for name in together]
        for number, (name, result) in enumerate(zip(together, found), 1):
            failed += say(number, name, result.result(), verbose)
    finally:
        pool.shutdown(cancel_futures=True)
    for number, name in enumerate(alone, len(together) + 1):
        failed += say(number, name, run_case(name), verbose)
    return failed


def end(*_):
    """An ended run must still stop its services: without its load, each case comes to its end."""
    for process in list(harness.running):
        process.kill()
    sys.exit(1)


def main(argv):
    options = parse(argv)
    names = options.case or [n for n in CASES if not options.self or CASES[n].without_lvt]
    if options.list:
        print("\n".join(names))
        return 0
    if not options.self and not os.access(LVT, os.X_OK):
        print(f"Bail out! {LVT} is not there: run make")
        return 1
    if harness.first_words():  # what we time is not to wait for others, but services and loads go first
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    signal.signal(signal.SIGTERM, end)
    return 1 if run_all(names, options.verbose) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
