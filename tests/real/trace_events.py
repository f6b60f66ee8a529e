#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Is a file a trace in Chrome's trace-event format that is true in itself?

    trace_events.py FILE...    prints what is wrong, exit 1 if anything is

A track is a (pid, tid). Its outermost slices are requests, or all are the stages of one; those in
them nest, never overlap. The stages of a request add up to it: as a number for each in its args
("stages_ns"), and as slices of category "stage", or with a stage's name, that have no such slice
around them.
"""

import decimal
import json
import re
import sys

PHASES = set("BEXiICbnestfPNODMVvRc(),")
STAGE = re.compile(r"(queue|service)\.[a-z]+|unattributed")


def load(text):
    """The document; times are exact decimals. Raises ValueError."""
    return json.loads(text, parse_float=decimal.Decimal)


def number(value):
    return isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool)


def ns(microseconds):
    """Whole ones: a number of us that a reader cuts off to ns may stand a tenth of one above."""
    return (decimal.Decimal(microseconds) * 1000).quantize(decimal.Decimal(1))


class Slice:
    def __init__(self, event):
        self.name, self.category = event["name"], event.get("cat", "")
        self.start = ns(event["ts"])
        self.end = self.start + ns(event["dur"])
        self.args = event.get("args") or {}
        self.inner = []

    def __str__(self):
        return f"{self.name} [{self.start}, {self.end}] ns"

    def is_stage(self):
        return "stage" in self.category.split(",") or bool(STAGE.fullmatch(self.name))

    def stages(self):
        """The stages in it, not those within one of them."""
        for each in self.inner:
            if each.is_stage():
                yield each
            else:
                yield from each.stages()


def event_defects(event):
    """What is wrong with one event on its own."""
    if not isinstance(event, dict):
        yield "is no object"
        return
    phase = event.get("ph")
    if not isinstance(phase, str) or phase not in PHASES:
        yield f"has the phase {phase!r}"
        return
    if not isinstance(event.get("name"), str) or not event["name"]:
        yield f"has the name {event.get('name')!r}"
    for name in ("pid", "tid"):
        needed = name == "pid" or phase != "M"
        good = isinstance(event.get(name), int) and not isinstance(event[name], bool)
        if not good and (needed or name in event):
            yield f"has the {name} {event.get(name)!r}"
    if phase != "M" and (not number(event.get("ts")) or event["ts"] < 0):
        yield f"has the ts {event.get('ts')!r}"
    if phase == "X" and (not number(event.get("dur")) or event["dur"] < 0):
        yield f"has the dur {event.get('dur')!r}"
    if phase in "bnestf" and not isinstance(event.get("id", event.get("id2")), (str, int, dict)):
        yield "has no id"
    if not isinstance(event.get("args", {}), dict):
        yield "has args that are no object"


def nest(slices):
    """The outermost of a track's slices, with others in them; and what overlaps."""
    outer, around, defects = [], [], []
    for each in sorted(slices, key=lambda s: (s.start, -s.end)):
        while around and around[-1].end <= each.start and not around[-1].end == each.end:
            around.pop()
        if around and each.end > around[-1].end:
            defects.append(f"{each} overlaps {around[-1]}")
        (around[-1].inner if around else outer).append(each)
        around.append(each)
    return outer, defects


def whole(stages):
    """The request of a track that has its stages alone."""
    start, end = min(each.start for each in stages), max(each.end for each in stages)
    times = {"ts": start / 1000, "dur": (end - start) / 1000}
    request = Slice({"name": "request", **times})
    request.inner = stages
    return request


def request_defects(request):
    """
    Do its stages add up to it, within 1 ns for each? Where they stand as numbers, what is drawn is the
    part that has a place in time: no more than they are.
    """
    took, given = request.end - request.start, request.args.get("stages_ns")
    drawn = list(request.stages())
    if given is None and not drawn:
        yield f"{request} has no stages"
    if given is not None:
        total = sum(given.values())
        if abs(total - took) > max(len(given), 1):
            yield f"{request}: the stages in its args are {total} ns, it is {took} ns"
    for name, ns_of in (given or {}).items():
        total = sum(stage.end - stage.start for stage in drawn if stage.name == name)
        if total > ns_of + len(drawn):
            yield f"{request}: {total} ns of {name} are drawn, it is {ns_of} ns"
    if drawn and given is None:
        total = sum(stage.end - stage.start for stage in drawn)
        if abs(total - took) > len(drawn):
            yield f"{request}: its {len(drawn)} stages are {total} ns, it is {took} ns"


def examine(document):
    """(requests, defects) of a document."""
    if isinstance(document, dict):
        unit = document.get("displayTimeUnit", "ms")
        defects = [] if unit in ("ms", "ns") else [f"displayTimeUnit is {unit!r}"]
        events = document.get("traceEvents")
    else:
        events, defects = document, []
    if not isinstance(events, list):
        return [], ["there is no array traceEvents"]
    tracks = {}
    for place, event in enumerate(events):
        wrong = [f"event {place} {text}" for text in event_defects(event)]
        defects += wrong
        if not wrong and event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(Slice(event))
    requests = []
    for track, slices in tracks.items():
        outer, overlaps = nest(slices)
        requests += [whole(outer)] if all(each.is_stage() for each in outer) else outer
        defects += [f"track {track}: {text}" for text in overlaps]
    for request in requests:
        defects += request_defects(request)
    return requests, defects


# ---- does it find what is wrong? ----


def sample(*changes, drop=None, flat=False):
    """A good document, with some values changed: (place, name, value)."""
    where = {"pid": 1, "tid": 7}
    events = [
        {"name": "process_name", "ph": "M", "pid": 1, "args": {"name": "redis-server"}},
        {"name": "request", "ph": "X", "ts": 10.001, "dur": 5.5, **where,
         "args": {"stages_ns": {"queue.busy": 2000, "service.cpu": 3500}}},
        {"name": "queue.busy", "ph": "X", "ts": 10.001, "dur": 2, **where},
        {"name": "service.cpu", "ph": "X", "ts": 12.001, "dur": 3.5, **where},
        {"name": "request", "ph": "X", "ts": 15.501, "dur": 1, **where},
        {"name": "service", "ph": "X", "ts": 15.501, "dur": 1, **where},
        {"name": "service.cpu", "ph": "X", "ts": 15.501, "dur": 1, **where},
        {"name": "acked", "ph": "i", "ts": 17, "s": "t", **where},
    ]  # fmt: skip
    for place, name, value in changes:
        events[place][name] = value
    if flat:
        del events[4:7], events[1]
    if drop:
        del events[drop[0]][drop[1]]
    return {"displayTimeUnit": "ns", "traceEvents": events}


BAD = {
    "no events": {"events": []},
    "a name that is none": sample((1, "name", 5)),
    "a phase that is none": sample((1, "ph", "Y")),
    "no pid": sample(drop=(2, "pid")),
    "a tid that is a text": sample((2, "tid", "7")),
    "no ts": sample(drop=(7, "ts")),
    "a time before the start": sample((7, "ts", -1)),
    "a time that is a text": sample((3, "ts", "12.001")),
    "no dur": sample(drop=(2, "dur")),
    "a negative dur": sample((2, "dur", -2)),
    "an overlap": sample((3, "ts", 11.9)),
    "an end after that of the request": sample((3, "dur", 3.6)),
    "stages that are too short": sample((5, "dur", 1), (6, "dur", 0.9)),
    "more drawn than there is": sample((3, "dur", 3.5), (2, "name", "service.cpu")),
    "numbers that are too large": sample((1, "args", {"stages_ns": {"service.cpu": 5503}})),
    "a request without stages": sample((5, "name", "a"), (6, "name", "b")),
}


def own_checks():
    """Does it let a good one pass, and find the defect of each bad one? (good, what)."""
    requests, defects = examine(load(json.dumps(sample())))
    yield not defects and len(requests) == 2, f"a good trace has 2 requests: {defects}"
    requests, defects = examine(load(json.dumps(sample(flat=True))))
    yield not defects and len(requests) == 1, f"a track of stages is a request: {defects}"
    for what, document in BAD.items():
        yield bool(examine(load(json.dumps(document)))[1]), f"it is found: {what}"


def main(files):
    bad = 0
    for file in files:
        with open(file, encoding="utf-8") as text:
            requests, defects = examine(load(text.read()))
        what = f"{file}: {len(requests)} requests, {len(defects)} defects"
        print(what, *defects[:50], sep="\n  ")
        bad += bool(defects) or not requests
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
