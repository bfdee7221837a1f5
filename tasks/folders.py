"""The folders through which files go: intake -> processing -> done, or refused with a note.

A file belongs to the process that holds the lock of its claim; a lock dies with its process, so what a killed
run left is found and taken by the next one. Every move is one rename or link and harmless when repeated.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from config.schema import Channel
from config.settings import Settings
from tasks.claims import Lock, take_lock
from tasks.points import reached
from tasks.shares import clock_of, give_back, move
from tasks.unreadable import UnreadableFile
from tasks.whole_file import whole_file

log = logging.getLogger(__name__)

# Written by programs while they work, never by people as a list of leads.
_IGNORED_STARTS = (".", "~$")
_IGNORED_ENDS = (".tmp", ".part", ".partial", ".crdownload", ".ok")
_IGNORED_NAMES = ("desktop.ini", "thumbs.db")
# How long a file must lie unchanged, by age or between two looks (seconds); an empty one may just have been begun.
AGED = 5.0
EMPTY_AGED = 30.0
BETWEEN_LOOKS = 1.0
_DEPTH, _DEEPEST = 4, 40
# within the folder of a claim; it goes with the claim
SCRATCH = ".tables"
_NOTE = {"zh_CN": ".说明.txt", "en": ".note.txt"}


@dataclass(frozen=True)
class LeadFile:
    """A file to be taken in: where it lies now, under which name it came, for which channel.

    team_hint: the sub-folder it was dropped into; claim: the lock and folder of a moved file, None for one read
    where it lies; on: the business day of the run; guessed: nobody named its channel.
    """

    path: Path
    name: str
    channel: Channel
    on: date | None = None
    team_hint: str | None = None
    claim: Lock | None = None
    guessed: bool = False

    @property
    def scratch(self) -> Path | None:
        """Where the run may lay down what it makes of the file; None for one that is read where it lies."""
        return self.claim.folder / SCRATCH if self.claim else None


def make_folders(settings: Settings, channels: Iterable[str]) -> None:
    """Make every folder that people drop files into or look for answers in."""
    for folder in (settings.processing, settings.done, settings.refused, settings.receipts):
        folder.mkdir(parents=True, exist_ok=True)
    for channel in channels:
        (settings.intake / channel).mkdir(parents=True, exist_ok=True)


def in_place(path: Path, channel: Channel, *, guessed: bool = False) -> LeadFile:
    """A file that is read where it lies and never moved."""
    return LeadFile(path, clean_name(path.name), channel, guessed=guessed)


def claim(
    settings: Settings,
    channels: Mapping[str, Channel],
    as_of: datetime,
    between: float = BETWEEN_LOOKS,
    aged: float = AGED,
    clock: Callable[[], float] | None = None,
    pause: Callable[[float], None] = time.sleep,
    before: Callable[[], None] = lambda: None,
) -> Iterator[LeadFile]:
    """Take what an earlier run left, then every complete file, in the order of channel and name.

    Complete: marked by NAME.ok, unchanged for `aged` seconds, or unchanged over two looks `between` seconds apart.
    `clock`: seconds since the epoch (default: of the file system that the folder lies on). `before` is called before
    a further file is looked at and taken.
    """
    on = as_of.astimezone(settings.zone).date()
    yield from leftovers(settings, channels, on)
    seen: dict[Path, tuple[Look, Channel]] = {}
    old: set[Path] = set()
    for channel in channels.values():
        found = dict(looks(settings.intake / channel.name))
        now = (clock or partial(clock_of, settings.intake / channel.name))() if found else 0.0
        found = {path: look for path, look in found.items() if is_marked(path) or not look.may_begin(now)}
        old |= {path for path, look in found.items() if is_marked(path) or now - look.changed > aged}
        seen |= {path: (look, channel) for path, look in found.items()}
    if seen.keys() - old:
        pause(between)
    for path, (look, channel) in sorted(seen.items(), key=lambda item: (item[1][1].name, item[0])):
        before()
        # Also looked at again before it is taken: the files before it may have taken minutes.
        if path in old or look_at(path) == look:
            file = _take(path, settings, channel, on)
            if file is not None:
                yield file


def leftovers(settings: Settings, channels: Mapping[str, Channel], on: date) -> Iterator[LeadFile]:
    """Take again the files that a run claimed and did not finish, unless that run is still alive."""
    for channel in channels.values():
        give_back(settings, channel.name)
        folders = folders_of(settings.processing / channel.name)
        for name, team, folder in sorted((*_claimed(folder), folder) for folder in folders):
            lock = take_lock(folder)
            if lock is None:
                continue
            path = _place(folder, team) / name
            if name and path.exists():
                yield LeadFile(path, name, channel, on, team or None, lock)
            else:  # finished meanwhile, or killed before the file was in it
                _clear(folder)
                lock.release()


def unread(settings: Settings, channels: Iterable[str]) -> list[str]:
    """What lies in intake/ and would never be read: files beside the channels' folders, folders of no channel that
    hold files, and in a channel's folder links, pipes and files that lie too deep.

    Names within intake/, a folder's with a closing slash.
    """
    known = set(channels)
    folders = [folder for folder in folders_of(settings.intake) if folder.name not in known]
    lost = [f"{clean_name(folder.name)}/" for folder in folders if any(_files(folder))]
    lost += [clean_name(path.name) for path in (*_files(settings.intake, 0), *_no_files(settings.intake, 0))]
    own = [settings.intake / name for name in known]
    inside = [path for folder in own for path in (*_no_files(folder), *_too_deep(folder))]
    places = (path.relative_to(settings.intake).parts for path in inside)
    return sorted([*lost, *("/".join(map(clean_name, parts)) for parts in places)])


def file_away(file: LeadFile, settings: Settings) -> Path:
    """Move a finished file to done/CHANNEL/YYYY-MM/ and give its place up; never overwrites."""
    return _move(file, _month_folder(settings.done, file))


def refuse(file: LeadFile, settings: Settings, why: UnreadableFile, taken: int = 0) -> Path:
    """Move a file that cannot be read to refused/CHANNEL/YYYY-MM/, a note beside it; one read in place stays.

    taken: rows that had been taken in before it could not be read on.
    """
    if file.claim is None:
        return file.path
    folder = _month_folder(settings.refused, file)
    folder.mkdir(parents=True, exist_ok=True)
    target = _free_name(folder, file.name, file.path)
    note = target.with_name(_short(target.name, 200) + _NOTE[settings.lang])
    # The note first: a file in refused/ never lies there without its reason.
    write_whole(note, _note_text(file, why, settings.lang, taken))
    return _move(file, folder)


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one step, so that nobody sees half of it."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8-sig", newline="\r\n")


def clean_name(name: str) -> str:
    """A file name as it can be stored and shown: valid text without control or direction characters."""
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            name = raw.decode(encoding)
            break
    else:
        name = raw.decode("utf-8", "replace")
    kept = (sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
    return "".join(kept).replace("/", "_").strip() or "unnamed"


class Look(NamedTuple):
    """What a file looked like: bytes, and when it was last changed (seconds since the epoch)."""

    size: int
    changed: float

    def may_begin(self, now: float) -> bool:
        """Whether it is empty and so young that whoever writes it may not have begun."""
        return self.size == 0 and now - self.changed <= EMPTY_AGED


def looks(folder: Path) -> Iterator[tuple[Path, Look]]:
    """Look at every lead file below a folder."""
    for path in _files(folder):
        look = look_at(path)
        if look is not None:
            yield path, look


def look_at(path: Path) -> Look | None:
    """Look at one file; None where it is gone."""
    with suppress(OSError):
        stat = path.lstat()
        # A copy that keeps the date of its original still shows in ctime when it was written.
        return Look(stat.st_size, max(stat.st_mtime, stat.st_ctime))
    return None


def is_marked(path: Path) -> bool:
    """Whether its sender says that it is complete; of a name too long for a marker nobody can."""
    with suppress(OSError):
        return _marker(path).exists()
    return False


def _unmark(path: Path) -> None:
    try:
        _marker(path).unlink(missing_ok=True)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".ok")


def _files(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Lead files below a folder; links are not followed, what programs leave is passed over."""
    for entry in _entries(folder):
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False) and depth:
            yield from _files(Path(entry.path), depth - 1)


def _no_files(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Links, pipes and the like below a folder."""
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _no_files(Path(entry.path), depth - 1) if depth else ()
        elif not entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _too_deep(folder: Path) -> set[Path]:
    """Files in folders below those that are looked into."""
    return set(_files(folder, _DEEPEST)) - set(_files(folder))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, but for what programs leave there."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.casefold()
            if not (name.startswith(_IGNORED_STARTS) or name.endswith(_IGNORED_ENDS) or name in _IGNORED_NAMES):
                yield entry


def folders_of(folder: Path) -> list[Path]:
    """The folders in a folder, in the order of their names; links are not followed."""
    with suppress(OSError):
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return []


def _take(path: Path, settings: Settings, channel: Channel, on: date) -> LeadFile | None:
    """Move a file into a folder of its own under processing/; None when another worker was faster."""
    inner = path.relative_to(settings.intake / channel.name).parts
    team = _short(clean_name(inner[0]), 200) if len(inner) > 1 else ""
    name = _short(clean_name(path.name), 200)
    folder = settings.processing / channel.name / uuid.uuid4().hex
    place = _place(folder, team)
    place.mkdir(parents=True)
    # Locked before the file is in it: whoever sees the file sees that it is taken.
    lock = take_lock(folder)
    if lock is None:
        return None
    try:
        # The marker first: left behind, it would speak for the next file of that name.
        _unmark(path)
        reached("claiming")
        move(path, place / name, folder.name)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):  # nobody was faster: it may not be moved, and stays for all to see
            log.warning("a file in intake/%s cannot be moved: %s", channel.name, error.strerror)
        _clear(folder)
        lock.release()
        return None
    reached("claimed")
    return LeadFile(place / name, name, channel, on, team or None, lock)


def _place(folder: Path, team: str) -> Path:
    return folder / "from" / team if team else folder


def _claimed(folder: Path) -> tuple[str, str]:
    """Name and sub-folder of the file in a claim's folder; empty where there is none."""
    found = [(path.name, "") for path in _files(folder, 0)]
    found += [(path.name, path.parent.name) for path in _files(folder / "from", 1)]
    return found[0] if found else ("", "")


def _month_folder(base: Path, file: LeadFile) -> Path:
    month = f"{file.on:%Y-%m}" if file.on else "undated"
    return base / file.channel.name / month


def _move(file: LeadFile, folder: Path) -> Path:
    if file.claim is None:
        return file.path
    folder.mkdir(parents=True, exist_ok=True)
    target = _rename_beside(file.path, folder, file.name)
    reached("moved")
    _clear(file.claim.folder)
    file.claim.release()
    return target


def _rename_beside(path: Path, folder: Path, name: str) -> Path:
    """Give a file its new place without ever replacing another one: a link, unlike a rename, refuses to."""
    target = _free_name(folder, name, path)
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        if not target.samefile(path):  # another worker took the name just now
            return _rename_beside(path, folder, name)
    except OSError:  # a file system without links: the name was free a moment ago
        path.rename(target)
        return target
    reached("moving")
    path.unlink()
    return target


def _free_name(folder: Path, name: str, source: Path) -> Path:
    """The name, with (2), (3) … where another file has it; the one that an interrupted move gave is kept."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    count = 1
    while True:
        numbered = f"{_short(stem, 220 - len(suffix))}{f' ({count})' if count > 1 else ''}{suffix}"
        target = folder / numbered
        if not target.exists() or (source.exists() and target.samefile(source)):
            return target
        count += 1


def _short(name: str, limit: int) -> str:
    """A name cut to a number of bytes, its ending kept."""
    stem, dot, ending = name.rpartition(".")
    if len(name.encode()) <= limit or not stem:
        return name.encode()[:limit].decode(errors="ignore")
    return stem.encode()[: limit - len(ending.encode()) - 1].decode(errors="ignore") + dot + ending


def _clear(folder: Path) -> None:
    """Remove the empty folders of a claim."""
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    with suppress(OSError):
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
        (folder / ".lock").unlink(missing_ok=True)
        folder.rmdir()


def _note_text(file: LeadFile, why: UnreadableFile, lang: str, taken: int) -> str:
    if lang == "en":
        kept = f"Taken in before that: the first {taken} rows\n" if taken else ""
        return f"File: {file.name}\nWhat is wrong: {why.wrong(lang)}\n{kept}What to do: {why.todo(lang)}\n"
    kept = f"在此之前已接收：前 {taken} 行\n" if taken else ""
    return f"文件：{file.name}\n问题：{why.wrong(lang)}\n{kept}处理办法：{why.todo(lang)}\n"
