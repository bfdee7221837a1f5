"""Runs of the real command in a process of its own, which can be killed."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.crash.lead_files import CHUNK_ROWS
from tests.warm import Warm

ROOT = Path(__file__).parent.parent.parent
# How many kills at random moments on each database; read here because tests see no LEADS_ settings.
ROUNDS = int(os.environ.get("LEADS_CRASH_ROUNDS", "2"))
IN_FULL = ROUNDS >= 20
AS_OF = "2024-03-18T09:00"
KILLED = -9
#: What the one lead of a home of its own is called.
NUMBER = "XL202403001"
_SECONDS = 120
_PLACE = "reached "


@dataclass(frozen=True)
class Base:
    """A home and a database."""

    home: Path
    url: str

    def settings(self) -> dict[str, str]:
        """What a run is told."""
        told = {"HOME": self.home, "CONFIG": self.home / "config", "DATABASE_URL": self.url, "CHUNK_ROWS": CHUNK_ROWS}
        return {f"LEADS_{name}": str(value) for name, value in told.items()}


@dataclass
class Run:
    """A run that is over: its exit code, what it said, and the seconds from the start of its work to its end."""

    code: int
    said: str
    seconds: float


def ingest(
    base: Base, *arguments: str, stop_at: str = "never", kill_after: float | None = None, **settings: str
) -> Run:
    """Run `leads ingest`; it may die at the point `stop_at`, or be killed so many seconds after it began its work."""
    words = ["ingest", "--direct", "--as-of", AS_OF, *arguments]
    child = Warm(words, base.home, base.settings() | settings | {"LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)})
    said, started = _until_started(child.out)
    if kill_after is not None and not child.wait(kill_after):
        child.kill()
    code, rest = child.ended(_SECONDS)
    return Run(code, said + rest, time.monotonic() - started)


def leads(base: Base, *words: str, stop_at: str = "never", **settings: str) -> int:
    """Run any command in a home of its own; gives how it ended: well, or killed."""
    told = {"LEADS_HOME": str(base.home), "LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)} | settings
    code, said = Warm(words, base.home, told).ended(_SECONDS)
    assert code in (0, KILLED), said
    return code


def _until_started(out: IO[str]) -> tuple[str, float]:
    said = ""
    for line in out:
        said += line
        if line.startswith(_PLACE):
            break
    return said, time.monotonic()
