"""How high a row of a workbook must be for its texts: who opens it elsewhere than in Excel has no other height."""

from collections.abc import Sequence
from math import ceil
from typing import Any

# points of a line of text, and what a spreadsheet takes at most of a row
_LINE, _MOST = 15.0, 400.0


def row_height(cells: Sequence[Any], widths: Sequence[float]) -> float:
    """The height in points for cells over columns of so many signs; a Chinese sign takes the room of two others."""
    lines = 1
    for cell, width in zip(cells, widths, strict=True):
        if isinstance(cell, str):
            taken = (sum(1.9 if sign > "\u2e80" else 1.0 for sign in part) for part in cell.split("\n"))
            lines = max(lines, sum(max(1, ceil(one / (width - 1))) for one in taken))
    return min(_LINE * lines + 1, _MOST)
