# SPDX-License-Identifier: BSD-2-Clause
"""Check an HTML report: html_page.py PAGE [JSON [live]]. Well-formed, self-contained, of bounded size; with
the JSON of the same run or comparison, that its figures stand in the page, each where it belongs."""
import html.parser
import json
import math
import re
import sys

VOID = {"meta", "link", "br", "hr", "img", "input", "path", "rect", "circle"}
SHAPES = {"path", "rect", "circle"} # closed by themselves, or with a title inside
INLINE = {"span", "b", "i", "small", "a", "code", "em", "strong", "del"}
BLOCK = {"div", "p", "dl", "ul", "table", "figure", "section", "article", "details", "h1", "h2",
         "h3", "h4", "nav", "header", "footer", "main", "svg", "pre", "ol", "blockquote"}
INSIDE = {"tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "li": {"ul", "ol"}, "caption": {"table"},
          "dt": {"div"}, "dd": {"div"}, "summary": {"details"}, "figcaption": {"figure"},
          "path": {"svg", "pattern"}, "rect": {"svg", "g"}, "circle": {"svg"}, "g": {"svg"},
          "text": {"svg"}, "tspan": {"text"}, "defs": {"svg"}, "pattern": {"defs"},
          "thead": {"table"}, "tbody": {"table"}}
MOST_WAITS = 60 # rows of a table; of more the page tells how many
NAMES = {"html", "head", "body", "title", "style", *VOID, *INLINE, *BLOCK, *INSIDE}


class Page(html.parser.HTMLParser):
    """Every tag is known, closed, and in a place where it may be; collects what the tests look at."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.ids, self.links = [], set(), set()
        self.tables, self.sections, self.text = [], {}, []
        self.section = None
        self.feed(text)
        self.close()
        assert not self.stack, f"not closed: {self.stack}"
        assert self.links <= self.ids, f"links to nowhere: {self.links - self.ids}"

    def handle_starttag(self, tag, attrs):
        where = f"<{tag}> in {self.stack}, line {self.getpos()[0]}"
        names = [name for name, _ in attrs]
        assert tag in NAMES, where
        assert len(names) == len(set(names)), where
        assert not {n for n in names if n.startswith("on") or n in ("src", "srcset")}, where
        if tag in INSIDE:
            assert self.stack[-1] in INSIDE[tag], where
        if tag in BLOCK:
            assert not set(self.stack) & (INLINE | {"p"}), where
        for name, value in attrs:
            if name == "id":
                assert value not in self.ids, f"twice: {value}"
                self.ids.add(value)
            elif name == "href" and tag == "a" and value.startswith("https://"): # of an article's sources
                assert ("rel", "noreferrer") in attrs, value
            elif name == "href" and tag == "a":
                assert value.startswith("#"), value
                self.links.add(value[1:])
            elif name == "href":
                assert value == "data:,", value
        if tag == "section":
            self.section = dict(attrs)["id"]
            self.sections[self.section] = {"text": [], "tables": []}
        elif tag == "table":
            self.table = {"caption": [], "rows": []}
            (self.sections[self.section]["tables"] if self.section else self.tables).append(self.table)
        elif tag == "tr":
            self.table["rows"].append([])
        elif tag in ("td", "th"):
            self.table["rows"][-1].append("")
        if tag not in VOID or tag in SHAPES and not self.closed(tag):
            self.stack.append(tag)

    def closed(self, tag):
        return self.get_starttag_text().endswith("/>")

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID, tag
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, f"</{tag}> in {self.stack}, line {self.getpos()[0]}"
        self.stack.pop()
        if tag == "section":
            self.section = None

    def handle_data(self, data):
        if "style" in self.stack:
            return
        self.text.append(data)
        if self.section:
            self.sections[self.section]["text"].append(data)
        if "caption" in self.stack:
            self.table["caption"].append(data)
        elif "td" in self.stack or "th" in self.stack:
            self.table["rows"][-1][-1] += data

    def rows(self, section, caption):
        """The rows of all tables of a section that are called so, without their headers."""
        tables = self.sections[section]["tables"] if section else self.tables
        return [r for t in tables if "".join(t["caption"]) == caption for r in t["rows"][1:]]


def words(parts):
    return re.sub(r"[\s\u00a0]+", " ", " ".join(parts))


# --- numbers as people read them: a second account of what base/units.h says

def scaled(value, units, up=1e3):
    value = float(value)
    for i, (name, tenths, hundredths) in enumerate(units):
        if i + 1 == len(units) or value < up - 0.5:
            digits = 0 if not value else 2 if value < hundredths - 0.005 else 1 if value < tenths - 0.05 else 0
            return f"{value:.{digits}f} {name}"
        value /= up


def ns(value):
    if value is None:
        return "unknown"
    assert value < 999.5e9
    return scaled(value, [("ns", 0, 0), ("µs", 10, 0), ("ms", 100, 0), ("s", 100, 0)])


def count(value):
    return "unknown" if value is None else f"{value:,}"


def rate(value):
    return scaled(value, [("/s", 10, 0), ("k/s", 100, 10), ("M/s", 100, 10)])


def share(value):
    percent = 100 * value
    return "<1 %" if 0 < percent < 0.5 else f"{math.floor(percent + 0.5)} %"


# --- the JSON report in the page

def check_waits(page, section, service, missing):
    for name, captions in (("blocked_on", ("Waited for, while blocked", "The other waits")),
                           ("preempted_by", ("Ran instead, while ready without a CPU",
                                             "The others that ran instead"))):
        rows = [r for c in captions for r in page.rows(section, c)]
        for w in service[name][:MOST_WAITS]:
            figures = [count(w["count"]), ns(w["total_ns"] / service["requests"]),
                       ns(w["total_ns"]), share(w["share"])]
            known = [str(w.get(k)) for k in ("syscall", "peer", "peer_comm", "waker") if w.get(k)]
            known += [w["comm"]] if w.get("comm") and w.get("pid") else []
            if not any(r[0] == w["stage"] and r[2:] == figures and all(k in r[1] for k in known)
                       for r in rows):
                missing.append((name, w, figures))


def check_dists(page, section, service, missing):
    def look(caption, name, cells):
        if [name, *cells] not in page.rows(section, caption):
            missing.append((caption, name, cells))

    for name, d in service["stages"].items():
        if d["count"]:
            look("Stages, over all requests", name, [
                ns(d["mean"]), share(d["share"]), ns(d["p50"]), ns(d["p90"]), ns(d["p99"]),
                ns(d["p99_9"]), ns(d["max"]), count(d["count"])])
    for name, d in service["net"].items():
        look("Network, outside the latency", name, [count(d["count"] if d else 0)] + [
            ns(d[k] if d else None) for k in ("mean", "p50", "p90", "p99", "max")])
    anatomy = service["anatomy"]
    for name in anatomy[0]["stages_ns"]:
        cells = [(a["stages_ns"][name], a["latency_ns"]) for a in anatomy]
        if any(c[0] for c in cells):
            look("Where the time went, by percentile", name,
                 [f"{ns(v)} {share(v / of)}" if v else "0 ns" for v, of in cells])
    look("Where the time went, by percentile", "= latency", [ns(a["latency_ns"]) for a in anatomy])
    look("Where the time went, by percentile", "requests", [count(a["requests"]) for a in anatomy])
    d = service["latency_ns"]
    for name, key in (("min", "min"), ("50", "p50"), ("90", "p90"), ("99", "p99"), ("max", "max")):
        if not any(r[:2] == [name, ns(d[key])] for r in page.rows(section, "Latency by percentile")):
            missing.append(("percentile", name, ns(d[key])))


def check_course(page, section, requests, missing):
    """Whatever a run's intervals are, its requests are all in the table over time; of a run that goes on
    the last ones are not yet."""
    rows = page.rows(section, "Over time")
    found = sum(int(r[1].replace(",", "")) for r in rows)
    if rows and found != requests and not (sys.argv[3:] == ["live"] and found < requests):
        missing.append((section, "requests over time", found, requests))


def check_service(page, section, service, missing):
    text = words(page.sections[section]["text"])
    says = [f["text"] for f in service["findings"]] + [f'{count(service["requests"])} request']
    if service["requests"]:
        d = service["latency_ns"]
        says += [ns(d[k]) for k in ("mean", "min", "p50", "p90", "p99", "p99_9", "max")]
        says += [rate(service["throughput_rps"]), f'{service["connections"]:,} connection']
        says += [f"{count(v)} {k.replace('_', '-')}" for k, v in service["exchanges"].items()
                 if v or k != "streaming"]
        for i, x in enumerate((service["slowest"] or [])[:5]):
            says += [f'#{i + 1} {ns(x["latency_ns"])}', f'read {ns(x["read_ns"])}']
            says += [f"{k} {ns(v)} {share(v / x['latency_ns'])}" for k, v in x["stages_ns"].items()
                     if v > 0.01 * x["latency_ns"]]
        for o in service["outbound"] or []:
            says += [o["peer"], count(o["requests"]), ns(o["last_byte_ns"]["p99"])]
        check_dists(page, section, service, missing)
        check_waits(page, section, service, missing)
        check_course(page, section, service["requests"], missing)
    missing += [(section, s) for s in says if words([s]) not in text]


def quantile(client, of, key):
    """null among the failed ones."""
    value = client[of][key]
    return "failed" if value is None and client["failed"] else ns(value)


def check_client(page, section, client, missing):
    text = words(page.sections[section]["text"])
    says = [f["text"] for f in client["findings"] + client["warnings"]]
    says += [f'client of {client["target"]}', f'{client["protocol"]} {client["request"]}',
             f'{count(client["latency_ns"]["count"])} request']
    if client["ok"]:
        says += [f"{k} {quantile(client, 'latency_ns', k)}" for k in ("p50", "p90", "p99", "max")]
        says += [f'mean {ns(client["latency_ns"]["mean"])}', f'{count(client["connections"])} connection']
        if client["between_mean_ns"] is not None:
            says.append(f'{ns(client["kernel_latency_mean_ns"])} in the service (kernel) + '
                        f'{ns(client["between_mean_ns"])} between')
        for name, of in (("late: the load itself", "lateness_ns"),
                         ("no free connection", "connection_ns"),
                         ("answer: sent to last byte", "answer_ns"),
                         ("= latency, from when it was due", "latency_ns")):
            row = [name, ns(client[of]["mean"])] + [
                quantile(client, of, k) for k in ("p50", "p90", "p99", "p99_9", "max")]
            if row not in page.rows(section, "What the latency is made of"):
                missing.append((section, row))
        check_course(page, section, client["latency_ns"]["count"], missing)
        beyond = client["failed"] / client["latency_ns"]["count"]
        for row in page.rows(section, "Latency by percentile"):
            part = {"min": 0, "max": 1}[row[0]] if row[0].startswith("m") else float(row[0]) / 100
            if (row[1] == "failed") != (part > 1 - beyond or part == 1 and beyond > 0):
                missing.append((section, row))
    missing += [(section, s) for s in says if words([s]) not in text]


def check_trace(page, report, missing):
    counters = {r[0]: r[2] for r in page.rows(None, "Counters")}
    for kind in ("loss", "gaps", "notes"):
        for name, value in report[kind].items():
            shown = ns(value) if name.endswith("_ns") else count(value)
            if name != "total" and counters.get(name) != shown:
                missing.append(("counter", name, value))
    hooks = [r[1] for r in page.rows(None, "Hooks")]
    missing += [("hook", h) for h in report["run"]["hooks"].values() if not set(h.split(", ")) <= set(hooks)]


def check_report(page, report):
    text, missing = words(page.text), []
    traced = report["run"]["hooks"] is not None
    says = [report["run"][k] or "unknown" for k in ("host", "started", "filter")[:3 if traced else 2]]
    says += [w["text"] for w in report["warnings"]]
    says += [w["text"] for s in report["services"] for w in s["warnings"]]
    missing += [("page", s) for s in says if words([s]) not in text]
    if traced:
        check_trace(page, report, missing)
    assert len(page.sections) == len(report["services"]) + len(report["clients"])
    for i, client in enumerate(report["clients"]):
        check_client(page, f"client-{i + 1}", client, missing)
    for i, service in enumerate(report["services"]):
        check_service(page, f"service-{i + 1}", service, missing)
    assert not missing, "\n".join(map(str, missing))


# --- the JSON of a comparison in its page

def ratio(value):
    if value is None:
        return "-"
    return f"{value:.{3 if value < 2 else 2 if value < 100 else 0}f}"


def metric(name, value):
    return rate(value) if name == "throughput" else ns(value)


def check_compared(page, section, service, missing):
    text = words(page.text)
    says = [service["verdict"]["text"], service["name"],
            f'{count(service["requests"]["before"])} requests before, '
            f'{count(service["requests"]["after"])} after']
    missing += [(section, s) for s in says if words([s]) not in text]
    for name, m in service["metrics"].items():
        row = [name, metric(name, m["before"]), metric(name, m["after"]), ratio(m["ratio"])]
        if row not in [r[:4] for r in page.rows(section, "What changed")]:
            missing.append((section, row))
    rows = page.rows(section, "Latency by percentile")
    for side, column in (("before", 1), ("after", 3)):
        for p in service["percentiles"][side]:
            name = "max" if p["per"] is None else "min" if p["per"] == 1 else f'{100 - 100 / p["per"]:.12g}'
            if not any(r[0] == name and r[column] == ns(p["ns"]) for r in rows):
                missing.append((section, side, name, ns(p["ns"])))
    for a in service["anatomy"]:
        rows = page.rows(section, f'Stages near {a["at"]}')
        for name, st in a["stages"].items():
            row = [name, ns(st["before_ns"]), ns(st["after_ns"])]
            if rows and (st["before_ns"] or st["after_ns"]) and row not in [r[:3] for r in rows]:
                missing.append((section, row))


def check_comparison(page, view):
    text, missing = words(page.text), []
    rows = page.rows(None, "Under what the runs were made")
    for c in view["conditions"]:
        row = [c["name"], c["before"] or "none", c["after"] or "none"]
        if (c["before"] != c["after"] or c["warns"]) and row not in [r[:3] for r in rows]:
            missing.append(("condition", row))
    says = view["firmer"] + [f"{f['text']}: {f['answer'].replace('_', ' ')}" for f in view["fail_if"]]
    missing += [("page", s) for s in says if words([s]) not in text]
    assert len(page.sections) == len(view["services"])
    for i, service in enumerate(view["services"]):
        check_compared(page, f"service-{i + 1}", service, missing)
    assert not missing, "\n".join(map(str, missing))


# --- the JSON of the learning path in its page

def check_path(page, path):
    text, missing = words(page.text), []
    parts = path["resources"] + path["supplementary"]
    says = [path[k] for k in ("title", "about", "note")] + [p["title"] for p in parts]
    rows = page.rows(None, "The path")
    for phase in path["phases"]:
        for unit in phase["units"]:
            mark = {"done": "✓", "locked": "–", "open": "·"}[unit["state"]]
            mark = "▸" if path["next"] and path["next"]["id"] == unit["id"] else mark
            row = [f'{mark} {unit["number"]} {unit["title"]}', unit["focus"], f'{unit["minutes"]:.0f} min']
            missing += [] if row in [r[:3] for r in rows] else [row]
            labs = page.rows(unit["id"], "Labs of this unit")
            for lab in unit["labs"]:
                row = [f'{lab["minutes"]:.0f} min', lab["serves"], lab["pays"]]
                if not any(r[2:] == row and lab["id"][:3] in r[0] and lab["title"] in r[0] for r in labs):
                    missing.append((unit["id"], row))
            parts = parts + [unit]
    missing += [("page", s) for s in says if words([s]) not in text]
    assert set(page.sections) == {p["id"] for p in parts} | {"checklist"}, page.sections.keys()
    assert not missing, "\n".join(map(str, missing))


CHECKS = {"lvt.report/1": check_report, "lvt.compare/1": check_comparison, "lvt.path/1": check_path}


def main():
    raw = open(sys.argv[1], "rb").read()
    text = raw.decode() # strictly UTF-8
    assert len(raw) <= 500000, len(raw)
    assert text.startswith("<!DOCTYPE html>\n<html lang=\"en\">") and text.endswith("</html>\n")
    assert not re.search(r"@import|url\((?!#)|<script", text, re.I)
    # but for the addresses that an article of the course names
    assert '<div id="top" class="course">' in text or not re.search(r"(https?:)?//[a-z]", text, re.I)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)
    assert not re.search(r"\bnan\b|\binf\b", text, re.I), re.search(r".*\bnan\b|\binf\b.*", text)
    assert not re.search(r"<[^a-z/!]", text), "a < that is not a tag's"
    page = Page(text)
    if len(sys.argv) > 2:
        view = json.load(open(sys.argv[2]))
        CHECKS[view["schema"]](page, view)


main()
