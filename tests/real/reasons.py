# SPDX-License-Identifier: BSD-2-Clause
"""What a report says about why requests were slow: to find in it, and what must add up in it."""

from session import Failure

CAUSES = ("disk", "lock", "net", "pool", "sleep", "fault", "blocked")
BLOCKED = [f"service.{cause}" for cause in CAUSES]
PREEMPTED = ["queue.runq", "service.runq"]
SLEEPS = {"idle", "disk", "lock", "net", "sleep", "fault", "other"}


def part(service, name):
    """A part of a service's report, which must be there."""
    if service.get(name) is None:
        raise Failure(f'the service in the report has no "{name}"')
    return service[name]


def judge(look, *words):
    """The checks that a function yields; that the report lacks what they need is one that fails."""
    checks = []
    try:
        checks.extend(look(*words))
    except (Failure, KeyError, TypeError, IndexError, AttributeError, StopIteration) as error:
        text = error if isinstance(error, Failure) else f"it has another shape: {error!r}"
        checks.append((False, f"{look.__name__}: {text}"))
    return checks


def mean(service, *stages):
    return sum(service["stages"][stage]["mean"] for stage in stages)


def share(service, *stages):
    return mean(service, *stages) / max(service["latency_ns"]["mean"], 1e-9)


def largest(stages):
    """The name of the largest of {stage: time}."""
    return max(stages, key=stages.get)


def largest_stage(service):
    return largest({name: stage["mean"] for name, stage in service["stages"].items()})


def shares(service, least=0.02):
    """For failure texts: the stages that matter, largest first."""
    stages = {name: share(service, name) for name in service["stages"]}
    names = sorted((name for name in stages if stages[name] >= least), key=stages.get, reverse=True)
    return ", ".join(f"{name} {stages[name]:.0%}" for name in names)


def rows(service, stage, table="blocked_on"):
    return [row for row in part(service, table) if row["stage"] == stage]


def brief(found):
    """For failure texts: what some rows say."""
    names = ("stage", "syscall", "peer", "peer_comm", "waker", "comm", "pid")
    texts = []
    for row in found[:6]:
        words = [str(row[name]) for name in names if row.get(name) is not None]
        other = ["other"] if row["other"] else []
        texts.append(" ".join([*words, *other, f"{row['count']} x, {row['share']:.1%}"]))
    return "; ".join(texts) or "no row"


# ---- what every report must say ----


def law_checks(service):
    """Little's law, for a load that is steady enough: (good, what)."""
    law = service["littles_law"]
    error = law["relative_error"]
    what = f"{law['in_flight_sampled']:.2f} in flight sampled, {law['in_flight_predicted']:.2f} by "
    yield error < 0.02, f"{what}Little's law: {error:.2%} apart"


def checks(service):
    """What must add up, for any load: (good, what)."""
    looks = {
        "blocked_on adds up to the blocked stages": [table_defects, "blocked_on", BLOCKED],
        "preempted_by adds up to *.runq": [table_defects, "preempted_by", PREEMPTED],
        "queue_blocked adds up to queue.blocked": [sleep_defects],
        "each slow request adds up": [slowest_defects],
    }
    for what, (look, *words) in looks.items():
        defects = [text for _, text in judge(look, service, *words)]
        yield not defects, "; ".join([what, *defects[:4]])


def near(a, b, requests=0):
    """Equal but for rounding: means are printed with at least 3 decimals."""
    return abs(a - b) <= 0.1 + 0.01 * requests + 1e-6 * abs(b)


def table_defects(service, table, stages):
    """The rows of a stage are all of its time; a share is of the whole latency."""
    requests, found = service["requests"], part(service, table)
    whole = service["latency_ns"]["mean"] * requests if requests else 0
    for stage in stages:
        total = sum(row["total_ns"] for row in rows(service, stage, table))
        expected = mean(service, stage) * requests if requests else 0
        if not near(total, expected, requests):
            yield False, f"{stage} is {expected:.0f} ns, its rows {total}"
    by_size = [(row["other"], -row["total_ns"]) for row in found]
    if by_size != sorted(by_size):
        yield False, "the most is not first"
    for row in found:
        if row["stage"] not in stages:
            yield False, f"a row of {row['stage']}"
        counted = row["count"] is None if row["other"] else row["count"] > 0
        if not counted or abs(row["share"] * whole - row["total_ns"]) > 1 + 1e-3 * whole:
            yield False, f"count or share is not that of {row['total_ns']} ns: {brief([row])}"
        named = any(row.get(name) is not None for name in ("syscall", "peer", "waker", "comm"))
        if named and row["other"]:
            yield False, f"a row for others has a name: {brief([row])}"


def sleep_defects(service):
    slept = part(service, "queue_blocked")
    if set(slept) != SLEEPS:
        yield False, f"its causes are {sorted(slept)}"
    total, expected = sum(slept.values()), mean(service, "queue.blocked")
    if not near(total, expected):
        yield False, f"{total:.3f} and {expected:.3f} ns"


def slowest_defects(service):
    """A slow request that is kept whole adds up, and its waits lie within it."""
    found = part(service, "slowest")
    if not service["requests"] or not found:
        if service["requests"] or found:
            yield False, f"{len(found)} of {service['requests']} requests"
        return
    took, most = [each["latency_ns"] for each in found], service["latency_ns"]["max"]
    if took != sorted(took, reverse=True):
        yield False, f"the slowest is not first: {took[:5]}"
    if not 0.94 * most <= took[0] <= 1.06 * most:
        yield False, f"the slowest is {took[0]} ns, the maximum {most}"
    for each in found:
        for defect in exemplar_defects(each):
            yield False, f"the one of {each['latency_ns']} ns: {defect}"


def exemplar_defects(each):
    latency, total = each["latency_ns"], sum(each["stages_ns"].values())
    if total != latency:
        yield False, f"its stages are {total} ns"
    marks = [each[name] for name in ("read_ns", "reply_ns", "done_ns")]
    if [0, *marks] != sorted([0, *marks]) or marks[-1] != latency:
        yield False, f"its marks are {marks}"
    later = [each[name] for name in ("sent_ns", "acked_ns") if each[name] is not None]
    if any(mark < latency for mark in later):
        yield False, f"it was sent or acknowledged after {later}"
    if any(not 0 <= wait["start_ns"] <= wait["end_ns"] <= latency for wait in each["waits"]):
        yield False, f"a wait is not within it: {each['waits']}"
    for stage in {wait["stage"] for wait in each["waits"]}:
        waits = sum(w["end_ns"] - w["start_ns"] for w in each["waits"] if w["stage"] == stage)
        if waits > each["stages_ns"].get(stage, 0):
            yield False, f"its waits in {stage} are {waits} ns, more than that stage has"
