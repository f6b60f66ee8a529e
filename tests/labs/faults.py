# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong while a lab is at work: nothing may be left behind, nothing lost, and it is told."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import time

import place
from place import Skip, until, want

CASES = {}
LAB = "070-nagle"
SYSTEM_LAB = "120-cpu-quota"  # it changes the host: a cgroup


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def predictions(lab):
    with open(os.path.join(place.LABS, lab, "lab.ini"), encoding="utf-8") as file:
        names = [line[9:].strip(" ]\n") for line in file if line.startswith("[predict ")]
    return [f"{name}=1" for name in names]


def started(here, lab=LAB):
    here.lvt("lab", "start", lab, "--anyway", status=0)
    here.lvt("lab", "predict", lab, *predictions(lab), status=0)


def one_line(err, *parts):
    lines = [line for line in err.splitlines() if line.startswith("lvt: ")]
    want(len(lines) == 1, f"not one line of error but {len(lines)}: {err}")
    for part in parts:
        want(part in lines[0], f"no '{part}' in: {lines[0]}")
    return lines[0]


def clean(here, cgroups_before):
    until(lambda: not place.processes(here.home), f"processes end: {place.processes(here.home)}")
    until(lambda: not place.programs(), "BPF programs are gone")
    left = place.cgroups() - cgroups_before
    want(not left, f"left behind: {left}")
    want(not os.path.exists(place.JOURNAL), "the journal of what was changed is still there")


def service_runs(here):
    return lambda: any("--port" in line for line in place.processes(here.home))


def killed(signal_number, when, words, lab=LAB):
    """Start `lvt words`, send it a signal at that moment, and let the next lvt repair what is left."""
    with place.place() as here:
        before = place.cgroups()
        started(here, lab)
        if "check" in words:
            here.lvt("lab", "run", lab)
        child = here.start(*words, lab)
        if when == "setup":
            until(lambda: place.cgroups() - before or child.poll() is not None, "it sets up")
        else:
            until(service_runs(here), "its service runs")
            time.sleep(1.0)
        want(child.poll() is None, f"it had ended before: {child.returncode}")
        child.send_signal(signal_number)
        child.communicate(timeout=60)
        here.lvt("lab", "status", lab, status=0)
        clean(here, before)
        with open(os.path.join(here.state, "progress.json"), encoding="utf-8") as file:
            progress = json.load(file)
        want(lab in progress["labs"], "the learner's progress is lost")
        want("passed" not in progress["labs"][lab], "a check that was ended counts as passed")


@case
def killed_in_setup():
    if not os.path.isdir(os.path.join(place.LABS, SYSTEM_LAB)):
        raise Skip(f"no lab {SYSTEM_LAB}")
    killed(signal.SIGKILL, "setup", ["lab", "run"], SYSTEM_LAB)


@case
def killed_in_the_baseline():
    killed(signal.SIGKILL, "run", ["lab", "run"])
    killed(signal.SIGTERM, "run", ["lab", "run"], SYSTEM_LAB)


@case
def killed_in_the_check():
    killed(signal.SIGKILL, "run", ["lab", "check"], SYSTEM_LAB)
    killed(signal.SIGINT, "run", ["lab", "check"])


@case
def two_terminals():
    with place.place() as here:
        before = place.cgroups()
        started(here)
        first = here.start("lab", "run", LAB)
        until(service_runs(here), "its service runs")
        status, _, err = here.lvt("lab", "run", LAB)
        want(status == 1, f"the second ended with {status}")
        line = one_line(err, "another lvt")
        out, err = first.communicate(timeout=60)
        want(first.returncode == 0, f"the first ended with {first.returncode}: {err}{out[-200:]}")
        clean(here, before)
        return [line]


@case
def damaged_progress():
    with place.place() as here:
        started(here)
        path = os.path.join(here.state, "progress.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"schema": "lvt.progress/1", "labs": {"070')
        _, _, err = here.lvt("lab", "list", status=0)
        kept = [name for name in os.listdir(here.state) if name.startswith("progress.json.")]
        _, _, again = here.lvt("lab", "start", LAB, "--anyway", status=0)
        kept = kept or [
            name for name in os.listdir(here.state) if name.startswith("progress.json.")
        ]
        want(len(kept) == 1, f"not kept aside once: {os.listdir(here.state)}")
        told = err + again
        want(kept[0] in told, f"where it was kept was not told: {told}")
        want(os.path.isfile(os.path.join(here.work(LAB), "service.c")), "the learner's work is gone")
        return [told.strip().splitlines()[0]]


@case
def full_disk():
    """The state on a file system of 96 kB, in a mount namespace of its own."""
    with place.place() as here:
        started(here)
        before = place.cgroups()
        script = (
            'mount -t tmpfs -o size=96k none "$1" && cp "$2" "$1/progress.json" && '
            'head -c 60000 /dev/zero >"$1/filler"; exec "$3" lab run "$4"'
        )
        copy = os.path.join(here.home, "progress.copy")
        os.rename(os.path.join(here.state, "progress.json"), copy)
        words = ["sh", "-c", script, "sh", here.state, copy, place.LVT, LAB]
        run = subprocess.run(
            ["unshare", "-m", *words],
            env=here.env,
            cwd=here.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        want(run.returncode == 1, f"it ended with {run.returncode}: {run.stderr}")
        line = one_line(run.stderr, "No space left on device")
        clean(here, before)
        return [line]


@case
def root_and_user_in_turn():
    """What lvt writes as root under sudo is the invoking user's, who can go on with it alone."""
    who = pwd.getpwnam("nobody")
    with place.place() as here:
        before = place.cgroups()
        os.chown(here.home, who.pw_uid, who.pw_gid)
        os.chmod(here.home, 0o755)
        sudo = {"SUDO_UID": str(who.pw_uid), "SUDO_GID": str(who.pw_gid), "SUDO_USER": "nobody"}
        sudo["XDG_STATE_HOME"] = os.path.join(here.home, ".local", "state")
        folder = ["--dir", os.path.join(here.home, "work")]
        here.lvt("lab", "start", LAB, "--anyway", *folder, status=0, env=sudo)
        here.lvt("lab", "predict", LAB, *predictions(LAB), status=0, env=sudo)
        _, out, _ = here.lvt("lab", "run", LAB, status=0, env=sudo)
        want("latency" in out or "p99" in out, f"no report: {out}")
        foreign = []
        for top, folders, files in os.walk(here.home):
            for name in folders + files:
                stat = os.lstat(os.path.join(top, name))
                if stat.st_uid != who.pw_uid:
                    foreign.append(os.path.join(top, name))
        want(not foreign, f"not the user's: {foreign[:5]}")
        alone = dict(XDG_STATE_HOME=sudo["XDG_STATE_HOME"])
        public = os.path.join(here.home, "lvt")
        subprocess.run(["cp", place.LVT, public], check=True)
        run = subprocess.run(
            ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
            + [public, "lab", "hint", LAB],
            env=dict(here.env, **alone),
            cwd=here.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        want(run.returncode == 0, f"as the user alone: {run.returncode} {run.stderr}")
        clean(here, before)


@case
def wrong_answers():
    """A service that is fast, as it does not do what is asked, does not pass."""
    with place.place() as here:
        started(here)
        here.lvt("lab", "run", LAB, status=0)
        shutil.copy(
            os.path.join(place.LABS, LAB, "solution", "service.c"), here.work(LAB)
        )
        header = os.path.join(here.work(LAB), "service.h")
        with open(header, encoding="utf-8") as file:
            skeleton = file.read()
        want("return ~crc;" in skeleton, "the skeleton has changed: mend this case")
        with open(header, "w", encoding="utf-8") as file:
            file.write(skeleton.replace("return ~crc;", "return crc;"))
        status, out, _ = here.lvt("lab", "check", LAB, "--max-foreign", "100", "--max-steal", "20")
        want(status in (3, 5), f"wrong answers ended with {status}: {out}")
        return out.splitlines()[:12]
