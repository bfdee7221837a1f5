"""The receipt of a text file: a copy that answers every row, the rows that need mending, and a page that sums it up."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Rules
from tasks.content import each_read
from tasks.headers import ADDED
from tasks.layout import Layout
from tasks.points import reached
from tasks.receipt_cells import NO_OUTCOMES, AddedCells
from tasks.receipt_files import Receipt, ReceiptFiles
from tasks.receipt_page import About, Tally, page
from tasks.receipt_rows import CHARACTERS, Answers, Block, Kinds, answered, joined, last_may_go_on, read_blocks
from tasks.tables import Tables


def write_receipt(
    source: Path,
    layout: Layout,
    outcomes: pd.DataFrame | Iterable[pd.DataFrame | pa.Table],
    rules: Rules,
    folder: Path,
    about: About,
    characters: int = CHARACTERS,
    intact: Callable[[], None] = lambda: None,
) -> Receipt:
    """Write the receipt of a text file into a folder and return its files; the same input gives the same bytes.

    The file is read `characters` at a time; when it has been read and before an answer gets its name, `intact` is
    called: it raises where the file has changed meanwhile.

    outcomes: frames or tables in file order with line (int64), outcome, lead (null where there is none), issues and,
    if wanted, reasons (both rule ids joined by '|'), entry_team and entrant; every row read from the file has one.
    """
    tables = map(_table, [outcomes] if isinstance(outcomes, pd.DataFrame) else outcomes)
    tally, cells, kinds = Tally.for_rules(rules), AddedCells(layout, rules, about.lang), Kinds(layout)
    with ReceiptFiles(folder, about, _suffix(about)) as files:
        with files.answer.open("wb") as answer, files.mend.open("wb") as mend:
            full, rejected = (_Out(file, _encoding(layout)) for file in (answer, mend))
            blocks = each_read(source, read_blocks(source, layout, characters))
            for block, rows in _with_outcomes(blocks, tables, kinds):
                _answer(block, rows, cells, kinds, full, rejected)
                tally.add(rows)
                reached("receipt-rows")
        intact()
        return files.close(tally, lambda named: page(about, Tables((layout,)), tally, rules, named))


class _Out:
    """A file of text, written from Arrow arrays of lines."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._as_it_is = encoding in ("utf-8", "utf-8-sig")
        self._encoder = codecs.getincrementalencoder(encoding)()
        if encoding == "utf-8-sig":
            file.write(codecs.BOM_UTF8)

    def write(self, lines: pa.Array) -> None:
        """Add the lines, which hold their own ends."""
        if not len(lines):
            return
        data = pa.concat_arrays([lines]) if lines.offset else lines
        offsets = np.frombuffer(data.buffers()[1], np.int64)
        text = memoryview(data.buffers()[2] or b"")[offsets[0] : offsets[len(data)]]
        self._file.write(text if self._as_it_is else self._encoder.encode(str(text, "utf-8")))


def _answer(block: Block, rows: pa.Table, cells: AddedCells, kinds: Kinds, full: _Out, rejected: _Out) -> None:
    """Write a block of lines to the receipt, the rejected records and the header also to the rows to mend."""
    at = rows["line"].to_numpy() - block.first
    mend = np.zeros(len(block.lines), bool)
    mend[at[pc.equal(rows["outcome"], "rejected").to_numpy(zero_copy_only=False)]] = True
    added = cells.of(rows)
    header = kinds.layout.header_line - block.first
    if 0 <= header < len(block.lines):
        # what stands above the header is no record, so the header comes first
        at, mend[header] = np.insert(at, 0, header), True
        added = [pa.concat_arrays([pa.array([name], pa.large_string()), part])
                 for name, part in zip(ADDED[cells.lang], added, strict=True)]  # fmt: skip
    text = answered(block, Answers(at, added), kinds)
    full.write(text)
    rejected.write(text.filter(pa.array(mend)))


def _table(rows: pd.DataFrame | pa.Table) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows


def _with_outcomes(
    blocks: Iterator[Block], tables: Iterator[pa.Table], kinds: Kinds
) -> Iterator[tuple[Block, pa.Table]]:
    """Blocks of whole records with the outcomes of their lines, however the outcomes were cut."""
    waiting, begun = next(tables, NO_OUTCOMES), None
    for some in blocks:
        block = some if begun is None else joined(begun, some)
        last = block.first + len(block.lines) - 1
        while not (len(waiting) and waiting["line"][-1].as_py() > last):
            following = next(tables, None)
            if following is None:
                break
            waiting = pa.concat_tables([waiting, following]) if len(waiting) else following
        lines = waiting["line"].to_numpy()
        cut = int(np.searchsorted(lines, last, side="right"))
        goes_on = last_may_go_on(block, lines[:cut] - block.first, kinds)
        begun = None
        if goes_on is not None:
            block, begun = (
                block._replace(lines=block.lines.slice(0, goes_on)),
                Block(block.first + goes_on, block.lines.slice(goes_on), block.final),
            )
            cut -= 1
        yield block, waiting.slice(0, cut)
        waiting = waiting.slice(cut)


def _encoding(layout: Layout) -> str:
    """The file's own encoding, where it can hold the answer; else UTF-8 with the mark that spreadsheets need."""
    return layout.encoding if layout.encoding.startswith(("gb", "utf-8-", "utf-16", "utf-32")) else "utf-8-sig"


def _suffix(about: About) -> str:
    ending = about.name.rpartition(".")[2].lower()
    return f".{ending}" if ending in ("csv", "tsv", "txt") else ".csv"
