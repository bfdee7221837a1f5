"""A lead file as it is read: a text file itself or a plain copy of it, or the tables that were made of a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pandas as pd

from tasks.dialect import Dialect, has_quotes_astray, odd_dialect
from tasks.encoding import Encoding, possible_encodings
from tasks.layout import detect_layout
from tasks.plain import make_plain
from tasks.read import read_chunks, sheet_chunks
from tasks.sheets import Sheet, is_workbook, make_sheets
from tasks.tables import Tables, sheet_tables

if TYPE_CHECKING:
    from config.schema import Channel


@dataclass(frozen=True)
class Source:
    """What is read of a file: its sheets where it is a workbook, else the text at `path` in one of the encodings.

    dialect: how the file itself is written where that is not usual CSV; `path` is a copy then.
    """

    path: Path
    sheets: tuple[Sheet, ...] = ()
    encodings: tuple[Encoding, ...] = ()
    dialect: Dialect | None = None

    @property
    def size(self) -> int:
        """How much there is to read, in bytes of text."""
        return sum(sheet.file.stat().st_size for sheet in self.sheets) or self.path.stat().st_size

    def sheet(self, name: str) -> Sheet:
        """A sheet by its name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)


def open_source(path: Path, scratch: Path) -> Source:
    """Make a file readable; what is made of it lies in `scratch`. Raises UnreadableFile."""
    if is_workbook(path):
        return Source(path, make_sheets(path, scratch))
    stop = Event()
    with ThreadPoolExecutor(1) as beside:
        # both read all of a file, and mostly without the interpreter's lock
        astray = beside.submit(has_quotes_astray, path, stop)
        try:
            encodings = possible_encodings(path)
        except BaseException:
            stop.set()
            raise
        dialect = odd_dialect(path, encodings[0].name, astray.result)
    readable = make_plain(path, encodings[0].name, dialect, scratch / path.name) if dialect else path
    return Source(readable, encodings=encodings, dialect=dialect)


def find_tables(source: Source, channel: Channel) -> Tables:
    """Find the lead lists of a file; raises UnreadableFile."""
    if source.sheets:
        return sheet_tables(source.sheets, channel)
    return Tables((detect_layout(source.path, channel, source.encodings),))


def read_source(source: Source, tables: Tables, rows: int) -> Iterator[pd.DataFrame]:
    """Read the lead lists of a file one after another, at most `rows` rows a frame, as `read_chunks` does."""
    if not source.sheets:
        return read_chunks(source.path, tables.layouts[0], rows)
    return chain.from_iterable(sheet_chunks(source.sheet(layout.sheet), layout, rows) for layout in tables.layouts)
