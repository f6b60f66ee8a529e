# SPDX-License-Identifier: BSD-2-Clause
"""Outside the latency: the answer's way to the client, the accept queue, requests to others."""

from verdict import Check, Row

TOLERANCE_NS = 20000
UNSEEN = 2  # packets in a hundred whose hook may not be called (harness.UNSEEN), and two in fewer


def delivery(service, client):
    """
    [lo, hi] ns, all requests: from the last send of an answer until the client has all of it. The
    client's time less the service's; the client's wake-up is in it.
    """
    lo, hi = service["latency_from_read"]
    rest = client["latency_sum"] - service["queue"]
    return rest - hi, rest - lo


def handed_over(case, service, client, found, least):
    """net.tx and net.ack of each request; net.tx ends before the client has the answer."""
    n, made = service["requests"], []
    most, least_seen = delivery(service, client)[1], n - max(UNSEEN, n * UNSEEN // 100)
    for s in found:
        tx, ack = s["net"]["tx"], s["net"]["ack"]
        made += [Row("net.tx", least / n, most / n, tx["mean"], TOLERANCE_NS),
                 Check("net.tx of each request", least_seen <= tx["count"] <= n,
                       "%d of %d" % (tx["count"], n)),
                 Check("net.ack of each request", least_seen <= ack["count"] <= n,
                       "%d of %d" % (ack["count"], n)),
                 Check("net.ack >= net.tx", ack["mean"] >= tx["mean"],
                       "%.1f %.1f µs" % (ack["mean"] / 1e3, tx["mean"] / 1e3))]
    return made


def at_once(case, service, client, found):
    """Nothing holds an answer back; the client's wake-up is longer than its way."""
    return handed_over(case, service, client, found, 0)


def held(case, service, client, found):
    """An answer is held back so long that the client's wake-up is nothing to it."""
    return handed_over(case, service, client, found, delivery(service, client)[0])


def held_back(service, client):
    """Nagle's wait for the peer's delayed ACK is far longer than the whole rest."""
    n = service["requests"]
    wait, latency = delivery(service, client)[0] / n, service["latency_from_read"][1] / n
    return Check("the second part waits for an ACK", wait > 20 * latency,
                 "%.1f µs after %.1f µs" % (wait / 1e3, latency / 1e3))


def rate(what, ns, size, bits_per_s):
    """A time against what a token bucket allows that has nothing saved up."""
    want = (size + 66 * -(-size // 1448)) * 8e9 / bits_per_s
    return Check(what, 0.9 * want <= ns <= 1.1 * want,
                 "%.2f ms, bytes/rate %.2f ms" % (ns / 1e6, want / 1e6))


def outbound(case, service, client, found):
    """What the service asked of others, as it saw it: from its send to the last byte."""
    facts, made = service["facts"], []
    for wait, key in zip(service["waits"], ("asked_ns", "asked_two_ns")):
        n = facts["asked"]
        # it ends when the last byte is there; the service is awake to see that somewhat later
        lo, hi = wait["ns"][0] / n, facts[key] / n
        rows = [r for s in found for r in s["outbound"] if r["peer"] == wait["peer"]]
        net = [r for s in found for r in s["blocked_on"]
               if r["stage"] == "service.net" and r["peer"] == wait["peer"]]
        made.append(Check("one outbound row for " + wait["peer"], len(rows) == 1, str(len(rows))))
        for r in rows:
            last, first = r["last_byte_ns"], r["first_byte_ns"]
            made += [
                Row("outbound last byte " + wait["peer"], lo, hi, last["mean"], TOLERANCE_NS),
                Check("outbound requests", r["requests"] == n == last["count"],
                      "%d of %d" % (r["requests"], n)),
                Check("first byte <= last byte", first["mean"] <= last["mean"],
                      "%.1f %.1f µs" % (first["mean"] / 1e3, last["mean"] / 1e3)),
                Check("outbound >= service.net",
                      last["mean"] * n >= sum(x["total_ns"] for x in net), ""),
                Check("outbound peer's name", (r["comm"], r["pid"]) ==
                      (wait["peer_comm"], wait["peer_pid"]), "%s %s" % (r["comm"], r["pid"]))]
    return made
