"""The lines of a receipt: each record of the sender's file with the answer behind its own columns."""

from __future__ import annotations

import csv
import re
from itertools import repeat
from operator import add, itemgetter
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.guard import guarded, may_need_guard
from tasks.layout import Layout
from tasks.records import Lines, Records


class Answers(NamedTuple):
    """What is answered to the records of a chunk: whether at all (bool), and the added cells by column."""

    given: np.ndarray
    cells: list[pa.Array]


def lines_of(records: Lines | Records) -> np.ndarray:
    """The first physical line of each record, in file order."""
    if isinstance(records, Records):
        return records.lines
    return np.sort(np.concatenate([records.plain + records.first, records.quoted.lines]))


def answered(records: Lines | Records, answers: Answers, layout: Layout) -> list[str]:
    """The receipt's text of each record, in file order, its line end included; formula-like cells are guarded."""
    if isinstance(records, Records):
        return _written(records, answers, layout)
    order = lines_of(records)
    out = np.empty(len(order), object)
    plain = _as_text(records, layout)
    at = np.searchsorted(order, plain + records.first)
    plain, at = plain[answers.given[at]], at[answers.given[at]]
    out[at] = _behind(records, plain, _picked(answers, at), layout)
    rest = records.cells_of(np.setdiff1d(records.plain, plain, assume_unique=True), layout.delimiter)
    for part in (rest, records.quoted):
        at = np.searchsorted(order, part.lines)
        out[at] = _written(part, _picked(answers, at), layout)
    return out.tolist()


def _write(rows: list[list[str]], layout: Layout) -> list[str]:
    out: list[str] = []
    # csv quotes only the line ends that it writes itself, and a cell may hold either.
    writer = csv.writer(SimpleNamespace(write=out.append), delimiter=layout.delimiter, lineterminator="\r\n")
    writer.writerows(rows)
    if layout.newline == "\r\n":
        return out
    return list(map(add, map(itemgetter(slice(-2)), out), repeat(layout.newline)))


def _picked(answers: Answers, at: np.ndarray) -> Answers:
    return Answers(answers.given[at], [column.take(pa.array(at)) for column in answers.cells])


def _as_text(records: Lines, layout: Layout) -> np.ndarray:
    """Indexes of the plain lines that can stay as they are: as wide as the header, nothing to guard."""
    text = pa.array(map(records.text.__getitem__, records.plain.tolist()), pa.large_string())
    width = pc.count_substring(text, layout.delimiter).to_numpy() + 1
    kept: np.ndarray = records.plain[(width == len(layout.header)) & ~may_need_guard(text, layout.delimiter)]
    return kept


def _behind(records: Lines, plain: np.ndarray, answers: Answers, layout: Layout) -> list[str]:
    """Lines as they came, with the answer behind them."""
    empty, delimiter, end = (pa.scalar(text, pa.large_string()) for text in ("", layout.delimiter, layout.newline))
    cells = [_quoted(column, layout.delimiter) for column in answers.cells]
    tails = pc.binary_join_element_wise(empty, *cells, delimiter)
    tails = pc.binary_join_element_wise(tails, end, empty)
    text = map(records.text.__getitem__, plain.tolist())
    return list(map(add, map(str.rstrip, text, repeat("\r\n")), tails.to_pylist()))


def _quoted(column: pa.Array, delimiter: str) -> pa.Array:
    """A column's cells as they stand in the file."""
    needed = pc.match_substring_regex(column, f'["\\r\\n{re.escape(delimiter)}]')
    if not pc.any(needed).as_py():
        return column
    quote = pa.scalar('"', column.type)
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise(quote, doubled, quote, pa.scalar("", column.type)), column)


def _written(records: Records, answers: Answers, layout: Layout) -> list[str]:
    """Records written anew, the answer right behind the header's columns; the unanswered ones as they came."""
    cells = guarded(records.cells)
    width = len(layout.header)
    at = np.flatnonzero(answers.given)
    rows = np.fromiter(cells, object, len(cells))
    own = rows[at].tolist()
    fill = [[""] * missing for missing in range(width + 1)]
    missing = np.maximum(width - np.fromiter(map(len, own), np.int64, len(own)), 0)
    own = list(map(add, own, map(fill.__getitem__, missing.tolist())))
    added = map(list, zip(*(column.take(pa.array(at)).to_pylist() for column in answers.cells), strict=True))
    front, beyond = (map(itemgetter(part), own) for part in (slice(width), slice(width, None)))
    rows[at] = np.fromiter(map(add, map(add, front, added), beyond), object, len(own))
    return _write(rows.tolist(), layout)
