# SPDX-License-Identifier: BSD-2-Clause
"""The cases: which service, which client, what is different, and how to run it."""

import time

import cases_net
import cases_wait
import causes
import compare
import harness
import netns
import transport
from case import Case, plain, run_client, truth_of
from harness import Client, Lvt, Service


def with_neighbour(case):
    harness.neighbour(harness.SERVICE_CPU, 10)
    return plain(case)


def in_netns(case):
    with netns.one() as name:
        return plain(case, name)


def late_service(case):
    """lvt is there first, the service listens later."""
    port = harness.free_port()
    lvt = Lvt(port)
    service = Service(case.service, case.family, port)
    client = Client(port, case.client, case.family).finish()
    report = lvt.stop()
    return compare.verdicts(case, truth_of(case, service), client, report, port)


def early_connections(case):
    """The connections are open before lvt is."""
    service = case.start()
    client = Client(service.port, case.client + " --wait", case.family)
    lvt = Lvt(service.port)
    client.go()
    counts = client.finish()
    report = lvt.stop()
    return compare.verdicts(case, truth_of(case, service), counts, report, service.port)


def restarted(case):
    """The service is killed and comes again: its sums are lost, the counts must not be."""
    service = case.start()
    port = service.port
    lvt = Lvt(port)
    client = Client(port, case.client + " --retry", case.family)
    time.sleep(0.5)
    service.kill()
    Service(case.service, case.family, port)
    counts = client.finish()
    report = lvt.stop()
    made = compare.counts(compare.services_at(report, port), counts)
    made.append(compare.Check("the kill was in mid-run", counts["failed"] > 0,
                              "%d requests failed" % counts["failed"]))
    return made + compare.integrity(report)


def two_lvt(case):
    service = case.start()
    first, second = Lvt(service.port), Lvt(service.port)
    client, noise = run_client(case, service)
    reports = [first.stop(), second.stop()]
    truth = truth_of(case, service, noise)
    made = []
    for r in reports:
        made += compare.verdicts(case, truth, client, r, service.port)
    return made


def lone_requests(case):
    """Answered requests on connections that stay open are counted within about a second."""
    service = case.start()
    lvt = Lvt(service.port)
    client = Client(service.port, case.client + " --linger", case.family)
    counts = client.counts()
    time.sleep(1.5)
    report = lvt.stop()
    client.go()
    return compare.verdicts(case, truth_of(case, service), counts, report, service.port)


def stopped_at_once(case):
    """The client has its last answer, closes, ends: lvt is stopped in that very moment."""
    service = case.start()
    lvt = Lvt(service.port)
    counts = Client(service.port, case.client, case.family).finish()
    report = lvt.stop()
    return compare.verdicts(case, truth_of(case, service), counts, report, service.port)


def killed_lvt(case):
    """kill -9: no program, map or link stays; the service does not notice."""
    service = case.start()
    lvt = Lvt(service.port)
    mine = harness.bpf_ids_of(lvt.p.pid)
    kinds = {k for k, _ in mine}
    lvt.p.kill()
    lvt.p.wait()
    left, end = mine, time.monotonic() + 5
    while left and time.monotonic() < end:
        time.sleep(0.05)  # the kernel frees them after a grace period
        left = mine & set(harness.bpf_ids())
    client = Client(service.port, case.client, case.family).finish()
    return [compare.Check("lvt had programs and maps", {"prog", "map"} <= kinds, str(len(mine))),
            compare.Check("none is left", not left, str(sorted(left))),
            compare.Check("the service goes on", client["failed"] == 0, str(client["answers"]))]


BUSY = {"free": ["queue.busy"]}
ACCEPT = {"free": ["queue.accept", "queue.busy"]}

CASES = [
    Case("cpu-50us", "busy for 50 µs", "truth_work --work 50", "--requests 3000", serial=True,
         work_us=50),
    Case("cpu-500us", "busy for 500 µs", "truth_work --work 500", "--requests 1500",
         serial=True, work_us=500),
    Case("cpu-5ms", "busy for 5 ms", "truth_work --work 5000", "--requests 200", serial=True,
         work_us=5000),
    Case("accept-wait", "one connection at a time, four want in", "truth_work --work 200",
         "--conns 4 --requests 300 --fresh", work_us=200, waiting=3, **ACCEPT),
    Case("behind", "one thread serves others while a request waits",
         "truth_loop serve --work 200", "--conns 4 --requests 500", waiting=3, work_us=200,
         more=[causes.littles_law, causes.utilisation]),
    Case("behind-asleep", "the same, and it sleeps", "truth_loop serve --work 50 --sleep 300",
         "--conns 4 --requests 400", waiting=3, work_us=50, ignore=["queue.busy"],
         free=["queue.busy"], more=[causes.reader_slept]),
    Case("behind-staggered", "the same, not saturated", "truth_loop serve --work 300",
         "--conns 3 --requests 500 --think 700 --stagger 230", waiting=2, work_us=300),
    Case("batch", "an event loop reads several, then answers several",
         "truth_loop batch --work 100", "--conns 8 --requests 400", waiting=7, work_us=100),
    Case("neighbour", "another task spins on the same CPU", "truth_work --work 500",
         "--requests 1000", with_neighbour, serial=True, contended=True, work_us=500,
         more=[causes.utilisation]),
    Case("neighbour-short", "the same, requests of 50 µs", "truth_work --work 50",
         "--requests 1000", with_neighbour, serial=True, contended=True, work_us=50),
    Case("thread-per-conn", "a thread for each connection", "truth_threads conn --work 200",
         "--conns 4 --requests 500", serial=True, work_us=200,
         more=[causes.littles_law]),
    Case("pool", "a reader and workers that are idle",
         "truth_threads pool --workers 8 --work 100 --sleep 300", "--conns 4 --requests 500",
         work_us=100, **BUSY),
    Case("pool-overloaded", "the same, items wait in the queue",
         "truth_threads pool --workers 2 --work 50 --sleep 500", "--conns 8 --requests 300",
         work_us=50, **BUSY),
    Case("conn-pool", "accepted connections wait in a queue",
         "truth_threads connpool --workers 2 --work 200", "--conns 4 --requests 400 --fresh",
         work_us=200, crowded=True, **ACCEPT),
    Case("chain", "reader, worker, sender",
         "truth_threads chain --workers 8 --work 50 --sleep 500", "--conns 4 --requests 500",
         **BUSY),
    Case("chain-overloaded", "the same, one worker",
         "truth_threads chain --workers 1 --work 50 --sleep 300", "--conns 4 --requests 400",
         **BUSY),
    Case("thread-per-request", "a new thread for each request", "truth_threads request --work 200",
         "--requests 1000", work_us=200),
    Case("fork", "a process for each connection", "truth_fork --work 200",
         "--conns 2 --requests 300 --fresh", work_us=200),
    Case("fork-keepalive", "the same, many requests each", "truth_fork --work 100",
         "--conns 2 --requests 700", work_us=100),
    Case("sends", "the answer in four sends, work before each",
         "truth_stream sends --work 200 --answer 4000", "--requests 1000 --answer 4000",
         serial=True, work_us=800, more=[transport.at_once]),
    Case("sendfile", "a head, then 256 KB by sendfile",
         "truth_stream sendfile --work 300 --answer 262144", "--requests 1000 --answer 262144",
         work_us=300),
    Case("segments", "the request in three segments, read() waits",
         "truth_stream segments --work 100",
         "--requests 400 --segments 3 --pause 2000", serial=True, wakes=3, work_us=100),
    Case("segments-epoll", "the same, epoll_wait() waits", "truth_stream mux --work 100",
         "--requests 400 --segments 3 --pause 2000", serial=True, wakes=3, work_us=100),
    Case("slow-client", "the client does not take the answer",
         "truth_stream slow --work 100 --answer 524288",
         "--requests 300 --slow 5000 --answer 524288", work_us=100),
    Case("keep-alive-gaps", "30 ms between requests", "truth_threads conn --work 500",
         "--conns 4 --requests 60 --think 30000", serial=True, cold_us=10, work_us=500,
         free=["queue.accept"]),
    Case("half-close", "the client closes its side, then we answer", "truth_work --work 100",
         "--requests 1000 --half-close", work_us=100, ignore=["queue.accept+queue.busy"], **ACCEPT),
    Case("reset", "every third request ends in a reset", "truth_threads conn --work 2000",
         "--requests 600 --reset-every 3 --pause 200", work_us=2000, **ACCEPT),
    Case("ipv6", "IPv6", "truth_work --work 100", "--requests 1000", family="6", serial=True,
         work_us=100),
    Case("ipv4-mapped", "the service on ::, the client on 127.0.0.1", "truth_work --work 100",
         "--requests 1000", family="mapped", serial=True, work_us=100),
    Case("netns", "service and client in a network namespace", "truth_work --work 100",
         "--requests 1000", in_netns, serial=True, work_us=100),
    Case("service-late", "the service starts after lvt", "truth_threads conn --work 100",
         "--conns 2 --requests 500", late_service, work_us=100),
    Case("connections-early", "the connections are open before lvt",
         "truth_threads conn --work 100",
         "--conns 4 --requests 500", early_connections, work_us=100),
    Case("restart", "the service is killed and comes again", "truth_threads conn --work 200",
         "--conns 4 --requests 700", restarted, work_us=200),
    Case("two-lvt", "two lvt at once", "truth_work --work 100", "--requests 1000", two_lvt,
         serial=True, work_us=100),
    Case("short-connections", "20,000 connections of one request each",
         "truth_loop serve", "--conns 4 --requests 5000 --fresh", waiting=3,
         ignore=["queue.busy"], **ACCEPT),
    Case("idle-connections", "2,000 open connections that say nothing",
         "truth_loop serve --work 50", "--conns 1 --requests 1000 --idle 2000", work_us=50,
         ignore=["queue.busy"], **ACCEPT),
    Case("lone-requests", "answered, and the connections stay open",
         "truth_threads conn --work 100",
         "--conns 20 --requests 3 --think 2000", lone_requests, cold_us=10, work_us=100, **ACCEPT),
    Case("stopped-at-once", "lvt ends with the client's last connection",
         "truth_threads conn --work 100", "--conns 8 --requests 50", stopped_at_once, work_us=100,
         **ACCEPT),
    Case("killed-lvt", "kill -9 of lvt leaves nothing behind", "truth_work --work 50",
         "--requests 100", killed_lvt, work_us=50),
]

CASES += cases_wait.CASES + cases_net.CASES
