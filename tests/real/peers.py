# SPDX-License-Identifier: BSD-2-Clause
"""Cases: who is at the other end of what a service asks, and is it named?"""

from echo import HOST, LO_UP, Echo, Lvt, ask, case, no_loss, outcome, ports, says
from edges import dial, service_at
from services import Service

# Passes each line on to HOST:PORT, which with a third word is a thread of its own.
RELAY = """
if len(sys.argv) > 3:
    own = bound(int(sys.argv[2]))
    own.listen(8)
    thread(serve, own)
sock = listening()
say("ready", port_of(sock))
down = create_connection((sys.argv[1], int(sys.argv[2])), 5)

def relay(conn):
    while data := conn.recv(64):
        down.sendall(data)
        conn.sendall(down.recv(64))

if len(sys.argv) > 3:
    asks = create_connection(("127.0.0.1", port_of(sock)), 5)
    thread(serve, sock, relay)
    cue()
    for _ in range(int(sys.argv[3])):
        asks.sendall(b"ask\\n")
        asks.recv(64)
    say("done")
    time.sleep(60)
serve(sock, relay)
"""

# The same in a network namespace of its own.
ALONE = LO_UP + "\nfrom socket import *\n" + RELAY


def named(found, name):
    """Checks: what was asked, and waited for, has that name; None: no name."""
    asked = {row["comm"] for row in found["outbound"]}
    waited = {row["peer_comm"] for row in found["blocked_on"] if row["peer"]}
    return [says("who was asked", asked, {name}), says("who was waited for", waited, {name})]


@case("peers-mapped")
def mapped_address():
    """An IPv4 address on an IPv6 socket is that address."""
    number = 20
    (port_down,) = ports(1)
    with Echo(port_down, name="lvt-down"), Service(RELAY, f"::ffff:{HOST}", port_down) as service:
        port = service.ready()
        with Lvt("-p", port, "--client") as lvt, dial(port) as sock:
            ask(sock, number)
            report = lvt.report()
    found = service_at(report, port)
    return outcome(number, [*named(found, "lvt-down"), no_loss(report)])


@case("peers-namespace")
def other_namespace():
    """127.0.0.1 of another network namespace is not who listens on that port here."""
    number = 20
    (port_down,) = ports(1)
    with (
        Echo(port_down, name="lvt-down"),
        Service(ALONE, HOST, port_down, number, netns=True) as service,
    ):
        port = service.ready()
        with Lvt("-p", port, "--client") as lvt:
            service.cue()
            service.hears()
            report = lvt.report()
    (found,) = [s for s in report["services"] if s["port"] == port and s["foreign_netns"]]
    return outcome(number, [*named(found, None), no_loss(report)])
