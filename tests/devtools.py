"""Headless Chromium over its DevTools protocol (a pipe of JSON messages): what a page asks for, says and shows."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 120
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--remote-debugging-pipe",
]  # fmt: skip
ONTO_3_AND_4 = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""Chromium reads commands from file descriptor 3 and answers on 4."""
NETWORK = ("Network.requestWillBeSent", "Network.webSocketCreated")
COMPLAINTS = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")


def find_chromium() -> str | None:
    """The program, if this machine has one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def chromium(program: str, profile: Path) -> Iterator[Browser]:
    """A browser, started for its user and ended after it."""
    for_it, commands = os.pipe()
    answers, from_it = os.pipe()
    command = [sys.executable, "-c", ONTO_3_AND_4, str(for_it), str(from_it), program, *FLAGS, f"--user-data-dir={profile}"]  # fmt: skip
    with open(profile.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(
            command, pass_fds=(for_it, from_it), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    os.close(for_it)
    os.close(from_it)
    try:
        yield Browser(commands, answers)
    finally:
        os.close(commands)
        os.close(answers)
        process.terminate()
        process.wait(SECONDS)


class Browser:
    """A browser: takes commands and gives answers and events, for all of its pages."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._unread, self._number = commands, answers, b"", 0

    def send(self, message: dict[str, Any]) -> int:
        """Send a command and return its number."""
        self._number += 1
        os.write(self._commands, json.dumps({**message, "id": self._number}).encode() + b"\0")
        return self._number

    def receive(self) -> dict[str, Any]:
        """The next answer or event."""
        end = time.monotonic() + SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._answers, 1 << 20) if ready else b""
            assert data, "Chromium ended or says nothing"
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\0")
        return json.loads(line)

    @contextlib.contextmanager
    def page(self) -> Iterator[Page]:
        """A page without network that shares nothing with others, not even what they stored; closed after its use."""
        page = Page(self)
        context = page.call("Target.createBrowserContext")["browserContextId"]
        page.open(context)
        yield page
        Page(self).call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page. requests: addresses that it asked for; complaints: what it wrote to the console, or should not have."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded = False

    def open(self, context: str) -> None:
        """Be a page of this context; until then, commands are for the browser."""
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result, taking note of events on the way."""
        number = self._browser.send({"method": method, "params": parameters, **self._of_session()})
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _of_session(self) -> dict[str, str]:
        return {} if self._session is None else {"sessionId": self._session}

    def _receive(self) -> dict[str, Any]:
        message = self._browser.receive()
        if message.get("sessionId") == self._session:  # not of a page before
            self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, event: dict[str, Any]) -> None:
        if method in NETWORK:
            self.requests.append(event["request"]["url"] if "request" in event else event["url"])
        if method in COMPLAINTS:
            self.complaints.append(json.dumps(event, ensure_ascii=False))
        self._loaded |= method == "Page.loadEventFired"

    def show(self, page: Path, width: int, scheme: str) -> None:
        """Load a file in a window of this width, in the colours `light` or `dark`, and wait until it is there."""
        self.requests, self.complaints, self._loaded = [], [], False
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._receive()

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"]["value"]

    def picture(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])
