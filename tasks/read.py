"""Raw rows of a text file or a sheet as frames, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from itertools import islice, repeat
from operator import add, getitem
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.guard import unguarded_column
from tasks.layout import CELL_SEPARATOR, Layout
from tasks.records import Lines, Records, read_records
from tasks.regular import parse_regular
from tasks.sheets import Sheet

Item = TypeVar("Item")

# Several columns of these fields are all kept; of the others the first that is not blank counts.
JOINED = {"phone": " / ", "chain": "、"}

_TOTAL_WORDS = r"合\s*计|总\s*计|小\s*计|总\s*数|汇\s*总|共\s*计|(?i:grand total|sub-?total|total|sum)"
_TOTAL = rf"^[\s\x1f]*({_TOTAL_WORDS})\s*[:：]?\s*(\x1f|$)"
_COUNT = r"^\s*(?:\d{1,6}\s*[条个家人行笔位]?)?\s*$"
_ERROR = r"(?:^|\x1f)\s*#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA)\s*(?:\x1f|$)"
_BLANK = r"^[\s\x1f\x{3000}\x{feff}]*$"
# how the template marks its example row; people who copy it often keep the mark
_EXAMPLE = r"(?:^|\x1f)\s*(?:[（(【\[]\s*(?:示例|样例|(?i:example))\s*[)）】\]]|[示样]例\s*[:：])"
_EXAMPLE_MARKS = ("例".encode(), b"xample", b"XAMPLE")
_HAN = r"^[\p{Han}·\s]+$"


def read_chunks(path: Path, layout: Layout, rows: int) -> Iterator[pd.DataFrame]:
    """Read a text file, at most `rows` records a frame: sheet, line, raw, what is odd about each, the mapped fields.

    Blank records are left out; a field that is not mapped has no column; blank is ''.
    """
    # not a loop: its variables would keep the lines of a chunk in memory as long as its frame is worked on
    tables = map(partial(_table, layout=layout), _one_ahead(read_records(path, layout, rows)))
    return map(pa.Table.to_pandas, filter(len, tables))


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Give items while a thread fetches the next one: what is done with them works without the interpreter's lock."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(_next, items)
        while fetched := coming.result():
            coming = beside.submit(_next, items)
            yield fetched.pop()  # this generator must not hold it while it is worked on


def _next(items: Iterator[Item]) -> list[Item]:
    return list(islice(items, 1))


def sheet_chunks(sheet: Sheet, layout: Layout, rows: int) -> Iterator[pd.DataFrame]:
    """Read a sheet of a workbook like `read_chunks` a text file; a line is the row's number in the sheet."""
    for number, block in enumerate(sheet.blocks(rows, layout.header_line)):
        lines = np.arange(len(block)) + layout.header_line + 1 + number * rows
        table = _rows(lines, sheet_columns(block, layout), layout)
        if len(table):
            yield table.to_pandas()


def sheet_columns(block: pa.RecordBatch, layout: Layout) -> list[pa.Array]:
    """The columns of a block of a sheet, as their sender wrote them: a receipt that came back is taken apart."""
    columns = [column for index, column in enumerate(block.columns) if index not in layout.added]
    return list(map(unguarded_column, columns)) if layout.is_receipt else columns


def rows_again(raw: Sequence[str], lines: np.ndarray, layout: Layout) -> pd.DataFrame:
    """Read stored raw cells again, as `read_chunks` read their lines."""
    cells = [text.split(CELL_SEPARATOR) for text in raw]
    table = _from_cells(Records(lines, cells, np.zeros(len(cells), bool)), layout)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _table(records: Lines | Records, layout: Layout) -> pa.Table:
    if isinstance(records, Records):
        return _from_cells(records, layout)
    regular = parse_regular(records, layout)
    odd = records.cells_of(regular.odd, layout.delimiter)
    tables = [
        _rows(regular.lines, regular.columns, layout),
        *(_from_cells(part, layout) for part in (odd, records.quoted) if part.cells),
    ]
    return pa.concat_tables(tables).sort_by("line") if len(tables) > 1 else tables[0]


def _from_cells(records: Records, layout: Layout) -> pa.Table:
    width = len(layout.header)
    widths = np.fromiter(map(len, records.cells), np.int64, len(records.cells))
    columns = [pa.array(column, pa.large_string()) for column in _columns(records.cells, widths, width)]
    raw = pa.array(map(CELL_SEPARATOR.join, records.cells), pa.large_string())
    ragged = (widths < width) | _longer(records.cells, widths, width, layout.spare) | records.broken
    return _rows(records.lines, columns, layout, raw, ragged)


def _rows(
    lines: np.ndarray,
    columns: list[pa.Array],
    layout: Layout,
    raw: pa.Array | None = None,
    ragged: np.ndarray | None = None,
) -> pa.Table:
    """The table of a raw chunk; records without `raw` are exactly as wide as the header."""
    if raw is None:
        raw = pc.binary_join_element_wise(*columns, pa.scalar(CELL_SEPARATOR, pa.large_string()))
    values = {name: _field(name, layout, columns) for name in layout.mapping}
    octets = _octets(raw)
    reachable = [values[name] for name in ("phone", "email", "contact") if name in values]
    table = pa.table(
        {
            "sheet": pa.repeat(pa.scalar(layout.sheet, pa.large_string()), len(raw)),
            "line": lines,
            "raw": raw,
            "ragged": np.zeros(len(raw), bool) if ragged is None else ragged,
            "total_row": _totals(raw, reachable),
            "error_cell": _errors(raw, octets),
            "example_row": _examples(raw, octets),
            **values,
        }
    )
    blank = pc.match_substring_regex(raw, _BLANK)
    return table.filter(pc.invert(blank)) if pc.any(blank).as_py() else table


def _columns(cells: list[list[str]], widths: np.ndarray, width: int) -> Sequence[Sequence[str]]:
    """The cells by column, short rows filled with ''; cells beyond the header stay in raw only."""
    if not len(widths):
        return [()] * width
    if widths.min() < width:
        fill = [[""] * missing for missing in range(width + 1)]
        missing = np.maximum(width - widths, 0).tolist()
        cells = list(map(add, cells, map(getitem, repeat(fill), missing)))
    # zip stops at the shortest row, which now is as wide as the header
    return list(zip(*cells, strict=False))[:width]


def _longer(cells: list[list[str]], widths: np.ndarray, width: int, spare: int) -> np.ndarray:
    """Where a row has something behind the last column of the header, or more blank cells than others have there."""
    longer = widths > width
    for index in np.flatnonzero(longer & (widths <= width + spare)):
        longer[index] = any(map(str.strip, cells[index][width:]))
    return longer


def _field(name: str, layout: Layout, columns: list[Sequence[str]]) -> pa.Array:
    pieces = layout.pieces.get(name, ())
    whole = [_text(columns[index]) for index in layout.mapping[name] if index not in pieces]
    if pieces:
        whole.append(_assembled([_text(columns[index]) for index in pieces]))
    separator = JOINED.get(name)
    value = reduce(lambda first, second: _both(first, second, separator), whole)
    unit = layout.units.get(name)
    return _with_unit(value, unit) if unit else value


def _text(text: pa.Array) -> pa.Array:
    white = pc.utf8_is_space(text)
    return pc.if_else(white, "", text) if pc.any(white).as_py() else text


def _totals(raw: pa.Array, reachable: list[pa.Array]) -> pa.Array:
    """Where a row calls itself a total and each column of people is blank or holds a count."""
    totals = pc.match_substring_regex(raw, _TOTAL)
    if not pc.any(totals).as_py():
        return totals
    return reduce(pc.and_, (pc.match_substring_regex(array, _COUNT) for array in reachable), totals)


def _errors(raw: pa.Array, octets: bytes) -> pa.Array:
    """Where a row has a cell that is the error of a formula."""
    return pc.match_substring_regex(raw, _ERROR) if b"#" in octets else _nowhere(raw)


def _examples(raw: pa.Array, octets: bytes) -> pa.Array:
    """Where a row calls itself an example."""
    holds = any(mark in octets for mark in _EXAMPLE_MARKS)
    return pc.match_substring_regex(raw, _EXAMPLE) if holds else _nowhere(raw)


def _octets(raw: pa.Array) -> bytes:
    """All text of an array: to look into it is by far the fastest way to learn that something is nowhere."""
    text = raw.buffers()[2]
    return text.to_pybytes() if text is not None else b""


def _nowhere(raw: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(False), len(raw))


def _both(first: pa.Array, second: pa.Array, separator: str | None) -> pa.Array:
    """The first where it is not blank, else the second; or both with a separator between them."""
    one = pc.if_else(pc.equal(first, ""), second, first)
    if separator is None:
        return one
    single = pc.or_(pc.equal(first, ""), pc.or_(pc.equal(second, ""), pc.equal(first, second)))
    return pc.if_else(single, one, _join(first, second, separator))


def _join(first: pa.Array, second: pa.Array | pa.Scalar, separator: str) -> pa.Array:
    return pc.binary_join_element_wise(first, second, pa.scalar(separator, pa.large_string()))


def _assembled(pieces: list[pa.Array]) -> pa.Array:
    """Pieces from small to large put together: 'Alice Johnson', but 王小明 and 浙江省杭州市."""
    english = reduce(lambda first, second: _both(first, second, " "), pieces)
    chinese = reduce(lambda first, second: _join(second, first, ""), pieces)
    return pc.if_else(pc.match_substring_regex(english, _HAN), pc.replace_substring_regex(chinese, r"\s+", ""), english)


def _with_unit(value: pa.Array, unit: str) -> pa.Array:
    bare = pc.match_substring_regex(value, r"[0-9０-９]\s*$")
    return pc.if_else(bare, _join(value, pa.scalar(unit, value.type), ""), value)
