"""A real browser, headless, spoken to by its own protocol: pages opened, keys pressed, pictures taken."""

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_browser() -> str | None:
    """The browser of this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab."""

    def __init__(self, address: str) -> None:
        self._socket = connect(address, max_size=None)
        self._numbers = itertools.count(1)
        self.ask("Page.enable")
        self.ask("Network.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something and wait for its answer."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=30))
            if said.get("id") == number:
                assert "error" not in said, said
                return said.get("result", {})
            self._events(said)

    def _events(self, said: dict[str, Any]) -> None:
        self.loaded = said.get("method") == "Page.loadEventFired" or getattr(self, "loaded", False)

    def wait_for_load(self) -> None:
        """Wait until a page that was asked for is there."""
        while not self.loaded:
            self._events(json.loads(self._socket.recv(timeout=30)))

    def open(self, url: str) -> None:
        """Go to an address."""
        self.loaded = False
        self.ask("Page.navigate", url=url)
        self.wait_for_load()

    def act(self, expression: str) -> None:
        """Do something that leads to another page, and wait for that."""
        self.loaded = False
        self.ask("Runtime.evaluate", expression=expression, userGesture=True)
        self.wait_for_load()

    def see(self, expression: str) -> Any:
        """What an expression gives on the page; a promise is waited for."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, expression: str, seconds: float = 60) -> None:
        """Wait until an expression holds on the page, whichever that is by then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(AssertionError):  # it went to another page meanwhile
                if self.see(f"Boolean({expression})"):
                    return
            time.sleep(0.05)
        raise AssertionError(f"{expression} never held")

    def press(self, key: str, text: str = "") -> None:
        """Press a key."""
        code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, 0)
        common = {"key": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Type into whatever has the focus."""
        self.ask("Input.insertText", text=text)

    def size(self, width: int, height: int = 900) -> None:
        """Be a window of that size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    @contextmanager
    def without_scripts(self) -> Iterator[None]:
        """Run no scripts of pages meanwhile."""
        self.ask("Emulation.setScriptExecutionDisabled", value=True)
        try:
            yield
        finally:
            self.ask("Emulation.setScriptExecutionDisabled", value=False)

    def picture(self, path: Path) -> None:
        """Take a picture of the whole page."""
        found = self.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(found["data"]))

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()


@contextmanager
def browser() -> Iterator[Page]:
    """Start the browser and give its tab."""
    name = find_browser()
    assert name is not None
    with tempfile.TemporaryDirectory(prefix="leadflow-browser-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [name, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={folder}", "--remote-debugging-port=0",
             "--remote-allow-origins=*", "about:blank"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "DevTools listening on" in line)
            port = line.split("127.0.0.1:")[1].split("/")[0]
            with urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
                tabs = json.load(answer)
            page = Page(next(one["webSocketDebuggerUrl"] for one in tabs if one["type"] == "page"))
            yield page
            page.close()
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
