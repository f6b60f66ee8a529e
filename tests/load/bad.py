# SPDX-License-Identifier: BSD-2-Clause
"""Targets that fail: by kind, in one line each, never a hang; and unusual ones that are right."""

import contextlib
import os
import re
import subprocess
import tempfile
import time

from harness import GRACE, LVT, Load, case, consistent
from session import Failure, free_port, need, stop, wait_listening
from targets import Full, Target, refusing

SECONDS, TIMEOUT = 0.6, 0.3
OPTIONS = ("--rate", 60, "-d", SECONDS, "--timeout", TIMEOUT, "-c", 4)
LIMIT = SECONDS + TIMEOUT + GRACE
RAW = ("--protocol", "raw", "--verify", "echo")
REDIS = ("--protocol", "redis")
ALL_KINDS = (
    "refused", "unreachable", "timeout", "reset", "closed", "cut", "status", "malformed", "tls",
    "wrong",
)  # fmt: skip


def both_forms(target, *options, status):
    """The same load as JSON and as text, at the same time; returns both Loads."""
    words = (*OPTIONS, *options)
    with Load(target, *words) as one, Load(target, *words, fmt="text") as two:
        return one.finish(LIMIT, status), two.finish(LIMIT, status)


def all_fail(check, target, kinds, *options):
    """Every request fails, as one of these kinds."""
    run, text = both_forms(target, *options, status=1)
    view = run.json
    got = {kind: n for kind, n in view["errors"].items() if n}
    check.that(set(got) and set(got) <= set(kinds), f"failed by {got}, to be by {kinds}")
    check.equal(view["ok"], 0, "answered")
    check.that(view["scheduled"] > 10, f"scheduled {view['scheduled']}")
    check.equal(view["latency_ns"]["p50"], None, "p50")
    check.equal(view["answer_ns"], None, "the answer's time")
    consistent(check, view)
    words = " ".join(text.text.split())
    for kind in ALL_KINDS:
        told = re.findall(rf"\b{kind} \d+\b", words)
        if len(kinds) == 1:
            check.equal(len(told), int(kind in got), f"'{kind}' with its number in the text")
    talk = text.talk.strip()
    check.that(len(talk.splitlines()) <= 1, f"talk: {talk}")
    return view


def failing(name, kinds, answers, *options, **how):
    def run(check):
        with Target(*answers, **how) as target:
            view = all_fail(check, target.target, kinds, *options)
            check.that(target.connections > 0, f"{target.connections} connections were made")
        return view

    case(f"bad-{name}")(run)


for one, kind in {
    "silent": "timeout", "close": "closed", "reset": "reset", "half": "cut", "half-head": "cut",
    "half-chunk": "cut", "half-silent": "timeout", "garbage": "malformed", "ssh": "malformed",
    "bad-chunk": "malformed", "bad-length": "malformed", "huge-length": "malformed",
    "two-lengths": "malformed", "500": "status", "404": "status", "tls": "tls",
}.items():  # fmt: skip
    failing(one, (kind,), [one])
failing("endless-head", ("malformed", "cut"), ["endless-head"])
failing("other-body", ("wrong",), ["other-body"], "--expect", "hello")
failing("other-status", ("status",), ["plain"], "--status", 204)
failing("raw-wrong", ("wrong",), ["raw-wrong"], *RAW)
failing("raw-half", ("cut",), ["raw-half"], *RAW)
failing("raw-tls", ("tls", "cut"), ["tls"], *RAW)
failing("raw-silent", ("timeout",), ["silent"], *RAW)
failing("raw-crc", ("wrong",), ["raw-wrong"], "--protocol", "raw", "--verify", "crc32")
failing("redis-error", ("status",), ["redis-error"], *REDIS)
failing("redis-garbage", ("malformed",), ["redis-garbage"], *REDIS)
failing("redis-half", ("cut",), ["redis-half"], *REDIS)
failing("redis-http", ("malformed",), ["plain"], *REDIS)
failing("redis-tls", ("tls",), ["tls"], *REDIS)


def never_starts(check, target, *named):
    """What never had a connection is no measurement: one line that says why, and a hint."""
    with Load(target, *OPTIONS) as run:
        run.finish(LIMIT + 20, status=None)
    check.equal((run.status, run.text), (1, ""), "status, stdout")
    talk = run.talk.strip().splitlines()
    check.that(0 < len(talk) <= 2, f"talk: {talk}")
    for word in (*named, target.rpartition(":")[0]):
        check.that(talk and word in talk[0], f"says '{word}': {talk}")


@case("bad-refused")
def refused(check):
    never_starts(check, refusing(), "refused")


@case("bad-backlog")
def full_backlog(check):
    with Full() as target:
        never_starts(check, target.target, "no answer")


@case("bad-name")
def unresolvable(check):
    never_starts(check, "no-such-host.invalid:80")


@case("bad-close-at-once")
def close_at_once(check):
    """Closed as soon as it is made: no storm of connections, so some requests wait for one."""
    with Target("plain", at_once=True) as target:
        with Load(target.target, *OPTIONS) as run:
            view = run.finish(LIMIT, status=1).json
        made = target.connections
    got = {kind for kind, n in view["errors"].items() if n}
    check.that(got and got <= {"closed", "reset", "timeout"}, f"failed by {view['errors']}")
    check.that(made <= 4 + 3 * view["scheduled"], f"{made} connections, {view['scheduled']} due")
    consistent(check, view)


@case("bad-refused-later")
def refused_later(check):
    """A service that goes and comes back: refused in between, then answered again, no storm."""
    with Target("plain") as target:
        port = int(target.target.split(":")[1])
        with Load(target.target, "--rate", 100, "-d", 2, "--timeout", 0.5, "-c", 4) as run:
            time.sleep(0.6)
            target.__exit__()
            time.sleep(0.4)
            with Target("plain", port=port) as again:
                view = run.finish(12).json
                later = again.requests
    check.that(view["errors"].get("refused", 0) > 10, f"errors {view['errors']}")
    check.that(later > 20, f"answered again {later}")
    check.equal(view["ok"] + view["failed"], view["scheduled"], "all have an end")
    consistent(check, view)


@case("bad-mixed")
def mixed(check):
    """A target that fails in several ways and is sometimes right: each is counted, status 0."""
    names = ["500", "close", "half", "garbage", "reset", "plain", "tls", "silent"]
    with Target(*names) as target:
        options = ("--rate", 200, "-d", 1, "--timeout", TIMEOUT, "-c", 100)
        with Load(target.target, *options) as run:
            view = run.finish(LIMIT).json
        asked = target.requests
    check.equal(view["sent"], asked, "the target's requests")
    wanted = asked / len(names)
    for kind in ("status", "closed", "cut", "malformed", "reset", "tls", "timeout"):
        got = view["errors"].get(kind, 0)
        check.that(abs(got - wanted) <= 1, f"{kind}: {got} of {asked}, to be {wanted:.1f}")
    check.that(abs(view["ok"] - wanted) <= 1, f"ok: {view['ok']} of {asked}")
    check.that(view["reconnects"] > 0, f"reconnects {view['reconnects']}")
    consistent(check, view)


def certificate(folder):
    """A key and a certificate of a minute's worth, for a server that speaks TLS."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    command = [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x", "-days", "2",
               "-keyout", key, "-out", cert]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    return key, cert


@contextlib.contextmanager
def tls_server():
    with tempfile.TemporaryDirectory(prefix="lvt-load-") as folder:
        key, cert = certificate(folder)
        port = free_port("127.0.0.1")
        command = [need("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-key", key,
                   "-cert", cert, "-quiet", "-www"]  # fmt: skip
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **quiet)
        try:
            wait_listening("127.0.0.1", port, process)
            yield f"127.0.0.1:{port}"
        finally:
            stop(process)


@case("bad-tls-server")
def real_tls(check):
    """OpenSSL where we speak plainly: it sends an alert or, seeing that it is no TLS, just goes."""
    with tls_server() as target:
        # It serves one connection at a time.
        all_fail(check, target, ("tls", "closed", "reset"), "-c", 1)
        all_fail(check, target, ("tls", "closed", "reset"), "-c", 1, *REDIS)


# ---- unusual answers that are right ----


def right(name, *options):
    def run(check):
        with Target(name) as target:
            with Load(target.target, *OPTIONS, *options) as load:
                view = load.finish(LIMIT).json
            asked, connections = target.requests, target.connections
        check.equal(view["failed"], 0, f"failed ({view['errors']})")
        check.equal(view["ok"], asked, "the target's requests")
        made = min(4, asked) + view["reconnects"]
        check.that(connections <= made, f"{connections} connections, {made} told of")
        consistent(check, view)

    case(f"http-{name}")(run)


for one in ("plain", "chunked", "trailers", "pieces", "chunk-pieces", "big-head", "continue",
            "hints", "says-close", "until-close", "old", "odd-case"):  # fmt: skip
    right(one, "--expect", "hello")
right("big-body", "--expect", "hellohello")
right("no-content", "--status", 204)
right("not-modified", "--status", 304)
right("head", "--method", "HEAD")


@case("http-twice")
def twice(check):
    """An answer that nobody asked for is not taken for the next one's."""
    with Target("twice") as target:
        with Load(target.target, *OPTIONS) as load:
            view = load.finish(LIMIT, status=None).json
        asked = target.requests
    check.equal(view["sent"], asked, "the target's requests")
    check.that(not view["failed"] or view["errors"].get("malformed"), f"errors {view['errors']}")
    check.that(view["failed"] or view["reconnects"], "it was noticed")
    consistent(check, view)


@case("usage")
def usage(check):
    """What cannot be: status 2, one line that names it."""
    wrong = {
        ("https://127.0.0.1/",): "https", ("rediss://127.0.0.1",): "rediss", ("127.0.0.1",): "",
        ("127.0.0.1:99999",): "99999", ("127.0.0.1:1", "--rate", "0"): "rate",
        ("127.0.0.1:1", "--rate", "x"): "x", ("127.0.0.1:1", "--rate", "10", "--closed"): "closed",
        ("127.0.0.1:1",): "rate", ("127.0.0.1:1", "--profile", "wave 1 2"): "wave",
        ("127.0.0.1:1", "--rate", "1", "--protocol", "smtp"): "smtp",
        ("127.0.0.1:1", "--rate", "1", "-c", "0"): "",
        ("127.0.0.1:1", "--rate", "1", "-t", "0"): "",
        ("127.0.0.1:1", "--rate", "1", "--mix", "x"): "mix", (): "",
        ("127.0.0.1:1", "--rate", "1", "--arrivals", "even"): "even",
    }  # fmt: skip
    for words, named in wrong.items():
        command = [LVT, "load", *words]
        done = subprocess.run(command, capture_output=True, timeout=GRACE, check=False)
        said = done.stderr.decode().strip().splitlines()
        what = f"{' '.join(words)}: status {done.returncode}, {said}"
        check.that(done.returncode == 2 and not done.stdout, what)
        check.that(said and len(said) <= 2 and named in said[0], what)


@case("output-full")
def full_disk(check):
    """A run file that cannot be written: one line, status 1, and the report all the same."""
    with Target("plain") as target, Load(target.target, *OPTIONS, "-o", "/dev/full") as load:
        load.finish(LIMIT, status=None)
    if "/dev/full" not in load.talk:
        raise Failure(f"talk: {load.talk}")
    check.equal(load.status, 1, "status")
    check.that(len(load.talk.strip().splitlines()) <= 2, f"talk: {load.talk.strip()}")
