# SPDX-License-Identifier: BSD-2-Clause
"""Real servers, whose own counts agree."""

import os
import subprocess
import tempfile

from harness import LVT, case, consistent, load, parsed
from servers import Nginx, Redis
from session import Failure, Trace, settle


@case("redis")
def redis(check):
    with Redis() as server:
        words = ("-d", 1, "-c", 20)
        view = load(f"redis://127.0.0.1:{server.port}", "--rate", 1000, *words)
        check.equal(server.calls().get("ping"), view["sent"], "PINGs of redis")
        consistent(check, view)
        put = ("--request", "SET k{key} v", "--expect", "OK", "--keys", 5)
        put = load(f"redis://127.0.0.1:{server.port}", "--rate", 1000, *words, *put)
        calls = server.calls()
        check.equal(calls.get("set"), put["sent"], "SETs of redis")
        check.equal(put["failed"], 0, f"failed ({put['errors']})")
        keys = set(server.ask("--raw", "keys", "*").split())
        check.equal({int(key[1:]) for key in keys}, set(range(5)), "keys")
        mix = ("--mix", "9 GET k", "--mix", "1 INCR n", "--closed")
        mix = load(f"redis://127.0.0.1:{server.port}", *words, *mix)
        calls = server.calls()
        gets, adds = calls.get("get", 0), calls.get("incr", 0)
        check.equal(gets + adds, mix["sent"], "GETs and INCRs of redis")
        check.equal(int(server.ask("get", "n")), adds, "the counter")
        check.that(abs(adds / (gets + adds) - 0.1) < 0.02, f"{adds} INCRs of {gets + adds}")
        consistent(check, mix)


@case("nginx")
def nginx(check):
    with Nginx() as server:
        for words in (("--rate", 500), ("--closed", "-c", 5), ("--rate", 200, "--close")):
            server.before = server.requests()
            view = load(f"http://127.0.0.1:{server.port}/", "-d", 1, *words)
            name = " ".join(map(str, words))
            check.equal(server.served(), view["sent"], f"{name}: requests of nginx")
            check.equal(view["failed"], 0, f"{name}: failed ({view['errors']})")
            consistent(check, view)
        view = load(f"http://127.0.0.1:{server.port}/none", "--rate", 100, "-d", 0.5, status=1)
        check.equal(view["errors"].get("status"), view["scheduled"], "404s")


@case("recorded", alone=True, root=True)
def recorded(check):
    """lvt record -- lvt load: both views in one run, of the same requests."""
    with Redis() as server, tempfile.TemporaryDirectory(prefix="lvt-load-") as folder:
        path = os.path.join(folder, "run.hlog")
        command = [LVT, "record", "-p", str(server.port), "-o", path, "--",
                   LVT, "load", f"redis://127.0.0.1:{server.port}", "--rate", "1000", "-d", "2",
                   "--format", "json"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=40, check=False)
        if done.returncode:
            raise Failure(f"status {done.returncode}: {done.stderr.decode()[-300:]}")
        command = [LVT, "report", path, "--format", "json"]
        done = subprocess.run(command, capture_output=True, check=True)
        report = parsed(done.stdout.decode(), "the run's report")
    clients, services = report.get("clients", []), report["services"]
    if not check.equal((len(clients), len(services)), (1, 1), "clients and services"):
        return
    client, service = clients[0], services[0]
    check.equal(service["requests"], client["sent"], "the kernel's requests")
    theirs, ours = client["answer_ns"]["mean"], service["latency_ns"]["mean"]
    check.that(theirs > ours, f"the client's answer {theirs}, the kernel's latency {ours}")


@case("kernel-counts", alone=True, root=True)
def kernel_counts(check):
    """lvt record beside a load sees as many requests, and no longer latencies than the client."""
    with Nginx() as server, Trace(server.port) as trace:
        view = load(f"http://127.0.0.1:{server.port}/", "-d", 1, "--rate", 1000)
        settle(server.port)
        report = parsed(trace.finish(), "the trace's report")
    found = report["services"]
    if not check.equal(len(found), 1, "services"):
        return
    check.equal(found[0]["requests"], view["sent"], "the kernel's requests")
    theirs, ours = view["answer_ns"]["mean"], found[0]["latency_ns"]["mean"]
    check.that(theirs > ours, f"the client's answer {theirs}, the kernel's latency {ours}")
