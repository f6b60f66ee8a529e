# SPDX-License-Identifier: BSD-2-Clause
"""Cases: what a review found to go wrong, once each, so that it stays right."""

import contextlib
import json
import os
import socket
import sys
import threading
import time
import types

from echo import HOST, Echo, Lvt, ask, case, counts, no_loss, outcome, ports, says
from faults import run_lvt
from services import EXEC, FAST_OPEN, LINES, PAUSE, PUSH, TOGETHER, UNBOUND, Service
from session import ROOT, Failure, settle

sys.path.append(os.path.join(ROOT, "tests", "truth"))
import compare  # noqa: E402
import harness  # noqa: E402

# Seconds: lvt looks around at least so often. Mostly it does so twice a second, but that depends on
# how long a look takes it.
TICK = 2.1


def dial(port):
    return socket.create_connection((HOST, port), 5)


def ask_on(port, number, connections=1):
    for _ in range(connections):
        with dial(port) as sock:
            ask(sock, number)


def service_at(report, port):
    found = [s for s in report["services"] if s["port"] == port and not s["foreign_netns"]]
    if len(found) != 1:
        raise Failure(f"{len(found)} services have port {port}, not one")
    return found[0]


def kinds(service, requests, **others):
    """Is every exchange of its kind?"""
    expected = {"request_response": requests, "pipelined": 0, "unsolicited": 0, "aborted": 0}
    expected.update(others)
    found = {kind: service["exchanges"][kind] for kind in expected}
    return says("exchanges", found, expected)


# ---- data that comes with the handshake ----


@case("edge-defer-accept")
def defer_accept():
    """The request is the handshake's last packet: each connection's first one counts."""
    number = 50
    with Service(LINES, "defer") as service:
        port = service.ready()
        with Lvt("-p", port) as lvt:
            ask_on(port, 2, number)
            settle(port)
            report = lvt.report()
    found = service_at(report, port)
    unseen = number if report["run"]["hooks"]["ready"] == "none" else 0
    return outcome(2 * number, [
        kinds(found, 2 * number),
        says("no hook told when they came", report["gaps"]["handshake_data"], unseen),
        no_loss(report),
    ])  # fmt: skip


@case("edge-fast-open")
def fast_open():
    """The request comes with the SYN, and the service may read it before there is a connection."""
    plain, held = 20, 10
    number = 2 * (1 + plain + held)
    with Service(FAST_OPEN, plain, held, netns=True) as service:
        port = service.ready()
        with Lvt("-p", port) as lvt:
            service.cue()
            _, fast, early = service.hears()
            report = lvt.report()
    found = report["services"][0]
    early_reads = report["gaps"]["handshake_data"]
    return outcome(number, [
        says("requests with a SYN", int(fast), plain + held),
        says("requests read, the held ones' too", int(early), 1 + plain + held),
        kinds(found, number),
        # of the others some are read so early too: it is a race
        (held <= early_reads <= held + plain, f"{early_reads} were read early, {held} for certain"),
        no_loss(report),
    ])  # fmt: skip


# ---- an answer that pauses ----


def slow_answer(port, took):
    """A slow answer and then a quick one; appends the ns that each took."""
    with dial(port) as sock:
        for question in (b"slow", b"quick"):
            start, left = time.monotonic_ns(), 1100
            sock.sendall(question)
            while left:
                left -= len(sock.recv(left))
            took.append(time.monotonic_ns() - start)


@case("edge-pausing-answer")
def pausing_answer():
    """Head, nothing, body: with an --idle longer than that one answer, else one that is cut short."""
    pause, number, took = TICK + 0.5, 3, []
    with Service(PAUSE, pause) as service:
        port = service.ready()
        with Lvt("-p", port, "--idle", 2 * pause) as patient, Lvt("-p", port) as hasty:
            words = (port, took)
            clients = [threading.Thread(target=slow_answer, args=words) for _ in range(number)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            settle(port)
            reports = [lvt.report() for lvt in (patient, hasty)]
    whole, cut = (service_at(report, port) for report in reports)
    ratio = whole["latency_ns"]["max"] / max(took)
    checks = [
        no_loss(reports[0]),
        (0.99 < ratio < 1.0005, f"the slowest is {ratio:.4f} of what its client waited"),
        says("cut short", reports[1]["gaps"]["cut_short"], number),
        says("whole: cut short", reports[0]["gaps"]["cut_short"], 0),
        says("unsolicited", [found["exchanges"]["unsolicited"] for found in (whole, cut)],
             [0, number]),
        no_loss(reports[1]),
        (cut["latency_ns"]["max"] < pause * 1e9 / 2, f"cut: {cut['latency_ns']['max']} ns at most"),
    ]
    for found in (whole, cut):
        checks += [
            says("requests", found["requests"], 2 * number),
            says("bytes out", found["bytes_out"], 2 * number * 1100),
        ]
    return outcome(2 * number, checks)


# ---- who listens ----


@case("edge-exec-in-place")
def exec_in_place():
    """A listener becomes another program and keeps its socket: its threads are known from birth."""
    number = 40
    with Service(EXEC) as service:
        port = service.ready()
        with Lvt("-p", port) as lvt:
            service.cue()
            service.hears()
            ask_on(port, 3, number)
            settle(port)
            report = lvt.report()
    found = service_at(report, port)
    share = found["stages"]["unattributed"]["share"]
    sights = report["gaps"]["first_sight"]
    return outcome(3 * number, [
        kinds(found, 3 * number),
        (share < 0.05, f"unattributed: {share:.3%}"),
        (sights <= 2, f"{sights} of {number} threads were first seen when they acted"),
        no_loss(report),
    ])  # fmt: skip


@case("edge-listen-unbound")
def listen_unbound():
    """listen() without bind(): the kernel tells of it before there is a port."""
    number = 100
    with Service(UNBOUND) as service, Lvt() as lvt:
        service.cue()
        port, start = service.ready(), time.monotonic()
        time.sleep(TICK)
        ask_on(port, number // 2, 2)
        settle(port)
        listened = time.monotonic() - start
        report = lvt.report()
    found = service_at(report, port)
    late = listened - found["window_s"]
    return outcome(number, [
        kinds(found, number),
        says("its pid", found["pids"], [service.pid]),
        (late < TICK, f"found after {late:.2f} s"),
        no_loss(report),
    ])  # fmt: skip


@case("edge-listen-together")
def listen_together():
    """A port that two listen on at once is one service: also if two CPUs register it."""
    places = ports(50)
    with Service(TOGETHER, *places) as service:
        with Lvt("-p", ",".join(map(str, places))) as lvt:
            service.cue(time.monotonic() + 0.2)
            service.ready()
            time.sleep(TICK)  # so many services at once need their histograms
            for port in places:
                ask_on(port, 2, 3)
            report = lvt.report()
    found = sorted(s["port"] for s in report["services"])
    return outcome(6 * len(places), [
        says("each port once", found, sorted(places)),
        says("services without room", report["notes"]["service_table"], 0),
        says("requests", counts(report), {port: 6 for port in places}),
        no_loss(report),
    ])  # fmt: skip


# ---- what was there before, and what nobody asked for ----


@case("edge-half-request")
def half_request():
    """What had half arrived before lvt is left out; what comes later on its connection counts."""
    later = 10
    with Service(LINES) as service, contextlib.ExitStack() as stack:
        port = service.ready()
        used, fresh, idle = socks = [stack.enter_context(dial(port)) for _ in range(3)]
        ask(used)
        ask(idle)
        time.sleep(0.05)  # sockets know their times in ticks
        for sock in (used, fresh):
            sock.sendall(b"a")
        time.sleep(0.05)
        with Lvt("-p", port) as lvt:
            for sock in (used, fresh):
                sock.sendall(b"sk\n")
                if sock.recv(64) != b"ask\n":
                    raise Failure("half a request has no answer")
            for sock in socks:
                ask(sock, later)
            report = lvt.report()
    found = service_at(report, port)
    return outcome(3 * later, [
        says("owed at start", report["notes"]["owed_at_start"], 2),
        says("open at start", report["notes"]["open_at_start"], 3),
        kinds(found, 3 * later),
        no_loss(report),
    ])  # fmt: skip


@case("edge-push")
def push():
    """What a service sends unasked is counted as that, and its bytes are bytes out."""
    pushes, number, asked = 20, 6, 5
    with Service(PUSH, pushes) as service, contextlib.ExitStack() as stack:
        port = service.ready()
        with Lvt("-p", port) as lvt:
            socks = [stack.enter_context(dial(port)) for _ in range(number)]
            for sock in socks:
                left = pushes * 1000
                while left:
                    left -= len(sock.recv(left))
            for sock in socks[::3]:  # two ask, two close, two stay as they are
                ask(sock, asked)
            for sock in socks[1::3]:
                sock.close()
            time.sleep(0.1)
            report = lvt.report()
    found = service_at(report, port)
    return outcome(2 * asked, [
        kinds(found, 2 * asked, unsolicited=pushes * number),
        says("bytes out", found["bytes_out"], 1000 * pushes * number + 2 * asked * len("ask\n")),
        says("bytes in", found["bytes_in"], 2 * asked * len("ask\n")),
        no_loss(report),
    ])  # fmt: skip


# ---- threads that pass requests on ----


def compared(words, client, learning):
    """truth_edges under lvt, all its stages compared; returns the checks, and lvt's service."""
    like = types.SimpleNamespace(
        free=["queue.busy", "queue.accept"], waiting=0, wakes=1, serial=False, contended=False,
        streaming=False, shared_loop=False, crowded=False, cold_us=0, more=[],
    )  # fmt: skip
    service = harness.Service(f"truth_edges {words}")
    lvt = harness.Lvt(service.port)
    noise = [service.noise()]
    asks = harness.Client(service.port, f"{client} --linger")
    answers = asks.finish(lambda: noise.append(service.noise()))
    report = lvt.stop()
    truth = service.stop()
    truth["run_delay"], truth["switches"] = (b - a for a, b in zip(*noise))
    found = service_at(report, service.port)
    blocked, stages = found["stages"]["service.blocked"], truth["stages"]
    if blocked["count"] <= learning:
        stages["service.blocked"] = [0, blocked["mean"] * found["requests"]]
        stages["service.handoff"][0] -= stages["service.blocked"][1]
    verdicts = compare.verdicts(like, truth, answers, report, service.port)
    return [(v.ok, str(v)) for v in verdicts], found


def truth_case(words, client, learning=0):
    """
    As the cases of the truth tests, again if the hypervisor took a CPU away meanwhile. While lvt
    learns where a reader idles, so many hand-offs may look blocked.
    """
    harness.choose_cpus()
    harness.PROGRAMS = ["client", "truth_edges"]
    keep = harness.build()
    try:
        for left in (1, 0):
            stolen = harness.stolen_ms()
            checks, found = compared(words, client, learning)
            if not left or all(good for good, _ in checks) or harness.stolen_ms() == stolen:
                return checks, found
    except harness.Failed as failed:
        raise Failure(str(failed)) from failed
    finally:
        harness.reap()
        if keep:
            keep.cleanup()


@case("edge-small-descriptors")
def small_descriptors():
    """Workers idle in read() of a pipe, and wait for their database on the descriptor beside it."""
    checks, found = truth_case(
        "--work 50 --sleep 2000 --workers 6", "--conns 4 --requests 300"
    )
    waited, passed = (found["stages"][f"service.{name}"]["mean"] for name in ("net", "handoff"))
    return outcome(found["requests"], [
        *checks,
        (waited > 20 * passed, f"waited {waited:.0f} ns, handed off {passed:.0f} ns"),
    ])  # fmt: skip


@case("edge-reader-only")
def reader_only():
    """Readers that never send, and one worker for all: their requests wait in the pipe."""
    learning = 4 * 5  # of each reader, until it is clear that it idles in read() and not in accept()
    checks, found = truth_case("--work 300 --workers 1", "--conns 4 --requests 500", learning)
    blocked = found["stages"]["service.blocked"]["count"]
    return outcome(found["requests"], [
        *checks,
        (blocked <= learning, f"{blocked} of {found['requests']} requests were blocked"),
    ])  # fmt: skip


@case("edge-send-end-handoff")
def send_end_handoff():
    """The hook at the end of a send: the next request is there before it, and has its own time."""
    os.environ["LVT_SEND_HOOK"] = "sock_send_length"
    try:
        _, found = truth_case("--work 20 --workers 6", "--conns 4 --requests 3000")
    finally:
        del os.environ["LVT_SEND_HOOK"]
    longest = found["latency_ns"]["max"]
    return outcome(found["requests"], [
        (longest < 10e9, f"the longest took {longest / 1e6:.0f} ms"),
    ])  # fmt: skip


# ---- COMMAND ----


@case("edge-command-output")
def command_output():
    """What COMMAND prints does not get into the report."""
    (port,) = ports(1)
    with Echo(port):
        command = ["sh", "-c", "echo hello; echo again >&2"]
        status, out, lines, _ = run_lvt("-p", port, "--format", "json", "--", *command)
    try:
        schema = json.loads(out)["schema"]
    except (ValueError, KeyError) as error:
        schema = f"{error}: {out[:60]}"
    return outcome(0, [
        says("status", status, 0),
        says("a report", schema, "lvt.report/1"),
        says("COMMAND's lines", [line for line in lines if line in ("hello", "again")],
             ["hello", "again"]),
    ])  # fmt: skip
