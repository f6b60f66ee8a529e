# SPDX-License-Identifier: BSD-2-Clause
"""Network namespaces of our own, which go with the case; and the kernel's own counters in them."""

import contextlib
import os
import re
import subprocess

import harness

ADDRESS = {"server": "192.0.2.1", "client": "192.0.2.2"}  # for documentation: nobody has them


def run(*words):
    """Run a command; what this host does not have is a reason to skip."""
    try:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as e:
        raise harness.Skip("no %s: %s" % (words[0], e.strerror)) from None
    except subprocess.CalledProcessError as e:
        raise harness.Skip("%s: %s" % (" ".join(words), e.stderr.decode().strip())) from None


@contextlib.contextmanager
def one():
    """A namespace with a loopback device."""
    name = "lvt-truth-%d" % os.getpid()
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        harness.reap()
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextlib.contextmanager
def pair():
    """Two namespaces, for the server and for its client, with a cable between their "veth"."""
    names = {who: "lvt-truth-%s-%d" % (who, os.getpid()) for who in ADDRESS}
    made = []
    try:
        for name in names.values():
            run("ip", "netns", "add", name)
            made.append(name)
        run("ip", "-n", names["server"], "link", "add", "veth", "type", "veth", "peer", "name",
            "veth", "netns", names["client"])
        for who, name in names.items():
            run("ip", "-n", name, "address", "add", ADDRESS[who] + "/30", "dev", "veth")
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", "veth", "up")
        yield names
    finally:
        harness.reap()
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=False)


def shape(name, kbit, burst, limit):
    """A token bucket for what leaves the namespace: bytes beyond `limit` that wait are dropped."""
    run("tc", "-n", name, "qdisc", "replace", "dev", "veth", "root", "tbf", "rate",
        "%dkbit" % kbit, "burst", str(burst), "limit", str(limit))


def listen_drops(name, port):
    """What a listening socket of a namespace has dropped, as the kernel counts: "d17" in its memory."""
    r = subprocess.run(["ip", "netns", "exec", name, "ss", "-Hltnm", "sport = :%d" % port],
                       stdout=subprocess.PIPE, check=True)
    return sum(map(int, re.findall(rb"skmem:\(.*,d(\d+)\)", r.stdout)))


def tcp_counters(name):
    """The kernel's counters of TCP in a namespace, by name."""
    text = ""
    for file in ("snmp", "netstat"):
        r = subprocess.run(["ip", "netns", "exec", name, "cat", "/proc/net/" + file],
                           stdout=subprocess.PIPE, check=True)
        text += r.stdout.decode()
    found, lines = {}, text.splitlines()
    for head, values in zip(lines[::2], lines[1::2]):
        if head.startswith("Tcp"):
            found.update(zip(head.split()[1:], map(int, values.split()[1:])))
    return found
