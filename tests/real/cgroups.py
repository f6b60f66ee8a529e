# SPDX-License-Identifier: BSD-2-Clause
"""Cgroups of our own, of both versions, and one that limits the memory of lvt."""

import os
import re
import time

from session import Skip


def cgroup_mounts(version):
    """(mount point, its controllers) of a version."""
    kind = {1: "cgroup", 2: "cgroup2"}[version]
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, point, fs, options = line.split()[:4]
            if fs == kind:
                yield point, options.split(",")


def v1_mount(*controllers):
    """A hierarchy of version 1 with one of these controllers."""
    for name in controllers:
        for point, options in cgroup_mounts(1):
            if name in options:
                return point
    raise Skip("no cgroup of version 1 with " + " or ".join(controllers))


def v2_mount():
    for point, _ in cgroup_mounts(2):
        return point
    raise Skip("no cgroup of version 2")


class Group:
    """A cgroup of ours, with others below it. Its processes must have ended when it does."""

    def __init__(self, mount, *below):
        self.path = os.path.join(mount, f"lvt-test-{os.getpid()}")
        self.all = [self.path] + [os.path.join(self.path, name) for name in below]

    def __enter__(self):
        try:
            for path in self.all:
                os.mkdir(path)
        except OSError as error:
            self.__exit__()
            raise Skip(f"cannot make a cgroup: {error}") from error
        return self

    def add(self, pid, name="."):
        self.write("cgroup.procs", pid, name)

    def write(self, file, value, name="."):
        with open(os.path.join(self.path, name, file), "w", encoding="ascii") as out:
            out.write(str(value))

    def read(self, file):
        with open(os.path.join(self.path, file), encoding="ascii") as text:
            return text.read()

    def __exit__(self, *_):
        end = time.monotonic() + 3
        for path in reversed(self.all):
            while os.path.isdir(path):
                try:
                    os.rmdir(path)
                except OSError:
                    if time.monotonic() > end:
                        break
                    time.sleep(0.05)


class Memory:
    """A memory cgroup for lvt alone: kernel memory of its maps is charged to it."""

    def __init__(self):
        try:
            self.group, self.v1 = Group(v1_mount("memory")), True
        except Skip:
            self.group, self.v1 = Group(v2_mount()), False

    def __enter__(self):
        self.group.__enter__()
        self.limit_file = "memory.limit_in_bytes" if self.v1 else "memory.max"
        if not os.path.exists(os.path.join(self.group.path, self.limit_file)):
            self.group.__exit__()
            raise Skip("no memory controller for a cgroup of our own")
        return self

    def limit(self, size):
        self.group.write(self.limit_file, size)

    def enter(self):
        """For preexec_fn: the process about to be is in it."""
        self.group.add(os.getpid())

    def kernel(self):
        """Bytes of kernel memory, or None if the kernel does not tell."""
        file = "memory.kmem.usage_in_bytes" if self.v1 else "memory.stat"
        pattern = r"\A(\d+)$" if self.v1 else r"^kernel (\d+)$"
        found = re.search(pattern, self.group.read(file), re.M)
        return int(found.group(1)) if found else None

    def __exit__(self, *_):
        self.group.__exit__()
