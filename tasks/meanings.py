"""Which column of a table became which field, and why."""

from __future__ import annotations

from typing import NamedTuple

from tasks.headers import Headers
from tasks.layout import Layout
from tasks.read import JOINED


class Column(NamedTuple):
    """A column of a file, counted from 1: its header, the field it is read as, and why.

    why: known, bracket (known but for what stands in brackets), dressed (a question, or a name with more around it),
    piece (of a field of several columns), joined (with an earlier column of the field), spare (counts where the
    earlier columns of the field are blank), other (known, no field of ours), unknown, blank. unit: what its header
    states, written behind bare numbers.
    """

    number: int
    header: str
    field: str | None
    why: str
    unit: str = ""


def columns(layout: Layout, headers: Headers) -> tuple[Column, ...]:
    """The columns of a lead list, without those that a receipt added."""
    fields = {index: name for name, indexes in layout.mapping.items() for index in indexes}
    places = (number for number in range(len(layout.header) + len(layout.added)) if number not in layout.added)
    return tuple(
        _column(number + 1, index, text, fields.get(index), layout, headers)
        for index, (number, text) in enumerate(zip(places, layout.header, strict=True))
    )


def _column(number: int, index: int, text: str, field: str | None, layout: Layout, headers: Headers) -> Column:
    if field is None:
        why = "blank" if not text.strip() else "unknown" if headers.meaning(text) is None else "other"
        return Column(number, text, None, why)
    unit = headers.unit(text) if field in layout.units else None
    return Column(number, text, field, _why(index, text, field, layout, headers), unit or "")


def _why(index: int, text: str, field: str, layout: Layout, headers: Headers) -> str:
    if index in layout.pieces.get(field, ()):
        return "piece"
    if layout.mapping[field].index(index):
        return "joined" if field in JOINED else "spare"
    if headers.is_plain(text):
        return "known"
    return "bracket" if headers.is_bracketed(text) else "dressed"
