"""What the fast reader does not give of a sheet: its error cells and, for some kinds, its merged cells."""

from __future__ import annotations

from typing import NamedTuple

Span = tuple[int, int, int, int]

# the codes that the binary kinds store (MS-XLS 2.5.10, MS-XLSB 2.5.97.2)
ERROR_TEXT = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
UNKNOWN_ERROR = "#N/A"


class ErrorCell(NamedTuple):
    """An error and its place; row and column count from 0."""

    row: int
    column: int
    text: str


class Seen(NamedTuple):
    """The spans (first row, first column, last row, last column; from 0) and errors of a sheet."""

    merged: list[Span]
    errors: list[ErrorCell]
