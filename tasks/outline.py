"""Where the tables of a file begin that holds no list of leads: told by how rows are filled alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

# A title is as often as not followed by blank cells; rows this far below it show how a row of the table is filled.
_BELOW = 10
# Cells that a row shares with the header, of those that either has: a header that is written again, or much like it.
_ALIKE = 0.8
# a year is as good a name of a column as any
_NUMBER = re.compile(r"(?!(?:19|20)\d\d$)[-+]?\d[\d.,:/ -]*")


class Head(NamedTuple):
    """A header: its first and last line, and a text for each column."""

    first: int
    last: int
    cells: tuple[str, ...]


def find_head(records: Sequence[tuple[int, Sequence[str]]]) -> Head | None:
    """The header among the first records (line, cells) of a file: the first row that is filled like those below it.

    Rows that repeat it at once belong to it: the header of several rows, unless nothing else follows or a cell of it is
    a number. None where there is no record.
    """
    filled = [sum(map(bool, map(str.strip, cells))) for _, cells in records]
    whole = (at for at, count in enumerate(filled) if count and 2 * count > max(filled[at : at + _BELOW]))
    at = next(whole, None)
    if at is None:
        return None
    line, cells = records[at]
    again = list(takewhile(lambda record: list(record[1]) == list(cells), records[at + 1 :]))
    if filled[at] < 2 or at + len(again) + 1 == len(records) or not _may_name(cells):
        again = []
    texts = tuple(" ".join([cell] * (1 + len(again))) if cell.strip() else cell for cell in cells)
    return Head(line, again[-1][0] if again else line, texts)


def is_head_again(cells: Sequence[str], head: Sequence[str]) -> bool:
    """Whether a row below a header is a header like it, and so begins another table."""
    named, others = ({cell.strip().casefold() for cell in row} - {""} for row in (head, cells))
    common = len(named & others)
    alike = common > 1 and common >= _ALIKE * min(len(named), len(others)) and len(others) == len(set(others))
    return alike and _may_name(cells)


def _may_name(cells: Sequence[str]) -> bool:
    """Whether cells may be names of columns: none of them is a number or a date, but for a year."""
    return not any(map(_NUMBER.fullmatch, map(str.strip, cells)))
