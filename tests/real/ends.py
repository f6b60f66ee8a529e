# SPDX-License-Identifier: BSD-2-Clause
"""Cases: processes that are not just running: a signal has stopped them, or they have ended."""

import os
import signal
import threading
import time

from echo import Lvt, ask, case, no_loss, outcome, says
from edges import ask_on, dial, service_at
from services import Service
from session import settle

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
