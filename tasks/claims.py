"""Locks of claimed files: held by one process, gone when it dies, seen by other hosts that share the folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# A record lock does not keep threads of one process apart; this does.
_held: set[Path] = set()


@dataclass(frozen=True)
class Lock:
    """The lock of a claim's folder."""

    folder: Path
    descriptor: int

    def release(self) -> None:
        """Give the claim up; harmless when repeated."""
        if self.folder in _held:
            _held.discard(self.folder)
            with suppress(OSError):
                os.close(self.descriptor)


def take_lock(folder: Path) -> Lock | None:
    """Lock a claim's folder; None when a living process has it, or when it is gone.

    A record lock (lockf), not flock: a child that outlives its killed parent must not keep the claim.
    """
    if folder in _held:
        return None
    _held.add(folder)
    descriptor = -1
    try:
        descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _held.discard(folder)
        if descriptor >= 0:
            os.close(descriptor)
        return None
    return Lock(folder, descriptor)
