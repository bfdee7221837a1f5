"""The records of a text file with the physical lines they start on, also where quotes are broken."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat, tee
from operator import attrgetter, concat, contains, itemgetter, methodcaller
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.layout import Layout, open_text
from tasks.unreadable import UnreadableFile

CELL_SEPARATOR = "\x1f"
# A cell or a record beyond these is a quote that was never closed, not a text somebody wrote.
MAX_CELL = 1 << 20
MAX_SPAN = 500
# Each broken quote costs a second look at its chunk; with more of them the file is no table.
MAX_BROKEN = 200
# What a spreadsheet would take for a formula; a receipt puts ' before it.
FORMULA = r"'*[=+\-@\t\r]"

_END = "\x1eend of file\x1e"
# Lists with fewer columns hold too few delimiters to tell a swallowed row from a sentence.
_TELLING_WIDTH = 5


class Records(NamedTuple):
    """Records in file order: first physical line (int64), cells, whether a quote was broken (bool)."""

    lines: np.ndarray
    cells: list[list[str]]
    broken: np.ndarray


class Lines(NamedTuple):
    """A chunk as text: number of its first line, its lines with their ends.

    plain: indexes of the lines without quotes, each a record of its own; quoted: the records between them.
    """

    first: int
    text: list[str]
    plain: np.ndarray
    quoted: Records

    def cells_of(self, indexes: np.ndarray, delimiter: str) -> Records:
        """Some plain lines as cells."""
        cells = list(csv.reader(map(self.text.__getitem__, indexes.tolist()), delimiter=delimiter))
        return Records(indexes + self.first, cells, np.zeros(len(indexes), bool))


def read_records(path: Path, layout: Layout, count: int, titles: bool = False) -> Iterator[Lines | Records]:
    """Read up to `count` records at a time, blank ones included, from below the header or from line 1.

    What a receipt added is taken out. Raises UnreadableFile where too many quotes are broken.
    """
    csv.field_size_limit(MAX_CELL)
    with open_text(path, layout.encoding) as file:
        lines: Iterator[str] = map(methodcaller("replace", "\0", ""), file) if layout.nuls else file
        above = 0 if titles else layout.header_line - 1
        parser = _Parser(islice(lines, above, None), layout, above)
        if titles:
            yield parser.take_parsed(layout.header_line)
        else:
            parser.take_parsed(1)
        while not parser.done:
            yield parser.take(count)


class _Parser:
    """csv.reader that takes a line literally where a quote of it runs away over other rows."""

    def __init__(self, lines: Iterable[str], layout: Layout, above: int) -> None:
        self.layout, self.line, self.broken, self.done = layout, above, 0, False
        self.unread: Iterator[str] = iter(lines)
        self.swallowed = _swallowed_row(layout)

    def take(self, count: int) -> Lines | Records:
        """The next records, as lines where that is safe; fewer than `count` at the end and at a broken quote."""
        if not self.layout.is_receipt:
            ahead, self.unread = tee(self.unread)
            text = list(islice(ahead, count))
            if lines := self._lines(text):
                self._advance(self.line + len(lines.text))
                self.done = len(text) < count
                return lines
        return self.take_parsed(count)

    def _lines(self, text: list[str]) -> Lines | None:
        """The whole records in some lines, if it is certain that csv.reader would find the same ones.

        Where quotes are sound their number tells where records end; csv.reader then reads the records that hold
        quotes, and must end each of them on the same line.
        """
        marks = _quotes(text)
        total = marks.cumsum()
        starts = (total - marks) % 2 == 0
        whole = int(np.flatnonzero(starts)[-1]) if total[-1:].sum() % 2 else len(text)
        text, marks, starts = text[:whole], marks[:whole], starts[:whole]
        record = starts.cumsum() - 1
        holds_quotes = np.bincount(record, marks) > 0
        within = holds_quotes[record]
        at = np.flatnonzero(within)
        cells, ends, failed, _ = self._csv(map(text.__getitem__, at.tolist()), whole + 1)
        first_lines = np.flatnonzero(starts[at])
        expected = np.append(first_lines[1:], len(at))[: len(first_lines)]
        if failed or whole < min(1, len(total)) or not np.array_equal(ends, expected):
            return None
        if self._first_broken(cells, ends - first_lines - 1, failed) < len(cells):
            return None
        quoted = Records(at[first_lines] + self.line + 1, cells, np.zeros(len(cells), bool))
        return Lines(self.line + 1, text, np.flatnonzero(~within), quoted)

    def take_parsed(self, count: int) -> Records:
        """The next records as cells, whatever their lines look like."""
        feed, self.unread = tee(self.unread)
        cells, ends, failed, self.done = self._csv(feed, count)
        ends += self.line
        starts = np.concatenate(([self.line], ends[:-1])) + 1 if len(ends) else ends
        bad = self._first_broken(cells, ends - starts, failed)
        self._advance(int(ends[bad - 1]) if bad else self.line)
        if bad == len(cells) and not failed:
            records = Records(starts, cells, np.zeros(len(cells), bool))
        else:
            records = self._literally(starts[:bad], cells[:bad])
        return _without_receipt(records, self.layout) if self.layout.is_receipt else records

    def _csv(self, lines: Iterator[str], count: int) -> tuple[list[list[str]], np.ndarray, bool, bool]:
        """Up to `count` records: cells, the line each ends on (counted from these lines), failed, all read."""
        reader = csv.reader(chain(lines, (_END,)), delimiter=self.layout.delimiter)
        pairs: list[tuple[list[str], int]] = []
        failed = False
        try:
            pairs.extend(islice(zip(reader, map(attrgetter("line_num"), repeat(reader)), strict=False), count))
        except csv.Error:
            failed = True
        done = bool(pairs) and pairs[-1][0] == [_END]
        if done:
            pairs.pop()
        ends = np.fromiter(map(itemgetter(1), pairs), np.int64, len(pairs))
        return list(map(itemgetter(0), pairs)), ends, failed, done

    def _first_broken(self, cells: list[list[str]], spans: np.ndarray, failed: bool) -> int:
        """Index of the first record that a broken quote made; their number when there is none."""
        several = np.flatnonzero(spans > 0)
        bad = several[spans[several] >= MAX_SPAN][:1].tolist()
        if self.swallowed and len(several):
            raw = pa.array([CELL_SEPARATOR.join(cells[index]) for index in several], pa.large_string())
            hits = pc.match_substring_regex(raw, self.swallowed).to_numpy(zero_copy_only=False)
            bad += several[hits][:1].tolist()
        if cells and not failed and cells[-1] and cells[-1][-1].endswith(_END):
            bad.append(len(cells) - 1)
        return min(bad, default=len(cells))

    def _literally(self, starts: np.ndarray, cells: list[list[str]]) -> Records:
        """The good records and the line behind them with its quotes taken as letters."""
        self.broken += 1
        if self.broken > MAX_BROKEN:
            raise UnreadableFile("quotes")
        reader = csv.reader(islice(self.unread, 1), delimiter=self.layout.delimiter, quoting=csv.QUOTE_NONE)
        try:
            cells = [*cells, next(reader)]
        except csv.Error as error:
            raise UnreadableFile("long_line") from error
        starts = np.append(starts, self.line + 1)
        self.line += 1
        self.done = False
        return Records(starts, cells, np.arange(len(cells)) == len(cells) - 1)

    def _advance(self, line: int) -> None:
        deque(islice(self.unread, line - self.line), maxlen=0)
        self.line = line


def _quotes(text: list[str]) -> np.ndarray:
    """How many quotes each line holds."""
    marks = np.zeros(len(text), np.int64)
    quoted = np.flatnonzero(np.fromiter(map(contains, text, repeat('"')), bool, len(text)))
    counts = map(methodcaller("count", '"'), map(text.__getitem__, quoted.tolist()))
    marks[quoted] = np.fromiter(counts, np.int64, len(quoted))
    return marks


def _swallowed_row(layout: Layout) -> str | None:
    """A pattern for a whole row of the table inside one cell."""
    width = min(len(layout.header), 200)
    if width < _TELLING_WIDTH:
        return None
    delimiter = re.escape(layout.delimiter)
    return rf"[\r\n](?:[^\r\n\x1f]*?{delimiter}){{{width - 1}}}"


def _without_receipt(records: Records, layout: Layout) -> Records:
    """The records as their sender wrote them: without added columns and the ' before formulas."""
    rows: Iterable[list[str]] = records.cells
    for index in sorted(layout.added, reverse=True):
        rows = list(rows)
        before, behind = (map(itemgetter(part), rows) for part in (slice(index), slice(index + 1, None)))
        rows = map(concat, before, behind)
    raw = pa.array(map(CELL_SEPARATOR.join, rows), pa.large_string())
    plain = pc.replace_substring_regex(raw, rf"(^|\x1f)'({FORMULA})", r"\1\2")
    return records._replace(cells=pc.split_pattern(plain, CELL_SEPARATOR).to_pylist())
