"""Tables of any header, read whole: every cell as text, each row with its line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pandas as pd

from tasks.content import reading
from tasks.dialect import read_sample
from tasks.inspection import any_tables, records_of
from tasks.layout import DELIMITERS, HEADER_WITHIN, Layout, text_records
from tasks.read import read_chunks, sheet_chunks
from tasks.rules.foreign.tables import column_key
from tasks.source import Source, open_source
from tasks.unreadable import UnreadableFile

_ROWS = 50_000


@dataclass(frozen=True)
class Table:
    """A table: its header, and rows with the columns line, c0, c1, … (text, blank is '')."""

    file: str
    header: tuple[str, ...]
    rows: pd.DataFrame
    #: Lines of totals and of notes, which are no rows, and of rows with more or fewer cells than the header.
    passed_over: tuple[int, ...]
    ragged: tuple[int, ...]


def read_table(
    path: Path,
    scratch: Path,
    wanted: frozenset[str],
    sheet: str | None = None,
    seen: Callable[[int], None] | None = None,
) -> Table:
    """Read the table of a file whose header has the `wanted` columns (keys), or most of them; raises UnreadableFile."""
    with reading(path):
        source = open_source(path.absolute(), scratch)
        layout = _layout(source, wanted, sheet)
        numbered = replace(layout, mapping={f"c{at}": (at,) for at in range(len(layout.header))}, units={}, pieces={})
        parts = []
        for part in _chunks(source, numbered):
            parts.append(part.drop(columns=["raw", "sheet", "error_cell", "example_row"]))
            if seen:
                seen(sum(map(len, parts)))
    return _table(path.name, layout, parts)


def _table(file: str, layout: Layout, parts: list[pd.DataFrame]) -> Table:
    columns = [f"c{at}" for at in range(len(layout.header))]
    if not parts:
        return Table(file, layout.header, pd.DataFrame({"line": pd.Series(dtype="int64")}).reindex(
            columns=["line", *columns]).astype(dict.fromkeys(columns, "str")), (), ())  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    # a note below the table: one cell, where the header has several
    alone = (rows[columns] != "").sum(axis=1).to_numpy() < 2
    notes = rows["total_row"].to_numpy(dtype=bool) | (rows["ragged"].to_numpy(dtype=bool) & alone)
    kept = rows[~notes]
    ragged = tuple(kept.loc[kept["ragged"].to_numpy(dtype=bool), "line"].tolist())
    return Table(
        file,
        layout.header,
        kept[["line", *columns]].reset_index(drop=True),
        tuple(rows.loc[notes, "line"].tolist()),
        ragged,
    )


def _chunks(source: Source, layout: Layout) -> Iterator[pd.DataFrame]:
    if layout.sheet:
        return sheet_chunks(source.sheet(layout.sheet), layout, _ROWS)
    return read_chunks(source.path, layout, _ROWS)


def _layout(source: Source, wanted: frozenset[str], sheet: str | None) -> Layout:
    """The layout with most of the wanted columns: by the outline of the table, else by its first rows."""
    found = [one for one in any_tables(source) if sheet is None or one.sheet == sheet]
    if not found:
        raise UnreadableFile("no_header" if sheet else "empty", sheet or "")
    best = max(found, key=lambda one: (_hits(one.header, wanted), len(one.header)))
    if _hits(best.header, wanted) == len(wanted):
        return best
    named = [one for layout in found for one in _by_names(source, layout, wanted)]
    return max([best, *named], key=lambda one: _hits(one.header, wanted))


def _hits(cells: Sequence[str], wanted: frozenset[str]) -> int:
    return len(wanted & set(map(column_key, cells)))


def _by_names(source: Source, layout: Layout, wanted: frozenset[str]) -> Iterator[Layout]:
    """The layouts that each of the first rows would make as the header, with each delimiter."""
    if layout.sheet:
        head = source.sheet(layout.sheet).head(HEADER_WITHIN)
        rows = [("", line, cells) for line, cells in enumerate(head, 1)]
    elif source.dialect:
        plain = replace(layout, header=(), header_line=1)
        first = islice(records_of(source, plain, titles=True), HEADER_WITHIN)
        rows = [(layout.delimiter, record.line, record.cells) for record in first]
    else:
        text = read_sample(source.path, layout.encoding)
        rows = [
            (mark, line, cells)
            for mark in DELIMITERS
            for line, cells in islice(text_records(text, mark), HEADER_WITHIN)
        ]
    for delimiter, line, cells in rows:
        if _hits(cells, wanted):
            yield replace(layout, delimiter=delimiter, header=tuple(cells), header_line=line)
