# SPDX-License-Identifier: BSD-2-Clause
"""The cases: a server, a client that counts, and what a report must then say.

A case is a function that yields one Result. `truth` is the number of exchanges by the server's own
count or by the protocol; `client` is what the client says that it completed.
"""

import dataclasses
import os
import socket
import time

import reasons
import servers
from session import Failure, Trace, first_number, need, parse_report, run_client, settle

CONNECTIONS = 50
HTTP_SECONDS = 3


@dataclasses.dataclass
class Result:
    client: int  # completed, as the client says
    truth: int  # exchanges, as the server or the protocol says
    # Clients like wrk stop while requests are in flight. Each connection can have one, which the
    # server has counted and lvt calls aborted.
    cut_off: int = 0
    aborted: int = 0  # exchanges that end without an answer, exactly
    unsolicited: int = 0  # sends that answer no request, exactly; None: not known
    explain: str = ""  # what truth is made of
    plain: bool = True  # each exchange is one request and one answer
    report: dict = None  # None when lvt was left out
    service: dict = None
    extra: list = dataclasses.field(default_factory=list)  # further checks: (good, what)


CASES = {}


def case(name):
    def add(function):
        CASES[name] = function
        return function

    return add


def traced(server, client, lvt, *options):
    """Run the client under a trace; returns (what the client returned, report, service)."""
    if not lvt:
        text = client()
        settle(server.port)
        return text, None, None
    with Trace(server.port, options=options) as trace:
        text = client()
        settle(server.port)
        report, service = parse_report(trace.finish(), server.port)
    return text, report, service


# ---- redis ----


def redis_benchmark(server, *words):
    where = ["-h", server.host, "-p", str(server.port), "-c", str(CONNECTIONS)]
    return run_client([need("redis-benchmark"), *where, *words, "--csv"])


def redis_case(server, test, words, lvt):
    """Run redis-benchmark; returns the result, in which truth counts commands.

    Its set-up is CONFIG GET save and CONFIG GET appendonly, sent in one piece on a connection of
    their own and answered in one: two commands, one exchange.
    """
    run = lambda: redis_benchmark(server, "-t", test, *words)
    _, report, service = traced(server, run, lvt)
    calls = server.calls()
    commands, config = calls.get(test, 0), calls.get("config|get", 0)
    extra = [(config == 2, f"redis-benchmark's set-up is 2 CONFIG GET: {config} seen")]
    return Result(
        client=int(words[words.index("-n") + 1]),
        truth=commands + 1,
        explain=f"{commands} {test.upper()} and one exchange with {config} CONFIG GET",
        report=report,
        service=service,
        extra=extra,
    )


@case("redis")
def redis(lvt):
    with servers.Redis() as server:
        result = redis_case(server, "get", ["-n", "200000"], lvt)
    result.extra.append((result.truth == result.client + 1, "the server's count is the client's"))
    return result


@case("redis-ipv6")
def redis_ipv6(lvt):
    with servers.Redis("::1") as server:
        result = redis_case(server, "get", ["-n", "50000"], lvt)
    result.extra.append((result.truth == result.client + 1, "the server's count is the client's"))
    return result


@case("redis-send-end")
def redis_send_end(lvt):
    """With the hook that kernels before 6.15 may be left with: it fires at the end of a send."""
    os.environ["LVT_SEND_HOOK"] = "sock_send_length"
    try:
        with servers.Redis() as server:
            return redis_case(server, "get", ["-n", "100000"], lvt)
    finally:
        del os.environ["LVT_SEND_HOOK"]


def flagged_in_text(server, words):
    """A second run, for the text report: do its first lines mention pipelining?"""
    with Trace(server.port, "text") as trace:
        redis_benchmark(server, *words)
        settle(server.port)
        lines = trace.finish().splitlines()[:8]
    return any("pipelin" in line.lower() for line in lines), lines


@case("redis-batch")
def redis_batch(lvt):
    """A batch of 16 comes in one segment and is read at once: one exchange, flagged as a batch."""
    with servers.Redis() as server:
        result = redis_case(server, "get", ["-n", "200000", "-P", "16"], lvt)
        result.plain = False
        result.truth = result.client // 16 + 1
        result.explain = f"{result.client} GET in batches of 16, one exchange with 2 CONFIG GET"
        if lvt:
            batches = result.service["batches"]
            share = batches["found"] / max(batches["sampled"], 1)
            size = batches["messages"] / max(batches["found"], 1)
            result.extra += [
                (share > 0.9, f"{share:.1%} of {batches['sampled']} sampled requests are batches"),
                (15 < size < 17, f"a batch holds {size:.1f} requests by the report, 16 in truth"),
            ]
            good, lines = flagged_in_text(server, ["-t", "get", "-n", "50000", "-P", "16"])
            result.extra.append((good, f"the text report's first lines flag pipelining: {lines}"))
    return result


@case("redis-pipelined")
def redis_pipelined(lvt):
    """64 values of 2,000 bytes do not fit in one read: bytes are unread at the answer."""
    with servers.Redis() as server:
        words = ["-n", "19200", "-P", "64", "-d", "2000"]
        result = redis_case(server, "set", words, lvt)
        result.plain = False
        # The server answers as often as it comes to the end of what it read, so the exchanges lie
        # between the batches and the commands. Only their kind is certain.
        result.truth = None
        if lvt:
            found, kinds = result.service["requests"], result.service["exchanges"]
            least, most = result.client // 64 + 1, result.client + 1
            result.extra += [
                (kinds["pipelined"] > 0, f"{kinds['pipelined']} of {found} are pipelined"),
                (least <= found <= most, f"{least} <= {found} exchanges <= {most}"),
            ]
            good, lines = flagged_in_text(server, ["-t", "set", *words])
            result.extra.append((good, f"the text report's first lines flag pipelining: {lines}"))
    return result


# ---- HTTP ----


def wrk(server, connections, *words):
    where = f"http://{server.host}:{server.port}/"
    options = ["-t", "1", "-c", str(connections), "-d", str(HTTP_SECONDS)]
    return run_client([need("wrk"), *options, *words, where])


def http_case(server, lvt, connections=CONNECTIONS, words=()):
    """wrk stops in mid-flight, so the server's count is the truth and wrk's a little less."""
    with server:
        text, report, service = traced(server, lambda: wrk(server, connections, *words), lvt)
        truth = server.served()
    client = first_number(r"(\d+) requests in", text, "count of wrk")
    late = truth - client
    extra = [
        (0 <= late <= connections, f"{late} requests were in flight when wrk stopped"),
        ("Socket errors" not in text, "wrk saw no socket error"),
        ("Non-2xx" not in text, "wrk saw only good answers"),
    ]
    return Result(
        client=client,
        truth=truth,
        cut_off=connections,
        explain=f"{server.name}'s own count; wrk's is {late} less: in flight when it stopped",
        report=report,
        service=service,
        extra=extra,
    )


@case("nginx")
def nginx(lvt):
    result = http_case(servers.Nginx(), lvt)
    if lvt:
        result.extra += reasons.judge(reasons.law_checks, result.service)
    return result


@case("nginx-close")
def nginx_close(lvt):
    return http_case(servers.Nginx(), lvt, words=("-H", "Connection: close"))


@case("nginx-workers")
def nginx_workers(lvt):
    return http_case(servers.Nginx(workers=2), lvt)


@case("nginx-reuseport")
def nginx_reuseport(lvt):
    return http_case(servers.Nginx(workers=2, listen="reuseport"), lvt)


@case("node")
def node(lvt):
    return http_case(servers.Node(), lvt)


@case("python")
def python(lvt):
    return http_case(servers.Python(), lvt, connections=8)


def half_closed(server, number):
    """Ask, close the sending side before the answer, read on; returns the number of answers."""
    good = 0
    for _ in range(number):
        with socket.create_connection((server.host, server.port), 5) as sock:
            sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.003)  # the request has been read, so that the FIN comes on its own
            sock.shutdown(socket.SHUT_WR)
            text = b"".join(iter(lambda: sock.recv(4096), b""))
            good += text.startswith(b"HTTP/1.1 200") and text.endswith(b"x" * 200)
    return good


@case("python-half-close")
def python_half_close(lvt):
    """A FIN takes a sequence number, but it is no unread byte: nothing here is pipelined."""
    number = 200
    with servers.Python() as server:
        good, report, service = traced(server, lambda: half_closed(server, number), lvt)
        served = server.served()
    return Result(
        client=good,
        truth=served,
        explain="the server's own count",
        report=report,
        service=service,
        extra=[(good == served == number, f"{number} asked, {served} served, {good} answered")],
    )


# ---- postgres ----


@case("postgres")
def postgres(lvt):
    """The simple query protocol: a transaction of pgbench -S is one query and one answer.

    Besides, per connection: the question for TLS (answered N) and the start-up message, and at its
    end Terminate, which has no answer. pgbench asks two queries of its own on a first connection.
    """
    clients, each = 8, 5000
    with servers.Postgres() as server:
        words = ["-S", "-n", "-c", str(clients), "-t", str(each)]
        text, report, service = traced(server, lambda: server.pgbench(*words), lvt)
    done = first_number(r"actually processed: (\d+)", text, "count of pgbench")
    connections = clients + 1
    return Result(
        client=done,
        truth=done + 2 * connections + 2,
        aborted=connections,
        explain=f"{done} transactions, 2 exchanges to start each of {connections} connections, "
        "2 queries of pgbench's own",
        report=report,
        service=service,
        extra=[(done == clients * each, "pgbench made all its transactions")],
    )


# ---- what every report must say ----


def checks(result):
    """All checks of a result: (good, what)."""
    yield from result.extra
    if not result.service:
        return
    yield from count_checks(result)
    loss, service = result.report["loss"], result.service
    yield loss["total"] == 0, f"no loss: {({k: v for k, v in loss.items() if v})}"
    mean = service["latency_ns"]["mean"]
    total = sum_of_stages(service)
    # Each mean is printed with at least 3 decimals.
    good = abs(mean - total) <= 0.1 + mean * 1e-9
    yield good, f"stage means add up to the latency mean: {total:.3f} and {mean:.3f} ns"
    share = service["stages"]["unattributed"]["share"]
    gaps = {name: n for name, n in result.report.get("gaps", {}).items() if n}
    yield share < 0.01, f"unattributed is under 1 % of the time: {share:.3%}, gaps {gaps}"
    requests, count = service["requests"], service["latency_ns"]["count"]
    yield count == requests, f"all {requests} requests are in the histogram: {count}"
    yield from reasons.checks(service)


def count_checks(result):
    requests, kinds = result.service["requests"], result.service["exchanges"]
    both = kinds["request_response"] + kinds["pipelined"]
    yield both == requests, f"request_response + pipelined == requests: {both} and {requests}"
    aborted = kinds["aborted"]
    if result.truth is not None:
        missing = result.truth - requests
        what = f"{requests} requests, {result.truth} in truth ({result.explain})"
        if result.cut_off:
            yield 0 <= missing <= aborted, f"{what}; {aborted} aborted make up the difference"
        else:
            yield missing == 0, what
    if result.cut_off:
        yield aborted <= result.cut_off, f"{aborted} aborted, at most {result.cut_off}"
    else:
        yield aborted == result.aborted, f"{aborted} aborted, {result.aborted} in truth"
    if result.unsolicited is not None:
        sent = kinds["unsolicited"]
        yield sent == result.unsolicited, f"{sent} unsolicited, {result.unsolicited} in truth"
    if result.plain:
        yield from reasons.judge(plain_checks, result.service)


def plain_checks(service):
    others = {kind: service["exchanges"][kind] for kind in ("pipelined", "streaming")}
    others["multiplexed"] = service["multiplexed"]["found"]
    yield not any(others.values()), f"nothing is pipelined, streaming, multiplexed: {others}"


def sum_of_stages(service):
    return sum(stage["mean"] for stage in service["stages"].values())


def run(name, lvt):
    """Run one case; returns its result. Raises Skip or Failure."""
    try:
        return CASES[name](lvt)
    except (KeyError, TypeError) as error:
        raise Failure(f"the report has not the expected shape: {error!r}") from error
