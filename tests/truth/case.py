# SPDX-License-Identifier: BSD-2-Clause
"""What a case is, and the usual way to run one."""

import compare
from harness import Client, Lvt, Service, disk_folder


class Case:
    """
    service, client: command lines. family: 4, 6, mapped. free: queue stages that may be anything.
    ignore: the service's figures that do not hold here. waiting: how many requests may wait at
    once while the service's own thread waits for a CPU. serial: one request per thread and at a
    time, so schedstat's run_delay bounds the ready stages; contended: it equals them. wakes: how
    often the client's sends wake a thread for one request.
    work_us: CPU of a request, at least. streaming: its answers are transfers. more: functions that
    check what else the report says, of (case, service's sums, client's counts, services found).
    on_disk: the service needs a folder on a disk. facts: what to check without lvt, if the usual
    does not do. shared_loop: requests that wait for different things share a loop, whose waits go to
    what ended them: the sum is known, and of each kind whether it is more than another. crowded: its
    threads take one CPU from each other at every wake-up, also between the kernel's mark and their own.
    cold_us: what is between these marks with cold caches, lvt's hook at the read included.
    """

    def __init__(self, name, what, service, client, run=None, **kw):
        self.name, self.what, self.service, self.client = name, what, service, client
        self.run = run or plain
        self.family, self.free, self.ignore = "4", [], []
        self.waiting, self.wakes, self.work_us = 0, 1, 0
        self.serial, self.contended, self.streaming = False, False, False
        self.more, self.facts, self.on_disk = [], None, False
        self.shared_loop = self.crowded = False
        self.cold_us = 0
        for k, v in kw.items():
            if not hasattr(self, k):
                raise TypeError(k)
            setattr(self, k, v)

    def start(self, netns=None, family=None):
        """Its service."""
        words = self.service + (" --dir " + disk_folder() if self.on_disk else "")
        return Service(words, family or self.family, netns=netns)


def truth_of(case, service, noise=(0, 0)):
    t = service.stop()
    t["run_delay"], t["switches"] = noise
    for what in case.ignore:
        del t["stages"][what]
    return t


def run_client(case, service, netns=None):
    """The client's counts, and what disturbed the service's threads meanwhile."""
    noise = [service.noise()]
    client = Client(service.port, case.client + " --linger", case.family, None, netns)
    counts = client.finish(lambda: noise.append(service.noise()))
    # threads that ended are not in the second
    return counts, [max(0, b - a) for a, b in zip(*noise)]


def plain(case, netns=None):
    service = case.start(netns)
    lvt = Lvt(service.port)
    used = [service.used()]
    client, noise = run_client(case, service, netns)
    used.append(service.used())
    report = lvt.stop()
    truth = truth_of(case, service, noise)
    truth["used"] = [b - a for a, b in zip(*used)] + [service.threads]
    made = compare.verdicts(case, truth, client, report, service.port)
    for check in case.more:
        made += check(case, truth, client, compare.services_at(report, service.port))
    return made
