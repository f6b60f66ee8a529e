# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the answer's way to the client, of connections, and of services of other kinds."""

import compare
import netns
import transport
from case import Case, plain, run_client, truth_of
from compare import Check
from harness import Client, Lvt

RATE_KBIT, BURST = 100000, 16384
BACKLOG = 4


class Untraced:
    """In the place of lvt where a case is tried without it."""

    def stop(self):
        return None


def record(traced, port, *options):
    return Lvt(port, *options) if traced else Untraced()


def answer_bytes(case):
    return int(case.service.split("--answer ")[1].split()[0])


# ---- what holds an answer back ----


def nagle_facts(case):
    service = case.start()
    client, noise = run_client(case, service)
    return [transport.held_back(truth_of(case, service, noise), client)]


def nagle_held(case, service, client, found):
    return [transport.held_back(service, client)] + transport.held(case, service, client, found)


def shaped(case, traced, limit):
    """
    The service's answers leave through a token bucket, beyond whose limit bytes are dropped.
    Returns (its sums, client's counts, report or None, port, what its namespace retransmitted).
    """
    with netns.pair() as names:
        netns.shape(names["server"], RATE_KBIT, BURST, limit)
        service = case.start(names["server"], "mapped")
        before = netns.tcp_counters(names["server"])["RetransSegs"]
        lvt = record(traced, service.port)
        words = "%s --linger --host %s" % (case.client, netns.ADDRESS["server"])
        noise = [service.noise()]
        client = Client(service.port, words, netns=names["client"])
        counts = client.finish(lambda: noise.append(service.noise()))
        again = netns.tcp_counters(names["server"])["RetransSegs"] - before
        report = lvt.stop()
        noise = [max(0, b - a) for a, b in zip(*noise)]
        return truth_of(case, service, noise), counts, report, service.port, again


def bucket(case, traced=True):
    """Larger answers than a token bucket holds: they leave at its rate."""
    service, client, report, port, again = shaped(case, traced, 4 << 20)
    n, size = service["requests"], answer_bytes(case)
    way = transport.delivery(service, client)[1] / n
    made = [transport.rate("the answer's way", way, size, RATE_KBIT * 1000),
            Check("nothing was sent twice", again == 0, str(again))]
    if not report:
        return made
    found = compare.services_at(report, port)
    made += compare.verdicts(case, service, client, report, port)
    made += transport.held(case, service, client, found)
    for s in found:
        made += [transport.rate("net.tx", s["net"]["tx"]["mean"], size, RATE_KBIT * 1000),
                 Check("no retransmits", s["tcp"]["retransmits"] == 0,
                       str(s["tcp"]["retransmits"]))]
    return made


def drops(case, traced=True):
    """The token bucket drops: every segment that the kernel sent again is in the report."""
    service, client, report, port, again = shaped(case, traced, 100000)
    made = [Check("segments were sent again", again > 0, str(again))]
    if not report:
        return made
    found = compare.services_at(report, port)
    got = sum(s["tcp"]["retransmits"] for s in found)
    made += compare.counts(found, client, service) + compare.integrity(report)
    # the kernel counts segments, of which it may send several at once
    return made + [Check("retransmits", 0 < got <= again, "%d, the kernel's %d" % (got, again))]


# ---- connections ----


def accept_queue(case, traced=True):
    """
    More connections than a service accepts. The client's packets are slow, so that many handshakes
    are under way at once, and their last part finds the queue full.
    """
    with netns.pair() as names:
        netns.shape(names["client"], 1000, 2000, 1 << 20)
        service = case.start(names["server"], "mapped")
        before = [netns.tcp_counters(names[who]) for who in ("server", "client")]
        lvt = record(traced, service.port)
        words = "%s --host %s" % (case.client, netns.ADDRESS["server"])
        client = Client(service.port, words, netns=names["client"]).finish()
        after = [netns.tcp_counters(names[who]) for who in ("server", "client")]
        dropped = netns.listen_drops(names["server"], service.port)
        report = lvt.stop()
        truth = truth_of(case, service)
    kernel, others = ({k: b[k] - a[k] for k in b} for a, b in zip(before, after))
    made = [Check("the client said it again", others["RetransSegs"] > 0,
                  "%d times" % others["RetransSegs"])]
    return made + accept_verdicts(truth, client, dict(kernel, dropped=dropped), report, service.port)


def accept_verdicts(service, client, kernel, report, port):
    """
    kernel: what its counters say of the service's namespace, and of its socket. There it counts the last
    part of a handshake once, or twice if it kept the request (cookies are none).
    """
    opened, full, again = (kernel[k] for k in ("PassiveOpens", "ListenOverflows", "RetransSegs"))
    made = [Check("every connection was served in the end",
                  service["requests"] == client["answers"] == opened,
                  "%d of %d" % (service["requests"], opened)),
            Check("the queue was full", full > 0, "%d times" % full)]
    if not report:
        return made
    found = compare.services_at(report, port)
    made += compare.counts(found, client, service) + compare.integrity(report)
    for s in found:
        t, new = s["tcp"], s["tcp"]["connections_per_s"] * s["window_s"]
        made += [
            Check("drops at the listening socket", t["accept_drops"] == kernel["dropped"],
                  "%d, the kernel's %d" % (t["accept_drops"], kernel["dropped"])),
            Check("not fewer than there were", full <= kernel["dropped"] <= 2 * full,
                  "%d for %d" % (kernel["dropped"], full)),
            Check("its limit", t["accept_queue_limit"] == BACKLOG, str(t["accept_queue_limit"])),
            # Linux lets in one more than it says
            Check("it was full", t["accept_queue_max"] in (BACKLOG, BACKLOG + 1),
                  str(t["accept_queue_max"])),
            Check("retransmits", t["retransmits"] == again,
                  "%d, the kernel's %d" % (t["retransmits"], again)),
            Check("new connections", abs(new - opened) < 0.5, "%.2f of %d" % (new, opened))]
    return made


# ---- other kinds of services and exchanges ----


def uring(case):
    """
    Every request counts, once, and in time. If some cannot be followed, the report must say so.
    Whose CPU time it is, a kernel thread may know better than we do.
    """
    service = case.start()
    lvt = Lvt(service.port)
    client, noise = run_client(case, service)
    report = lvt.stop()
    truth = truth_of(case, service, noise)
    found = compare.services_at(report, service.port)
    missing = truth["requests"] - sum(s["requests"] for s in found)
    made = compare.integrity(report)
    if missing:
        return [c for c in made if c.what != "loss"] + [
            Check("what is missing is a loss, and warned of",
                  report["loss"]["total"] >= missing > 0 and report["warnings"],
                  "%d missing, %d lost" % (missing, report["loss"]["total"]))]
    if "sqpoll" not in case.service:  # there the kernel sends later than we know
        made.append(compare.latency(truth, client, found))
    return made + compare.counts(found, client, truth) + [
        Check("latency <= the client's",
              compare.total(found, compare.stage_names()) <= client["latency_sum"], "")]


def pushed(case, traced=True):
    """The service sends unasked: each send counts, none as a request."""
    service = case.start()
    lvt = record(traced, service.port)
    client = Client(service.port, case.client + " --linger", case.family).finish(lambda: None)
    report = lvt.stop()
    pushed_ = truth_of(case, service)["facts"]["pushed"]
    made = [Check("all came", client["failed"] == 0 and pushed_ > 0, "%d sent" % pushed_)]
    if not report:
        return made
    found = compare.services_at(report, service.port)
    got = sum(s["exchanges"]["unsolicited"] for s in found)
    return made + compare.integrity(report) + [
        Check("no requests", all(s["requests"] == 0 for s in found), ""),
        Check("unsolicited sends", got == pushed_, "%d of %d" % (got, pushed_))]


def client_side(case):
    """lvt record --client: what the service asks of others."""
    service = case.start()
    lvt = Lvt(service.port, "--client")
    client, noise = run_client(case, service)
    report = lvt.stop()
    truth = truth_of(case, service, noise)
    found = compare.services_at(report, service.port)
    return (compare.verdicts(case, truth, client, report, service.port) +
            transport.outbound(case, truth, client, found))


def untraced(run):
    """The facts of a case that knows how to do without lvt."""
    return lambda case: run(case, traced=False)


ACCEPT = {"free": ["queue.accept", "queue.busy"]}
PROCESSES = {"work_us": 200, "waiting": 5, **ACCEPT}

CASES = [
    Case("nagle", "an answer's second part waits for the client's delayed ACK",
         "truth_stream nagle --sends 2 --work 300 --answer 200",
         "--requests 40 --answer 200 --delay-ack", work_us=600, more=[nagle_held],
         facts=nagle_facts, **ACCEPT),
    Case("token-bucket", "answers leave through a token bucket",
         "truth_stream whole --work 500 --answer 262144", "--requests 40 --answer 262144", bucket,
         work_us=500, facts=untraced(bucket), **ACCEPT),
    Case("retransmits", "the same, and it drops some",
         "truth_stream whole --work 100 --answer 131072", "--requests 20 --answer 131072", drops,
         work_us=100, facts=untraced(drops)),
    Case("accept-queue", "more connections than are accepted",
         "truth_wait sleep --sleep 50000 --backlog %d" % BACKLOG,
         "--conns 24 --requests 1 --fresh", accept_queue, facts=untraced(accept_queue)),
    Case("uring", "one client, by io_uring", "truth_uring wait --work 100", "--requests 1500",
         work_us=100),
    Case("uring-many", "several clients, by io_uring", "truth_uring wait --work 100",
         "--conns 4 --requests 400", uring, work_us=100, waiting=3),
    Case("uring-sqpoll", "by io_uring, a kernel thread submits", "truth_uring sqpoll --work 100",
         "--conns 2 --requests 500", uring, work_us=100, waiting=1),
    Case("prefork", "several processes accept", "truth_procs prefork --workers 3 --work 200",
         "--conns 6 --requests 250 --fresh", **PROCESSES),
    Case("pass-sockets", "one process accepts, others serve",
         "truth_procs pass --workers 3 --work 200", "--conns 6 --requests 250 --fresh",
         **PROCESSES),
    Case("streaming", "an answer in 64 sends over 200 ms",
         "truth_stream sends --sends 64 --sleep 3000 --answer 6400",
         "--conns 4 --requests 5 --answer 6400", streaming=True, **ACCEPT),
    Case("push", "sends that nobody asked for",
         "truth_stream push --sends 100 --sleep 3000 --answer 100",
         "--conns 3 --requests 0 --listen-only 100 --answer 100", pushed,
         facts=untraced(pushed)),
    Case("outbound", "what a service asks of others, by --client",
         "truth_net two --work 50 --sleep 1000", "--requests 350", client_side, serial=True,
         work_us=50),
]
