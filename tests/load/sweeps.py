# SPDX-License-Identifier: BSD-2-Clause
"""Sweeps of services of which it is known how they serve."""

import json
import math
import os
import signal
import subprocess
import tempfile
import time

from harness import LVT, Service, case, first_words, parsed

TERMS = ("--protocol", "raw", "--verify", "echo")


def start(target, *options):
    command = [*first_words(), LVT, "sweep", target, *TERMS, "--format", "json"]
    command += [str(word) for word in options]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def sweep(check, target, *options, status=0):
    process = start(target, *options)
    out, talk = process.communicate(timeout=120)
    check.equal(process.returncode, status, f"exit status ({talk.decode()[-300:]})")
    return parsed(out.decode(), "the sweep") if out else None


def steps_of(view):
    return sorted(view["steps"], key=lambda s: s["rate_intended"] or s["connections"])


def conserved(check, step):
    """What the kernel saw is what the load asked for, and its stages add up."""
    kernel = step["kernel"]
    check.that(kernel is not None, "the kernel's view is there")
    if not kernel:
        return
    stages = sum(kernel["stages_ns"].values())
    check.near(stages, kernel["latency_ns"]["mean"], 1e-6, "sum of the stages", timed=False)
    # attached up to 60 ms before the window, and to the end of what was on its way
    check.near(kernel["requests"], step["due"], 0.08, "the kernel's requests")
    # what is still on its way when the window closes is answered after it
    least = 0.98 * step["ok"] - 4 * step["in_flight"] - 4
    check.that(kernel["requests"] >= least, "no fewer than were answered")


@case("sweep-mm1", alone=True, root=True)
def mm1(check):
    """One server, exponential service of 1 ms: the law, the knee, where it ends."""
    with Service("queue_server", "--time", "exp:1000", "--sleep") as service:
        view = sweep(check, service.target, "--rates", "200..1100", "--steps", 4, "--seconds",
                     1.2, "--warmup", 0.2, "--slo", "p99<20ms", "--seed", 5)  # fmt: skip
        took = [record[1] for record in service.account()]
    check.equal(view["schema"], "lvt.sweep/1", "schema")
    good = [s for s in steps_of(view) if not s["saturated"]]
    for step in good:
        conserved(check, step)
        if step["prediction"] and step["prediction"]["rho"] < 0.7:
            due = step["due"] / step["seconds"]
            check.near(step["rate_achieved"], due, 0.05, "carried what was due")
    known = [s for s in good if s["prediction"]]
    check.that(2 * len(known) >= len(good), f"the service time is known in {len(known)} steps")
    n = sum(s["kernel"]["requests"] for s in known)
    mean = sum(s["kernel"]["requests"] * s["kernel"]["service_ns"] for s in known) / n
    # n exponential times each: 2 sigma apart at 6 % of some 2,000; and what surrounds a request
    check.near(mean, sum(took) / len(took), 0.12, "E[S], by the service's own account")
    check.equal(view["law"]["servers"], 1, "servers")
    # the mean of n requests of an M/M/1 queue deviates by sqrt(8 / n) / (1 - rho), about (Whitt 1989)
    for step in known:
        rho, n = step["prediction"]["rho"], step["ok"]
        if rho < 0.7:
            room = 4 * math.sqrt(8 / n) / (1 - rho)
            predicted = step["prediction"]["latency_mean_ns"]
            check.near(predicted, step["kernel"]["latency_ns"]["mean"], room, "law")
    saturation = view["saturation"]
    check.that(saturation["found"], "the saturation is found")
    check.that(700 < saturation["kept_up"] < 1100, f"it keeps up with {saturation['kept_up']}")
    knee = view["knee"]["at"]
    check.timed(200 < knee < 800, f"the knee of M/M/1 is at half of its capacity: {knee}")
    capacity = view["capacity"]
    # P(T > t) = exp(-(mu - lambda) t): 1 % at 20 ms is lambda = mu - 230
    check.timed(capacity["low"] <= 700 <= capacity["high"], f"p99 < 20 ms up to {capacity}")


@case("sweep-connections", root=True)
def connections(check):
    """A closed loop with ever more connections on one server: the law of Gunther, without a peak."""
    with Service("queue_server", "--time", "constant:2000", "--sleep", keep=False) as service:
        view = sweep(check, service.target, "--connections", "1..6", "--steps", 6, "--seconds",
                     0.6, "--warmup", 0.1)  # fmt: skip
    steps = steps_of(view)
    check.equal([s["connections"] for s in steps], [1, 2, 3, 4, 5, 6], "steps")
    check.that(view["usl"] is not None, "the law is fitted")
    check.near(view["usl"]["contention"], 1, 0.15, "one server: all is serial")
    for step in steps:
        check.near(step["in_flight"], step["connections"], 0.1, "in flight")


@case("sweep-untraced")
def untraced(check):
    """Without the kernel: curve and capacity, no stages, no rights; a range of its own finding."""
    with Service("queue_server", "--time", "constant:1000", "--sleep", keep=False) as service:
        view = sweep(check, service.target, "--no-trace", "--steps", 4, "--seconds", 0.5,
                     "--warmup", 0.1, "-c", 4, "--arrivals", "constant")  # fmt: skip
    check.that(all(s["kernel"] is None for s in view["steps"]), "no kernel's view")
    check.that(not view["law"]["applies"], "no law")
    check.that(500 < view["saturation"]["kept_up"] < 1100, f"saturation {view['saturation']}")


@case("sweep-runs")
def runs(check):
    """The run of each step is kept, and can be read."""
    with Service("queue_server", keep=False) as service, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "runs")
        view = sweep(check, service.target, "--no-trace", "--rates", "500..1500", "--steps", 3,
                     "--seconds", 0.4, "--warmup", 0.1, "--runs", path)  # fmt: skip
        names = sorted(os.listdir(path))
        check.equal(len(names), len(view["steps"]), "a run a step")
        for name, step in zip(names, view["steps"]):
            done = subprocess.run(
                [LVT, "report", os.path.join(path, name), "--format", "json"],
                capture_output=True,
                check=False,
            )
            client = json.loads(done.stdout)["clients"][0]
            check.equal(client["scheduled"], step["due"], f"{name}: due")
            check.equal(client["rate_intended"], step["rate_intended"], f"{name}: rate")
        again = sweep(check, service.target, "--no-trace", "--rates", "500..1500", "--runs", path,
                      status=1)  # fmt: skip
        check.equal(again, None, "a folder that is in use is left alone")


@case("sweep-interrupted")
def interrupted(check):
    """A sweep that is ended early reports the steps that it has."""
    with Service("queue_server", keep=False) as service:
        process = start(service.target, "--no-trace", "--rates", "500..1500", "--steps", 3,
                        "--seconds", 0.8, "--warmup", 0.1)  # fmt: skip
        time.sleep(1.6)
        process.send_signal(signal.SIGINT)
        out, talk = process.communicate(timeout=10)
    check.equal(process.returncode, 0, "exit status")
    view = parsed(out.decode(), "the sweep")
    check.that(1 <= len(view["steps"]) <= 2, f"{len(view['steps'])} steps")
    check.that(b"stopped early" in talk, "it says so")


@case("sweep-refused")
def refused(check):
    """Nothing listens: one line, at once."""
    process = start("127.0.0.1:1", "--no-trace", "--rates", "10..20")
    out, talk = process.communicate(timeout=10)
    check.equal(process.returncode, 1, "exit status")
    lines = [line for line in talk.decode().splitlines() if line.startswith("lvt: ")]
    check.equal(len(lines), 1, f"lines: {talk.decode()}")
    check.that("refused" in talk.decode(), "it says why")
    check.equal(out, b"", "no report")
