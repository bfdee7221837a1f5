"""Prefect's server as a child process that cannot outlive the one that started it.

`python -m flows.server PORT` serves until its standard input ends, which the system sees to
even when the parent is killed outright.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FACTORY = "prefect.server.api.server:create_app"
_POLL_SECONDS = 0.05


class ServerFailed(Exception):  # noqa: N818 - read in a sentence: why the engine is not used
    """The server did not answer in its time, or ended; the message says which."""


def is_healthy(api_url: str, *, seconds: float) -> bool:
    """Whether a Prefect API answers its health question within `seconds`."""
    return _is_good(f"{api_url.rstrip('/')}/health", seconds)


def is_served(port: int, *, seconds: float = 5.0) -> bool:
    """Whether the pages answer on a port of this machine."""
    return _is_good(f"http://127.0.0.1:{port}/healthz", seconds)


def _is_good(url: str, seconds: float) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


@contextmanager
def own_server(log: Path) -> Iterator["OwnServer"]:
    """Start a server on a free port, writing to `log`; it is gone when the block ends, however it ends."""
    server = OwnServer(log)
    try:
        yield server
    finally:
        server.stop()


class OwnServer:
    """A server of this process's own, starting while the caller does something else."""

    def __init__(self, log: Path) -> None:
        """Start it; `wait` tells when it answers."""
        self.port = free_port()
        self.api_url = f"http://127.0.0.1:{self.port}/api"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.server", str(self.port)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parent.parent,
                env={**os.environ, "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_UI_ENABLED": "0"},
                # Ctrl-C goes to the parent alone, which ends this one in order
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.pid

    def wait(self, *, until: float) -> None:
        """Return when the server answers; raise ServerFailed when it ends or `until` (monotonic) has come."""
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ServerFailed(f"its server ended at start with code {self._process.returncode}")
            if is_healthy(self.api_url, seconds=1):
                return
            time.sleep(_POLL_SECONDS)
        raise ServerFailed("its server did not answer in time")

    def stop(self) -> None:
        """End the server and wait for it."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    # its database is a journal of runs that SQLite keeps whole: nothing is left to do in order
    os._exit(0)


def _serve(port: int) -> None:
    threading.Thread(target=_end_with_input, daemon=True).start()
    import uvicorn

    uvicorn.run(_FACTORY, factory=True, host="127.0.0.1", port=port, log_level="error", lifespan="on")


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
