# SPDX-License-Identifier: BSD-2-Clause
"""Cases: lvt top on a terminal, which is tmux's."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import time

from echo import Echo, case, outcome, ports, says
from faults import bpf_of, left
from session import LVT, START_LIMIT, STOP_LIMIT, Failure, need

COLOUR = re.compile(r"\x1b\[[0-9;]*38;5;")


class Screen:
    """`lvt top` in a terminal of its own; usable as `with Screen(words) as screen`."""

    number = 0

    def __init__(self, *words, size=(80, 24), locale="C.UTF-8", **env):
        Screen.number += 1
        self.tmux = [need("tmux"), "-u", "-L", f"lvt-test-{os.getpid()}-{Screen.number}"]
        settings = {"LC_ALL": locale, "TERM": "screen-256color", **env}
        top = shlex.join([
            "env", *(f"{name}={value}" for name, value in settings.items()),
            LVT, "top", "-i", "0.1", *map(str, words),
        ])  # fmt: skip
        # what is on the screen before must be there again after
        self.script = f"trap : INT; echo [before $(stty -g)]; {top}; echo [status $?]; echo [after $(stty -g)]; cat"
        self.size = size

    def run(self, *words):
        done = subprocess.run(
            [*self.tmux, *words], capture_output=True, text=True, check=False, timeout=STOP_LIMIT,
        )  # fmt: skip
        if done.returncode:
            raise Failure(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def __enter__(self):
        size = ["-x", str(self.size[0]), "-y", str(self.size[1])]
        self.run("-f", "/dev/null", "new-session", "-d", *size, "sh", "-c", self.script)
        try:
            self.until("loss 0", "Quit")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Failure):
            self.run("kill-server")

    def text(self, *options):
        return self.run("capture-pane", "-p", *options)

    def until(self, *parts, without=(), limit=START_LIMIT):
        """Wait until the screen has all of these parts; returns it."""
        end = time.monotonic() + limit
        while True:
            text = self.text()
            if all(part in text for part in parts) and not any(part in text for part in without):
                return text
            if time.monotonic() > end:
                raise Failure(f"not {parts} without {without} on the screen:\n{text}")
            time.sleep(0.03)

    def keys(self, *keys):
        self.run("send-keys", *keys)

    def resize(self, columns, rows):
        self.run("resize-window", "-x", str(columns), "-y", str(rows))

    def pid(self):
        """Of lvt."""
        shell = self.run("display-message", "-p", "#{pane_pid}").strip()
        with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as children:
            return int(children.read().split()[0])

    def ended(self):
        """What is left on the terminal when lvt has ended: (status, whether it is as before)."""
        text = self.until("[after")
        parts = dict(re.findall(r"\[(before|status|after) ([^\]]*)\]", text.replace("\n", "")))
        alternate = self.run("display-message", "-p", "#{alternate_on}#{cursor_flag}").strip()
        as_before = parts.get("before") == parts.get("after") and alternate == "01"
        return int(parts["status"]), as_before, "Freeze" not in text


def good_end(name, ended, status):
    yield says(f"{name}: status", ended[0], status)
    yield ended[1], f"{name}: the terminal's settings and cursor are as before"
    yield ended[2], f"{name}: nothing of the screen is left"


@case("top-keys")
def keys():
    """From the list to a service, its help and back; sorting, filtering, freezing."""
    one, two = ports(2)
    checks = []
    with (
        Echo(one, name="lvt-one") as first,
        Echo(two, name="lvt-two") as second,
        Screen("-p", f"{one},{two}", "-s", "port") as screen,
    ):
        first.ask(500)
        second.ask(30)
        screen.until("lvt-one", "lvt-two", "2 services")
        screen.keys("/", "t", "w", "o")
        screen.until("Filter: two", without=("lvt-one",))
        screen.keys("Enter", "Enter")
        screen.until("30 requests", "since start", "p99.9")
        screen.keys("F1")
        screen.until("Keys", "freeze the picture")
        screen.keys("Escape")
        screen.until("30 requests")
        screen.keys("q")
        screen.until("/two: 1 of 2")
        screen.keys("Escape")
        screen.until("lvt-one")
        screen.keys("s", "Home", "Down", "Enter")
        listed = screen.until("service▲")
        checks.append((listed.index("lvt-one") < listed.index("lvt-two"), "sorted by name"))
        screen.keys("I")
        listed = screen.until("service▼")
        checks.append((listed.index("lvt-two") < listed.index("lvt-one"), "and turned round"))
        screen.keys("End", "Enter")
        screen.until("500 requests")
        screen.keys("Space")
        screen.until("FROZEN")
        first.ask(250)
        time.sleep(0.3)
        checks.append(("500 requests" in screen.text(), "frozen: as it was"))
        screen.keys("Space")
        screen.until("750 requests", without=("FROZEN",))
        screen.keys("w")
        screen.until("(w: last")
        screen.keys("PageDown")
        screen.until("lines 22–")
        screen.keys("q", "q")
        checks += good_end("q", screen.ended(), 0)
        served = {**first.served(), **second.served()}
    checks.append(says("served", served, {one: 750, two: 30}))
    return outcome(780, checks)


@case("top-services")
def services():
    """One that appears while it runs, and goes."""
    port, late = ports(2)
    with Echo(port, name="lvt-early") as early, Screen("--comm", "lvt-early") as screen:
        early.ask(5)
        screen.until("lvt-early", "1 service ")
        with Echo(late, name="lvt-early") as other:
            other.ask(40)
            screen.until("2 services", f"+{late:6}")
            screen.keys("/", *str(late), "Enter", "Enter")
            screen.until("40 requests")
            screen.keys("q")
        listed = screen.until(f"-{late:6}", "gone")
        screen.keys("C-c")
        checks = list(good_end("Ctrl-C", screen.ended(), 0))
    checks.append((f"-{late:6} lvt-early" in listed, "it is still listed, as gone"))
    return outcome(45, checks)


@case("top-sizes")
def sizes():
    """Small and large terminals, and ones that can less."""
    port = ports(1)[0]
    checks = []
    with Echo(port, name="lvt-\033[31mred") as echo:
        echo.ask(3)
        with Screen("-p", port) as screen:
            text = screen.until(r"lvt-\x1b[31mre")
            checks.append((text.endswith("qQuit\n") and text.count("\n") == 24,
                           "its keys are in the last of 24 lines"))
            echo.ask(50)
            screen.keys("Enter")
            screen.until("50 requests")
            coloured = screen.text("-e")
            checks.append((COLOUR.search(coloured), "with colours"))
            for size in ((120, 40), (60, 10), (200, 60), (80, 24)):
                screen.resize(*size)
                text = screen.until("Back", "one service", f"–{min(size[1] - 3, 99)} of"
                                    if size[1] < 60 else "one service")
                checks.append((max(map(len, text.split("\n"))) <= size[0], f"{size} is kept to"))
            screen.resize(59, 9)
            screen.until("needs 60 columns and 10 lines", "here are 59 and 9")
            screen.resize(80, 24)
            screen.until("Back", "one service")
            screen.keys("F10")
            checks += good_end("F10", screen.ended(), 0)
        with Screen("-p", port, locale="C", NO_COLOR="1") as screen:
            screen.keys("Enter")
            text = screen.until("No request so far", "---")
            checks.append((text.isascii(), "in the C locale all is ASCII"))
            checks.append((not COLOUR.search(screen.text("-e")), "NO_COLOR: no colours"))
            screen.keys("C-c")
            checks += good_end("in ASCII", screen.ended(), 0)
    return outcome(53, checks)


def gone(pid):
    """Wait for a process to be no more."""
    end = time.monotonic() + STOP_LIMIT
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@case("top-ends")
def ends():
    """However it ends, the terminal is as before and nothing stays in the kernel."""
    port = ports(1)[0]
    checks, mine = [], set()
    with Echo(port):
        for sig, status in ((signal.SIGTERM, 0), (signal.SIGSEGV, 139), (signal.SIGABRT, 134)):
            with Screen("-p", port) as screen:
                pid = screen.pid()
                mine |= bpf_of(pid)
                os.kill(pid, sig)
                checks += good_end(sig.name, screen.ended(), status)
        with Screen("-p", port) as screen:
            pid = screen.pid()
            mine |= bpf_of(pid)
            screen.run("kill-server")
            checks.append((gone(pid), "the terminal was closed: it ends"))
    checks.append((len(mine) > 3, f"{len(mine)} programs, maps and links there were"))
    checks.append(says("of these are left", left(mine), []))
    return outcome(0, checks)


@case("top-batch")
def batch():
    """Plain pictures, as many as were asked for; the figures are those of the interval."""
    port = ports(1)[0]
    with Echo(port, name="lvt-batch") as echo:
        words = [LVT, "top", "--batch", "-p", str(port), "-i", "0.5", "-n", "3"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as top:
            pictures = []
            lines = iter(top.stdout.readline, b"")
            for line in lines:
                pictures.append(line.decode())
                if line == b"\n" and pictures.count("\n") == 1:
                    echo.ask(400)
            said = top.stderr.read()
        words[-1] = "1000000"
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as top2:
            top2.stdout.readline()
            top2.stdout.close()
            piped = top2.wait(STOP_LIMIT), top2.stderr.read()
    text = "".join(pictures)
    rates = re.findall(r"lvt-batch +([0-9.]+) /s", text)
    windows = re.findall(r"the last ([0-9.]+) s", text)
    total = sum(float(rate) * float(window) for rate, window in zip(rates, windows))
    return outcome(400, [
        says("status", top.returncode, 0),
        says("stderr", said, b""),
        says("pictures", text.count("loss 0 · gaps"), 3),
        says("lines that name the service", len(rates), 3),
        (395 < total < 405, f"rates add up to {total} requests, of 400"),
        ("\033" not in text, "no codes"),
        says("a reader that goes away: status and stderr", piped, (1, b"")),
    ])  # fmt: skip
