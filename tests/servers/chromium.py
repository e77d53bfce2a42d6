"""Headless Chromium over the DevTools protocol: pages asked for geometry, pictures of them, light and dark.

The protocol runs over two pipes, file descriptors 3 and 4 of the browser: JSON, each message ended by a NUL byte.
No port is opened, and nothing but the page is loaded: the browser's own calls home are switched off.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.servers import Missing, find_program
from tests.servers.processes import start, stop

PACKAGES = "chromium fonts-noto-core"
PATIENCE = 30.0  # seconds for one answer; a first start on a busy machine takes five
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--mute-audio", "--hide-scrollbars", "--no-proxy-server", "--remote-debugging-pipe",
)  # fmt: skip
# Chromium reads from 3 and writes to 4, whatever the numbers are here.
TO_3_AND_4 = 'in=$1 out=$2; shift 2; exec "$@" 3<"/proc/self/fd/$in" 4>"/proc/self/fd/$out"'


@dataclass(frozen=True)
class Page:
    """One open page."""

    browser: "Browser"
    session: str
    width: int

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression, as JSON carries it; promises are waited for."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page raised: {json.dumps(answer['exceptionDetails'], ensure_ascii=False)}")
        return answer["result"].get("value")

    def await_that(self, condition: str) -> None:
        """Until a JavaScript condition holds, also on the page a click leads to; TimeoutError when it never does."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.evaluate(condition):
                    return
            except RuntimeError:  # between two pages there is nothing to ask
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"never: {condition}")
            time.sleep(0.02)

    def picture(self, path: Path) -> Path:
        """Writes the whole page, however long, as PNG."""
        size = self.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": max(size[0], self.width), "height": size[1], "scale": 1}
        answer = self._ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def _ask(self, method: str, **parameters: object) -> Any:
        return self.browser.ask(method, self.session, **parameters)


class Browser:
    """A running Chromium with a profile of its own."""

    def __init__(self) -> None:
        """Starts it; Missing where Debian's Chromium is not installed."""
        program = find_program("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        if program is None:
            raise Missing("Chromium", PACKAGES)
        self._folder = Path(tempfile.mkdtemp(prefix="nl-chromium-"))
        self._process, self._write, self._read = _start(program, self._folder)
        self._last = 0
        self._rest = b""
        self._events: deque[dict[str, Any]] = deque(maxlen=1000)

    def open(self, source: str | Path, *, width: int = 640, height: int = 900, dark: bool = False) -> Page:
        """Loads a file or URL until it has loaded and its fonts are there, in a viewport of CSS pixels."""
        url = source.absolute().as_uri() if isinstance(source, Path) else source
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", session, features=[scheme])
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", session, **metrics)
        self.ask("Page.enable", session)
        problem = self.ask("Page.navigate", session, url=url).get("errorText")
        if problem:
            raise RuntimeError(f"{url}: {problem}")
        self._await_event("Page.loadEventFired", session)
        page = Page(self, session, width)
        page.evaluate("document.fonts.ready.then(() => true)")
        return page

    def ask(self, method: str, session: str | None = None, **parameters: object) -> Any:
        """One command of the DevTools protocol and its result."""
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear(method)
            if heard.get("id") == self._last:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return heard["result"]
            self._events.append(heard)

    def _await_event(self, method: str, session: str) -> None:
        while self._events:
            if _is(self._events.popleft(), method, session):
                return
        while not _is(self._hear(method), method, session):
            pass

    def _hear(self, what: str) -> dict[str, Any]:
        """The next message of the browser; TimeoutError when none comes."""
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"Chromium does not answer to {what}")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise RuntimeError(f"Chromium ended:\n{(self._folder / 'log').read_text(errors='replace')[-2000:]}")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        heard = json.loads(message)
        assert isinstance(heard, dict)
        return heard

    def close(self) -> None:
        os.close(self._write)
        os.close(self._read)
        stop(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is(heard: dict[str, Any], method: str, session: str) -> bool:
    return heard.get("method") == method and heard.get("sessionId") == session


def _start(program: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int, int]:
    """The browser, our end of the pipe it reads, our end of the pipe it writes."""
    to_browser, ours_out = os.pipe()
    ours_in, from_browser = os.pipe()
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_browser, from_browser)]  # off 3 and 4
    try:
        command = [str(program), *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        shell = ["/bin/sh", "-c", TO_3_AND_4, "sh", *map(str, ends), *command]
        process = start(shell, log=folder / "log", cwd=folder, inherit=ends)
    finally:
        for end in (to_browser, from_browser, *ends):
            os.close(end)
    return process, ours_out, ours_in
