# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium, spoken to through its DevTools pipe: JSON documents, each ended by a NUL."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from session import Failure, Skip, need

LIMIT = 20


def program():
    for name in ("chromium", "chromium-browser"):
        try:
            return need(name)
        except Skip:
            pass
    raise Skip("chromium is not installed")


class Browser:
    """One page of it; usable as `with Browser() as page`."""

    def __enter__(self):
        words = [program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-dev-shm-usage", "--remote-debugging-pipe"]  # fmt: skip
        self.dir = tempfile.mkdtemp(prefix="lvt-chromium-")
        there, self.out = os.pipe()
        self.inp, back = os.pipe()
        self.number, self.text, self.events, self.session = 0, b"", [], None

        def place():  # it reads descriptor 3 and writes 4
            high = os.dup(there), os.dup(back)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [*words, f"--user-data-dir={self.dir}", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(there)
        os.close(back)
        try:
            targets = self.call("Target.getTargets")["targetInfos"]
            page = next(t["targetId"] for t in targets if t["type"] == "page")
            attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
            self.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def read(self, end):
        while b"\0" not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                return None
            chunk = os.read(self.inp, 1 << 20)
            if not chunk:
                raise Failure("chromium ended")
            self.text += chunk
        message, self.text = self.text.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + LIMIT
        while answer := self.read(end):
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise Failure(f"{method}: {answer['error']}")
            else:
                return answer["result"]
        raise Failure(f"chromium does not answer to {method}")

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while event := self.read(end):
            self.events.append(event)

    def run(self, script):
        """What an expression comes to; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                         returnByValue=True)  # fmt: skip
        if "exceptionDetails" in done:
            raise Failure(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait_for(self, script):
        """Wait until it is true; returns whether it ever was."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if self.run(script):
                return True
            self.wait(0.1)
        return False

    def open(self, url):
        self.call("Page.navigate", url=url)
        if not self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'"):
            raise Failure(f"chromium does not load {url}")

    def look(self, width, dark):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def complaints(self):
        """What stands in its console."""
        kinds = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        return [e["params"] for e in self.events if e.get("method") in kinds]

    def asked(self):
        """The addresses that it fetched."""
        sent = [e for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return {e["params"]["request"]["url"] for e in sent}

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.inp)
        os.close(self.out)
        shutil.rmtree(self.dir, ignore_errors=True)
