# SPDX-License-Identifier: BSD-2-Clause
"""Cases: lvt trial, on a service whose speed is a word of its command line."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from echo import HOST, case, outcome, says
from faults import left, bpf_of
from session import LVT, STOP_LIMIT, Failure, free_port, stop

# SERVICE PORT MS [daemon]: answers a line after so many ms, one connection at a time in a thread each.
SERVICE = """
import os, socket, sys, threading, time
port, pause = int(sys.argv[1]), float(sys.argv[2]) / 1000
if sys.argv[3:] == ["daemon"]:
    if os.fork():
        os._exit(0)
    os.setsid()
def answer(conn):
    while data := conn.recv(64):
        time.sleep(pause)
        conn.sendall(data)
sock = socket.create_server(("127.0.0.1", port), backlog=64)
print("I listen", flush=True)
while True:
    threading.Thread(target=answer, args=[sock.accept()[0]], daemon=True).start()
"""

# LOAD PORT [SECONDS]: asks on four connections, without end or for so long.
LOAD = """
import socket, sys, threading, time
end = time.monotonic() + float(sys.argv[2] if sys.argv[2:] else "inf")
def ask():
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    while time.monotonic() < end:
        sock.sendall(b"ask")
        sock.recv(64)
for _ in range(4):
    threading.Thread(target=ask).start()
"""

# The machine of the tests is not quiet: what is tested here is not the rule on disturbed pairs.
ANY_NOISE = ("--max-foreign", "100000", "--max-steal", "100000")
SHORT = ("--seconds", "0.3", "--warm-up", "0.1", "--looks", "1", *ANY_NOISE)


class Trial:
    """Files for a trial, and the trial; usable as `with Trial() as trial`."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="lvt-trial-")
        self.port = free_port(HOST)
        self.folder = os.path.join(self.dir, "runs")
        for name, text in (("service.py", SERVICE), ("load.py", LOAD)):
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as out:
                out.write(text)
        return self

    def arm(self, *words):
        return " ".join([sys.executable, f"{self.dir}/service.py", str(self.port), *map(str, words)])

    def load(self, *words):
        return " ".join([sys.executable, f"{self.dir}/load.py", "{port}", *map(str, words)])

    def command(self, before, after, *words, load=None):
        return [
            LVT, "trial", "-p", str(self.port), "--before", before, "--after", after,
            "--load-cmd", load or self.load(), "--dir", self.folder, "--format", "json", *words,
        ]  # fmt: skip

    def run(self, command):
        """To its end; returns (status, result or None, stderr)."""
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
        talk = done.stderr.decode(errors="replace")
        return done.returncode, json.loads(done.stdout) if done.stdout else None, talk

    def start(self, command):
        """Start it, and wait until a run measures; returns the process."""
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        end = time.monotonic() + STOP_LIMIT
        while not glob.glob(f"{self.folder}/*.part") or len(bpf_of(process.pid)) < 20:
            if time.monotonic() > end or process.poll() is not None:
                stop(process, signal.SIGKILL)
                raise Failure(f"no run was begun: {process.stderr.read()[-300:]}")
            time.sleep(0.01)
        return process

    def ours(self):
        """Command lines of what still runs of it."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as line:
                    words = line.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(word.startswith(self.dir) for word in words) and words[0] != LVT:
                found.append(" ".join(words))
        return found

    def nothing_runs(self, what):
        end = time.monotonic() + 2
        while self.ours() and time.monotonic() < end:
            time.sleep(0.02)
        yield says(f"{what}: still running", self.ours(), [])

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)


def readable(folder, number):
    runs = sorted(glob.glob(f"{folder}/pair-*.hlog"))
    yield says("run files", len(runs), number)
    for run in runs[:2]:
        done = subprocess.run([LVT, "report", run, "--format", "json"], capture_output=True, check=False)
        good = done.returncode == 0 and json.loads(done.stdout)["services"][0]["requests"] > 10
        yield good, f"{os.path.basename(run)} can be read: {done.stderr[-200:]}"
    yield says("left over", glob.glob(f"{folder}/*.part"), [])


@case("trial-regressed")
def regressed():
    """Six pairs of which each is slower after: 3; a daemon is found and ended; all is told."""
    with Trial() as trial:
        words = ("--pairs", "6", "--seed", "5", "--cpus", "none", *SHORT, "--primary", "p50")
        before, after = trial.arm(2), trial.arm(6, "daemon")
        status, result, talk = trial.run(trial.command(before, after, *words))
        checks = [says("status", status, 3)]
        if result:
            checks += [
                says("schema", result["schema"], "lvt.trial/1"),
                says("first members", list(result)[:2], ["schema", "verdict"]),
                says("verdict", result["verdict"], "REGRESSED"),
                says("kept", result["kept"], 6),
                says("design.after", result["design"]["after"], after),
                says("gates.loss", result["gates"]["loss"]["state"], "passed"),
                says("gates.late", result["gates"]["late"]["state"], "not_checked"),
                says("port", result["pairs"][0]["after"]["port"], trial.port),
                says("lines of progress", talk.count(" done; "), 6),
            ]
            ratio = result["metrics"]["p50"]["ratio"]
            checks.append((2 < ratio < 4, f"6 ms against 2 ms: ratio {ratio}"))
            moved = [a for a in result["anatomy"] if a["at"] == "p50"][0]["stages"]
            most = max(moved, key=lambda name: moved[name]["change_ns"])
            checks.append(says("what moved", most, "service.timer" if "service.timer" in moved else most))
            firsts = {pair["first"] for pair in result["pairs"]}
            checks.append(says("orders", firsts, {"before", "after"}))
        checks += readable(trial.folder, 12)
        checks += trial.nothing_runs("at the end")
        checks.append((talk.startswith("trial of 6 pairs"), f"stderr: {talk[-300:]}"))
        return outcome(6, checks)


@case("trial-resumed")
def resumed():
    """Interrupted, killed, resumed: it comes to its end, and nothing stays meanwhile."""
    with Trial() as trial:
        words = ("--pairs", "2", "--seed", "9", "--primary", "p50", *SHORT)
        process = trial.start(trial.command(trial.arm(1), trial.arm(1), *words))
        mine = bpf_of(process.pid)
        process.send_signal(signal.SIGINT)
        talk = process.communicate(timeout=STOP_LIMIT)[1].decode()
        checks = [says("SIGINT: status", process.returncode, 1)]
        checks.append(("--resume" in talk.splitlines()[-1], f"SIGINT: {talk.splitlines()[-1]}"))
        checks += trial.nothing_runs("SIGINT")
        checks.append(says("SIGINT: left in the kernel", left(mine), []))
        status, _, talk = trial.run([LVT, "trial", "--resume", trial.folder, "--pairs", "4"])
        checks.append(says("resumed with other arguments: status", status, 2))
        process = trial.start([LVT, "trial", "--resume", trial.folder])
        mine = bpf_of(process.pid)
        other = trial.run([LVT, "trial", "--resume", trial.folder])
        checks.append((other[0] == 1 and "at work" in other[2], f"twice at once: {other[2]}"))
        stop(process, signal.SIGKILL)
        process.communicate()
        checks += trial.nothing_runs("SIGKILL")
        checks.append(says("SIGKILL: left in the kernel", left(mine), []))
        status, result, talk = trial.run([LVT, "trial", "--resume", trial.folder, "--format", "json"])
        checks.append(says("status", status, 4))
        if result:
            checks.append(says("resumed", result["resumed"], 2))
            checks.append(says("verdict", result["verdict"], "INCONCLUSIVE"))
            again = trial.run([LVT, "trial", "--resume", trial.folder, "--format", "json"])
            checks.append(says("its result, once more", again[1], result))
        checks += readable(trial.folder, 4)
        return outcome(2, checks)


@case("trial-disturbed")
def disturbed():
    """Somebody spins on the CPUs: the pair is discarded, and as that is too many, the trial ends."""
    spin = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
    cpus = sorted(os.sched_getaffinity(0))
    with Trial() as trial:
        spinner = subprocess.Popen([sys.executable, "-c", spin, str(cpus[-1])])
        try:
            words = ("--pairs", "2", "--seconds", "0.3", "--warm-up", "0.1")
            status, result, talk = trial.run(trial.command(trial.arm(1), trial.arm(1), *words))
        finally:
            stop(spinner, signal.SIGKILL)
        checks = [says("status", status, 1)]
        if result:
            checks.append(says("verdict", result["verdict"], "INVALID"))
            checks.append(says("gate", result["gates"]["discarded"]["state"], "failed"))
            foreign = result["pairs"][0]["before"]["foreign_cpus"]
            checks.append((foreign > 0.4, f"a spinning process was {foreign} CPUs"))
        checks.append(("pair 1 of 2 discarded" in talk, f"stderr: {talk[-300:]}"))
        checks.append(says("kept runs", glob.glob(f"{trial.folder}/pair-*"), []))
        discarded = glob.glob(f"{trial.folder}/discarded-01-1-*.hlog")
        checks.append(says("discarded runs", len(discarded), 2))
        return outcome(1, checks)


@case("trial-failures")
def failures():
    """An arm that does not start, one that does not listen, loads that fail or are too short."""
    with Trial() as trial:
        good = trial.arm(1)
        rows = [
            ("echo no config; exit 7", None, "exit status 7", "no config"),
            ("exec sleep 100", None, "does not listen", ""),
            (good, "echo refused; exit 3", "exit status 3", "refused"),
            (good, "exec sleep 100", "no request reached", ""),
            (good, trial.load(2), "into the window of 4 s (exit status 0)", ""),
        ]
        checks = []
        for before, load, why, said in rows:
            words = ("--pairs", "1", *SHORT, "--start-timeout", "0.4")
            words += ("--seconds", "4") if "window of 4" in why else ()
            command = trial.command(before, before, *words, load=load)
            status, result, talk = trial.run(command)
            last = talk.splitlines()[-1]
            checks.append(says(f"{why}: status", (status, result), (1, None)))
            checks.append((last.startswith("lvt: ") and why in last, f"{why}: {last}"))
            checks.append((said in talk, f"{why}: the log is shown: {talk[-300:]}"))
            checks += trial.nothing_runs(why)
            shutil.rmtree(trial.folder)
        # long enough: cut to when it ended
        words = ("--pairs", "1", "--primary", "p50", *SHORT, "--seconds", "2")
        status, result, talk = trial.run(trial.command(good, good, *words, load=trial.load(2.05)))
        # one run of even latencies may be too few that are independent: all else has to be right
        if result:
            bad = [n for n, g in result["gates"].items() if g["state"] == "failed"]
            checks.append((set(bad) <= {"unresolved"}, f"cut: gates that failed: {bad}"))
            checks.append(says("cut: status", status, 1 if bad else 4))
            runs = [result["pairs"][0][arm] for arm in ("before", "after")]
            checks.append((all(r["cut"] and r["window_s"] < 1.99 for r in runs), f"cut: {runs}"))
        checks.append((result is not None, f"cut: a result, status {status}"))
        return outcome(5, checks)


# PORT: a service as above that has a client of its own, which lvt's load knows nothing of.
BUSY_BODY = """
import runpy, socket, sys, threading, time
def ask():
    time.sleep(0.2)
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    while True:
        sock.sendall(b"ask")
        sock.recv(64)
threading.Thread(target=ask, daemon=True).start()
runpy.run_path(sys.argv[3], run_name="__main__")
"""


def own_load(trial, before, after, *words):
    load = "--protocol raw --rate 200 --arrivals constant -c 8 --size 16 --verify echo"
    command = trial.command(before, after, "--looks", "1", "--warm-up", "0.3", *ANY_NOISE, *words)
    command[command.index("--load-cmd")] = "--load"
    command[command.index("--load") + 1] = load
    return trial.run(command)


@case("trial-own-load")
def with_its_own_load():
    """lvt's own load: both views of the same window, client metrics, gates that are checked."""
    with Trial() as trial:
        words = ("--pairs", "2", "--seconds", "1", "--primary", "client.p50")
        status, result, talk = own_load(trial, trial.arm(2), trial.arm(5), *words)
        checks = [says("status", status in (1, 4), True)]
        if result:
            checks += [
                says("primary", result["primary"], "client.p50"),
                says("gates.loss", result["gates"]["loss"]["state"], "passed"),
                says("gates.late", result["gates"]["late"]["state"] == "not_checked", False),
                says("gates.saturated", result["gates"]["saturated"]["state"] == "not_checked", False),
                says("gates.views", result["gates"]["views"]["state"] == "failed", False),
            ]
            for pair in result["pairs"]:
                for arm, floor in (("before", 2e6), ("after", 5e6)):
                    run = pair[arm]
                    client = run["client"]
                    apart = abs(client["requests"] - run["requests"])
                    allowed = client["edges"] + 0.01 * run["requests"]
                    checks.append((apart <= allowed, f"{arm}: {apart} apart, edges {client}"))
                    checks.append((client["p50"] >= floor, f"{arm}: client {client}"))
                    checks.append((run["p50"] >= floor, f"{arm}: kernel p50 {run['p50']}"))
                    checks.append((abs(client["due_rps"] - 200) < 10, f"due: {client}"))
            ratio = result["metrics"]["client.p50"]["ratio"]
            checks.append((1.5 < ratio < 4, f"5 ms against 2 ms: ratio {ratio}"))
            run = sorted(glob.glob(f"{trial.folder}/pair-*.hlog"))[0]
            with open(run, encoding="utf-8") as text:
                checks.append(says("views in a run", "Tag=client/latency" in text.read(), True))
        else:
            checks.append((False, f"stderr: {talk[-300:]}"))
        checks += trial.nothing_runs("own load")
        return outcome(1, checks)


@case("trial-other-client")
def with_another_client():
    """The kernel sees requests that the load did not send: the views do not fit together."""
    with Trial() as trial:
        path = os.path.join(trial.dir, "busybody.py")
        with open(path, "w", encoding="utf-8") as out:
            out.write(BUSY_BODY)
        arm = " ".join([sys.executable, path, str(trial.port), "1", f"{trial.dir}/service.py"])
        words = ("--pairs", "1", "--seconds", "1")
        status, result, talk = own_load(trial, arm, arm, *words)
        checks = [says("status", status, 1)]
        if result:
            checks.append(says("verdict", result["verdict"], "INVALID"))
            checks.append(says("gates.views", result["gates"]["views"]["state"], "failed"))
        else:
            checks.append((False, f"stderr: {talk[-300:]}"))
        return outcome(1, checks)
