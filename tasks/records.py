"""The records of a text file with the physical lines they start on, also where quotes are broken."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, chain, islice, repeat, tee
from operator import add, attrgetter, itemgetter, methodcaller
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.dialect import Dialect, cells_of
from tasks.encoding import MAX_LINE
from tasks.guard import unguarded
from tasks.layout import CELL_SEPARATOR, Layout, open_text

# A record of more lines than this is a quote that was never closed, not a text somebody wrote.
MAX_SPAN = 500
_AFTER_BROKEN = 16
# of a longer line with a broken quote all quotes are letters: to find out more takes long
_LONGEST_MENDED = 1 << 14

_END = "\x1eend of file\x1e"
_LINE_END = b"\n"
_QUOTE, _FEED = b'"\n'
_NO_LINES = np.array([], np.int64)
# Lists with fewer columns hold too few delimiters to tell a swallowed row from a sentence.
_TELLING_WIDTH = 5


class Records(NamedTuple):
    """Records in file order: first physical line (int64), cells, whether a quote was broken (bool)."""

    lines: np.ndarray
    cells: list[list[str]]
    broken: np.ndarray


class Octets(NamedTuple):
    """Lines in UTF-8, one behind the other; bounds: where each begins, and where the last one ends."""

    buffer: bytes
    bounds: np.ndarray

    @classmethod
    def of(cls, lines: list[str]) -> Octets:
        """The lines, each with its end, as bytes."""
        buffer = "".join(lines).encode()
        bounds = np.append(0, np.flatnonzero(np.frombuffer(buffer, np.uint8) == _FEED) + 1)
        if bounds[-1] < len(buffer):
            bounds = np.append(bounds, len(buffer))
        if len(bounds) != len(lines) + 1:  # some lines end with another sign
            bounds = np.fromiter(accumulate((len(line.encode()) for line in lines), initial=0), np.int64)
        return cls(buffer, bounds)

    def take(self, indexes: np.ndarray) -> bytes:
        """Some lines, in order, one behind the other."""
        if len(indexes) == len(self.bounds) - 1:
            return self.buffer
        cuts = np.flatnonzero(np.diff(indexes) > 1) + 1
        runs = np.split(indexes, cuts) if len(indexes) else []
        return b"".join(self.buffer[self.bounds[run[0]] : self.bounds[run[-1] + 1]] for run in runs)


class Lines(NamedTuple):
    """A chunk as text: number of its first line, its lines with their ends, the same lines in UTF-8.

    plain: indexes of the lines that are a record each, without quotes or with sound ones, as pyarrow reads them too;
    quoted: the records between them.
    """

    first: int
    text: list[str]
    octets: Octets
    plain: np.ndarray
    quoted: Records

    def cells_of(self, indexes: np.ndarray, delimiter: str) -> Records:
        """Some plain lines as cells."""
        cells = list(csv.reader(map(self.text.__getitem__, indexes.tolist()), delimiter=delimiter))
        return Records(indexes + self.first, cells, np.zeros(len(indexes), bool))


def read_records(path: Path, layout: Layout, count: int, titles: bool = False) -> Iterator[Lines | Records]:
    """Read up to `count` records at a time, blank ones included, from below the header or from line 1.

    What a receipt added is taken out. A line is never longer than MAX_LINE: the layout saw to that.
    """
    csv.field_size_limit(MAX_LINE)
    with open_text(path, layout.encoding) as file:
        lines: Iterator[str] = map(methodcaller("replace", "\0", ""), file) if layout.nuls else file
        above = 0 if titles else layout.header_line - 1
        parser = _Parser(islice(lines, above, None), layout, above)
        while parser.line < layout.header_line and not parser.done:
            head = parser.take_parsed(1)
            if titles:
                yield head
        while not parser.done:
            yield parser.take(count)


class _Parser:
    """csv.reader that takes a quote literally where it runs away over other rows."""

    def __init__(self, lines: Iterable[str], layout: Layout, above: int) -> None:
        self.layout, self.line, self.done = layout, above, False
        self.unread: Iterator[str] = iter(lines)
        # lines read of a record that goes on: they come before `unread`
        self.begun: list[str] = []
        self.swallowed = _swallowed_row(layout)
        self.dialect = Dialect(layout.delimiter)

    def take(self, count: int) -> Lines | Records:
        """The next records, as lines where that is safe; fewer than `count` at the end and at a broken quote."""
        if self.layout.is_receipt:
            return self.take_parsed(count)
        text = self.begun + list(islice(self.unread, count - len(self.begun)))
        lines = self._lines(text)
        self.begun = text[len(lines.text) :] if lines else text
        if lines:
            self.line += len(lines.text)
            self.done = len(lines.text) == len(text) < count
            return lines
        self.unread, self.begun = chain(self.begun, self.unread), []
        return self.take_parsed(count)

    def _lines(self, text: list[str]) -> Lines | None:
        """The whole records in some lines, if it is certain that csv.reader would find the same ones.

        Where quotes are sound their number tells where records end; csv.reader then reads the records whose quotes
        may mean something else or go on over lines, and must end each of them on the same line.
        """
        octets = Octets.of(text)
        marks, sound = _quotes(octets, self.layout.delimiter)
        total = marks.cumsum()
        starts = (total - marks) % 2 == 0
        whole = int(np.flatnonzero(starts)[-1]) if total[-1:].sum() % 2 else len(text)
        text, starts = text[:whole], starts[:whole]
        record = starts.cumsum() - 1
        doubtful = np.bincount(record, ~(sound & (marks % 2 == 0))[:whole]) > 0
        within = doubtful[record]
        at = np.flatnonzero(within)
        cells, ends, failed, _ = self._csv(map(text.__getitem__, at.tolist()), whole + 1)
        first_lines = np.flatnonzero(starts[at])
        expected = np.append(first_lines[1:], len(at))[: len(first_lines)]
        if failed or whole < min(1, len(total)) or not np.array_equal(ends, expected):
            return None
        quoted_lines = map(text.__getitem__, at.tolist())
        if self._first_broken(cells, first_lines, ends, failed, quoted_lines) < len(cells):
            return None
        quoted = Records(at[first_lines] + self.line + 1, cells, np.zeros(len(cells), bool))
        return Lines(self.line + 1, text, octets, np.flatnonzero(~within), quoted)

    def take_parsed(self, count: int) -> Records:
        """The next records as cells, whatever their lines look like."""
        pieces: list[Records] = []
        wanted = step = count
        while wanted > 0 and not self.done:
            piece = self._some(min(step, wanted))
            wanted -= len(piece.cells)
            pieces.append(piece)
            # Behind a broken quote there may be another: what is read beyond it is read in vain.
            step = _AFTER_BROKEN if piece.broken.any() else step * 2
        records = Records(
            np.concatenate([_NO_LINES, *(piece.lines for piece in pieces)]),
            list(chain.from_iterable(piece.cells for piece in pieces)),
            np.concatenate([_NO_LINES.astype(bool), *(piece.broken for piece in pieces)]),
        )
        return _without_receipt(records, self.layout) if self.layout.is_receipt else records

    def _some(self, count: int) -> Records:
        """Up to `count` records, ending behind the first broken quote."""
        feed, self.unread = tee(self.unread)
        cells, ends, failed, self.done = self._csv(feed, count)
        starts = np.concatenate(([0], ends))[:-1]
        ahead, self.unread = tee(self.unread)
        bad = self._first_broken(cells, starts, ends, failed, ahead)
        lines = starts + self.line + 1
        self._advance(self.line + int(ends[bad - 1]) if bad else self.line)
        if bad == len(cells) and not failed:
            return Records(lines, cells, np.zeros(len(cells), bool))
        return self._literally(lines[:bad], cells[:bad])

    def _csv(self, lines: Iterator[str], count: int) -> tuple[list[list[str]], np.ndarray, bool, bool]:
        """Up to `count` records: cells, the line each ends on (counted from these lines), failed, all read."""
        reader = csv.reader(chain(lines, (_END,)), delimiter=self.layout.delimiter)
        pairs: list[tuple[list[str], int]] = []
        failed = False
        try:
            pairs.extend(islice(zip(reader, map(attrgetter("line_num"), repeat(reader)), strict=False), count))
        except csv.Error:
            failed = True
        # a quote alone on the last line gives that cell too, but over two lines
        before = pairs[-2][1] if len(pairs) > 1 else 0
        done = bool(pairs) and pairs[-1] == ([_END], before + 1)
        if done:
            pairs.pop()
        ends = np.fromiter(map(itemgetter(1), pairs), np.int64, len(pairs))
        return list(map(itemgetter(0), pairs)), ends, failed, done

    def _first_broken(
        self, cells: list[list[str]], starts: np.ndarray, ends: np.ndarray, failed: bool, lines: Iterator[str]
    ) -> int:
        """Index of the first record that a broken quote made; their number when there is none.

        starts, ends: where each record begins in `lines` and where it has ended.
        """
        several = np.flatnonzero(ends - starts > 1)
        bad = several[(ends - starts)[several] > MAX_SPAN][:1].tolist()
        if self.swallowed and len(several):
            raw = pa.array([CELL_SEPARATOR.join(cells[index]) for index in several], pa.large_string())
            inside, at_ends = (
                several[pc.match_substring_regex(raw, pattern).to_numpy(zero_copy_only=False)]
                for pattern in self.swallowed
            )
            bad += inside[:1].tolist()
            bad += self._malformed(at_ends, starts, ends, lines)
        if cells and not failed and cells[-1] and cells[-1][-1].endswith(_END):
            bad.append(len(cells) - 1)
        return min(bad, default=len(cells))

    def _malformed(self, records: np.ndarray, starts: np.ndarray, ends: np.ndarray, lines: Iterator[str]) -> list[int]:
        """The first of some records that has text behind a closing quote: the quote was meant to open."""
        read = 0
        for index in records.tolist():
            start, end = int(starts[index]), int(ends[index])
            text = list(islice(lines, start - read, end - read))
            read = end
            try:
                list(csv.reader(text, delimiter=self.layout.delimiter, strict=True))
            except csv.Error:
                return [index]
        return []

    def _literally(self, starts: np.ndarray, cells: list[list[str]]) -> Records:
        """The good records and the line behind them, where a quote that neither opens nor closes a cell is a letter."""
        text = next(self.unread).rstrip("\r\n")
        if len(text) > _LONGEST_MENDED:
            last = next(csv.reader([text], delimiter=self.layout.delimiter, quoting=csv.QUOTE_NONE))
        else:
            last, _ = cells_of(text, self.dialect, len(self.layout.header) + len(self.layout.added))
        cells = [*cells, last]
        starts = np.append(starts, self.line + 1)
        self.line += 1
        self.done = False
        return Records(starts, cells, np.arange(len(cells)) == len(cells) - 1)

    def _advance(self, line: int) -> None:
        deque(islice(self.unread, line - self.line), maxlen=0)
        self.line = line


def _quotes(lines: Octets, delimiter: str) -> tuple[np.ndarray, np.ndarray]:
    """How many quotes each line holds, and whether all of them stand where a writer of CSV puts them.

    Such a quote opens at the start of a cell or closes at its end, or is doubled within the quotes of a cell.
    Whether it opens or closes is told by the number of quotes before it.
    """
    bounds = lines.bounds
    octets = np.frombuffer(b"".join([_LINE_END, lines.buffer, _LINE_END]), np.uint8)
    places = np.flatnonzero(octets == _QUOTE)
    marks = np.diff(np.searchsorted(places - 1, bounds))
    # an opening quote is told by what stands before it, a closing one by what follows
    opening, closing, edges = places[::2], places[1::2], _edges(delimiter)
    astray = np.append(opening[~edges[octets[opening - 1]]], closing[~edges[octets[closing + 1]]])
    sound = np.ones(len(bounds) - 1, bool)
    sound[np.searchsorted(bounds, astray - 1, side="right") - 1] = False
    return marks, sound


@cache
def _edges(delimiter: str) -> np.ndarray:
    """Which of the 256 bytes may stand beside the outer side of a quote."""
    table = np.zeros(256, bool)
    table[list(b'\r\n"' + delimiter.encode())] = True
    return table


def _swallowed_row(layout: Layout) -> tuple[str, str] | None:
    """Patterns of a record that took other rows in: a whole row inside it; a whole row at its start and at its end."""
    width = min(len(layout.header), 200)
    if width < _TELLING_WIDTH:
        return None
    delimiter = re.escape(layout.delimiter)
    inside = rf"[\r\n](?:[^\r\n\x1f]*?{delimiter}){{{width - 1}}}"
    whole = rf"(?:[^\r\n]*?(?:\x1f|{delimiter})){{{width - 1}}}[^\r\n]*"
    return inside, rf"(?s)^{whole}[\r\n](?:.*[\r\n])?{whole}$"


def _without_receipt(records: Records, layout: Layout) -> Records:
    """The records as their sender wrote them: without added columns and the ' before formulas."""
    rows: Iterable[list[str]] = records.cells
    for index in sorted(layout.added, reverse=True):
        rows = list(rows)
        before, behind = (map(itemgetter(part), rows) for part in (slice(index), slice(index + 1, None)))
        rows = map(add, before, behind)
    return records._replace(cells=unguarded(list(rows)))
