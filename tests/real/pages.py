# SPDX-License-Identifier: BSD-2-Clause
"""Cases: the page of lvt report, in a browser: its figures, hover texts, themes, widths."""

import json
import os
import re
import subprocess
import sys
import tempfile

import servers
from browser import Browser
from echo import HOST, case, outcome, says
from serving import shown
from session import CLIENT_LIMIT, LVT, ROOT, Failure

RATES = {"redis": 1500, "nginx": 800}  # requests a second
SECONDS = 2

# The ids of the sections, in order.
SECTIONS = "[...document.querySelectorAll('section')].map((s) => s.id)"

# What stands in the tiles of a section, by its name.
TILES = """Object.fromEntries([...document.querySelectorAll('#%s .tiles > div')]
    .map((d) => [d.children[0].textContent, d.children[1].textContent]))"""

# The texts of a drawing under the pointer: what is there on top, at the middle of each of its parts that
# is wide enough to be hit.
HOVERED = """(() => {
    const of = (e) => e && (e.querySelector(':scope > title')?.textContent
                            ?? e.closest('[title]')?.getAttribute('title'));
    const parts = [...document.querySelectorAll('%s')];
    return parts.filter((part) => part.getBoundingClientRect().width >= 2).map((part) => {
        part.scrollIntoView({block: 'center'});
        const box = part.getBoundingClientRect();
        return of(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)) || '';
    });
})()"""

# Texts that can be seen, whose contrast with what is behind them is under 4.5 (WCAG 2.2, 1.4.3).
PALE = """(() => {
    const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
    const level = (c) => c.slice(0, 3).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = {};
    let seen = 0;
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement;
        if (!texts.currentNode.textContent.trim() || e.closest('svg') || !e.checkVisibility()) continue;
        const both = [level(rgb(getComputedStyle(e).color)), level(behind(e))].sort((a, b) => b - a);
        const contrast = (both[0] + 0.05) / (both[1] + 0.05);
        seen++;
        if (contrast < 4.5) found[texts.currentNode.textContent.slice(0, 30)] = contrast.toFixed(2);
    }
    return [seen, found];
})()"""

# How the colours of a map stand out from the page, and how they go from one to the next.
COLOURS = """(() => {
    const level = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const page = level(getComputedStyle(document.body).backgroundColor);
    const keys = document.querySelectorAll('#service-1 .heat-key .key');
    return [...keys].map((k) => level(getComputedStyle(k).backgroundColor))
        .map((v) => (Math.max(v, page) + 0.05) / (Math.min(v, page) + 0.05));
})()"""


def record(folder):
    """A run of redis and nginx, each under a load of its own; its page and its report."""
    run, page, report = (os.path.join(folder, name) for name in ("run.hlog", "run.html", "run.json"))
    with servers.Redis() as redis, servers.Nginx() as nginx:
        loads = " & ".join(
            f"{LVT} load {target} --rate {rate} -d {SECONDS}"
            for target, rate in ((f"{HOST}:{redis.port} --protocol redis", RATES["redis"]),
                                 (f"http://{HOST}:{nginx.port}/", RATES["nginx"]))
        )  # fmt: skip
        command = [LVT, "record", "-p", f"{redis.port},{nginx.port}", "-i", "0.1", "-o", run, "--",
                   "sh", "-c", f"{loads} & wait"]  # fmt: skip
        for words in (command, [LVT, "report", run, "--format", "html", "-o", page],
                      [LVT, "report", run, "--format", "json", "-o", report]):  # fmt: skip
            done = subprocess.run(words, capture_output=True, text=True, timeout=CLIENT_LIMIT,
                                  check=False)  # fmt: skip
            if done.returncode:
                raise Failure(f"{words[1]}: {done.stderr[-300:]}")
    with open(report, encoding="utf-8") as file:
        return page, report, json.load(file)


def figure_checks(page, paths, report):
    """The tiles, the columns over time, and every figure as the tool for pages has it."""
    tool = os.path.join(ROOT, "tests", "lib", "html_page.py")
    done = subprocess.run([sys.executable, tool, *paths], capture_output=True, text=True, check=False)
    yield done.returncode == 0, f"the page has the report's figures: {done.stderr[-400:]}"
    wanted = [f"{what}-{i + 1}" for what in ("service", "client") for i in range(2)]
    yield says("sections", page.run(SECTIONS), wanted)
    for name, of in zip(wanted, report["services"] + report["clients"]):
        tiles = page.run(TILES % name)
        figures = {k: shown(of["latency_ns"][k]) for k in ("p50", "p99", "max", "mean")}
        yield says(f"tiles of {name}", {k: tiles.get(k) for k in figures}, figures)


def number(text):
    found = re.search(r": ([\d,]+) request", text)
    return int(found[1].replace(",", "")) if found else 0


def hover_checks(page, report):
    for part in ("#service-%d .heat rect", "#service-%d .over-time:not(.heat) rect", "#client-%d .heat rect",
                 "#service-%d .percentiles rect", "#service-%d .anatomy .bars:not(.thin) .slice",
                 "#service-%d .timeline .block"):  # fmt: skip
        for i in (1, 2):
            texts = page.run(HOVERED % (part % i))
            yield len(texts) > 1 and all(texts), f"texts under the pointer of {part % i}: {texts}"
            if ".heat " not in part:
                continue
            of = report["services" if "service" in part else "clients"][i - 1]
            yield says(f"requests in {part % i}", sum(map(number, texts)), of["latency_ns"]["count"])
            most = shown(of["latency_ns"]["max"])
            near = [t for t in texts if t.endswith(f"max {most}")]
            yield bool(near), f"a column with the maximum, {most}: {texts}"


def views(page):
    """The page on a screen and a phone, in light and dark, all of it open; their names."""
    for width in (1280, 390):
        for dark in (False, True):
            page.look(width, dark)
            page.run("document.querySelectorAll('details').forEach((d) => d.open = true)")
            page.wait(0.1)
            wide = page.run("document.documentElement.scrollWidth")
            yield f"{width} px wide, dark {dark}", wide <= width


def reading_checks(page, least):
    """At least so many texts, all with contrast, and nothing beyond the edge."""
    for name, fits in views(page):
        yield fits, f"{name}: nothing beyond the edge"
        seen, pale = page.run(PALE)
        yield seen > least and not pale, f"{name}: of {seen} texts, too pale: {pale}"


def look_checks(page):
    fills = []
    yield from reading_checks(page, 300)
    for name, _ in views(page):
        steps = page.run(COLOURS)
        yield len(steps) > 2 and steps[0] >= 3, f"{name}: contrast of the colours {steps}"
        apart = all(b > 1.2 * a for a, b in zip(steps, steps[1:]))
        yield apart, f"{name}: the colours go one way: {steps}"
        fills.append(page.run("getComputedStyle(document.querySelector('.heat path')).fill"))
    yield len(set(fills)) == 2 and fills[:2] == fills[2:], f"colours of the themes: {fills}"


def quiet_checks(page, path):
    """Nothing stands in the console, and nothing else was fetched."""
    page.wait(0.1)
    yield page.complaints() == [], f"console: {page.complaints()}"
    asked = {u for u in page.asked() if not u.startswith("data:")}
    yield says("asked", asked, {f"file://{path}"})


def print_checks(page):
    """On paper all is dark on white, and nothing that has to be opened is there."""
    page.call("Emulation.setEmulatedMedia", media="print",
              features=[{"name": "prefers-color-scheme", "value": "dark"}])  # fmt: skip
    page.run("document.querySelectorAll('details').forEach((d) => d.open = false)")
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    yield says("the ground of paper", ground, "rgb(255, 255, 255)")
    pale = page.run(PALE)[1]
    yield not pale, f"too pale on paper: {pale}"
    there = page.run("[...document.querySelectorAll('summary')].some((s) => s.checkVisibility())")
    yield not there, "nothing to be opened is on paper"


@case("report-page")
def report_page():
    """redis and nginx, services and clients, in Chromium."""
    with Browser() as page, tempfile.TemporaryDirectory() as folder:
        path, report_path, report = record(folder)
        page.look(1280, False)
        page.open(f"file://{path}")
        checks = list(figure_checks(page, (path, report_path), report))
        checks += hover_checks(page, report)
        checks += look_checks(page)
        checks += print_checks(page)
        checks += quiet_checks(page, path)
    return outcome(sum(s["requests"] for s in report["services"]), checks)
