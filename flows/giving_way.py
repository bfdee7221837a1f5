"""A large file gives way to posts that wait: its chunks are settled in smaller parts for as long as any do."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Engine

from config.settings import Settings
from tasks.posts.inbox import FILE, open_inbox

#: Rows that are settled at one time while posts wait; and while a loop is at work for which posts may come any
#: moment: a transaction keeps all others out, on PostgreSQL from its turn on.
PART_ROWS, CALM_ROWS = 2_000, 10_000
#: A post that waits longer is waited for by nobody: no loop is at work, and the file goes on (seconds).
_NOBODY_TAKES = 30.0
#: How long a file stands back before each part (seconds), and how often it looks whether it must.
_STANDS_BACK, _BETWEEN_LOOKS = 3.0, 0.05
_LOOP_FRESH = 90.0


@dataclass(frozen=True)
class Part:
    """Rows of a chunk: how many of it stand before them, and whether they are its last ones."""

    rows: pd.DataFrame
    before: int
    last: bool


class Way:
    """Whether posts wait, and how long they have to be let through."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings, self._engine = settings, engine

    def parts(self, frame: pd.DataFrame, done: int) -> Iterator[Part]:
        """The rows of a chunk of which `done` are settled: all that is left, or less while posts wait."""
        while True:
            most = PART_ROWS if self._let_through() else CALM_ROWS if self._may_come() else len(frame)
            size = min(most, len(frame) - done)
            last = done + size >= len(frame)
            yield Part(frame if last and not done else frame.iloc[done : done + size], done, last)
            if last:
                return
            done += size

    def _may_come(self) -> bool:
        """Whether a loop says that it is at work."""
        note = self._settings.up / "posts.json"
        try:
            return time.time() - note.stat().st_mtime < _LOOP_FRESH
        except OSError:
            return False

    def _let_through(self) -> bool:
        """Stand back until the posts that wait are through, or for a while; gives whether any did wait."""
        if self._engine.dialect.name == "sqlite" and not (self._settings.home / FILE).exists():
            return False
        inbox = open_inbox(self._settings, self._engine)
        try:
            return _stood_back(inbox.oldest)
        finally:
            inbox.close()


def _stood_back(oldest: Callable[[], datetime | None]) -> bool:
    began, until, waited = datetime.now(UTC), time.monotonic() + _STANDS_BACK, False
    while (since := oldest()) is not None:
        if (datetime.now(UTC) - since).total_seconds() > _NOBODY_TAKES:
            return False
        waited = True
        if since > began:  # those that waited are through
            break
        if time.monotonic() > until:
            break
        time.sleep(_BETWEEN_LOOKS)
    return waited
