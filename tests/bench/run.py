#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What lvt costs: kernel time per request, start, memory, CPU, throughput.

    run.py [--json] [--repeats N] [--only kernel,start,loader,maps,throughput,report]

Needs root, redis-server and redis-benchmark, and a quiet machine: nothing else is pinned, and what
else runs is in the figures. Each figure is a median of repeats, with the least and the greatest.
Exit 3 if a figure misses its target.
"""

import argparse
import json
import os
import platform
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))

import figures  # noqa: E402
from session import LVT, Failure, Skip  # noqa: E402

MEASURES = {
    "kernel": figures.kernel_time,
    "start": figures.start,
    "loader": figures.loader,
    "maps": figures.maps,
    "throughput": figures.throughput,
    "report": figures.report,
}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--repeats", type=int, default=7, help="paired repeats (7)")
    parser.add_argument("--only", default=",".join(MEASURES), help="measures, comma-separated")
    options = parser.parse_args(argv)
    options.only = options.only.split(",")
    unknown = [name for name in options.only if name not in MEASURES]
    if unknown:
        parser.error(f"no measure '{unknown[0]}': there are {', '.join(MEASURES)}")
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    return options


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as rows:
        for row in rows:
            if row.startswith("model name"):
                model = row.split(":", 1)[1].strip()
                break
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": model,
        "cpus": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10**6,
    }


def print_figures(rows):
    form = "{:<46}{:>10}{:>20}{:>10}  {}"
    print(form.format("figure", "median", "least .. greatest", "target", "verdict"))
    for row in rows:
        spread = f"{row.least:,.{row.digits}f} .. {row.greatest:,.{row.digits}f}"
        median = f"{row.median:,.{row.digits}f}"
        print(form.format(f"{row.name}, {row.unit}", median, spread, row.target(), row.verdict()))


def print_hooks(rows):
    print()
    form = "{:<26}{:>14}{:>12}{:>12}{:>12}"
    head = ("hook (medians)", "calls/request", "ns/call", "empty ns", "net ns/req")
    print(form.format(*head))
    for row in rows:
        print(
            form.format(
                row["hook"],
                f"{row['calls_per_request']:.2f}",
                f"{row['ns_per_call']:.0f}",
                f"{row['empty_ns']:.0f}",
                f"{row['net_ns_per_request']:.0f}",
            )
        )


def main(argv):
    options = parse(argv)
    if os.getuid() != 0:
        print("bench: tracing needs root", file=sys.stderr)
        return 1
    if not os.access(LVT, os.X_OK):
        print(f"bench: {LVT} is not there: run make", file=sys.stderr)
        return 1
    # An ended run must still stop its servers and put the kernel's setting back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows, hooks, notes = [], [], []
    for name in options.only:
        try:
            measured = MEASURES[name](options.repeats)
        except (Failure, Skip) as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            return 1
        rows += measured.rows
        hooks += measured.hooks
        notes += measured.notes
    host = machine()
    if options.json:
        figure_list = [row.as_dict() for row in rows]
        document = {"machine": host, "figures": figure_list, "hooks": hooks, "notes": notes}
        print(json.dumps(document, indent=1))
    else:
        print(f"{host['kernel']}, {host['cpus']} x {host['cpu']}, {host['memory_mb']} MB")
        print(f"redis-server GET, {figures.CONNECTIONS} connections, loopback\n")
        print_figures(rows)
        if hooks:
            print_hooks(hooks)
        print("", *notes, sep="\n")
    return 3 if any(row.verdict() == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
