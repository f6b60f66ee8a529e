# SPDX-License-Identifier: BSD-2-Clause
"""Cases: lvt serve. What it answers, to whom, what it cannot be made to do, and a real Prometheus."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import servers
from browser import Browser
from cases import redis_benchmark
from echo import HOST, Echo, Lvt, case, outcome, says
from faults import bpf_of, nothing_stays
from session import LVT, ROOT, STOP_LIMIT, Failure, Server, free_port, need

SHARE = os.path.join(ROOT, "user", "serve", "share")
OPENMETRICS = "application/openmetrics-text"
# What Prometheus 2.42 sends.
PROMETHEUS_ACCEPTS = (
    f"{OPENMETRICS};version=1.0.0,{OPENMETRICS};version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


class Serve(Lvt):
    """`lvt serve` with any words on a free port."""

    def __init__(self, *words, **popen):
        super().__init__(**popen)
        self.command = [LVT, "serve", "--listen", f"{HOST}:0", *map(str, words)]

    def __enter__(self):
        super().__enter__()
        found = re.search(rb"http://([\d.]+):(\d+)/", self.talk)
        if not found:
            self.__exit__()
            raise Failure(f"it does not say where it answers: {self.said()}")
        self.port = int(found[2])
        self.address = f"http://{HOST}:{self.port}"
        return self

    def ask(self, path, method="GET", **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        with contextlib.closing(connection):
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def report(self, query=""):
        return json.loads(self.ask("/api/report" + query)[2])

    def wait_requests(self, number):
        """The report, when it has so many requests, or after a while."""
        end = time.monotonic() + STOP_LIMIT
        while time.monotonic() < end:
            report = self.report()
            if sum(s["requests"] for s in report["services"]) >= number:
                return report
            time.sleep(0.2)
        raise Failure(f"{number} requests are not in the report after {STOP_LIMIT} s")

    def end(self, sig=signal.SIGINT):
        self.process.send_signal(sig)
        self.talk += self.process.communicate(timeout=STOP_LIMIT)[1]
        return self.process.returncode

    def status(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


# ---- what it answers ----


def samples(text):
    """The samples of a page of metrics, without exemplars: {name{labels}: value}."""
    rows = (line.split(" # ")[0] for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, value in (row.rsplit(" ", 1) for row in rows)}


def negotiation_checks(serve):
    for accept, wanted in (
        (PROMETHEUS_ACCEPTS, f"{OPENMETRICS}; version=1.0.0; charset=utf-8"),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (f"{OPENMETRICS};q=0.2, text/plain", "text/plain; version=0.0.4; charset=utf-8"),
    ):
        _, headers, text = serve.ask("/metrics", Accept=accept)
        yield says(f"type for {accept[:40]}", headers["Content-Type"], wanted)
        yield says("it ends with EOF", text.endswith("# EOF\n"), wanted.startswith(OPENMETRICS))


def metrics_checks(serve, requests):
    _, _, text = serve.ask("/metrics")
    _, _, open_text = serve.ask("/metrics", Accept=PROMETHEUS_ACCEPTS)
    name = "lvt_request_latency_seconds_count"
    found = [value for key, value in samples(text).items() if key.startswith(name)]
    yield says("requests in the metrics", found, [float(requests)])
    both = samples(open_text)
    yield says("what only OpenMetrics has", {k.split("{")[0] for k in both.keys() - samples(text)},
               {f"lvt_{kind}_seconds_created" for kind in ("request_latency", "request_stage", "net")})  # fmt: skip
    exemplars = re.findall(r'# \{client="([^"]+)",thread="\d+",stage="[a-z.]+"\}', open_text)
    yield bool(exemplars), f"exemplars: {len(exemplars)}"
    yield " # {" not in text, "no exemplars in the older format"
    yield from metric_names_checks(text)
    with contextlib.suppress(FileNotFoundError):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)  # fmt: skip
        yield says("promtool", (done.returncode, done.stdout + done.stderr), (0, ""))


def metric_names_checks(text):
    """What the rules and the dashboard ask for is there."""
    there = {key.split("{")[0] for key in samples(text)}
    for name in ("lvt-rules.yml", "grafana-lvt.json"):
        with open(os.path.join(SHARE, name), encoding="utf-8") as file:
            wanted = set(re.findall(r"\b(?<!:)lvt_[a-z_]+(?=[{\[])", file.read()))
        yield bool(wanted) and wanted <= there, f"metrics of {name} that are not there: {wanted - there}"


def header_checks(serve):
    wanted = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
              "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer"}  # fmt: skip
    for path, kind in (("/", "text/html"), ("/live.js", "text/javascript"), ("/none", "text/plain"),
                       ("/api/report", "application/json"), ("/healthz", "text/plain")):  # fmt: skip
        _, headers, body = serve.ask(path)
        lacks = {k: headers.get(k) for k, v in wanted.items() if headers.get(k) != v}
        yield not lacks, f"headers of {path}: {lacks}"
        policy = headers.get("Content-Security-Policy", "")
        good = "default-src 'none'" in policy and "script-src 'self'" in policy
        yield good and "frame-ancestors 'none'" in policy, f"policy of {path}: {policy}"
        yield headers["Content-Type"].startswith(kind), f"type of {path}: {headers['Content-Type']}"
        status, head, none = serve.ask(path, "HEAD")
        same = (status == 404) == (path == "/none") and head["Content-Type"] == headers["Content-Type"]
        yield same and not none, f"HEAD {path}: {status}, {len(none)} bytes"
        if path in ("/live.js", "/none", "/healthz"):
            yield says(f"length of HEAD {path}", head["Content-Length"], str(len(body)))


def refusal_checks(serve):
    for path, status in (
        ("/", 200), ("/metrics?x=1", 200), ("/healthz", 200), ("/?window=1", 200),
        ("/metrics/", 404), ("/Metrics", 404), ("//metrics", 404), ("/%6detrics", 404),
        ("/../etc/passwd", 404), ("/..%2f..%2fetc/passwd", 404), ("/live.js%00", 404),
        ("/api", 404), ("/api/report/..", 404), ("/?window=0", 400), ("/?window=61", 400),
        ("/?window=-1", 400), ("/?window=", 400), ("/api/report?window=1e1", 400),
        ("/api/report?window=%31", 400),
    ):  # fmt: skip
        yield says(f"GET {path}", serve.ask(path)[0], status)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "BREW"):
        status, headers, _ = serve.ask("/metrics", method)
        yield says(method, (status, headers.get("Allow")), (405, "GET, HEAD"))
    for host, status in (
        ("localhost", 200), ("localhost:1234", 200), ("127.0.0.1:80", 200), ("[::1]:9", 200),
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil:9464", 421),
        ("::1", 421), ("", 421),
    ):  # fmt: skip
        yield says(f"Host '{host}'", serve.ask("/metrics", Host=host)[0], status)


def page_checks(serve):
    """The page of one snapshot has the figures of the report of the same one."""
    tool = os.path.join(ROOT, "tests", "lib", "html_page.py")
    said = ""
    for query in ("", "?window=10"):
        for _ in range(3):  # two snapshots may lie between
            page, report = serve.ask(f"/{query}")[2], serve.ask(f"/api/report{query}")[2]
            bar = re.search(r'<div class="live">.*?</div>\n', page)
            page = page.replace(bar[0], "").replace('<script defer src="/live.js"></script>\n', "")
            with tempfile.TemporaryDirectory() as folder:
                for name, text in (("page", page), ("report", report)):
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                        out.write(text)
                done = subprocess.run([sys.executable, tool, "page", "report", "live"], cwd=folder,
                                      capture_output=True, text=True, check=False)  # fmt: skip
            said = done.stderr[-400:]
            if done.returncode == 0:
                break
            time.sleep(0.6)
        yield done.returncode == 0, f"the page /{query} has the report's figures: {said}"


SYS_PTRACE, SYS_ADMIN, SYS_NICE, BPF = 1 << 19, 1 << 21, 1 << 23, 1 << 39


def privilege_checks(serve, capabilities):
    status = serve.status()
    try:
        resource.prlimit(0, resource.RLIMIT_NICE, (20, 20))  # as lvt could, or not
    except (ValueError, PermissionError):
        capabilities |= SYS_NICE
    yield says("user", status["Uid"].split(), ["65534"] * 4)
    yield says("groups", status["Groups"].split(), [])
    for name in ("CapPrm", "CapEff"):
        yield says(name, int(status[name], 16), capabilities)
    yield says("CapBnd, CapInh, CapAmb", {int(status[f"Cap{n}"], 16) for n in ("Bnd", "Inh", "Amb")}, {0})
    policies = set()
    for _ in range(20):  # it gives way while it looks, and comes back
        policies.add(os.sched_getscheduler(serve.process.pid))
        time.sleep(0.02)
    yield os.SCHED_OTHER in policies, f"scheduling policies: {policies}"
    yield says("no_new_privs, seccomp", (status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))


@case("serve-answers")
def answers():
    """All that it answers, of a number of requests that is known; then a clean end."""
    number, checks = 5000, []
    with servers.Redis() as server, Serve("-p", server.port) as serve:
        before = bpf_of(serve.process.pid)
        checks.append(says("no service of its own", len(serve.report()["services"]), 1))
        redis_benchmark(server, "-t", "get", "-n", str(number))
        service = serve.wait_requests(number + 1)["services"][0]
        checks.append(says("requests", service["requests"], number + 1))
        # asking redis once more is one more request
        checks += [says("healthz", serve.ask("/healthz")[::2], (200, "ok\n"))]
        for part in (negotiation_checks, header_checks, refusal_checks, page_checks):
            checks += part(serve)
        checks += metrics_checks(serve, number + 1)
        checks += privilege_checks(serve, BPF)
        checks.append(says("status at Ctrl-C", serve.end(), 0))
        checks.append(says("what it said", serve.talk.count(b"\n"), 1))
    checks += nothing_stays(before)
    with Echo(free_port(HOST)) as echo, Serve() as serve:  # all services, and so lvt's own
        echo.ask(10)
        found = {s["port"] for s in serve.wait_requests(10)["services"]}
        found &= {echo.places[0][1], serve.port}
        checks.append(says("of the two services", found, {echo.places[0][1]}))
    return outcome(number, checks)


@case("serve-windows")
def windows():
    """?window=SECS is what came in it: nothing of what was before."""
    first, second, checks = 300, 70, []
    with Echo(free_port(HOST)) as echo, Serve(
        "-p", echo.places[0][1], "-d", 60, env={**os.environ, "LVT_HASTE": "1"}
    ) as serve:
        echo.ask(first)
        serve.wait_requests(first)
        end = time.monotonic() + STOP_LIMIT  # in haste, a snapshot is kept every second
        while serve.report("?window=2")["services"][0]["requests"] and time.monotonic() < end:
            time.sleep(0.2)
        echo.ask(second)
        whole = serve.wait_requests(first + second)
        time.sleep(0.6)  # so old may an answer be
        last = serve.report("?window=2")
        checks.append(says("since the start", whole["services"][0]["requests"], first + second))
        checks.append(says("in the window", last["services"][0]["requests"], second))
        count = last["services"][0]["latency_ns"]["count"]
        checks.append(says("in its histogram", count, second))
        course = "<b>Latency over time</b>"
        while course not in serve.ask("/")[2] and time.monotonic() < end:
            time.sleep(0.2)
        checks.append((course in serve.ask("/")[2], "the page since the start has its course"))
        checks.append((course not in serve.ask("/?window=10")[2], "that of a window has none"))
        lasted = last["run"]["duration_s"]
        checks.append((2 <= lasted < whole["run"]["duration_s"], f"it is of {lasted} s"))
        checks.append(says("status at SIGTERM", serve.end(signal.SIGTERM), 0))
    return outcome(first + second, checks)


@case("serve-netns")
def other_namespace():
    """A service in another network namespace: its idle answers are complete, too."""
    with Echo(4711, netns=True) as echo, Serve("--pid", echo.pid) as serve:
        echo.ask(40)
        report = serve.wait_requests(40)
        # ended by an idle moment, which only a look into the namespace tells
        with Lvt("--pid", echo.pid):
            pass
        checks = [says("requests", report["services"][0]["requests"], 40)]
        checks += privilege_checks(serve, BPF | SYS_ADMIN | SYS_PTRACE)
        checks.append(says("status", serve.end(), 0))
    return outcome(40, checks)


@case("serve-refused")
def refused():
    """Where it cannot listen it says so in one line; beyond the loopback it warns."""
    checks = []
    with socket.create_server((HOST, 0)) as taken, Echo(free_port(HOST)) as echo:
        for where, part in ((f"{HOST}:{taken.getsockname()[1]}", "in use"), ("192.0.2.1:80", "192.0.2.1")):
            done = subprocess.run([LVT, "serve", "--listen", where], capture_output=True, text=True,
                                  timeout=STOP_LIMIT, check=False)  # fmt: skip
            good = done.returncode == 1 and done.stderr.startswith("lvt: cannot listen on ")
            checks.append((good and done.stderr.count("\n") == 1 and part in done.stderr, done.stderr))
        words = ["serve", "-p", str(echo.places[0][1]), "--listen", "0.0.0.0:0", "-d", "0.3"]
        done = subprocess.run([LVT, *words], capture_output=True, text=True, timeout=STOP_LIMIT,
                              check=False)  # fmt: skip
        checks.append(says("status after -d", done.returncode, 0))
        checks.append(("warning: whoever can reach 0.0.0.0:" in done.stderr, done.stderr))
    return outcome(0, checks)


# ---- what it cannot be made to do ----

CONNECTIONS = 64  # SERVER_CONNECTIONS
GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HOSTILE = {
    "no request": b"\r\n\r\n\r\n\r\n",
    "noise": bytes(range(256)) * 8 + b"\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "no version": b"GET /metrics\r\n\r\n",
    "no such version": b"GET /metrics HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /metrics HTTP/1.1\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    "a huge path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "many arguments": b"GET /?" + b"a=b&" * 3500 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a path out": b"GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a NUL": b"GET /metrics\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: evil.example\r\n localhost\r\n\r\n",
    "content": b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    "endless content": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
    "a bad length": b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "bad chunks": b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "both lengths": b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a proxy's request": b"CONNECT example.org:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "garbage after a request": GOOD + b"\xff\xfe garbage\r\n\r\n\r\n",
}  # fmt: skip
HARMLESS = ("garbage after a request", "a NUL", "a header without a name")


def exchange(port, data):
    """The statuses that come back for these bytes until the server ends or is silent."""
    with socket.create_connection((HOST, port), 5) as sock:
        got = b""
        with contextlib.suppress(OSError):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while chunk := sock.recv(65536):
                got += chunk
    return re.findall(rb"^HTTP/1\.[01] (\d{3}) ", got, re.MULTILINE)


def hostile_checks(serve):
    # of a request that is cut anywhere nothing comes, or that it is bad
    cuts = {f"cut at {at}": GOOD[:at] for at in range(0, len(GOOD), 7)}
    sent = HOSTILE | cuts
    with concurrent.futures.ThreadPoolExecutor(len(sent)) as pool:
        came = dict(zip(sent, pool.map(lambda data: exchange(serve.port, data), sent.values())))
    for name, found in came.items():
        good = [status for status in found if status[:1] == b"4" or status == b"505"]
        # the first is the answer to what is good in it
        good += found[:1] if name in HARMLESS and found[:1] == [b"200"] else []
        yield len(good) == len(found), f"{name}: {found}"
    yield b"431" in came["a huge header"] and b"414" in came["a huge path"], "what is too large is told so"


def waiting(port, data, number):
    """So many connections that have sent this, and no more; what finds no room waits."""
    found = [socket.socket() for _ in range(number)]
    for sock in found:
        sock.setblocking(False)
        sock.connect_ex((HOST, port))
    for sock in found:
        with contextlib.suppress(OSError):
            sock.send(data)
    return found


def trickle(port, ended):
    """A byte now and then, never a whole request: the server has to lose its patience."""
    with socket.create_connection((HOST, port), 5) as sock, contextlib.suppress(OSError):
        for _ in range(200):
            sock.sendall(b"X")
            time.sleep(0.05)
        ended.append("not at all")


def descriptors(serve):
    return len(os.listdir(f"/proc/{serve.process.pid}/fd"))


def crowd_checks(serve, before):
    crowds = (("silent", b"", 1000), ("half a request", GOOD[:20], 200), ("asking", GOOD * 3, 200))
    for what, data, number in crowds:
        socks = waiting(serve.port, data, number)
        yield says(f"{number} connections, {what}: another one", serve.ask("/healthz")[0], 200)
        held = descriptors(serve) - before
        yield held <= CONNECTIONS + 2, f"{held} connections, of {CONNECTIONS} at most"
        for sock in socks:
            sock.close()
    with contextlib.ExitStack() as stack:
        socks = waiting(serve.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300, 100)
        for sock in socks:
            stack.enter_context(sock)
        yield says("100 that never read: another one", serve.ask("/healthz")[0], 200)


@case("serve-hostile")
def hostile():
    """Nothing but clean refusals; it stays alive, small, and within its limit of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    ended, checks = [], []
    try:
        environment = {**os.environ, "LVT_HASTE": "1"}
        with Echo(free_port(HOST)) as echo, Serve("-p", echo.places[0][1], env=environment) as serve:
            before = descriptors(serve)
            slow = threading.Thread(target=trickle, args=(serve.port, ended))
            slow.start()
            checks += hostile_checks(serve)
            slow.join()  # before it is crowded: then there is less patience
            checks += crowd_checks(serve, before)
            checks.append((not ended, f"who sends a byte now and then is cut off: {ended}"))
            echo.ask(20)
            report = serve.wait_requests(20)
            checks.append(says("it traced meanwhile", report["services"][0]["requests"], 20))
            time.sleep(1.5)
            after = descriptors(serve)
            checks.append((after <= before + 2, f"descriptors: {before} before, {after} after"))
            peak = int(serve.status()["VmHWM"].split()[0])
            checks.append((peak < 64 << 10, f"memory at most: {peak} kB"))
            checks.append(says("status", serve.end(), 0))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return outcome(20, checks)


# ---- a real Prometheus ----

SCRAPE = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1s}}
rule_files: ["lvt-rules.yml"]
scrape_configs:
  - job_name: lvt
    static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{instance: web1}}}}]
"""


class Prometheus(Server):
    name = "prometheus"

    def __init__(self, target):
        self.target = target

    def prepare(self):
        need("prometheus")
        shutil.copy(os.path.join(SHARE, "lvt-rules.yml"), self.dir)
        self.write("prometheus.yml", SCRAPE.format(port=self.target))

    def command(self):
        return [need("prometheus"), f"--config.file={self.path('prometheus.yml')}",
                f"--storage.tsdb.path={self.path('data')}", "--log.level=warn",
                f"--web.listen-address={HOST}:{self.port}",
                "--enable-feature=exemplar-storage"]  # fmt: skip

    def get(self, path, **words):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(words)}")
            answer = json.load(connection.getresponse())
        if answer["status"] != "success":
            raise Failure(f"prometheus: {path} {words}: {answer}")
        return answer["data"]

    def value(self, query):
        """The only value of an instant query, or None."""
        found = self.get("query", query=query)["result"]
        return float(found[0]["value"][1]) if len(found) == 1 else None

    def wait(self, query, wanted):
        end = time.monotonic() + STOP_LIMIT
        found = None
        while time.monotonic() < end:
            found = self.value(query)
            if found == wanted:
                break
            time.sleep(0.2)
        return says(query, found, wanted)


def bounds(value):
    """The bucket of the latency (bounds at 2^k and 1.5 * 2^k ns) that this many ns are in."""
    low = 1 << (int(value).bit_length() - 1)
    return (low, 1.5 * low) if value < 1.5 * low else (1.5 * low, 2 * low)


def quantile_checks(prometheus, service):
    name = "lvt_request_latency_seconds_bucket"
    for q, key in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99_9")):
        low, high = bounds(service["latency_ns"][key])
        for what in (name, f"increase({name}[1m])"):
            ns = (prometheus.value(f"histogram_quantile({q}, sum by (le) ({what}))") or 0) * 1e9
            # in the same bucket, but for the rounding of `le` and where the rank is at its edge
            good = low * 0.999 <= ns <= high * 1.001
            yield good, f"{key} of {what}: {ns:.0f} ns, report {service['latency_ns'][key]}, {low}..{high}"
    name = "lvt_request_latency_seconds"
    mean = prometheus.value(f"sum({name}_sum) / sum({name}_count)") or 0
    good = abs(mean * 1e9 - service["latency_ns"]["mean"]) <= 0.01 + mean * 1e3
    yield good, f"mean latency: {mean} s, report {service['latency_ns']['mean']} ns"
    for stage, d in service["stages"].items():
        if d["count"]:
            mean = prometheus.value(
                f'sum(lvt_request_stage_seconds_sum{{stage="{stage}"}}) / '
                f'sum(lvt_request_stage_seconds_count{{stage="{stage}"}})')  # fmt: skip
            good = mean is not None and abs(mean * 1e9 - d["mean"]) <= 0.01 + d["mean"] * 1e-6
            yield good, f"mean of {stage}: {mean} s, report {d['mean']} ns"


def exemplar_check(prometheus):
    """They come with lvt's next look at its ring, and the scrape after that."""
    end, found = time.monotonic() + STOP_LIMIT, []
    while not found and time.monotonic() < end:
        now = time.time()
        found = prometheus.get("query_exemplars", query="lvt_request_latency_seconds_bucket",
                               start=now - 60, end=now + 5)  # fmt: skip
        time.sleep(0.1)
    return bool(found), f"series with exemplars: {len(found)}"


@case("serve-prometheus")
def prometheus_agrees():
    """A Prometheus that scrapes during load has the report's quantiles to the width of a bucket."""
    number, checks = 20000, []
    with servers.Redis() as server, Serve("-p", server.port) as serve:
        with Prometheus(serve.port) as prometheus:
            checks.append(prometheus.wait('sum(up{job="lvt"})', 1))
            redis_benchmark(server, "-t", "get", "-n", str(number))
            service = serve.wait_requests(number + 1)["services"][0]
            checks.append(prometheus.wait("sum(lvt_request_latency_seconds_count)", number + 1))
            checks += quantile_checks(prometheus, service)
            names = [n for n in prometheus.get("label/__name__/values") if n.startswith("lvt_")]
            counters = [n for n in names if n.endswith(("_bucket", "_count", "_sum", "_total"))]
            back = {n: prometheus.value(f"max(resets({n}[1m]))") for n in counters}
            checks.append((len(back) > 10 and not any(back.values()), f"counters that went back: {back}"))
            rules = [r for g in prometheus.get("rules")["groups"] for r in g["rules"]]
            bad = [r["name"] for r in rules if r["health"] == "err" or r.get("lastError")]
            checks.append((len(rules) == 10 and not bad, f"{len(rules)} rules, bad: {bad}"))
            checks.append(exemplar_check(prometheus))
            log = prometheus.log_text()
            checks.append(("level=warn" not in log and "level=error" not in log, f"its log: {log[-300:]}"))
        checks.append(says("status", serve.end(), 0))
    return outcome(number, checks)


# ---- a real browser ----

TILES = """Object.fromEntries([...document.querySelectorAll('.tiles > div')]
    .map((d) => [d.children[0].textContent, d.children[1].textContent]))"""


def view_checks(page):
    for width in (1280, 375):
        for dark in (False, True):
            page.look(width, dark)
            page.wait(0.1)
            wide = page.run("document.documentElement.scrollWidth")
            yield wide <= width, f"{width} px wide, dark {dark}: the page has {wide}"
            ground = page.run("getComputedStyle(document.body).backgroundColor")
            level = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
            yield (level < 80) == dark, f"dark {dark}: the ground is {ground}"


def refresh_checks(page, server, serve, number):
    """It follows, and what the reader has opened stays open."""
    page.run("document.querySelector('details').open = true")
    page.run("document.querySelector('h2').dataset.mine = 'kept'")
    redis_benchmark(server, "-t", "get", "-n", "1000")
    serve.wait_requests(number + 1001)
    text = f"{number + 1002:,} requests"
    followed = page.wait_for(f"document.querySelector('h2').textContent.includes('{text}')")
    yield followed, f"{text}: {page.run('document.querySelector(`h2`).textContent')}"
    yield page.run("document.querySelector('details').open"), "what was opened is open"
    before = page.run("document.querySelectorAll('*').length")
    page.run("document.getElementById('pause').click()")
    state = page.run("document.getElementById('state').textContent")
    yield state.startswith("paused, as of"), f"after a click on Pause: {state}"
    asked = len(page.events)
    page.wait(2.5)
    yield len(page.events) == asked, "paused, it does not ask"
    page.run("document.getElementById('pause').click()")
    yield page.wait_for("document.getElementById('state').textContent.startsWith('live')"), "goes on"
    after = page.run("document.querySelectorAll('*').length")
    yield abs(after - before) < 0.2 * before, f"elements: {before} before, {after} after"


@case("serve-page")
def live_page():
    """The live page in a browser: figures of the report, no complaint, nothing from elsewhere."""
    number, checks = 3000, []
    with servers.Redis() as server, Serve("-p", server.port) as serve, Browser() as page:
        redis_benchmark(server, "-t", "get", "-n", str(number))
        report = serve.wait_requests(number + 1)
        page.open(serve.address + "/")
        latency = report["services"][0]["latency_ns"]
        tiles = page.run(TILES)
        wanted = {k.replace("_", "."): shown(latency[k]) for k in ("p50", "p99", "p99_9", "max", "mean")}
        checks.append(says("tiles", {k: tiles.get(k) for k in wanted}, wanted))
        checks += view_checks(page)
        checks += refresh_checks(page, server, serve, number)
        links = page.run("[...document.querySelectorAll('.views a')].map((a) => a.href)")
        for link in links:
            page.open(link)
            now = page.run("document.querySelector('[aria-current]').href")
            checks.append(says("the view that is marked", now, link))
        checks.append((page.complaints() == [], f"console: {page.complaints()}"))
        page.wait(0.2)
        hosts = {urllib.parse.urlsplit(url).netloc for url in page.asked() if url.startswith("http")}
        checks.append(says("asked", hosts, {f"{HOST}:{serve.port}"}))
        serve.end()
        lost = page.wait_for("document.getElementById('state').textContent.startsWith('no answer')")
        checks.append((lost, "that the server has gone is said"))
    return outcome(number, checks)


def shown(ns):
    """As people read it; a second account of what base/units.h says."""
    for unit, size, tenths in (("ns", 1, 0), ("µs", 1e3, 10), ("ms", 1e6, 100), ("s", 1e9, 100)):
        value = ns / size
        if value < 999.5 or unit == "s":
            return f"{value:.{int(bool(value) and value < tenths - 0.05)}f} {unit}"
    return ""
