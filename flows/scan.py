"""The folder scan: a light process that looks again and again, and asks for a run of `ingest` when a file is ready.

`python -m flows.scan API_URL` looks until its standard input ends. It takes no file itself: a run does, so whatever
dies, the next look finds what is still to be done.
"""

import json
import logging
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.loader import load_config
from config.settings import Settings, get_settings
from flows.api import Api, ApiFailed
from flows.runs import active, reap
from flows.worker import end_with_input
from tasks.folders import make_folders
from tasks.waiting import Watch, left_behind

log = logging.getLogger("leadflow.scan")

INGEST = "ingest"
BETWEEN_LOOKS = 2.0
#: A channel that is added is looked at within a minute.
_LOOKS_A_READING = 30
#: How long (seconds) it waits before it asks again for what a run did not take: longer every time, up to the last.
_PATIENCE = (0.0, 10.0, 30.0, 60.0, 300.0)


@dataclass
class Scan:
    """One scan of the intake folders and what it has asked for."""

    api: Api
    settings: Settings
    watch: Watch
    asked: int = 0
    _for: tuple[Path, ...] = ()
    _tries: int = 0
    _not_before: float = 0.0
    faults: list[str] = field(default_factory=list)

    def look(self, now: datetime) -> dict[str, Any]:
        """Look once, ask for a run where one is needed; gives what it saw."""
        ready = tuple(self.watch.look())
        self.faults = []
        try:
            self._see_to(ready, now)
        except ApiFailed as failed:
            self.faults = [str(failed)]
            log.warning("the scheduler cannot be asked: %s", failed)
        return {
            "at": now.isoformat(),
            "waiting": len(self.watch.waiting),
            "ready": len(ready),
            "asked": self.asked,
            "faults": self.faults,
        }

    def _see_to(self, ready: tuple[Path, ...], now: datetime) -> None:
        deployments = {found["name"]: found["id"] for found in self.api.deployments()}
        runs = reap(self.api, active(self.api, deployments.values()), now)
        ingest = deployments.get(INGEST)
        if ingest is None or any(run["deployment_id"] == ingest for run in runs) or self.api.due(ingest, now):
            return
        # only now: a run that lives holds the locks of what it claimed
        left = left_behind(self.settings, self.watch.channels)
        if (ready or left) and self._may_ask(ready):
            self.api.start(ingest)
            self.asked += 1
            log.info("asked for a run: %d files are ready, %d were left behind", len(ready), left)

    def _may_ask(self, ready: tuple[Path, ...]) -> bool:
        """Ask at once for what is new; for what the last run did not take, ever more seldom."""
        clock = time.monotonic()
        if ready != self._for:
            self._for, self._tries = ready, 0
        elif clock < self._not_before:
            return False
        self._tries = min(self._tries + 1, len(_PATIENCE) - 1)
        self._not_before = clock + _PATIENCE[self._tries]
        return True


def note(path: Path, said: dict[str, Any]) -> None:
    """Write down in one step what was seen, for `leads status` and the parent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(said), "utf-8")
    part.replace(path)


def _scan(url: str) -> None:
    end_with_input(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it holds nothing: it may end anywhere
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    settings = get_settings()
    scan = Scan(Api(url), settings, Watch(settings, ()))
    for number in count():
        if number % _LOOKS_A_READING == 0:
            scan.watch.channels = _channels(settings) or scan.watch.channels
        note(settings.up / "scan.json", scan.look(datetime.now(UTC)))
        time.sleep(BETWEEN_LOOKS)


def _channels(settings: Settings) -> tuple[str, ...]:
    """The channels as they are configured now, with their folders; none where the configuration cannot be read."""
    try:
        channels = tuple(sorted(load_config(settings.config).channels))
    except ConfigError as error:  # somebody is writing it: the channels of before stay
        log.warning("the configuration cannot be read: %s", error)
        return ()
    make_folders(settings, channels)
    return channels


if __name__ == "__main__":
    _scan(sys.argv[1])
