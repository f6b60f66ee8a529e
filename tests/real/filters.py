# SPDX-License-Identifier: BSD-2-Clause
"""Cases: does each filter trace what it names, all of it, and nothing else?"""

import contextlib
import os
import socket
import subprocess

import servers
from cgroups import Group, v1_mount, v2_mount
from echo import Echo, Lvt, case, counts, no_loss, outcome, ports, says
from session import LVT, START_LIMIT, Failure, Skip, settle

# ---- cgroups ----


def cgroup_case(mount):
    """A service in parent/inner is in parent, in inner, and not in parent/other."""
    a, b = ports(2)
    with Group(mount, "inner", "other") as group, contextlib.ExitStack() as stack:
        inner, other = (stack.enter_context(Echo(port)) for port in (a, b))
        group.add(inner.pid, "inner")
        group.add(other.pid, "other")
        start = lambda name: stack.enter_context(Lvt("--cgroup", os.path.join(group.path, name)))
        both, first, second = start(""), start("inner/"), start("other")
        inner.ask(300)
        other.ask(200)
        found = [counts(lvt.report()) for lvt in (both, first, second)]
    return outcome(500, [
        says("the parent has both", found[0], {a: 300, b: 200}),
        says("one below it", found[1], {a: 300}),
        says("the other", found[2], {b: 200}),
    ])  # fmt: skip


@case("filter-cgroup-v2")
def cgroup_v2():
    return cgroup_case(v2_mount())


@case("filter-cgroup-v1")
def cgroup_v1():
    return cgroup_case(v1_mount("cpu", "pids", "devices", "freezer", "blkio"))


# ---- the other filters ----


@case("filter-ports")
def filter_ports():
    """Two of three ports of one process; one is asked on IPv4 and on IPv6: one service."""
    a, b, c = ports(3)
    with Echo(a, b, c, places=[("::1", b)]) as echo:
        with Lvt("-p", f"{a},{b}") as lvt:
            for place, number in enumerate((100, 200, 300, 400)):
                echo.ask(number, place)
            report = lvt.report()
        served = echo.served()
    return outcome(700, [
        says("requests by port", counts(report), {a: 100, b: 600}),
        says("the services' own counts", served, {a: 100, b: 600, c: 300}),
        says("the filter is told", report["run"]["filter"], f"-p {a},{b}"),
        no_loss(report),
    ], served[a] + served[b])  # fmt: skip


@case("filter-pid")
def filter_pid():
    """All ports of a process; the ports that a worker has from its master."""
    a, b, c = ports(3)
    with Echo(a, b) as echo, Echo(c) as stranger:
        with Lvt("--pid", echo.pid) as lvt:
            for _ in range(100):
                echo.ask(1, 0)
            echo.ask(50, 1)
            stranger.ask(10)
            report = lvt.report()
    checks = [
        says("requests by port", counts(report), {a: 100, b: 50}),
        says("its pid", [s["pids"] for s in report["services"]], [[echo.pid]] * 2),
    ]
    with servers.Nginx(workers=2) as nginx:
        worker = children(nginx.process.pid)[0]
        with Lvt("--pid", worker) as lvt:
            for _ in range(40):
                fetch(nginx)
            settle(nginx.port)
            served = nginx.served()
            found = counts(lvt.report())
    # the status pages are the worker's too
    checks.append(says("by a worker of nginx", found.get(nginx.port), 40))
    checks.append(says("nginx' own count", served, 40))
    return outcome(190, checks)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        return [int(child) for child in text.read().split()]


def fetch(server):
    with socket.create_connection((server.host, server.port), 5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        if not b"".join(iter(lambda: sock.recv(4096), b"")).startswith(b"HTTP/1.1 200"):
            raise Failure("nginx gives no page")


@case("filter-comm")
def filter_comm():
    """A name is the whole name, up to the 15 bytes that the kernel keeps."""
    a, b, c = ports(3)
    with (
        Echo(a, name="lvt-e") as echo,
        Echo(b, name="lvt-e2") as longer,
        Echo(c, name="lvt-15-letters-") as full,
    ):
        with Lvt("--comm", "lvt-e") as lvt, Lvt("--comm", "lvt-15-letters-") as other:
            echo.ask(100)
            longer.ask(10)
            full.ask(30)
            found = counts(lvt.report()), counts(other.report())
    return outcome(140, [
        says("requests by port", found[0], {a: 100}),
        says("by a name of 15 bytes", found[1], {c: 30}),
    ])  # fmt: skip


@case("filter-narrow")
def filter_narrow():
    """Several conditions: what meets all of them. What meets none is an error that says so."""
    a, b, c = ports(3)
    with Echo(a, b) as echo, Echo(c) as twin:
        all_three = ["-p", f"{b},{c}", "--pid", echo.pid, "--comm", echo.name]
        with Lvt(*all_three) as lvt:
            echo.ask(10, 0)
            echo.ask(20, 1)
            twin.ask(30)
            report = lvt.report()
        words = [LVT, "record", "-d", "0.2", "-p", str(c), "--pid", str(echo.pid)]
        done = subprocess.run(words, capture_output=True, timeout=START_LIMIT, check=False)
    said = done.stderr.decode().splitlines()
    return outcome(60, [
        says("only the port that meets all", counts(report), {b: 20}),
        says("status when none does", done.returncode, 1),
        says("report when none does", done.stdout, b""),
        (said[-1].startswith(f"lvt: no service matched -p {c} --pid {echo.pid}"), said[-1]),
    ])  # fmt: skip


@case("filter-none")
def filter_none():
    """No filter: the services of the host, also one in another network namespace, same port."""
    a, b = ports(2)
    with Echo(a) as first, Echo(b) as second, Echo(a, netns=True) as hidden:
        with Lvt() as lvt:
            first.ask(100)
            second.ask(200)
            hidden.ask(50)
            report = lvt.report()
    by_pid = {s["pids"][0]: s for s in report["services"] if s["pids"]}
    found = [by_pid.get(echo.pid, {"requests": 0}) for echo in (first, second, hidden)]
    return outcome(350, [
        says("requests of each", [s["requests"] for s in found], [100, 200, 50]),
        says("ports", [s.get("port") for s in found], [a, b, a]),
        says("foreign", [s.get("foreign_netns") for s in found], [False, False, True]),
        says("the filter is told", report["run"]["filter"], ""),
    ])  # fmt: skip


@case("filter-later")
def filter_later():
    """Services that come after lvt, one lvt for each kind of filter, all at once."""
    a, b = ports(2)
    with contextlib.ExitStack() as stack:
        groups = {}
        for name, mount in (("v1", lambda: v1_mount("cpu", "pids", "devices")), ("v2", v2_mount)):
            with contextlib.suppress(Skip):
                groups[name] = stack.enter_context(Group(mount()))
        echo = stack.enter_context(Echo(a, name="lvt-late", wait=True))
        stranger = stack.enter_context(Echo(b, wait=True))
        filters = {"port": ["-p", a], "pid": ["--pid", echo.pid], "comm": ["--comm", "lvt-late"]}
        for name, group in groups.items():
            group.add(echo.pid)
            filters[name] = ["--cgroup", group.path]
        filters["none"] = []
        lvts = {name: stack.enter_context(Lvt(*words)) for name, words in filters.items()}
        echo.listen()
        stranger.listen()
        echo.ask(300, connections=2)
        stranger.ask(100)
        found = {name: counts(lvt.report()) for name, lvt in lvts.items()}
    everything = found.pop("none")
    checks = [says(f"by {name}", ports_of, {a: 600}) for name, ports_of in found.items()]
    mine = {port: everything.get(port) for port in (a, b)}
    return outcome(700, [*checks, says("without a filter", mine, {a: 600, b: 100})])


@case("filter-two-lvt")
def filter_two_lvt():
    """Two at once with filters that overlap; the end of one is no news to the other."""
    a, b = ports(2)
    with Echo(a, b) as echo:
        with Lvt("--pid", echo.pid) as both, Lvt("-p", a) as one:
            echo.ask(100, 0)
            echo.ask(200, 1)
            first = one.report()
            echo.ask(50, 0)
            second = both.report()
    return outcome(350, [
        says("the one that ended", counts(first), {a: 100}),
        says("the one that went on", counts(second), {a: 150, b: 200}),
        no_loss(first),
        no_loss(second),
    ])  # fmt: skip
