# SPDX-License-Identifier: BSD-2-Clause
"""The processes of a load test: the services and `lvt load`; and what a case says of them."""

import array
import base64
import functools
import json
import math
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))

from session import LVT, ROOT, Failure, stop  # noqa: E402

BIN = os.environ.get("LOAD_BIN", os.path.join(ROOT, ".output", "tests", "load"))
START_LIMIT = 10
GRACE = 8  # seconds that a load may take beyond its duration and its time-out: never a hang
NICE = -15  # of services and loads, where it is allowed; real-time would starve who watches them
WORDS = 5  # of a record in a service's account

CASES = {}
running = set()  # services and loads, to be killed if the run is ended


class Check:
    """The verdicts of one run of a case. What hangs on a clock may be tried again, see run.py."""

    def __init__(self):
        self.lines, self.wrong, self.late = [], [], []

    def that(self, good, what):
        (self.lines if good else self.wrong).append(what)
        return good

    def timed(self, good, what):
        (self.lines if good else self.late).append(what)
        return good

    def equal(self, got, wanted, what):
        return self.that(got == wanted, f"{what}: {got!r:.90}, to be {wanted!r:.90}")

    def near(self, got, wanted, by, what, timed=True):
        """Within this share of what is wanted, and that is known."""
        good = got is not None and abs(got - wanted) <= by * abs(wanted)
        text = f"{what}: {short(got)}, to be {short(wanted)} within {by:.3g}"
        return (self.timed if timed else self.that)(good, text)


def short(number):
    return "unknown" if number is None else f"{number:.6g}"


def case(name, alone=False, root=False, without_lvt=False):
    """Add a case: a function of a Check. alone: what it measures does not bear company."""

    def add(function):
        function.alone, function.root, function.without_lvt = alone, root, without_lvt
        CASES[name] = function
        return function

    return add


@functools.lru_cache
def first_words():
    """Words before a command that let it run when it wants to, whatever else the machine does."""
    words = ["nice", "-n", str(NICE)]
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return [] if done.returncode or done.stderr else words


# ---- services ----


class Service:
    """A C service of this suite, on a port that it chose. account() ends it."""

    def __init__(self, program, *options, keep=True):
        self.program = program
        self.keep = keep
        self.options = [str(word) for word in options]
        self.process = None

    def __enter__(self):
        path = os.path.join(BIN, self.program)
        if not os.path.exists(path):
            raise Failure(f"{path} is not there: run make build-tests")
        self.log = tempfile.NamedTemporaryFile(prefix="lvt-load-")
        command = [*first_words(), path, *self.options]
        if self.keep:
            command += ["--log", self.log.name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )
        running.add(self.process)
        line = read_line(self.process)
        if not line.startswith("port "):
            self.__exit__()
            raise Failure(f"{self.program} said '{line}', not its port")
        self.port = int(line.split()[1])
        self.target = f"127.0.0.1:{self.port}"
        return self

    def account(self):
        """End it; returns its records (read, took, drawn, size, first), in ns, by `read`."""
        self.process.send_signal(signal.SIGTERM)
        self.counts = parsed(read_line(self.process), f"the account of {self.program}")
        self.process.wait(START_LIMIT)
        words = array.array("Q")
        with open(self.log.name, "rb") as log:
            words.frombytes(log.read())
        return sorted(zip(*[iter(words)] * WORDS))

    def __exit__(self, *_):
        if self.process:
            stop(self.process)
            running.discard(self.process)
            self.process.stdout.close()
        self.log.close()


def parsed(text, whose):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"{whose} is no JSON: '{text[:200]}'") from error


def read_line(process):
    """A line of its stdout, which is not buffered."""
    if not select.select([process.stdout], [], [], START_LIMIT)[0]:
        raise Failure(f"no line from {process.args[0]} in {START_LIMIT} s")
    return process.stdout.readline().decode().strip()


# ---- lvt load ----


class Load:
    """A running `lvt load`; finish() gives what it said."""

    def __init__(self, target, *options, fmt="json", first=None):
        """first: words before the command, None = those of first_words()."""
        self.command = [LVT, "load", target, "--format", fmt, *map(str, options)]
        self.fmt = fmt
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.begin = time.monotonic()
        command = [*(first_words() if first is None else first), *self.command]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err
        )
        running.add(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process, signal.SIGKILL)
        running.discard(self.process)
        self.out.close()
        self.err.close()

    def finish(self, limit=40, status=0):
        """Wait for its end; sets text, talk, seconds, status, and json. status None: any."""
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"it hung for {limit} s: {' '.join(self.command)}") from error
        self.seconds = time.monotonic() - self.begin
        self.status = self.process.returncode
        self.out.seek(0)
        self.err.seek(0)
        self.text, self.talk = (f.read().decode(errors="replace") for f in (self.out, self.err))
        if status is not None and self.status != status:
            said = self.talk.strip()[-300:]
            raise Failure(f"status {self.status}, not {status}: {' '.join(self.command)}: {said}")
        self.json = None
        if self.fmt == "json" and self.text.strip():
            self.json = parsed(self.text, "the load's report")
        return self


def load(target, *options, status=0, **how):
    """A whole run of `lvt load`; returns its JSON."""
    with Load(target, *options, **how) as run:
        return run.finish(status=status).json


def raw(service, *options, **how):
    return load(service.target, "--protocol", "raw", "--verify", "echo", *options, **how)


def consistent(check, view):
    """What holds for every load."""
    failed = sum(view["errors"].values())
    ended = view["ok"] + view["failed"] + view.get("unfinished", 0)
    check.equal(ended, view["scheduled"], "answered + failed + unfinished = scheduled")
    check.equal(failed, view["failed"], "failures by kind")
    check.equal(view["latency_ns"]["count"], view["scheduled"], "all have a latency")
    if view["ok"]:
        check.equal(view["answer_ns"]["count"], view["ok"], "answered ones have an answer's time")
        parts = ("lateness_ns", "connection_ns", "answer_ns")
        whole = sum(view[part]["mean"] for part in parts)
        mean = view["latency_ns"]["mean"]
        check.near(whole, mean, 1e-6, "late + connection + answer, mean ns", timed=False)


# ---- run files ----


def decode_histogram(text):
    """HdrHistogram V2, compressed, base64 -> [(lowest value of a bucket, its width, count)]."""
    packed = base64.b64decode(text)
    data = zlib.decompress(packed[8:])
    _, size, _, digits, lowest = struct.unpack(">IIIIq", data[:24])
    payload, cells, index = data[40 : 40 + size], [], 0
    unit = lowest.bit_length() - 1
    half = (2 * 10**digits - 1).bit_length() - 1  # bits of half a row of sub-buckets
    at = 0
    while at < len(payload):
        word, shift = 0, 0
        while True:
            byte = payload[at]
            at += 1
            if shift == 56:
                word |= byte << 56
                break
            word |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        word = (word >> 1) ^ -(word & 1)
        if word < 0:
            index += -word
            continue
        if word:
            row = max(0, (index >> half) - 1)
            sub = index - (row << half) if row else index
            cells.append((sub << (row + unit), 1 << (row + unit), word))
        index += 1
    return cells


def histogram(path, tag):
    """The sum of all intervals of a tag in a run file: {lowest value: [width, count]}."""
    total = {}
    with open(path, encoding="utf-8") as rows:
        for row in rows:
            if not row.startswith(f"Tag={tag},"):
                continue
            for low, width, count in decode_histogram(row.rstrip("\n").split(",")[4]):
                total.setdefault(low, [width, 0])[1] += count
    return total


def quantile(cells, q):
    """(lowest, highest) of the bucket with the value of rank ceil(q n).

    A bucket of lvt's is two of the file's, with the count in the lower one (user/store/hdr.h).
    """
    count = sum(n for _, n in cells.values())
    left = max(1, math.ceil(round(q * count, 6)))
    for low in sorted(cells):
        width, n = cells[low]
        left -= n
        if left <= 0:
            return low, low + 2 * width - 1
    raise Failure("an empty histogram has no quantile")
