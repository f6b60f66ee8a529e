# SPDX-License-Identifier: BSD-2-Clause
"""Cases: bad times. Too many of something, too little of something, an end in the middle."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import threading
import time

import servers
from cgroups import Memory
from echo import HOST, Echo, Lvt, ask, case, counts, no_loss, outcome, ports, says
from session import LVT, START_LIMIT, Failure, Skip, need, parse_report, run_client, settle

MAX_SERVICES = 64  # LVT_MAX_SERVICES
IDLE = 10000
SHORT = 100000
MB = 1 << 20


def run_lvt(*words, limit=START_LIMIT, **popen):
    """Run it to its end; returns (status, stdout, lines of stderr, seconds)."""
    start = time.monotonic()
    try:
        done = subprocess.run(
            [LVT, "record", *map(str, words)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False, **popen,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Failure(f"lvt does not end within {limit} s") from error
    took = time.monotonic() - start
    return done.returncode, done.stdout, done.stderr.decode(errors="replace").splitlines(), took


def one_line(what, result, *parts):
    """Checks: it failed, without a report, and with one line that has these parts."""
    status, out, lines, _ = result
    good = len(lines) == 1 and lines[0].startswith("lvt: ") and all(p in lines[0] for p in parts)
    yield says(f"{what}: status", status, 1)
    yield says(f"{what}: report", out, b"")
    yield good, f"{what}: one line with {', '.join(parts)}: {lines}"


# ---- what stays in the kernel ----


def bpf_of(pid):
    """(kind, id) of what a process holds."""
    kinds, found = {"prog_id": "prog", "map_id": "map", "link_id": "link"}, set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with (
            contextlib.suppress(FileNotFoundError),
            open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info,
        ):
            for line in info:
                key, _, value = line.partition(":")
                if key in kinds:
                    found.add((kinds[key], int(value)))
    return found


def left(mine):
    """What of it is still there: the kernel frees it after a grace period."""
    end = time.monotonic() + 5
    while True:
        there = set()
        for kind in ("prog", "map", "link"):
            text = run_client([need("bpftool"), "-j", kind, "list"])
            there |= {(kind, each["id"]) for each in json.loads(text or "[]")}
        if not mine & there or time.monotonic() > end:
            return sorted(mine & there)
        time.sleep(0.05)


def nothing_stays(mine):
    kinds = {kind for kind, _ in mine}
    yield {"prog", "map", "link"} <= kinds, f"lvt had {len(mine)} programs, maps and links"
    yield says("of these are left", left(mine), [])


@contextlib.contextmanager
def measured(*words):
    """Yields lvt, and what tells its kernel memory: that needs a memory cgroup, else None."""
    with contextlib.ExitStack() as stack:
        try:
            memory = stack.enter_context(Memory())
        except Skip:
            yield stack.enter_context(Lvt(*words)), lambda: None
            return
        yield stack.enter_context(Lvt(*words, preexec_fn=memory.enter)), memory.kernel


def shrinks(kernel, least, seconds=3):
    """Wait until the kernel memory is at most so much: it is freed after a grace period."""
    end = time.monotonic() + seconds
    while kernel() > least and time.monotonic() < end:
        time.sleep(0.05)
    return kernel()


# ---- too many ----


@case("fault-70-services")
def many_services():
    """64 are traced; the 6 others are counted and named, and harm nobody."""
    number = MAX_SERVICES + 6
    with Echo(*ports(number), name="lvt-many") as echo:
        with Lvt("--comm", "lvt-many") as lvt:
            for place in range(number):
                echo.ask(10 + place, place)
            report = lvt.report()
        served = echo.served()
    found = counts(report)
    others = [port for port in served if port not in found]
    names = sorted(f"lvt-many:{port}" for port in others)
    return outcome(sum(served.values()), [
        says("traced", len(found), MAX_SERVICES),
        says("their requests", found, {port: served[port] for port in found}),
        says("counted", report["notes"]["service_table"], number - MAX_SERVICES),
        says("named", sorted(report["untraced"]), names),
        says("loss, all told", report["loss"]["total"], 0),
        says("warnings", [w["id"] for w in report["warnings"]], ["untraced"]),
    ])  # fmt: skip


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        times = stat.read().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def open_files(number):
    """Let this process have so many open files; Skip where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), max(hard, number)))
    except (ValueError, OSError) as error:
        raise Skip(f"no more than {hard} open files: {error}") from error
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(hard, number)))


@case("fault-idle-connections")
def idle_connections():
    """10,000 open connections, half from before the start, and traffic on one more."""
    (port,) = ports(1)
    with contextlib.ExitStack() as stack:
        stack.enter_context(open_files(IDLE + 1000))
        stack.enter_context(Echo(port))
        idle = connect(stack, port, IDLE // 2)
        lvt, kernel = stack.enter_context(measured("-p", port))
        half = kernel()
        idle += connect(stack, port, IDLE // 2)
        start, cpu = time.monotonic(), cpu_seconds(lvt.process.pid)
        requests = 0
        with socket.create_connection((HOST, port), 5) as busy:
            while time.monotonic() < start + 2:
                ask(busy, 10)
                requests += 10
        for sock in idle[:: IDLE // 100]:  # 100 of them wake up for one request each
            ask(sock)
            requests += 1
        share = (cpu_seconds(lvt.process.pid) - cpu) / (time.monotonic() - start)
        full = kernel()
        for sock in idle:
            sock.close()
        empty = half - 0.9 * (full - half) if full else None
        rest = shrinks(kernel, empty) if full else None
        report = lvt.report()
    service = report["services"][0]
    checks = [
        says("requests", counts(report), {port: requests}),
        says("connections", service["connections"], IDLE + 1),
        says("aborted", service["exchanges"]["aborted"], 0),
        says("open at the start", report["notes"]["open_at_start"], IDLE // 2),
        no_loss(report),
        (share < 0.25, f"lvt has {share:.1%} of a CPU"),
    ]
    if full:
        sizes = " / ".join(f"{size / MB:.1f}" for size in (half, full, rest))
        checks.append((rest <= empty, f"kernel MB with half / all / none of them: {sizes}"))
    return outcome(requests, checks)


def connect(stack, port, number):
    """So many connections that leave no TIME_WAIT behind."""
    made = []
    for _ in range(number):
        sock = stack.enter_context(socket.create_connection((HOST, port), 5))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        made.append(sock)
    return made


def seen_besides(report):
    """The counters that are not zero."""
    return {name: n for kind in ("gaps", "notes") for name, n in report[kind].items() if n}


@case("fault-short-connections")
def short_connections():
    """100,000 connections of one request each: all counted, and nothing of them stays."""
    clients = 20
    wrk = [need("wrk"), "-t", "1", "-c", str(clients), "-d", "2", "-H", "Connection: close"]
    made, looks, end = 0, 0, time.monotonic() + 30
    with servers.Nginx() as nginx:
        with measured("-p", nginx.port) as (lvt, kernel):
            mine, before = bpf_of(lvt.process.pid), kernel()
            while made < SHORT and time.monotonic() < end:
                run_client([*wrk, f"http://{nginx.host}:{nginx.port}/"])
                made, looks = nginx.requests(), looks + 1
            settle(nginx.port)
            grown = shrinks(kernel, before + MB) - before if before else None
            report, service = parse_report(lvt.finish(), nginx.port)
        served = nginx.served() - looks  # our own looks at its count
    requests = service["requests"]
    checks = [
        (served >= SHORT, f"{served} connections were made"),
        # wrk resets its connections when it ends: nginx may have counted what came with a reset
        (0 <= served - requests <= clients * looks,
         f"{requests} requests, {service['exchanges']}, {seen_besides(report)}"),
        # and on some connections it has not asked yet
        (served <= service["connections"] <= served + 2 * clients * looks,
         f"{service['connections']} connections"),
        no_loss(report),
        *nothing_stays(mine),
    ]  # fmt: skip
    if before:
        checks.append((grown <= MB, f"kernel memory grew by {grown / 1024:.0f} kB"))
    return outcome(requests, checks, served)


# ---- too little ----


@case("fault-memory-limit")
def memory_limit():
    """Not enough memory: one line says so, before the kernel kills. Enough: it works."""
    (port,) = ports(1)
    checks = []
    with Echo(port) as echo, Memory() as memory:
        for size in (2, 4, 12):
            memory.limit(size * MB)
            result = run_lvt("-p", port, "-d", "0.2", preexec_fn=memory.enter)
            checks += one_line(f"{size} MB", result, "memory limit")
        memory.limit(64 * MB)
        with Lvt("-p", port, preexec_fn=memory.enter) as lvt:
            echo.ask(100)
            checks.append(says("with 64 MB", counts(lvt.report()), {port: 100}))
    return outcome(100, checks)


@case("fault-memory-services")
def memory_services():
    """Enough for a few services, but not for as many as there are."""
    with Echo(*ports(MAX_SERVICES), name="lvt-many"), Memory() as memory:
        memory.limit(40 * MB)
        result = run_lvt("--comm", "lvt-many", "-d", "0.2", preexec_fn=memory.enter)
    return outcome(0, list(one_line("40 MB", result, "histograms", "memory limit", "-p PORT")))


@case("fault-open-files")
def few_open_files():
    """A low limit of open files is raised, or one line says that it is too low."""
    (port,) = ports(1)
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    with Echo(port):
        result = run_lvt("-p", port, "-d", "0.2", preexec_fn=limit)
    if result[0] == 0:
        return outcome(0, [(bool(result[1]), "it raised the limit and reports")])
    return outcome(0, list(one_line("32 files", result, "open files")))


# ---- an end in the middle ----


def restless(port, stop_now, answers):
    """Ask until told to stop, on a new connection after each failure."""
    while not stop_now.is_set():
        with contextlib.suppress(OSError, Failure):
            with socket.create_connection((HOST, port), 1) as sock:
                while not stop_now.is_set():
                    ask(sock)
                    answers.append(1)
        time.sleep(0.002)


@contextlib.contextmanager
def clients(port, number=3):
    """Clients that ask all the time; yields their answers, a list that grows."""
    stop_now, answers = threading.Event(), []
    threads = [
        threading.Thread(target=restless, args=(port, stop_now, answers)) for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop_now.set()
        for thread in threads:
            thread.join()


@case("fault-service-killed")
def service_killed():
    """The service is killed and comes again: as one service, and every answer counts."""
    (port,) = ports(1)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(Echo(port, name="lvt-kill"))
        by_port, by_name = (
            stack.enter_context(Lvt(*words)) for words in (["-p", port], ["--comm", "lvt-kill"])
        )
        with clients(port) as answers:
            time.sleep(0.4)
            first.process.kill()
            first.process.wait()
            at_kill = len(answers)
            time.sleep(0.2)
            second = stack.enter_context(Echo(port, name="lvt-kill"))
            time.sleep(0.6)
        settle(port)
        reports = [lvt.report() for lvt in (by_port, by_name)]
    checks = [(0 < at_kill < len(answers), f"{at_kill} of {len(answers)} were before the kill")]
    for report in reports:
        checks += [
            says("requests", counts(report), {port: len(answers)}),
            says("its pids", report["services"][0]["pids"], sorted([first.pid, second.pid])),
            no_loss(report),
        ]
    return outcome(len(answers), checks)


@case("fault-pid-exits")
def pid_exits():
    """The process of --pid ends: what it did is reported; its port's next owner is not."""
    a, b = ports(2)
    with Echo(a) as echo:
        with Lvt("--pid", echo.pid) as lvt:
            echo.ask(100)
            echo.served()
            with Echo(b) as other:
                other.ask(10)
                time.sleep(0.6)  # past a tick of lvt
                running = lvt.process.poll() is None
                report = lvt.report()
    return outcome(100, [
        says("requests", counts(report), {a: 100}),
        says("lvt goes on", running, True),
        no_loss(report),
    ])  # fmt: skip


@case("fault-lvt-killed")
def lvt_killed():
    """kill -9 of lvt under load: nothing stays, and the service does not notice."""
    a, b = ports(2)
    with Echo(a) as echo, Echo(b, netns=True) as hidden:
        with Lvt() as lvt, clients(a) as answers:
            hidden.ask(10)
            time.sleep(0.3)
            mine = bpf_of(lvt.process.pid)
            lvt.process.kill()
            lvt.process.wait()
            checks = list(nothing_stays(mine))
        checks.append(says("every answer was had", echo.served(), {a: len(answers)}))
    return outcome(len(answers), checks)
