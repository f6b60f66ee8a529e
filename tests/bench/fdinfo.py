# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel says of another process's BPF objects, by /proc/PID/fdinfo.

bpftool can name the owner of an object only when it was built with its own BPF programs, which
Debian's is not.
"""

import dataclasses
import json
import os
import subprocess

from session import need

# Hooks for which there is an empty program (empty.bpf.c).
TRACEPOINTS = {
    "tcp_probe",
    "tcp_rcv_space_adjust",
    "tcp_sendmsg_locked",
    "sock_send_length",
    "sk_data_ready",
    "inet_sock_set_state",
    "sched_switch",
    "sched_waking",
    "sched_process_fork",
    "sched_process_exit",
    "sched_process_exec",
}
# Of these, those that are called once per message sent.
PER_MESSAGE = {"tcp_sendmsg_locked", "sock_send_length"}
# Map types whose memory is per socket or per thread: enum bpf_map_type in linux/bpf.h.
STORAGE = {"24": "connection", "29": "thread"}


@dataclasses.dataclass
class Map:
    name: str
    memlock: int  # bytes
    value_size: int  # bytes
    per: str  # "connection" or "thread" for the storages, else None


def _entries(pid):
    """Each file descriptor's fdinfo as a dictionary of strings."""
    folder = f"/proc/{pid}/fdinfo"
    for fd in os.listdir(folder):
        try:
            with open(os.path.join(folder, fd), encoding="ascii") as rows:
                pairs = (row.rstrip("\n").split(":", 1) for row in rows if ":" in row)
                yield {key: value.strip() for key, value in pairs}
        except FileNotFoundError:
            continue  # closed in the meantime


def programs(pid):
    """id -> (calls, ns of run time), cumulative, of the programs that a process holds."""
    return {
        item["prog_id"]: (int(item["run_cnt"]), int(item["run_time_ns"]))
        for item in _entries(pid)
        if "prog_type" in item and "run_cnt" in item
    }


def links(pid):
    """Program id -> hook, of a process's links: the tracepoint's name, or the link's type."""
    return {
        item["prog_id"]: item.get("tp_name") or item["link_type"]
        for item in _entries(pid)
        if "link_type" in item
    }


def difference(before, after, hooks):
    """hook -> (calls, ns) between two readings of programs(), by the hooks of links()."""
    result = {}
    for prog, (calls, ns) in after.items():
        hook = hooks.get(prog, "not linked")
        old_calls, old_ns = before.get(prog, (0, 0))
        sum_calls, sum_ns = result.get(hook, (0, 0))
        result[hook] = (sum_calls + calls - old_calls, sum_ns + ns - old_ns)
    return {hook: counts for hook, counts in result.items() if counts[0]}


def _map_names():
    """id -> name of all maps; fdinfo has no names. Empty without bpftool."""
    text = subprocess.run(
        [need("bpftool"), "-j", "map", "show"], stdout=subprocess.PIPE, check=False
    ).stdout
    try:
        return {item["id"]: item.get("name", "?") for item in json.loads(text or b"[]")}
    except json.JSONDecodeError:
        return {}


def maps(pid):
    """The maps that a process holds, each once."""
    names, found = _map_names(), {}
    for item in _entries(pid):
        if "map_type" not in item:
            continue
        number = int(item["map_id"])
        found[number] = Map(
            name=names.get(number, str(number)),
            memlock=int(item["memlock"]),
            value_size=int(item["value_size"]),
            per=STORAGE.get(item["map_type"]),
        )
    return list(found.values())
