"""The sheets of a workbook as tables of text on disk, made by a process that is allowed so much and no more."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tasks.encoding import is_markup
from tasks.unreadable import UnreadableFile

#: What a made folder tells about its sheets.
INDEX = "sheets.json"
_HEADS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: What reading one workbook may use: memory in MB, and seconds of work (twice as long by the clock).
MEGABYTES, SECONDS = 2_048, 120


@dataclass(frozen=True)
class Sheet:
    """One sheet: its table's file, rows from the first of the sheet on, columns in use, and what is merged at its top.

    merged: first row, first column, last row, last column of each span; they count from 0.
    """

    name: str
    file: Path
    rows: int
    columns: int
    hidden: bool = False
    merged: tuple[tuple[int, int, int, int], ...] = ()

    def head(self, rows: int) -> list[list[str]]:
        """The cells of the first rows, columns in use only."""
        block = next(self.blocks(rows))
        return [list(cells) for cells in zip(*(column.to_pylist() for column in block.columns), strict=True)]

    def blocks(self, rows: int, start: int = 0) -> Iterator[pa.RecordBatch]:
        """The rows from `start` on, `rows` at a time; columns in use, named by their numbers, in large strings."""
        with pa.memory_map(str(self.file)) as file:
            table = pa.ipc.open_file(file).read_all().select(range(self.columns))
            for at in range(start, self.rows, rows):
                yield from table.slice(at, rows).combine_chunks().to_batches()


def is_workbook(path: Path) -> bool:
    """Whether a file begins like a workbook, or like a page that may hold tables, whatever its name says."""
    with path.open("rb") as file:
        head = file.read(200)
    return head[:4] in _HEADS or is_markup(head)


def make_sheets(path: Path, folder: Path, megabytes: int = MEGABYTES, seconds: int = SECONDS) -> tuple[Sheet, ...]:
    """Make tables of a workbook's sheets in a folder, in place of what is there; raises UnreadableFile."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    command = [sys.executable, "-m", "tasks.sheet_maker", str(path), str(folder), str(megabytes), str(seconds)]
    # the allocators' own reserves would count against the limit
    environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2", "RUST_BACKTRACE": "0"}
    root = Path(__file__).parent.parent
    try:
        ended = subprocess.run(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile("too_slow") from None
    if not (folder / INDEX).exists():
        raise UnreadableFile("too_slow" if -ended.returncode in (signal.SIGXCPU, signal.SIGKILL) else "too_large")
    return _read(folder)


def _read(folder: Path) -> tuple[Sheet, ...]:
    """The sheets that were made in a folder; raises UnreadableFile where the workbook was refused."""
    told = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    if "refused" in told:
        raise UnreadableFile(told["refused"], told.get("detail", ""))
    return tuple(
        Sheet(
            sheet["name"],
            folder / sheet["file"],
            sheet["rows"],
            sheet["columns"],
            sheet["hidden"],
            tuple(tuple(span) for span in sheet["merged"]),
        )
        for sheet in told["sheets"]
    )
