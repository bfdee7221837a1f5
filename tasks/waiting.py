"""What waits in the folders, looked at again and again: which files are complete, and what a killed run left.

File events are not asked for: they do not arrive from network shares.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import Settings
from tasks.claims import take_lock
from tasks.folders import Look, folders_of, is_marked, look_at, looks
from tasks.shares import clock_of, half_taken


@dataclass
class Watch:
    """The looks of a long-lived scan: a file is complete when two of them found it the same, or when it is marked."""

    settings: Settings
    channels: tuple[str, ...]
    _seen: dict[Path, Look] = field(default_factory=dict)

    def look(self) -> list[Path]:
        """Look once; the files that are complete, in the order of their names."""
        before, self._seen, ready = self._seen, {}, []
        for name in self.channels:
            folder = self.settings.intake / name
            found = dict(looks(folder))
            now = clock_of(folder) if any(look.size == 0 for look in found.values()) else 0.0
            same = {path for path, look in found.items() if before.get(path) == look and not look.may_begin(now)}
            ready += [path for path in found if path in same or is_marked(path)]
            self._seen |= found
        return sorted(ready)

    @property
    def waiting(self) -> tuple[Path, ...]:
        """The files that the last look found, complete or not."""
        return tuple(self._seen)


def left_behind(settings: Settings, channels: Iterable[str]) -> int:
    """How many files a run claimed and did not finish before it died."""
    found = 0
    for name in channels:
        for folder in folders_of(settings.processing / name):
            lock = take_lock(folder)
            if lock is not None:
                lock.release()
                found += 1
        found += len(half_taken(settings, name))
    return found


def oldest(paths: Iterable[Path], now: float) -> float:
    """How many seconds ago the file that waits longest was last changed; 0 where none waits."""
    ages = [now - look.changed for path in paths if (look := look_at(path)) is not None]
    return max(ages, default=0.0)
