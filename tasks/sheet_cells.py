"""The cells of a workbook as the text that its reader sees, a column of a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

# what a spreadsheet keeps of a number; more figures are noise of its binary form
_FIGURES = 15
_EXACT = 10.0**_FIGURES


def column_text(column: Sequence[Any]) -> Sequence[str]:
    """The text of each cell: whole numbers without a point, dates and times in ISO form, blank as ''."""
    if set(map(type, column)) == {str}:
        return column
    return [_TEXT[type(cell)](cell) for cell in column]


def _number(cell: float) -> str:
    if cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    return format(cell, f".{_FIGURES}g").upper()


def _moment(cell: datetime) -> str:
    """To the second: a time is stored as a fraction of a day, so 10:00 may come as 09:59:59.999."""
    whole = cell.replace(microsecond=0) + timedelta(seconds=cell.microsecond >= 500_000)
    return str(whole.date()) if whole.time() == time() else str(whole)


def _hour(cell: time) -> str:
    whole = datetime.combine(date(2000, 1, 1), cell.replace(microsecond=0))
    whole += timedelta(seconds=cell.microsecond >= 500_000)
    return f"{whole:%H:%M}" if whole.second == 0 else f"{whole:%H:%M:%S}"


def _span(cell: timedelta) -> str:
    minutes, seconds = divmod(round(cell.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    float: _number,
    int: str,
    bool: lambda cell: "TRUE" if cell else "FALSE",
    datetime: _moment,
    date: str,
    time: _hour,
    timedelta: _span,
}
