# SPDX-License-Identifier: BSD-2-Clause
"""A traced session: a temporary folder, the server in it, lvt on it, and their ends.

Everything that is started here is stopped here, by process id, on failure too.
"""

import errno
import json
import os
import pwd
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LVT = os.path.abspath(os.environ.get("LVT") or os.path.join(ROOT, ".output", "lvt"))
START_LIMIT = 10  # seconds for a server to answer, and for lvt to attach
CLIENT_LIMIT = 40
STOP_LIMIT = 10
# What this connection state number means: include/net/tcp_states.h. TIME_WAIT holds no request.
TCP_TIME_WAIT, TCP_LISTEN = 6, 10


class Failure(Exception):
    """The case could not be carried out: its text says what went wrong."""


class Skip(Exception):
    """The case needs something that is not here: its text names it."""


def need(program, *more_paths):
    """The path of a program, or Skip. Some distributions have valkey for redis."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *more_paths])
    for name in (program, program.replace("redis-", "valkey-")):
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Skip(f"{program} is not installed")


def free_port(host):
    """A port on which nobody listens, below those that the kernel gives to clients."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        port = random.randrange(20000, 32000)
        try:
            with socket.socket(family) as sock:
                sock.bind((host, port))
                return port
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Skip(f"cannot bind to {host}: {error.strerror}") from error
    raise Failure(f"no free port on {host}")


def wait_listening(host, port, process):
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"the server ended with status {process.returncode}")
        try:
            with socket.create_connection((host, port), 1):
                return
        except OSError:
            time.sleep(0.02)
    raise Failure(f"nothing listens on port {port} after {START_LIMIT} s")


def open_connections(port):
    """How many sockets of the server's side of this port are neither listening nor gone."""
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as rows:
                next(rows)
                for row in rows:
                    _, local, _, state = row.split()[:4]
                    if int(local.rsplit(":", 1)[1], 16) == port:
                        count += int(state, 16) not in (TCP_TIME_WAIT, TCP_LISTEN)
        except FileNotFoundError:
            pass  # no IPv6
    return count


def settle(port):
    """Wait until the server has taken note of its clients' end."""
    end = time.monotonic() + STOP_LIMIT
    while open_connections(port) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.1)


def stop(process, sig=signal.SIGTERM):
    """Signal a process that this session started and wait for its end. Returns its status."""
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def as_account(name):
    """The arguments of Popen that make a process run as this account; none for None."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Trace:
    """`lvt record -p PORT` from its attach to its report. Usable as `with Trace(port) as trace`."""

    def __init__(self, port, fmt="json", options=()):
        self.command = [LVT, "record", "-p", str(port), "--format", fmt, *options]
        self.talk = b""
        self.output = None
        # The report goes to a file, so that no pipe can fill up and stop anything.
        self.stdout = tempfile.TemporaryFile()

    def __enter__(self):
        # SIGINT must not be ignored in it, as it is in the background jobs of a shell.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.stdout, stderr=subprocess.PIPE
        )
        try:
            self._wait_tracing()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_tracing(self):
        fd = self.process.stderr.fileno()
        end = time.monotonic() + START_LIMIT
        while b"tracing" not in self.talk:
            left = end - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                raise Failure(f"lvt does not trace after {START_LIMIT} s: {self.said()}")
            chunk = os.read(fd, 4096)
            if not chunk:
                raise Failure(f"lvt ended before it traced: {self.said()}")
            self.talk += chunk

    def said(self):
        return " / ".join(self.talk.decode(errors="replace").split("\n")).strip(" /")

    def finish(self):
        """Ask for the report; returns its text."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.talk += self.process.communicate(timeout=STOP_LIMIT)[1]
        except subprocess.TimeoutExpired as error:
            raise Failure(f"lvt did not end {STOP_LIMIT} s after SIGINT") from error
        if self.process.returncode != 0:
            raise Failure(f"lvt ended with status {self.process.returncode}: {self.said()}")
        self.stdout.seek(0)
        return self.stdout.read().decode()

    def __exit__(self, *_):
        stop(self.process)
        self.process.stderr.close()
        self.stdout.close()


def disk_folder():
    """A folder for temporary files whose filesystem is not in memory, or Skip."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        kinds = {point: kind for _, point, kind, *_ in map(str.split, mounts)}
    for folder in ("/var/tmp", tempfile.gettempdir(), os.path.join(ROOT, ".output")):
        point = os.path.realpath(folder)
        while point not in kinds and point != "/":
            point = os.path.dirname(point)
        if os.path.isdir(folder) and kinds.get(point) not in ("tmpfs", "ramfs"):
            return folder
    raise Skip("no folder for temporary files is on a disk")


class Server:
    """A server process in a folder of its own, on a free loopback port.

    A subclass sets `name`, gives `command()`, and may give `prepare()` (files, before the start),
    `served()` (its own count) and `user` (name of the account that it runs as).
    """

    name = "server"
    host = "127.0.0.1"
    user = None
    on_disk = False  # its folder must not be in memory
    stop_signal = signal.SIGTERM

    def __enter__(self):
        self.port = free_port(self.host)
        self.dir = tempfile.mkdtemp(prefix="lvt-real-", dir=disk_folder() if self.on_disk else None)
        self.process = None
        self.log = None
        try:
            self.prepare()
            self.log = open(self.path("server.log"), "w+b")
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                **as_account(self.user),
            )
            wait_listening(self.host, self.port, self.process)
            self.started()
            settle(self.port)
        except Failure as failure:
            text = self.log_text() if self.log else ""
            self.__exit__()
            raise Failure(f"{failure}; {self.name} says: {text[-400:].strip()}") from failure
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        pass

    def started(self):
        pass

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path(name)

    def log_text(self):
        self.log.flush()
        with open(self.path("server.log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def __exit__(self, *_):
        if self.process:
            stop(self.process, self.stop_signal)
        if self.log:
            self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def run_client(command, env=None):
    """Run a client to its end; returns what it wrote to stdout."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=CLIENT_LIMIT,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[0]} took more than {CLIENT_LIMIT} s") from error
    text = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        said = (done.stderr.decode(errors="replace") + text)[-300:].strip()
        raise Failure(f"{command[0]} ended with status {done.returncode}: {said}")
    return text


def first_number(pattern, text, what):
    """The number in the first group of a pattern, or Failure."""
    found = re.search(pattern, text)
    if not found:
        raise Failure(f"no {what} in: {text[-300:].strip()}")
    return int(found.group(1))


def parse_report(text, port):
    """The report and its only service."""
    try:
        report = json.loads(text)
    except json.JSONDecodeError as error:
        raise Failure(f"the report is not JSON: {error}: {text[:200]}") from error
    services = [service for service in report["services"] if service["port"] == port]
    if len(services) != 1:
        raise Failure(f"{len(services)} services in the report have port {port}, not one")
    return report, services[0]
