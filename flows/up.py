"""`leads up`: all that one machine needs under one parent, which waits until it answers, heals it and stops it.

Whatever is killed is started again; what was being done is found by whoever comes next, because every step may be run
again. A parent that is killed takes its children along: the system closes the input that each of them reads.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.settings import Settings
from flows.api import Api, ApiFailed, time_of
from flows.children import ROOT, Child, Service, environment
from flows.console import Refused, aside
from flows.runs import active, process_of, reap
from flows.server import free_port, is_healthy, is_served
from tasks.claims import take_lock

PORT = 4200
WEB_PORT, INTERNAL_PORT = 8600, 8601
POOL = "local-process"
START_SECONDS = 180.0
#: The parts of a stop, in seconds: a flow may end, then it is asked to, then it is ended; 30 in all.
_FLOW_MAY_END, _FLOW_IS_ASKED, _CHILD_MAY_END = 15.0, 5.0, 2.0
_BETWEEN_LOOKS = 0.5
_SCAN_FRESH, _LOOP_FRESH = 30.0, 90.0
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_CLIENT_MAX_RETRIES": "8",
    # a run every five minutes: those of a quarter of a year are kept
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}


class NotUp(Refused):
    """It could not be started, or not all of it; exit code 1."""


@dataclass
class Up:
    """The parent of one machine's processes."""

    settings: Settings
    port: int
    began: datetime
    web_ports: tuple[int, int] = (WEB_PORT, INTERNAL_PORT)
    children: list[Child] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    hurry: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of Prefect's page, and of its API below /api."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> Api:
        """Prefect's API."""
        return Api(f"{self.url}/api")

    @property
    def environment(self) -> dict[str, str]:
        """What every child is told: where Prefect is, and leadflow's settings as this process read them."""
        home = os.environ.get("PREFECT_HOME") or str(self.settings.home / "prefect")
        told = {"PREFECT_HOME": home, "PREFECT_API_URL": f"{self.url}/api", "PREFECT_UI_API_URL": f"{self.url}/api"}
        # its page is copied there; where it is installed may not be written to
        told["PREFECT_UI_STATIC_DIRECTORY"] = str(Path(home) / "ui")
        quiet = {name: value for name, value in _QUIET.items() if name not in os.environ}
        return environment(**quiet, **told, **told_of(self.settings))

    def services(self) -> list[Service]:
        """All that runs, in the order of its start."""
        ports = self.web_ports
        return [
            Service("web", ("flows.web", *map(str, ports)), lambda: all(map(is_served, ports))),
            post_loop(self.settings),
            Service("server", ("flows.server", str(self.port)), self._server_answers),
            Service("worker", ("flows.worker", POOL, worker_name()), self._worker_answers, 300.0, False),
            Service("scan", ("flows.scan", f"{self.url}/api"), self._scan_answers),
        ]

    def _server_answers(self) -> bool:
        return is_healthy(f"{self.url}/api", seconds=5)

    def _worker_answers(self) -> bool:
        # it says itself every half a minute that it is there; a server that is away is not its fault
        with suppress(ApiFailed):
            times = [time_of(one["last_heartbeat_time"]) for one in self.api.workers(POOL)]
            return any(at is not None and at > self.began for at in times) and _is_fresh(times, 120.0)
        return True

    def _scan_answers(self) -> bool:
        said = read_note(self.settings.up / "scan.json")
        return said is not None and _is_fresh([time_of(said["at"])], _SCAN_FRESH)

    def start(self) -> None:
        """Start everything and wait until it answers; NotUp when that fails or takes too long."""
        for name in ("scan.json", "posts.json"):
            (self.settings.up / name).unlink(missing_ok=True)
        until = time.monotonic() + START_SECONDS
        for service in self.services():
            child = Child(service, self.settings.up / f"{service.name}.log", self.environment)
            self.children.append(child)
            child.start()
            if service.name == "server":
                self._wait(service.answers, until, child)
            if service.name == "worker":
                self._wait(self._has_pool, until, child)
                self._deploy()
        for child in self.children:
            self._wait(child.service.answers, until, child)

    def _has_pool(self) -> bool:
        with suppress(ApiFailed):
            return self.api.pool(POOL) is not None
        return False

    def _wait(self, holds: Callable[[], bool], until: float, child: Child) -> None:
        while not holds():
            if self.stop.is_set():
                raise KeyboardInterrupt
            if child.pid is None or time.monotonic() > until:
                why = "ended" if child.pid is None else "does not answer"
                raise NotUp(f"the {child.service.name} {why}; {child.log} says why")
            self.stop.wait(0.2)

    def _deploy(self) -> None:
        """Register every deployment of prefect.yaml with its schedule; harmless when repeated."""
        log = self.settings.up / "deploy.log"
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        with log.open("wb") as out:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
        if done.returncode != 0:
            raise NotUp(f"the deployments could not be registered; {log} says why")

    def watch(self) -> None:
        """Keep everything alive until a stop is asked for."""
        while not self.stop.wait(_BETWEEN_LOOKS):
            for child in self.children:
                if found := child.heal():
                    aside(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {found}")
                    self.note()

    def note(self) -> None:
        """Write down what runs where, for `leads status` and for other commands."""
        path = self.settings.up / "up.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.as_dict(), indent=2), "utf-8")
        part.replace(path)

    def as_dict(self) -> dict[str, Any]:
        """What runs, where it answers and where it says what it does."""
        services = [
            {"name": child.service.name, "pid": child.pid, "starts": child.starts, "log": str(child.log)}
            for child in self.children
        ]
        return {
            "pid": os.getpid(),
            "since": self.began.isoformat(),
            "prefect": self.url,
            "web": f"http://127.0.0.1:{self.web_ports[0]}",
            "internal": f"http://127.0.0.1:{self.web_ports[1]}",
            "intake": str(self.settings.intake),
            "receipts": str(self.settings.receipts),
            "services": services,
        }

    def end(self) -> None:
        """Stop everything within half a minute: a running flow may end its work first, and is asked to if it does not.

        What a flow that was ended had not settled is taken up by the next one.
        """
        named = {child.service.name: child for child in self.children}
        if scan := named.get("scan"):
            scan.ask_to_end()
        if worker := named.get("worker"):
            worker.ask_to_end()
            if not self._ended(worker, 0.0 if self.hurry.is_set() else _FLOW_MAY_END):
                self._end_flows(worker)
        for child in reversed(self.children):
            child.ask_to_end()
            if not child.ended(_CHILD_MAY_END):
                child.kill()

    def _ended(self, worker: Child, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not worker.ended(0.2):
            if time.monotonic() > until or self.hurry.is_set():
                return False
        return True

    def _end_flows(self, worker: Child) -> None:
        """Ask the flows that still run to end, then end them and say so to the server."""
        for number, seconds in ((signal.SIGTERM, _FLOW_IS_ASKED), (signal.SIGKILL, _CHILD_MAY_END)):
            with suppress(ApiFailed):
                for run in active(self.api, [found["id"] for found in self.api.deployments()]):
                    if pid := process_of(run):
                        with suppress(ProcessLookupError, PermissionError):
                            os.kill(pid, number)
            if worker.ended(seconds):
                break
        worker.kill()
        with suppress(ApiFailed):
            runs = active(self.api, [found["id"] for found in self.api.deployments()])
            reap(self.api, runs, datetime.now(UTC))


def post_loop(settings: Settings) -> Service:
    """The loop that settles what was posted; it says every few seconds that it lives."""

    def answers() -> bool:
        said = read_note(settings.up / "posts.json")
        return said is not None and _is_fresh([time_of(said["at"])], _LOOP_FRESH)

    return Service("posts", ("flows.post_loop",), answers, 120.0)


def worker_name() -> str:
    """A name of its own for each host: two workers of one name stand in each other's way."""
    return f"leadflow-{socket.gethostname()}"


def choose_port(asked: int | None) -> int:
    """The port asked for, else the usual one, else any free one; NotUp where somebody has the one asked for."""
    if _is_free(asked or PORT):
        return asked or PORT
    if asked is not None:
        raise NotUp(f"port {asked} is in use; another one: leads up --port NUMBER")
    return free_port()


def read_note(path: Path) -> dict[str, Any] | None:
    """What a process wrote down, or None where it wrote nothing."""
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found
    return None


def running(settings: Settings) -> dict[str, Any] | None:
    """What the `leads up` of this LEADS_HOME noted, None when none runs."""
    if not settings.up.is_dir():
        return None
    lock = take_lock(settings.up)
    if lock is not None:
        lock.release()
        return None
    return read_note(settings.up / "up.json") or {}


def run(settings: Settings, port: int | None, tell: Callable[[Up], None]) -> None:
    """Start, tell, watch, and stop in order; returns when it was asked to stop."""
    settings.up.mkdir(parents=True, exist_ok=True)
    lock = take_lock(settings.up)
    if lock is None:
        noted = read_note(settings.up / "up.json") or {}
        raise NotUp(
            f"leads up runs already for {settings.home} (process {noted.get('pid', '?')}, "
            f"{noted.get('prefect', 'starting')}); leads status says how it is"
        )
    web = WEB_PORT if _is_free(WEB_PORT) else free_port()
    internal = INTERNAL_PORT if _is_free(INTERNAL_PORT) else free_port()
    up = Up(settings, choose_port(port), datetime.now(UTC), (web, internal))
    _stop_on_signals(up, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        up.note()
        with suppress(KeyboardInterrupt):
            up.start()
            up.note()
            tell(up)
            up.watch()
    finally:
        aside("leads up: stopping; a running flow may take a quarter of a minute")
        up.end()
        (settings.up / "up.json").unlink(missing_ok=True)
        lock.release()


def _stop_on_signals(up: Up, signals: Sequence[int]) -> None:
    def asked(_number: int, _frame: object) -> None:
        if up.stop.is_set():
            up.hurry.set()
        up.stop.set()

    for number in signals:
        # nohup: a closed terminal is to be ignored
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, asked)


def told_of(settings: Settings) -> dict[str, str]:
    """Leadflow's settings as the environment of the children: a flow runs in another folder, with another .env."""
    named = {f"LEADS_{name.upper()}": value for name, value in settings.model_dump().items() if value is not None}
    return {name: str(value) for name, value in named.items()}


def _is_fresh(times: Sequence[datetime | None], seconds: float) -> bool:
    now = datetime.now(UTC)
    return any(at is not None and abs((now - at).total_seconds()) < seconds for at in times)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
