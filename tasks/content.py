"""What a file held when a run began with it, and whether it still does: reading it may take many minutes."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tasks.unreadable import UnreadableFile

Item = TypeVar("Item")


@dataclass(frozen=True)
class Content:
    """The bytes of a file: their hash, and the size, time and place by which a change is seen."""

    path: Path
    digest: str
    standing: tuple[int, int, int] | None

    @classmethod
    def of(cls, path: Path) -> Content:
        """What the file holds now; raises UnreadableFile."""
        standing = _standing(path)  # first: a change while it is hashed shows later
        return cls(path, content_hash(path), standing)

    def check(self) -> None:
        """Raise UnreadableFile where the file holds something else by now; it is read only where it looks different."""
        now = _standing(self.path)
        if now != self.standing and (now is None or content_hash(self.path) != self.digest):
            raise UnreadableFile("changed")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Give what goes wrong while a file is read as UnreadableFile: it is that file's fault and stops no other.

    A pipe or a device is not even opened: nobody may ever write to the one, and the other never ends.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableFile("no_file")
        yield
    except FileNotFoundError as error:
        raise UnreadableFile("changed") from error
    except OSError as error:
        raise UnreadableFile("unreadable", error.strerror or "") from error


def each_read(path: Path, items: Iterable[Item]) -> Iterator[Item]:
    """Give items that are read from a file one by one, as `reading` does."""
    with reading(path):
        yield from items


def content_hash(path: Path) -> str:
    """Hash a file's bytes, in blocks; raises UnreadableFile."""
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _standing(path: Path) -> tuple[int, int, int] | None:
    """Size, time of the last change and inode; None when it is gone."""
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_size, now.st_mtime_ns, now.st_ino
