"""The lines of a receipt: each record of the sender's file as it came, with the answer behind its own columns.

Where records begin is known from the answers, so a line that is a whole record by itself is never taken apart: the
answer is put behind its text. Only what is spread over lines, ragged, or like a formula is read and written anew.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.encoding import MAX_LINE
from tasks.guard import guarded, guarded_line, may_need_guard, unguarded
from tasks.layout import Layout, open_text

#: A record of more lines than this does not exist: the reader takes such a quote for a letter.
MOST_LINES = 500
#: How much of a file is read at a time.
CHARACTERS = 1 << 20
_END = "\x1eend of file\x1e"
_TEXT = pa.large_string()


class Block(NamedTuple):
    """Physical lines of a file with their ends; first: the number of the first one."""

    first: int
    lines: pa.Array
    final: bool


def read_blocks(path: Path, layout: Layout, characters: int = CHARACTERS) -> Iterator[Block]:
    """Cut a file into blocks of whole lines, a few megabytes each."""
    first, rest = 1, ""
    with open_text(path, layout.encoding) as file:
        while piece := file.read(characters):
            # a block never ends between \r and \n
            if piece.endswith("\r"):
                piece += file.read(1)
            text = rest + (piece.replace("\0", "") if layout.nuls else piece)
            cut = max(text.rfind("\n"), text.rfind("\r")) + 1
            rest = text[cut:]
            if cut:
                block = Block(first, _lines(text[:cut]), final=False)
                first += len(block.lines)
                yield block
    yield Block(first, _lines(rest), final=True)


def joined(before: Block, behind: Block) -> Block:
    """The lines of two blocks that follow each other as one."""
    return Block(before.first, pa.concat_arrays([before.lines, behind.lines]), behind.final)


class Answers(NamedTuple):
    """Which lines of a block begin a record that is answered (sorted indexes), and the added cells by column."""

    at: np.ndarray
    cells: list[pa.Array]


class Kinds:
    """How the lines of a file are told apart by their text alone."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        delimiter = re.escape(layout.delimiter)
        cell = rf'(?:"(?:[^"]|"")*"|[^"\r\n{delimiter}]*)'
        self._single = rf"^{cell}(?:{delimiter}{cell})*[\r\n]*$"
        self._whole = rf"^{cell}(?:{delimiter}{cell}){{{len(layout.header) - 1}}}[\r\n]*$"

    def whole(self, lines: pa.Array) -> np.ndarray:
        """Where a line is a record as wide as the header that can stay as it is (bool)."""
        if self.layout.is_receipt:
            return np.zeros(len(lines), bool)
        whole: np.ndarray = _mask(pc.match_substring_regex(lines, self._whole))
        whole[may_need_guard(lines, self.layout.delimiter)] = False
        return whole

    def single(self, lines: pa.Array) -> np.ndarray:
        """Where a line is a record of any width by itself (bool)."""
        return _mask(pc.match_substring_regex(lines, self._single))


def answered(block: Block, answers: Answers, kinds: Kinds) -> pa.Array:
    """The receipt's text of each line, in file order; a record of several lines is the text of its first.

    Cells like formulas are guarded; lines that are no record of a lead stay as they are.
    """
    lines, layout = block.lines, kinds.layout
    kept = kinds.whole(lines)
    begins = np.zeros(len(lines), bool)
    begins[answers.at] = True
    odd = np.flatnonzero(begins & ~kept)
    stays = begins & kept
    out = pc.replace_with_mask(lines, pa.array(stays), _behind(lines, stays, answers, layout)) if stays.any() else lines
    if len(odd):
        which = np.flatnonzero(~kept[answers.at])
        out = _anew(out, lines, odd, Answers(answers.at, _picked(answers.cells, which)), kinds)
    return _titles_guarded(out, begins, layout)


def last_may_go_on(block: Block, at: np.ndarray, kinds: Kinds) -> int | None:
    """The index of the last answered line where its record may need lines of the next block; None: it is whole."""
    if block.final or not len(at):
        return None
    last = int(at[-1])
    whole = kinds.single(block.lines.slice(last, 1))[0]
    return None if whole or len(block.lines) - last > MOST_LINES else last


def _lines(text: str) -> pa.Array:
    """A text cut behind each \\n, \\r\\n and lone \\r, as csv counts lines."""
    raw = np.frombuffer(text.encode(), np.uint8)
    ends = raw == 10
    if "\r" in text:
        returns = np.flatnonzero(raw == 13)
        following = np.append(raw, 0)[returns + 1]
        ends[returns[following != 10]] = True
    offsets = np.concatenate(([0], np.flatnonzero(ends) + 1)).astype(np.int64)
    if offsets[-1] < len(raw):
        offsets = np.append(offsets, len(raw))
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))


def _behind(lines: pa.Array, stays: np.ndarray, answers: Answers, layout: Layout) -> pa.Array:
    """The lines that stay as they came, with the answer behind them."""
    own = pc.utf8_rtrim(lines.filter(pa.array(stays)), "\r\n")
    cells = [_quoted(column, layout.delimiter) for column in _picked(answers.cells, np.flatnonzero(stays[answers.at]))]
    # the answers first: they are short, and each joining copies what it joins
    empty, delimiter, end = (pa.scalar(text, _TEXT) for text in ("", layout.delimiter, layout.newline))
    tails = pc.binary_join_element_wise(empty, *cells, delimiter)
    return pc.binary_join_element_wise(own, pc.binary_join_element_wise(tails, end, empty), empty)


def _picked(cells: list[pa.Array], which: np.ndarray) -> list[pa.Array]:
    return [column.take(pa.array(which)) for column in cells]


def _quoted(column: pa.Array, delimiter: str) -> pa.Array:
    """A column's cells as they stand in the file."""
    needed = pc.match_substring_regex(column, f'["\\r\\n{re.escape(delimiter)}]')
    if not pc.any(needed).as_py():
        return column
    quote = pa.scalar('"', column.type)
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise(quote, doubled, quote, pa.scalar("", column.type)), column)


def _anew(out: pa.Array, lines: pa.Array, odd: np.ndarray, answers: Answers, kinds: Kinds) -> pa.Array:
    """Put the records that begin at the odd lines, read and written anew, in their places."""
    cells, used = _read(lines, odd, answers.at, kinds)
    texts = _written(cells, answers.cells, kinds.layout)
    several = np.flatnonzero(used > 1)
    rest = [np.arange(odd[place] + 1, odd[place] + used[place]) for place in several.tolist()]
    # what a record goes on over is in the text of its first line
    gone = np.concatenate([np.empty(0, np.int64), *rest])
    where = np.concatenate([odd, gone])
    put = pa.array([*texts, *[""] * len(gone)], _TEXT).take(pa.array(np.argsort(where, kind="stable")))
    mask = np.zeros(len(lines), bool)
    mask[where] = True
    return pc.replace_with_mask(out, pa.array(mask), put)


def _read(lines: pa.Array, odd: np.ndarray, begins: np.ndarray, kinds: Kinds) -> tuple[list[list[str]], np.ndarray]:
    """The cells of the records at the odd lines, and over how many lines each goes."""
    csv.field_size_limit(MAX_LINE)
    layout = kinds.layout
    first = lines.take(pa.array(odd))
    alone = kinds.single(first)
    cells = np.empty(len(odd), object)
    used = np.ones(len(odd), np.int64)
    texts = first.filter(pa.array(alone)).to_pylist()
    read = list(csv.reader(texts, delimiter=layout.delimiter))
    # a blank line would be no record to csv, but none is answered
    cells[alone] = np.fromiter(read, object, len(read))
    stops = np.append(begins, len(lines))[np.searchsorted(begins, odd) + 1]
    for place in np.flatnonzero(~alone).tolist():
        start = int(odd[place])
        cells[place], used[place] = _record(lines.slice(start, int(stops[place]) - start).to_pylist(), layout)
    rows: list[list[str]] = cells.tolist()
    return _without_added(rows, layout) if layout.is_receipt else rows, used


def _record(lines: list[str], layout: Layout) -> tuple[list[str], int]:
    """The first record of some lines, and how many of them it takes; one that never ends is one line, literally."""
    reader = csv.reader(chain(lines[:MOST_LINES], (_END,)), delimiter=layout.delimiter)
    try:
        cells = next(reader)
        if not cells or not cells[-1].endswith(_END):
            return cells, reader.line_num
    except csv.Error:
        pass
    return next(csv.reader(lines[:1], delimiter=layout.delimiter, quoting=csv.QUOTE_NONE)), 1


def _without_added(rows: list[list[str]], layout: Layout) -> list[list[str]]:
    """The records of a receipt that came back as their sender wrote them."""
    added = set(layout.added)
    return unguarded([[cell for index, cell in enumerate(row) if index not in added] for row in rows])


def _written(rows: list[list[str]], added: list[pa.Array], layout: Layout) -> list[str]:
    """Records as text, the answer right behind the header's columns."""
    width = len(layout.header)
    answers = zip(*(column.to_pylist() for column in added), strict=True)
    full = [
        [*row[:width], *[""] * (width - len(row)), *answer, *row[width:]]
        for row, answer in zip(guarded(rows), answers, strict=True)
    ]
    out: list[str] = []
    # csv quotes only the line ends that it writes itself, and a cell may hold either
    writer = csv.writer(SimpleNamespace(write=out.append), delimiter=layout.delimiter, lineterminator="\r\n")
    writer.writerows(full)
    return out if layout.newline == "\r\n" else [text[:-2] + layout.newline for text in out]


def _titles_guarded(out: pa.Array, begins: np.ndarray, layout: Layout) -> pa.Array:
    """Guard the lines that are no records, such as titles above the header."""
    others = np.flatnonzero(~begins)
    some = out.take(pa.array(others))
    risky = may_need_guard(some, layout.delimiter)
    if not risky.any():
        return out
    safe = [guarded_line(line, layout.delimiter) for line in some.filter(pa.array(risky)).to_pylist()]
    mask = np.zeros(len(out), bool)
    mask[others[risky]] = True
    return pc.replace_with_mask(out, pa.array(mask), pa.array(safe, _TEXT))


def _mask(flags: pa.Array) -> np.ndarray:
    return np.array(flags.to_numpy(zero_copy_only=False), bool)
