"""Intake folders on another file system than LEADS_HOME, as a network share is: its clock, and a move that is a copy.

A file is first renamed within its own folder, which the share sees to once for all workers; only then is it copied.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from config.settings import Settings
from tasks.claims import take_lock
from tasks.points import reached

_CLOCK = ".leadflow-clock"
_NAME_BYTES = 200
_TAKING = re.compile(r"\.taking-([0-9a-f]{32})-(.+)", re.DOTALL)


def clock_of(folder: Path) -> float:
    """What time it is where a folder lies (seconds since the epoch): a share's files bear the time of its server."""
    mark = folder / f"{_CLOCK}-{os.getpid()}"
    try:
        mark.write_bytes(b"")
        return mark.lstat().st_mtime
    except OSError:  # it cannot be written to: nothing there counts as old
        return float("-inf")
    finally:
        with suppress(OSError):
            mark.unlink()


def move(path: Path, target: Path, claim: str) -> None:
    """Move a file to its claim's folder (`claim`: the name of it); FileNotFoundError when another was faster."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_between(path, target, claim)


def _move_between(path: Path, target: Path, claim: str) -> None:
    taking = path.with_name(f".taking-{claim}-{_ending(path.name)}")
    path.rename(taking)
    reached("taking")
    part = target.with_name(f".{claim}.part")
    shutil.copyfile(taking, part)
    part.replace(target)
    reached("copied")
    taking.unlink()


def half_taken(settings: Settings, channel: str) -> list[Path]:
    """The files of a channel that a worker was moving, alive or not."""
    with suppress(OSError):
        return sorted(path for path in (settings.intake / channel).rglob(".taking-*") if _TAKING.fullmatch(path.name))
    return []


def give_back(settings: Settings, channel: str) -> None:
    """Give files their names back whose worker died while it moved them, so that they are taken anew."""
    for taking in half_taken(settings, channel):
        found = _TAKING.fullmatch(taking.name)
        if found is None:
            continue
        folder = settings.processing / channel / found[1]
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder)
        if lock is None:  # its worker is at it
            continue
        with suppress(OSError):
            if any(path.is_file() and not path.name.startswith(".") for path in folder.rglob("*")):
                taking.unlink()  # it is there as a whole
            else:
                _rename_back(taking, taking.with_name(found[2]))
        for part in folder.rglob(".*.part"):
            part.unlink(missing_ok=True)
        lock.release()


def _ending(name: str) -> str:
    """A name short enough for one that is longer by the claim's."""
    return os.fsencode(name)[-_NAME_BYTES:].decode("utf-8", "surrogateescape")


def _rename_back(taking: Path, path: Path) -> None:
    """Never over a file that was dropped under the same name meanwhile."""
    if path.exists():
        path = path.with_name(f"{path.stem} ({time.time_ns()}){path.suffix}")
    taking.rename(path)
