# SPDX-License-Identifier: BSD-2-Clause
"""Cases: what is not one request and one answer. Is it counted, and flagged in the first lines?"""

import contextlib
import re
import socket
import ssl
import time

import servers
from backends import TlsServer, WebSocket, tls_in_kernel, tls_stat
from cases import Result, case
from clients import Resp, WebSocketClient, download, in_threads
from edges import TICK
from reasons import judge, largest_stage, shares
from session import Skip, Trace, first_number, need, parse_report, run_client, settle

FIRST_LINES = 8  # of the text report
MB = 1 << 20


def twice_traced(server, client, lvt):
    """Under two traces at once, for both kinds of report: (client's, report, service, lines)."""
    if not lvt:
        return client(), None, None, []
    with Trace(server.port) as trace, Trace(server.port, "text") as text:
        result = client()
        settle(server.port)
        report, service = parse_report(trace.finish(), server.port)
        lines = text.finish().splitlines()[:FIRST_LINES]
    return result, report, service, lines


def flagged(lines, pattern):
    good = any(re.search(pattern, line, re.I) for line in lines)
    return good, f"the text report's first lines have /{pattern}/: {lines}"


def counted(service, kind, expected):
    found = service["exchanges"][kind]
    yield found == expected, f"{found} exchanges are {kind}, {expected} in truth"


# ---- what a server sends unasked ----


def unasked(service, pushes):
    """The send hook fires per chunk: what crosses the end of a page, 4 to 32 kB, is sent in two."""
    most = pushes + 1 + service["bytes_out"] // 4096
    found = service["exchanges"]["unsolicited"]
    yield pushes <= found <= most, f"{found} sends were unsolicited, {pushes} (to {most}) in truth"


def pubsub(server, subscribers, messages):
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(Resp(server)) for _ in range(subscribers)]
        for reader in readers:
            reader.ask("subscribe", "news")
        time.sleep(TICK)  # what came at once would be more of the answer
        with Resp(server) as publisher:
            heard = [publisher.ask("publish", "news", "x" * 100) for _ in range(messages)]
        read = sum(len(reader.reply()) == 3 for reader in readers for _ in range(messages))
    return sum(heard), read


@case("kind-push")
def push(lvt):
    """redis sends each message to its subscribers: they have not asked for it just then."""
    subscribers, messages = 5, 100
    pushes = subscribers * messages
    with servers.Redis() as server:
        run = lambda: pubsub(server, subscribers, messages)
        (sent, read), report, service, lines = twice_traced(server, run, lvt)
        calls = server.calls()
    number = calls["subscribe"] + calls["publish"]
    extra = [(sent == read == pushes, f"{pushes} messages, {sent} sent, {read} read")]
    if lvt:
        extra.append(flagged(lines, "unsolicited"))
        extra += judge(unasked, service, pushes)
    return Result(
        client=subscribers + messages,
        truth=number,
        unsolicited=None,
        explain="redis' own count of SUBSCRIBE and PUBLISH",
        report=report,
        service=service,
        extra=extra,
    )


STREAM, LATER, ECHOES = 100, 20, 5


def websocket_user(server):
    with WebSocketClient(server) as sock:
        for _ in range(ECHOES):
            sock.send("hello")
            sock.frames(1)
        sock.send(f"push {STREAM} 8")
        sock.frames(STREAM)
        sock.send(f"later {LATER} {TICK * 1000:.0f}")
        sock.frames(1 + LATER)
    return ECHOES + 3  # and the handshake


@case("kind-websocket")
def websocket(lvt):
    """One question has many frames for an answer, and others come long after there was one."""
    users = 4
    with WebSocket() as server:
        run = lambda: sum(in_threads([lambda: websocket_user(server)] * users))
        number, report, service, lines = twice_traced(server, run, lvt)
        served = server.served()
    extra = []
    if lvt:
        extra.append(flagged(lines, "unsolicited|stream"))
        extra += judge(unasked, service, users * LATER)
        extra += judge(counted, service, "streaming", users)
    return Result(
        client=number,
        truth=served,
        unsolicited=None,
        explain="the server's own count of handshakes and frames",
        plain=False,
        report=report,
        service=service,
        extra=extra,
    )


# ---- long answers ----


def file_of(server, size):
    """A file that takes no room on the disk."""
    with open(server.path("html/file"), "wb") as out:
        out.truncate(size)


def download_case(lvt, server, size, number, reading, stages):
    """So many downloads, one after the other, and a page after each."""
    with server:
        file_of(server, size)

        def run():
            sizes = []
            for _ in range(number):
                sizes.append(download(server, "/file", reading))
                download(server, "/")
            return sizes

        sizes, report, service, lines = twice_traced(server, run, lvt)
        served = server.served()
    extra = [(sizes == [size] * number, f"{number} downloads of {size}: {sizes}")]
    if lvt:
        extra.append(flagged(lines, "stream"))
        extra += judge(counted, service, "streaming", number)
        good = largest_stage(service) in stages
        extra.append((good, f"{' or '.join(stages)} is the largest: {shares(service)}"))
    return Result(
        client=2 * number,
        truth=served,
        explain="nginx's own count",
        plain=False,
        report=report,
        service=service,
        extra=extra,
    )


@case("kind-slow-reader")
def slow_reader(lvt):
    """A client that takes its time to read what it asked for."""
    reading = lambda: time.sleep(0.004)
    return download_case(lvt, servers.Nginx(), 64 * MB, 2, reading, ["service.client"])


@case("kind-download")
def limited_download(lvt):
    """A server that takes its time to send: it sleeps between the parts."""
    server = servers.Nginx(config="sendfile on;", location="limit_rate 64m;")
    return download_case(lvt, server, 56 * MB, 2, lambda: None, ["service.sleep"])


# ---- many requests at once on one connection ----


def multiplexed(service):
    found, sampled = service["multiplexed"]["found"], service["multiplexed"]["sampled"]
    yield found > 0.9 * sampled > 0, f"{found} of {sampled} sampled payloads are HTTP/2 frames"


@case("kind-http2")
def http2(lvt):
    """HTTP/2 without TLS, ten requests at a time on each connection."""
    number, connections, streams = 20000, 10, 10
    with servers.Nginx(listen="http2") as server:
        words = ["-n", str(number), "-c", str(connections), "-m", str(streams)]
        where = f"http://{server.host}:{server.port}/"
        run = lambda: run_client([need("h2load"), *words, where])
        text, report, service, lines = twice_traced(server, run, lvt)
        served = server.served()
    done = first_number(r"(\d+) succeeded", text, "count of h2load")
    extra = [(done == served == number, f"{number} asked, {done} answered, {served} by nginx")]
    if lvt:
        extra.append(flagged(lines, "multiplex|HTTP/2"))
        extra += judge(multiplexed, service)
        exchanges = service["requests"]
        # A turn of a connection has some of them; how many is not certain.
        good = connections <= exchanges <= number + 2 * connections
        extra.append((good, f"{exchanges} exchanges for {number} requests"))
    return Result(
        client=done,
        truth=None,
        cut_off=connections,
        unsolicited=None,
        plain=False,
        report=report,
        service=service,
        extra=extra,
    )


# ---- kernel TLS ----


def tls_gets(server, number):
    """Each on a connection of its own; returns how many had an answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    good = 0
    for _ in range(number):
        with (
            socket.create_connection((server.host, server.port), 5) as plain,
            context.wrap_socket(plain, suppress_ragged_eofs=True) as sock,
        ):
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            good += b"".join(iter(lambda: sock.recv(4096), b"")).startswith(b"HTTP/1.0 200")
    return good


def ktls_case(lvt, number, ktls):
    """Two turns a connection: the client's hello, and its Finished with its request."""
    with TlsServer(ktls) as server:
        before = tls_stat("TlsRxSw"), tls_stat("TlsTxSw")
        run = lambda: tls_gets(server, number)
        good, report, service, lines = twice_traced(server, run, lvt)
        used = [tls_stat(name) - count for name, count in zip(("TlsRxSw", "TlsTxSw"), before)]
    extra = [(good == number, f"{number} asked, {good} answered")]
    if ktls:
        extra.append((max(used) >= number, f"the kernel received {used[0]}, sent {used[1]}"))
    missed = 0
    if lvt and report["loss"].get("read_missed"):
        missed = report["loss"]["read_missed"]
        extra.append(flagged(lines, r"loss: \d"))
        service = None
    return Result(
        client=good,
        truth=2 * number,
        explain=f"{number} TLS handshakes and as many requests; {missed} reads were missed",
        report=report,
        service=service,
        extra=extra,
    )


@case("kind-ktls")
def kernel_tls(lvt):
    """TLS in the kernel: its requests are traced, or the report says that it missed them."""
    if not tls_in_kernel():
        raise Skip("the kernel has no TLS (CONFIG_TLS, module tls): not in tcp_available_ulp")
    return ktls_case(lvt, 20, ktls=True)
