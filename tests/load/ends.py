# SPDX-License-Identifier: BSD-2-Clause
"""Ends of a load, and its run file."""

import json
import os
import signal
import subprocess
import tempfile
import time

from harness import LVT, Load, Service, case, consistent, histogram, quantile, raw

NAMES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}
TAGS = {"latency": "latency_ns", "answer": "answer_ns", "connection": "connection_ns",
        "late": "lateness_ns", "closed": "closed_latency_ns"}  # fmt: skip


def ended_by(sig):
    def run(check):
        with Service("queue_server") as service:
            words = ("--protocol", "raw", "--rate", 500, "--arrivals", "constant", "-d", 60)
            with Load(service.target, *words) as load:
                time.sleep(1.5)
                load.process.send_signal(sig)
                view = load.finish(10).json
            count = len(service.account())
        check.equal(view["sent"], count, "the server's requests")
        check.equal(view["failed"], 0, "failed")
        check.timed(300 < view["sent"] < 1500, f"sent {view['sent']} in about 1.5 s")
        check.near(view["rate_sent"], 500, 0.02, "rate_sent")
        check.timed(view["duration_s"] < 5, f"duration {view['duration_s']}")
        consistent(check, view)

    return run


case("ended-by-sigint")(ended_by(signal.SIGINT))
case("ended-by-sigterm")(ended_by(signal.SIGTERM))


@case("server-dies")
def server_dies(check):
    """What is due after the server's death fails, and is counted; what was answered is kept."""
    with Service("queue_server") as service:
        words = ("--protocol", "raw", "--rate", 500, "--arrivals", "constant", "-d", 2)
        with Load(service.target, *words, "--timeout", 1) as load:
            time.sleep(1)
            service.process.kill()
            view = load.finish(12).json
    check.equal(view["scheduled"], 1000, "scheduled")
    check.timed(300 < view["ok"] < 900, f"ok {view['ok']}")
    left = {kind for kind, n in view["errors"].items() if n}
    check.that("refused" in left and left <= {"refused", "reset", "closed"}, f"{view['errors']}")
    consistent(check, view)


@case("run-file")
def run_file(check):
    """Its histograms give what the JSON gives; lvt report reads it, and has the same numbers."""
    with tempfile.TemporaryDirectory(prefix="lvt-load-") as folder:
        path = os.path.join(folder, "run.hlog")
        with Service("delay_server", "--time", "exp:4000") as service:
            view = raw(service, "--rate", 1000, "-d", 2, "-i", 0.5, "--label", "one", "-o", path)
            service.account()
        files = os.listdir(folder)
        check.equal(files, ["run.hlog"], "files left")
        for tag, key in TAGS.items():
            cells = histogram(path, f"client/{tag}")
            check.equal(sum(n for _, n in cells.values()), view[key]["count"], f"{tag}: count")
            for name, q in NAMES.items():
                low, high = quantile(cells, q)
                value = view[key][name]
                good = low * 0.992 - 1 <= value <= high * 1.008 + 1
                check.that(good, f"{tag} {name}: {value}, in the run {low} to {high}")
        with open(path, encoding="utf-8") as rows:
            intervals = sum(row.startswith("Tag=client/latency,") for row in rows)
        check.that(intervals >= 4, f"{intervals} intervals of 0.5 s in 2 s")
        for form in ("json", "text", "html"):
            words = [LVT, "report", path, "--format", form]
            done = subprocess.run(words, capture_output=True, timeout=20, check=False)
            said = done.stderr.decode().strip()
            check.that(done.returncode == 0 and done.stdout, f"report {form}: {said}")
            if form == "json" and done.returncode == 0:
                same_numbers(check, json.loads(done.stdout), view)
    consistent(check, view)


def same_numbers(check, report, view):
    clients = report.get("clients", [])
    if not check.equal(len(clients), 1, "clients in the report"):
        return
    for key in ("scheduled", "sent", "ok", "failed", "latency_ns", "answer_ns", "lateness_ns",
                "connection_ns", "target", "connections"):  # fmt: skip
        if key in clients[0]:
            check.equal(clients[0][key], view[key], f"report: {key}")
    check.that("latency_ns" in clients[0], f"report has {sorted(clients[0])}")


@case("text")
def text(check):
    """The text for people: no line is too wide, and nothing of it is on stderr."""
    with Service("queue_server") as service:
        with Load(service.target, "--protocol", "raw", "--rate", 200, "-d", 1, fmt="text") as load:
            load.finish()
    rows = load.text.splitlines()
    check.that(len(rows) > 5, f"{len(rows)} lines")
    check.that(max(map(len, rows)) <= 120, f"widest {max(map(len, rows))}")
    for word in ("p50", "p99", "late", service.target):
        check.that(word in load.text, f"says {word}")


@case("mute-reader")
def closed_pipe(check):
    """A reader that has gone is no hang and no crash."""
    with Service("queue_server") as service:
        words = ("--protocol", "raw", "--rate", "100", "-d", "0.5")
        process = subprocess.Popen(
            [LVT, "load", service.target, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        process.stdout.close()
        said = process.stderr.read().decode()
        process.stderr.close()
        check.that(process.wait(10) in (0, 1, -signal.SIGPIPE), f"status, said {said.strip()}")
