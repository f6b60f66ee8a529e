# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the cases. Each one can say how many exchanges it has had itself."""

import glob
import os
import pwd
import re
import signal
import subprocess
import urllib.request

from session import CLIENT_LIMIT, Failure, Server, Skip, as_account, first_number, free_port
from session import need, run_client, stop


class Redis(Server):
    name = "redis-server"

    def __init__(self, host="127.0.0.1"):
        self.host = host

    def command(self):
        return [
            need("redis-server"), "--port", str(self.port), "--bind", self.host,
            "--save", "", "--appendonly", "no", "--dir", self.dir, "--daemonize", "no",
        ]  # fmt: skip

    def started(self):
        self.ask("config", "resetstat")

    def ask(self, *words):
        return run_client([need("redis-cli"), "-h", self.host, "-p", str(self.port), *words])

    def stats(self):
        return self.ask("info", "commandstats")

    def calls(self):
        """Commands executed since the start, by name."""
        rows = re.findall(r"cmdstat_([^:]+):calls=(\d+)", self.stats())
        return {name: int(calls) for name, calls in rows}


class Nginx(Server):
    """nginx counts its requests by stub_status, whose own port is not traced.

    The count is of requests whose first bytes were read, answered or not.
    """

    name = "nginx"
    stop_signal = signal.SIGTERM

    def __init__(self, workers=1, listen="", config="", location=""):
        """Further words of `listen`, and what else stands in http {} and in location / {}."""
        self.workers, self.listen = workers, listen
        self.config, self.location = config, location

    def prepare(self):
        need("nginx")
        self.status_port = free_port(self.host)
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi", "html"):
            os.mkdir(self.path(name))
        # The workers are not root: they must be able to reach the file that they serve.
        os.chmod(self.dir, 0o755)
        self.write("html/index.html", "x" * 612 + "\n")
        temp = "".join(
            f"{kind}_temp_path {self.path(kind.split('_')[-1])};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.getuid() == 0 else ""
        self.conf = self.write(
            "nginx.conf",
            f"""daemon off; {user} worker_processes {self.workers};
pid {self.path("nginx.pid")}; error_log {self.path("error.log")};
events {{ worker_connections 1024; }}
http {{
{temp}access_log off; keepalive_requests 1000000000; {self.config}
server {{ listen {self.host}:{self.port} {self.listen};
root {self.path("html")}; location / {{ {self.location} }} }}
server {{ listen {self.host}:{self.status_port}; location / {{ stub_status; }} }}
}}
""",
        )

    def command(self):
        return [need("nginx"), "-e", self.path("error.log"), "-c", self.conf, "-p", self.dir]

    def started(self):
        self.before = self.requests()

    def requests(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{self.host}:{self.status_port}/", timeout=5) as answer:
            text = answer.read().decode()
        return first_number(r"\n *\d+ +\d+ +(\d+)", text, "stub_status count")

    def served(self):
        return self.requests() - self.before - 1  # the status request itself is one


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self, durable=False):
        """durable: what is committed is on a disk, as it is by default."""
        self.on_disk = durable

    def programs(self):
        """The folder of the server's programs: Debian keeps it out of PATH."""
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=_version, reverse=True)
        return os.path.dirname(need("initdb", *folders))

    def prepare(self):
        bin_dir = self.programs()
        need("pgbench", bin_dir)
        if os.getuid() == 0:  # the server refuses to run as root
            self.user = _account("postgres", "nobody")
        # Its account must reach its data folder, and nobody else needs to read the one above.
        os.chmod(self.dir, 0o711)
        os.mkdir(self.path("pg"))
        if self.user:
            os.chown(self.path("pg"), pwd.getpwnam(self.user).pw_uid, -1)
        command = [
            os.path.join(bin_dir, "initdb"), "-D", self.path("pg/data"), "-U", "postgres",
            "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8",
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=self.path("pg"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=CLIENT_LIMIT, check=False,
            **as_account(self.user),
        )  # fmt: skip
        if done.returncode != 0:
            raise Failure(f"initdb: {done.stdout.decode(errors='replace')[-300:].strip()}")

    def command(self):
        options = {
            "port": self.port, "listen_addresses": self.host, "unix_socket_directories": "",
            "fsync": "on" if self.on_disk else "off", "autovacuum": "off",
            "logging_collector": "off", "ssl": "off",
        }  # fmt: skip
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        return [os.path.join(self.programs(), "postgres"), "-D", self.path("pg/data"), *words]

    def pgbench(self, *words, settings=""):
        """The environment is cleared so that the exchanges at a connection's start are known."""
        env = {"PATH": os.environ["PATH"], "PGSSLMODE": "prefer", "PGGSSENCMODE": "disable"}
        env["PGOPTIONS"] = settings
        program = need("pgbench", self.programs())
        where = ["-h", self.host, "-p", str(self.port), "-U", "postgres"]
        return run_client([program, *where, *words, "postgres"], env)

    def started(self):
        self.pgbench("-i", "-s", "1", "-q")


class Counting(Server):
    """A server of ours that writes `served N` when it gets SIGTERM."""

    def served(self):
        stop(self.process)
        return first_number(r"served (\d+)", self.log_text(), "count of the server")


class Node(Counting):
    name = "node"
    SOURCE = """
let served = 0;
const body = "x".repeat(200);
const server = require("http").createServer((request, response) => {
  served++;
  response.end(body);
});
server.listen(+process.argv[2], process.argv[3]);
process.on("SIGTERM", () => {
  console.log("served " + served);
  process.exit(0);
});
"""

    def prepare(self):
        self.script = self.write("server.js", self.SOURCE)

    def command(self):
        return [need("node"), self.script, str(self.port), self.host]


class Python(Counting):
    """http.server answers in two sends (headers, body): still one exchange."""

    name = "python3"
    SOURCE = """
import itertools, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

served = itertools.count()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        next(served)
        if self.path == "/slow":
            time.sleep(0.01)
        self.send_response(200)
        self.send_header("Content-Length", "200")
        self.end_headers()
        self.wfile.write(b"x" * 200)

    def log_message(self, *words):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128
    # A client that goes away in mid-request is no error of the server.
    def handle_error(self, request, address):
        pass

def end(*_):
    os.write(1, b"served %d\\n" % next(served))
    os._exit(0)

signal.signal(signal.SIGTERM, end)
Server((sys.argv[2], int(sys.argv[1])), Handler).serve_forever()
"""

    def prepare(self):
        self.script = self.write("server.py", self.SOURCE)

    def command(self):
        return [need("python3"), self.script, str(self.port), self.host]


def _version(path):
    return [int(number) for number in re.findall(r"\d+", path)]


def _account(*names):
    for name in names:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Skip("there is no account that postgres can run as")
