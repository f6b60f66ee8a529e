# SPDX-License-Identifier: BSD-2-Clause
"""The processes of a truth test: the service, the client, lvt; and what the kernel says of them."""

import json
import os
import select
import shlex
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ["client", "truth_work", "truth_loop", "truth_threads", "truth_fork", "truth_stream",
            "truth_wait", "truth_disk", "truth_net", "truth_proxy", "truth_procs", "truth_uring",
            "truth_neighbour"]
SERVICE_CPU, CLIENT_CPU = 0, 0  # set by choose_cpus()
bin_dir = None
lvt_path = os.environ.get("LVT", os.path.join(HERE, "../../.output/lvt"))
IN_MEMORY = ("tmpfs", "ramfs")
started = []  # whatever still runs when a case fails is killed


class Failed(Exception):
    """The case cannot go on; the text says why."""


class Skip(Exception):
    """The host cannot do it; the text says why."""


def choose_cpus():
    """Service and client on different CPUs where there are two: neither disturbs the other."""
    global SERVICE_CPU, CLIENT_CPU
    cpus = sorted(os.sched_getaffinity(0))
    CLIENT_CPU, SERVICE_CPU = cpus[0], cpus[-1]


def build():
    """Find the programs in $TRUTH_BIN, or compile them into a directory that goes with us."""
    global bin_dir
    if os.environ.get("TRUTH_BIN"):
        bin_dir = os.environ["TRUTH_BIN"]
        missing = [p for p in PROGRAMS if not os.access(os.path.join(bin_dir, p), os.X_OK)]
        if missing:
            raise Failed("not in TRUTH_BIN: " + " ".join(missing))
        return None
    keep = tempfile.TemporaryDirectory(prefix="lvt-truth-")
    bin_dir = keep.name
    for p in PROGRAMS:
        subprocess.run(shlex.split(os.environ.get("CC", "cc")) +
                       ["-std=gnu11", "-O2", "-pthread", "-I", os.path.join(HERE, "../lib"),
                        os.path.join(HERE, p + ".c"), "-o", os.path.join(bin_dir, p)] +
                       libraries(p), check=True)
    return keep


def libraries(program):
    """What it is linked with; without liburing the program that needs it skips itself."""
    if program != "truth_uring" or not os.path.exists("/usr/include/liburing.h"):
        return ["-lm"]
    return ["-luring"]


def free_port(family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return s.getsockname()[1]


def disk_folder():
    """A folder on a disk's file system."""
    tried = []
    for folder in (tempfile.gettempdir(), "/var/tmp", HERE):
        device = os.stat(folder).st_dev
        number = "%d:%d" % (os.major(device), os.minor(device))
        with open("/proc/self/mountinfo") as f:
            kinds = [line.split(" - ")[1].split()[0] for line in f if line.split()[2] == number]
        if kinds and kinds[-1] in IN_MEMORY:
            tried.append("%s is %s" % (folder, kinds[-1]))
        else:
            return folder
    raise Skip("no file system on a disk: " + ", ".join(tried))


def spawn(argv, **kw):
    p = subprocess.Popen(argv, **kw)
    started.append(p)
    return p


def reap():
    """Kill what a case left behind."""
    while started:
        p = started.pop()
        if p.poll() is None:
            p.kill()
            p.wait()
        for f in (p.stdin, p.stdout):
            if f:
                f.close()


def read_line(p, seconds):
    """One line of a process's stdout, which we read unbuffered so that select() sees it all."""
    line, end = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        if not select.select([p.stdout], [], [], max(0, end - time.monotonic()))[0]:
            raise Failed("%s said nothing for %g s" % (os.path.basename(p.args[0]), seconds))
        c = os.read(p.stdout.fileno(), 1)
        if not c:
            raise Failed("%s ended early (status %s)" % (" ".join(p.args), p.wait()))
        line += c
    return line.decode().strip()


def within(netns, argv):
    return (["ip", "netns", "exec", netns] if netns else []) + argv


def tasks(pid):
    """The folders of a process's threads, and of its children's."""
    base = "/proc/%d/task/" % pid
    for tid in os.listdir(base):
        yield base + tid
        try:
            with open(base + tid + "/children") as f:
                children = f.read().split()
        except OSError:
            continue
        for child in children:
            try:
                yield from list(tasks(int(child)))
            except OSError:
                pass  # it is gone


def cpu_ns(pid):
    """CPU time of a process, by its clock."""
    return time.clock_gettime_ns(~pid << 3 | 2)  # what clock_getcpuclockid() makes of it


class Service:
    def __init__(self, args, family="4", port=0, cpu=None, netns=None):
        words = args.split()
        argv = [os.path.join(bin_dir, words[0])] + words[1:]
        argv += ["--port", str(port), "--family", family,
                 "--cpu", str(SERVICE_CPU if cpu is None else cpu)]
        self.p = spawn(within(netns, argv), stdout=subprocess.PIPE, bufsize=0)
        line = read_line(self.p, 5)
        if line.startswith("skip: "):
            raise Skip(line[6:])
        self.port = int(line.split()[1])
        self.threads = 0

    def noise(self):
        """Of its threads: ns waited for a CPU, and how often they had to give it up."""
        delay, switches, self.threads = 0, 0, 0
        for task in tasks(self.p.pid):
            try:
                with open(task + "/schedstat") as f:
                    delay += int(f.read().split()[1])
                with open(task + "/status") as f:
                    switches += int(f.read().split("nonvoluntary_ctxt_switches:")[1])
                self.threads += 1
            except OSError:
                pass  # the thread is gone
        return delay, switches

    def used(self):
        """Of its process: ns of CPU time, and ns that its threads waited for a CPU."""
        return cpu_ns(self.p.pid), self.noise()[0]

    def stop(self):
        """Its sums."""
        self.p.send_signal(signal.SIGTERM)
        line = read_line(self.p, 5)
        self.p.wait(5)
        return json.loads(line)

    def kill(self):
        self.p.kill()
        self.p.wait()


class Client:
    def __init__(self, port, args, family="4", cpu=None, netns=None):
        argv = [os.path.join(bin_dir, "client"), "--port", str(port), "--family", family,
                "--cpu", str(CLIENT_CPU if cpu is None else cpu)] + args.split()
        self.p = spawn(within(netns, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                       bufsize=0)
        if "--wait" in args:
            read_line(self.p, 10)

    def go(self):
        self.p.stdin.write(b"go\n")

    def counts(self, seconds=25):
        """What it prints when all its requests are done."""
        return json.loads(read_line(self.p, seconds))

    def finish(self, before_close=None, seconds=25):
        """
        Its counts, once all its connections are closed. before_close() is called while they (and
        the threads that serve them) are still there; the client must have been told to --linger.
        """
        c = self.counts(seconds)
        if before_close:
            before_close()
            self.go()
            read_line(self.p, 5)
        if self.p.wait(5):
            raise Failed("client failed")
        return c


# What a report counts of hooks that were not called: in the middle of another call, and, on some
# kernels, for what runs on top of threads that they keep to themselves.
UNSEEN = ("lost_switch", "switch_repaired", "wake_missed", "conn_late", "arrival_by_tcp",
          "recursion_mended")


def unseen(report):
    return sum(report[kind].get(n, 0) for kind in ("gaps", "notes") for n in UNSEEN)


class Lvt:
    unseen = 0  # events that no hook saw, in all reports so far

    def __init__(self, port, *options):
        argv = [lvt_path, "record", "-p", str(port), "-d", "60", "--format", "json", *options]
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.p = spawn(argv, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err)
        end = time.monotonic() + 15
        while "tracing" not in self.said():
            if self.p.poll() is not None:
                raise Failed("lvt ended with %d: %s" % (self.p.returncode, self.said()))
            if time.monotonic() > end:
                raise Failed("lvt not attached after 15 s: " + self.said())
            time.sleep(0.01)

    def said(self):
        return os.pread(self.err.fileno(), 4096, 0).decode(errors="replace").strip()

    def stop(self):
        """Its report."""
        self.p.send_signal(signal.SIGINT)
        try:
            status = self.p.wait(10)
        except subprocess.TimeoutExpired:
            raise Failed("lvt did not end within 10 s of SIGINT") from None
        if status:
            raise Failed("lvt ended with %d: %s" % (status, self.said()))
        self.out.seek(0)
        try:
            report = json.load(self.out)
        except ValueError as e:
            raise Failed("lvt's report is not JSON: %s" % e) from None
        Lvt.unseen += unseen(report)
        return report


def neighbour(cpu, seconds, *bursts):
    """
    Keep a CPU busy; it goes by itself, or when the case ends. bursts: with this name, so many µs
    by real-time priority, and so many µs between.
    """
    p = spawn([os.path.join(bin_dir, "truth_neighbour"), str(cpu), str(seconds),
               *map(str, bursts)], stdout=subprocess.PIPE, bufsize=0)
    line = read_line(p, 5)
    if line.startswith("skip: "):
        raise Skip(line[6:])
    return p


def stolen_ms():
    """What the hypervisor took so far; a service's CPU clock knows of it, lvt's does not."""
    with open("/proc/stat") as f:
        fields = f.readline().split()
    return int(fields[8]) * 1000 // os.sysconf("SC_CLK_TCK")


def bpf_ids():
    """(kind, id) -> what bpftool knows of it; of all programs, maps and links in the kernel."""
    found = {}
    for kind in ("prog", "map", "link"):
        r = subprocess.run(["bpftool", "-j", kind, "list"], stdout=subprocess.PIPE, check=True)
        for x in json.loads(r.stdout or b"[]"):
            found[kind, x["id"]] = x
    return found


def bpf_ids_of(pid):
    """
    The (kind, id) that a process holds, and the maps of its programs. From its descriptors, as not
    every bpftool can name the owners.
    """
    mine = set()
    for fd in os.listdir("/proc/%d/fdinfo" % pid):
        with open("/proc/%d/fdinfo/%s" % (pid, fd)) as f:
            for line in f:
                key, _, value = line.partition(":")
                if key in ("prog_id", "map_id", "link_id"):
                    mine.add((key[:-3], int(value)))
    known = bpf_ids()
    for x in list(mine):
        mine.update(("map", m) for m in known.get(x, {}).get("map_ids", []))
    return mine
