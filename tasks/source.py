"""A lead file as it is read: a text file itself, or the tables that were made of a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tasks.layout import detect_layout
from tasks.read import read_chunks, sheet_chunks
from tasks.sheets import Sheet, is_workbook, make_sheets
from tasks.tables import Tables, sheet_tables

if TYPE_CHECKING:
    from config.schema import Channel


@dataclass(frozen=True)
class Source:
    """A file, and its sheets where it is a workbook."""

    path: Path
    sheets: tuple[Sheet, ...] = ()

    @property
    def size(self) -> int:
        """How much there is to read, in bytes of text."""
        return sum(sheet.file.stat().st_size for sheet in self.sheets) or self.path.stat().st_size

    def sheet(self, name: str) -> Sheet:
        """A sheet by its name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)


def open_source(path: Path, scratch: Path) -> Source:
    """Make a file readable; the tables of a workbook are made in `scratch`. Raises UnreadableFile."""
    return Source(path, make_sheets(path, scratch) if is_workbook(path) else ())


def find_tables(source: Source, channel: Channel) -> Tables:
    """Find the lead lists of a file; raises UnreadableFile."""
    if source.sheets:
        return sheet_tables(source.sheets, channel)
    return Tables((detect_layout(source.path, channel),))


def read_source(source: Source, tables: Tables, rows: int) -> Iterator[pd.DataFrame]:
    """Read the lead lists of a file one after another, at most `rows` rows a frame, as `read_chunks` does."""
    if not source.sheets:
        return read_chunks(source.path, tables.layouts[0], rows)
    return chain.from_iterable(sheet_chunks(source.sheet(layout.sheet), layout, rows) for layout in tables.layouts)
