# SPDX-License-Identifier: BSD-2-Clause
"""Cases that say why a request waits: what blocks its thread, and who has its CPU."""

import causes
import compare
import harness
import occupancy
import slowest
from case import Case, run_client, truth_of
from harness import Client, Lvt, Service

HOG = ("fifo-hog", 1000, 2000)  # its name, µs of a burst, µs between


def with_hog(case, traced=True):
    """
    A real-time process runs in bursts on the service's CPU. The service is one of lower priority,
    so nobody else can take its CPU away.
    """
    hog = harness.neighbour(harness.SERVICE_CPU, 10, *HOG)
    service = case.start()
    lvt = Lvt(service.port) if traced else None
    used = [harness.cpu_ns(hog.pid)]
    client, noise = run_client(case, service)
    used.append(harness.cpu_ns(hog.pid))
    report = lvt.stop() if traced else None
    truth = truth_of(case, service, noise)
    took, waited = used[1] - used[0], noise[0]
    made = [compare.Check("the service waits for the hog", 1.1 * took >= waited >= 0.1 * took,
                          "%.1f of its %.1f ms" % (waited / 1e6, took / 1e6))]
    if not report:
        return made
    found = compare.services_at(report, service.port)
    return (made + compare.verdicts(case, truth, client, report, service.port) +
            causes.preempted(found, HOG[0], hog.pid))


def among_talkers(case, traced=True):
    """
    Another service and its clients talk on the service's CPU all the time: whatever interrupts them comes
    right after a send of theirs. Of times nothing is asserted, only of counts and names.
    """
    cpu = harness.SERVICE_CPU
    other = Service("truth_threads conn --work 1", cpu=cpu)
    talk = Client(other.port, "--conns 4 --requests 10000000", cpu=cpu)
    service = case.start()
    lvt = Lvt(service.port) if traced else None
    client, noise = run_client(case, service)
    report = lvt.stop() if traced else None
    truth = truth_of(case, service, noise)
    made = [compare.Check("they talk all the time", talk.p.poll() is None, "")]
    if not report:
        return made
    found = compare.services_at(report, service.port)
    made += compare.counts(found, client, truth) + compare.integrity(report)
    return made + [c for c in causes.waits(truth, found) if isinstance(c, compare.Name)]


def major_faults(case, service, client, found):
    """The kernel charged the service's thread with the faults that it waited for."""
    want, got = service["facts"]["major_faults"], service["waits"][0]["count"]
    return [compare.Check("major faults", want >= got >= 0.98 * want, "%d of %d" % (got, want))]


WAIT = {"serial": True, "work_us": 50}
DISK = {"serial": True, "work_us": 20, "on_disk": True}
LOOP = {"work_us": 50, "more": [occupancy.free_in_its_loop]}
MANY = {"work_us": 50, "waiting": 5, "free": ["queue.busy"], "more": [occupancy.free_in_its_loop]}

CASES = [
    Case("sleep", "asleep for 1 ms", "truth_wait sleep --work 50 --sleep 1000",
         "--requests 1000", **WAIT),
    Case("exponential", "busy and asleep, for exponentially distributed times",
         "truth_wait random --sleep 400", "--requests 1500", serial=True,
         more=[occupancy.of_its_thread]),
    Case("lock", "a lock that another thread holds", "truth_wait lock --work 500 --sleep 2000",
         "--requests 800 --think 100", work_us=500),
    Case("pipe", "a pipe that another process writes", "truth_wait pipe --work 50 --sleep 1500",
         "--requests 600", **WAIT),
    Case("child", "a child that ends", "truth_wait child --work 50 --sleep 1500",
         "--requests 500", work_us=50),
    Case("fsync", "a write, and fsync", "truth_disk fsync --work 20 --bytes 262144 --times 4",
         "--requests 200", **DISK),
    Case("fdatasync", "a write, and fdatasync",
         "truth_disk fdatasync --work 20 --bytes 262144 --times 4", "--requests 100", **DISK),
    Case("direct-read", "reads past the page cache", "truth_disk direct --work 20 --bytes 1048576",
         "--requests 500", **DISK),
    Case("major-fault", "mapped pages that are not in memory",
         "truth_disk fault --work 20 --times 4", "--requests 450", more=[major_faults], **DISK),
    Case("downstream", "asks another service", "truth_net one --work 50 --sleep 1500",
         "--requests 600", **WAIT),
    Case("downstream-two", "asks two, of which one is slower",
         "truth_net two --work 50 --sleep 1000", "--requests 350", **WAIT),
    Case("downstream-unix", "asks another service over a Unix socket",
         "truth_net unix --work 50 --sleep 1500", "--requests 600", **WAIT),
    Case("proxy", "an event loop asks another service", "truth_proxy net --work 50 --sleep 1500",
         "--requests 600", **LOOP),
    Case("proxy-many", "the same for six clients at once",
         "truth_proxy net --work 50 --sleep 2000",
         "--conns 6 --requests 300 --think 300 --stagger 300", **MANY),
    Case("proxy-two", "the same, every other client's downstream is slower",
         "truth_proxy two --work 50 --sleep 1000",
         "--conns 6 --requests 200 --think 300 --stagger 300", shared_loop=True, **MANY),
    Case("timeout", "an event loop answers at a timeout",
         "truth_proxy timeout --work 50 --sleep 2000", "--requests 500", **LOOP),
    Case("timeout-busy", "the same while others talk on its CPU",
         "truth_proxy timeout --work 50 --sleep 2000", "--requests 300", among_talkers,
         facts=lambda case: among_talkers(case, traced=False), **LOOP),
    Case("event-pool", "an event loop and worker threads",
         "truth_proxy pool --work 50 --sleep 1500", "--requests 600", **LOOP),
    Case("event-pool-many", "the same for six clients at once",
         "truth_proxy pool --work 50 --sleep 2000",
         "--conns 6 --requests 300 --think 300 --stagger 300", **MANY),
    Case("preempted", "a real-time process runs in bursts on the same CPU",
         "truth_work --work 500 --fifo 5", "--requests 1000 --think 300", with_hog, serial=True,
         contended=True, work_us=500, facts=lambda case: with_hog(case, traced=False)),
    Case("rare-sleep", "one request in 500 sleeps for 20 ms",
         "truth_wait rare --work 100 --sleep 20000", "--requests 6000", work_us=100, serial=True,
         more=[slowest.are_the_slow]),
]
