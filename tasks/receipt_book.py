"""The receipt of a workbook: its lead lists row by row where they were, each row with its answer, as .xlsx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Rules
from tasks.guard import guarded_column
from tasks.headers import ADDED
from tasks.layout import Layout
from tasks.points import reached
from tasks.read import sheet_columns
from tasks.receipt_cells import NO_OUTCOMES, AddedCells
from tasks.receipt_files import Receipt, ReceiptFiles
from tasks.receipt_page import About, Tally, page
from tasks.sheets import Sheet
from tasks.source import Source
from tasks.tables import Tables
from tasks.workbook import SEPARATOR, Workbook, head_row, join_rows

_BLOCK_ROWS = 5_000
# widths in characters: the sender's own columns, and those that are added
_WIDTH, _ADDED_WIDTHS = 16, (10, 16, 60, 48)
_TEXT = pa.large_string()


def write_book_receipt(
    source: Source,
    tables: Tables,
    outcomes: Callable[[str], Iterable[pa.Table]],
    rules: Rules,
    folder: Path,
    about: About,
    intact: Callable[[], None] = lambda: None,
) -> Receipt:
    """Write the receipt of a workbook into a folder and return its files; the same input gives the same bytes.

    outcomes: gives the tables of a sheet by its name, as `write_receipt` takes them for a file; `intact` is called
    before an answer gets its name and raises where the file has changed meanwhile.
    """
    tally = Tally.for_rules(rules)
    with ReceiptFiles(folder, about, ".xlsx") as files:
        with Workbook(files.answer) as answer, Workbook(files.mend) as mend:
            for layout in tables.layouts:
                cells = AddedCells(layout, rules, about.lang)
                found = pa.concat_tables([*outcomes(layout.sheet)] or [NO_OUTCOMES])
                _answer_sheet(source.sheet(layout.sheet), layout, found, cells, (answer, mend))
                tally.add(found)
                reached("receipt-rows")
        intact()
        return files.close(tally, lambda named: page(about, tables, tally, rules, named))


def _answer_sheet(
    sheet: Sheet, layout: Layout, found: pa.Table, cells: AddedCells, books: tuple[Workbook, Workbook]
) -> None:
    """Write a sheet with its answers to the first workbook, what must be mended below its header to the second."""
    added = cells.of(found)
    at = found["line"].to_numpy() - 1
    rejected = np.zeros(sheet.rows, bool)
    rejected[at[pc.equal(found["outcome"], "rejected").to_numpy(zero_copy_only=False)]] = True
    widths = [*[_WIDTH] * len(layout.header), *_ADDED_WIDTHS]
    top = list(_top(sheet, layout, ADDED[cells.lang]))
    with ExitStack() as stack:
        full = stack.enter_context(books[0].sheet(sheet.name, widths, layout.header_line))
        mend = stack.enter_context(books[1].sheet(sheet.name, widths, 1)) if rejected.any() else None
        full(b"".join(top))
        if mend is not None:
            mend(top[-1])
        for number, block in enumerate(sheet.blocks(_BLOCK_ROWS, layout.header_line)):
            first = layout.header_line + number * _BLOCK_ROWS
            own = list(map(guarded_column, sheet_columns(block, layout)))
            low, high = np.searchsorted(at, (first, first + len(block))).tolist()
            answers = [_spread(column.slice(low, high - low), at[low:high] - first, len(block)) for column in added]
            rows = pc.binary_join_element_wise(*own, *answers, pa.scalar(SEPARATOR, _TEXT))
            full(join_rows([], rows, []))
            if mend is not None:
                mend(join_rows([], rows.filter(pa.array(rejected[first : first + len(block)])), []))


def _top(sheet: Sheet, layout: Layout, added: tuple[str, ...]) -> Iterator[bytes]:
    """The rows down to the header, each as its sender wrote it; the header's last row has the added names."""
    block = next(sheet.blocks(layout.header_line))
    own = [guarded_column(column).to_pylist() for column in sheet_columns(block, layout)]
    for cells in list(zip(*own, strict=True))[:-1]:
        yield head_row([*cells, *[""] * len(added)])
    yield head_row([*layout.header, *added])


def _spread(cells: pa.Array, at: np.ndarray, rows: int) -> pa.Array:
    """Cells at their places among `rows` blank ones."""
    places = np.full(rows, -1)
    places[at] = np.arange(len(at))
    return pc.fill_null(cells.take(pa.array(places, mask=places < 0)), "")
