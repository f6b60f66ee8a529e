# SPDX-License-Identifier: BSD-2-Clause
"""A learner's home of its own for a test, and lvt in it."""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LVT = os.environ.get("LVT", os.path.join(ROOT, ".output", "lvt"))
LABS = os.path.join(ROOT, "labs")
JOURNAL = "/run/lvt/journal.json"
PATIENCE_S = 60  # for what takes a second


class Failure(Exception):
    """What was expected did not happen."""


class Skip(Exception):
    """This host cannot."""


def want(condition, words):
    if not condition:
        raise Failure(words)


class Place:
    """HOME and state of one learner; gone with the test."""

    def __init__(self, user=None):
        self.home = tempfile.mkdtemp(prefix="lvt-labs-")
        self.state = os.path.join(self.home, ".local", "state", "lvt")
        self.user = user
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "SUDO_"))}
        self.env.update(HOME=self.home, LVT_LABS=LABS, NO_COLOR="1", PAGER="cat")
        self.children = []

    def start(self, *words, env=None, **options):
        everything = dict(self.env, **(env or {}))
        out = options.pop("stdout", subprocess.PIPE)
        child = subprocess.Popen(  # pylint: disable=consider-using-with
            [LVT, *words],
            env=everything,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            cwd=self.home,
            text=True,
            **options,
        )
        self.children.append(child)
        return child

    def lvt(self, *words, status=None, limit=300, **options):
        """(status, stdout, stderr); fails if the status is not the one that is wanted."""
        child = self.start(*words, **options)
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired as error:
            child.kill()
            child.communicate()
            raise Failure(f"lvt {' '.join(words)} has not ended after {limit} s") from error
        if status is not None and child.returncode != status:
            raise Failure(
                f"lvt {' '.join(words)} ended with {child.returncode}, not {status}\n{out}\n{err}"
            )
        return child.returncode, out, err

    def work(self, lab):
        return os.path.join(self.home, "lvt-labs", lab)

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                child.wait()
            for pipe in (child.stdout, child.stderr):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.home, ignore_errors=True)


@contextlib.contextmanager
def place(user=None):
    here = Place(user)
    try:
        yield here
    finally:
        here.close()


# ---- what may not be left behind


def cgroups():
    found = set()
    for top in ("/sys/fs/cgroup", "/sys/fs/cgroup/cpu"):
        found.update(glob.glob(os.path.join(top, "lvt*")))
        found.update(glob.glob(os.path.join(top, "*", "lvt*")))
    return found


def programs():
    """BPF programs of lvt that are loaded."""
    shown = subprocess.run(
        ["bpftool", "prog", "show"], capture_output=True, text=True, check=False
    ).stdout
    return sum(" name lvt_" in line for line in shown.splitlines())


def processes(folder):
    """Those whose program or arguments lie in a folder."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
            program = os.readlink(f"/proc/{entry}/exe")
        except OSError:
            continue
        if folder in line or folder in program:
            found.append(f"{entry} {line}")
    return found


def until(condition, words, limit=PATIENCE_S):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{words}: not after {limit} s")
        time.sleep(0.05)
