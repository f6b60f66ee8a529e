# SPDX-License-Identifier: BSD-2-Clause
"""Cases: the pages of lvt compare and lvt sweep, in a browser: figures, hover texts, themes, widths."""

import json
import os
import subprocess
import sys
import tempfile

import servers
from browser import Browser
from echo import HOST, case, outcome, says
from pages import HOVERED, print_checks, quiet_checks, reading_checks
from session import CLIENT_LIMIT, LVT, ROOT, Failure

# Of the image of a sweep that is to be seen: how many there are, and how high its smallest text is.
IMAGES = """(() => {
    const seen = [...document.querySelectorAll('svg.figure')].filter((f) => f.checkVisibility());
    const heights = seen.flatMap((f) => [...f.querySelectorAll('text')])
        .map((t) => t.getBoundingClientRect().height);
    return [seen.length, Math.min(...heights)];
})()"""


def lvt(*words):
    done = subprocess.run([LVT, *words], capture_output=True, text=True, timeout=CLIENT_LIMIT, check=False)
    if done.returncode:
        raise Failure(f"{words[0]}: {done.stderr[-300:]}")
    return done.stdout


def tool_check(*paths):
    tool = os.path.join(ROOT, "tests", "lib", "html_page.py")
    done = subprocess.run([sys.executable, tool, *paths], capture_output=True, text=True, check=False)
    return done.returncode == 0, f"the page has the figures: {done.stderr[-400:]}"


def hover_check(page, part, least):
    texts = page.run(HOVERED % part)
    return len(texts) >= least and all(texts), f"texts under the pointer of {part}: {texts}"


@case("compare-page")
def compare_page():
    """redis before and after a change of its load, one run a side, in Chromium."""
    with Browser() as page, tempfile.TemporaryDirectory() as folder, servers.Redis() as redis:
        runs = [os.path.join(folder, name) for name in ("before.hlog", "after.hlog")]
        path, figures = (os.path.join(folder, name) for name in ("page.html", "page.json"))
        for run, request in zip(runs, ("PING", "ECHO " + 2000 * "x")):
            lvt("record", "-p", str(redis.port), "-i", "0.05", "-o", run, "--", LVT, "load",
                f"redis://{HOST}:{redis.port}", "--rate", "1500", "-d", "1.5", "--request", request)  # fmt: skip
        lvt("compare", *runs, "--format", "html", "-o", path)
        lvt("compare", *runs, "--format", "json", "-o", figures)
        with open(figures, encoding="utf-8") as file:
            compared = json.load(file)
        page.look(1280, False)
        page.open(f"file://{path}")
        checks = [tool_check(path, figures)]
        sections = page.run("[...document.querySelectorAll('section > h2')].map((h) => h.textContent)")
        checks.append((len(sections) == len(compared["services"]) == 2, f"sections: {sections}"))
        for i in (1, 2):
            checks.append(hover_check(page, f"#service-{i} .percentiles rect", 10))
            checks.append(hover_check(page, f"#service-{i} .ratios .track[title]", 6))
        checks.append(hover_check(page, "#service-1 .moved .track", 4))
        checks += reading_checks(page, 100)
        checks += print_checks(page)
        checks += quiet_checks(page, path)
    return outcome(sum(s["requests"]["after"] for s in compared["services"]), checks)


@case("sweep-page")
def sweep_page():
    """A short sweep of redis, in Chromium."""
    with Browser() as page, tempfile.TemporaryDirectory() as folder, servers.Redis() as redis:
        path, runs = os.path.join(folder, "page.html"), os.path.join(folder, "runs")
        lvt("sweep", f"redis://{HOST}:{redis.port}", "--rates", "200..2000", "--steps", "3", "--seconds",
            "0.3", "--warmup", "0.05", "--slo", "p99<500ms", "--runs", runs, "--format", "html",
            "-o", path)  # fmt: skip
        steps = len(os.listdir(runs))
        page.look(1280, False)
        page.open(f"file://{path}")
        checks = [tool_check(path), hover_check(page, ".figure.roomy .hover", 3)]
        rows = page.run("[...document.querySelectorAll('caption')].find((c) => c.textContent === 'Steps')"
                        ".parentElement.querySelectorAll('tbody tr').length")  # fmt: skip
        checks.append(says("rows of steps", rows, steps))
        for width in (1280, 390):
            page.look(width, False)
            images, smallest = page.run(IMAGES)
            checks.append((images == 1 and smallest > 10, f"{width}: {images} images, text {smallest} px"))
        checks.append(hover_check(page, ".figure.narrow .hover", 3))
        checks += reading_checks(page, 60)
        checks += print_checks(page)
        checks += quiet_checks(page, path)
    return outcome(steps, checks)
