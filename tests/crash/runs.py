"""Runs of the real command in a process of its own, which can be killed."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.crash.lead_files import CHUNK_ROWS

ROOT = Path(__file__).parent.parent.parent
AS_OF = "2024-03-18T09:00"
KILLED = -9
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
    words = [sys.executable, "-m", "flows", "ingest", "--direct", "--as-of", AS_OF, *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
    told = base.settings() | settings | {"LEADS_STOP_AT": stop_at, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, cwd=base.home, env=own | told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        said, started = _until_started(child)
        if kill_after is not None:
            try:
                child.wait(kill_after)
            except subprocess.TimeoutExpired:
                child.kill()
        said += child.communicate(timeout=_SECONDS)[0]
    return Run(child.returncode, said, time.monotonic() - started)


def _until_started(child: subprocess.Popen[str]) -> tuple[str, float]:
    said = ""
    assert child.stdout is not None
    for line in child.stdout:
        said += line
        if line.startswith(_PLACE):
            break
    return said, time.monotonic()
