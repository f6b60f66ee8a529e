# SPDX-License-Identifier: BSD-2-Clause
"""Cases: threads that do not just run: a signal has stopped them, they have ended, they were moved."""

import os
import signal
import threading
import time

from echo import Lvt, ask, case, no_loss, outcome, says
from edges import ask_on, dial, service_at
from services import LINES, Service
from session import Skip, settle

# Forks for each connection, and never asks how its children ended. Says how much CPU they took.
ZOMBIES = """
sock = listening()
say("ready", port_of(sock))
served = 0
while served < int(sys.argv[1]):
    conn = sock.accept()[0]
    if not os.fork():
        while data := conn.recv(64):
            until = time.process_time() + 0.002
            while time.process_time() < until:
                pass
            conn.sendall(data)
        os._exit(0)
    conn.close()
    served += 1
time.sleep(60)
"""

# Stops itself before it answers: on its way, or in the middle of its work.
STOPS = """
sock = listening()
say("ready", port_of(sock))
conn = sock.accept()[0]
while data := conn.recv(64):
    os.kill(os.getpid(), 19)
    conn.sendall(data)
time.sleep(60)
"""

# Has a CPU for itself for 30 ms at each cue.
HOG = """
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
say("ready", 0)
while True:
    cue()
    say("on")
    until = time.monotonic() + 0.03
    while time.monotonic() < until:
        pass
"""


@case("ends-zombies")
def zombies():
    """What a child did counts once, though it is still there when the trace ends."""
    connections, number = 20, 5
    with Service(ZOMBIES, connections) as service:
        port = service.ready()
        with Lvt("-p", port) as lvt:
            ask_on(port, number, connections)
            settle(port)
            time.sleep(0.3)
            report = lvt.report()
    found = service_at(report, port)
    use = found["utilisation"]
    cpu = use["cpu_share"] * found["window_s"]
    least = connections * number * 0.002
    return outcome(connections * number, [
        (least < cpu < 1.6 * least, f"its threads were {cpu:.3f} s on CPU, of {least:.3f} s"),
        says("threads at the end", use["threads"], 1),
        no_loss(report),
    ])  # fmt: skip


def continues(pid, times, after):
    """Let a process that has been stopped for so long go on, so often."""
    while times:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            stopped = stat.read().rpartition(")")[2].split()[0] == "T"
        if not stopped:
            time.sleep(0.001)
            continue
        time.sleep(after)
        os.kill(pid, signal.SIGCONT)
        times -= 1
        time.sleep(0.01)


@case("ends-stopped")
def stopped_service():
    """A service that a signal stops waits for nothing that it was about to do."""
    number, after = 5, 0.05
    with Service(STOPS) as service:
        port = service.ready()
        with Lvt("-p", port) as lvt, dial(port) as sock:
            helper = threading.Thread(target=continues, args=(service.pid, number, after))
            helper.start()
            ask(sock, number)
            helper.join()
            report = lvt.report()
    found = service_at(report, port)
    waits = {row["syscall"] for row in found["blocked_on"] if row["total_ns"] > after * 1e9}
    blocked = found["stages"]["service.blocked"]["mean"]
    return outcome(number, [
        says("what it waited in", waits, {"stopped"}),
        (after * 1e9 < blocked < 2e9 * after, f"stopped for {blocked / 1e6:.1f} ms each"),
        no_loss(report),
    ])  # fmt: skip


def run_delay(pid, thread):
    """ns that a thread was ready without a CPU, by the scheduler's own account."""
    with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[1])


@case("ends-moved")
def moved_thread():
    """A thread that waits for one CPU and gets another, which was idle, was not throttled."""
    number, after = 5, 0.02
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("it takes two CPUs")
    busy, free = sorted(os.sched_getaffinity(0))[:2]
    with Service(LINES) as service, Service(HOG, busy) as hog:
        port = service.ready()
        hog.ready()
        # its thread for the connection, when that has one
        with Lvt("-p", port) as lvt, dial(port) as sock:
            ask(sock)
            thread = max(map(int, os.listdir(f"/proc/{service.pid}/task")))
            delays = [run_delay(service.pid, thread)]
            for _ in range(number):
                os.sched_setaffinity(thread, {busy})
                time.sleep(0.01)
                hog.cue()
                hog.hears()
                sock.sendall(b"ask\n")
                time.sleep(after)
                os.sched_setaffinity(thread, {free})
                sock.recv(64)
                time.sleep(0.03)
            delays.append(run_delay(service.pid, thread))
            report = lvt.report()
    found = service_at(report, port)
    waited = sum(found["stages"][s]["mean"] for s in ("queue.runq", "service.runq"))
    waited *= found["requests"]
    delay = delays[1] - delays[0]
    nobody = sum(row["total_ns"] for row in found["preempted_by"] if row["comm"] == "idle")
    return outcome(number + 1, [
        # what it waited for outside of requests, on its way to sleep, is in the kernel's account alone
        (0.9 * delay < waited < 1.03 * delay,
         f"it waited for {waited / 1e6:.1f} ms, by the kernel's account {delay / 1e6:.1f} ms"),
        (delay > 0.5e9 * number * after, "it had to wait for the hog"),
        (nobody < 0.05 * waited, f"called throttled: {nobody / 1e6:.1f} ms"),
        no_loss(report),
    ])  # fmt: skip
