"""A copy of an oddly written text file in usual CSV: same cells, same lines, same encoding."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tasks.dialect import Dialect, cells_of, is_sound, read_sample
from tasks.records import MAX_SPAN

_WIDTH_OF = 100
# A cell over several lines is looked for in so many lines that hold a quote, and in vain so often in one file.
_TRIES, _PATIENCE = 16, 2_000
# csv quotes a cell with a line end only where it is told of it
_END = "\r\n"


def make_plain(path: Path, encoding: str, dialect: Dialect, copy: Path) -> Path:
    """Write the records of a file to `copy`, each on the lines on which it stands; a blank between cells becomes ','.

    A quote that is open at the end of a line goes on over the next ones only where that makes a record as wide as the
    others, or a sound one; else it is text.
    """
    delimiter = "," if dialect.delimiter == " " else dialect.delimiter
    width = _width(read_sample(path, encoding), dialect)
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # what cannot be decoded stays the byte that it is
    with (
        path.open(encoding=encoding, errors="surrogateescape", newline="") as source,
        copy.open("w", encoding=encoding, errors="surrogateescape", newline="") as target,
    ):
        row = csv.writer(_Echo(), delimiter=delimiter, lineterminator=_END).writerow
        for cells, end in _records(source, dialect, width):
            target.write(f"{str(row(cells)).removesuffix(_END) if any(cells) else ''}{end}")
    return copy


class _Echo:
    """What csv writes to, to give back what it wrote."""

    def write(self, text: str) -> str:
        """The text."""
        return text


def _width(sample: str, dialect: Dialect) -> int:
    """How many cells most records have."""
    lines = filter(str.strip, sample.splitlines())
    widths = Counter(len(cells_of(line, dialect, 0)[0]) for line in islice(lines, _WIDTH_OF))
    return widths.most_common(1)[0][0] if widths else 1


def _records(lines: Iterator[str], dialect: Dialect, width: int) -> Iterator[tuple[list[str], str]]:
    """Cells and the line end of each record."""
    ahead: deque[str] = deque()
    in_vain = 0
    while line := ahead.popleft() if ahead else next(lines, ""):
        text = line.rstrip("\r\n")
        cells, is_open = cells_of(text, dialect, width)
        end = line[len(text) :]
        if is_open and in_vain < _PATIENCE:
            ahead.extend(islice(lines, max(0, MAX_SPAN - len(ahead))))
            longer = _longer(line, ahead, dialect, width)
            cells, end = longer or (cells, end)
            in_vain += longer is None
        yield cells, end


def _longer(line: str, ahead: deque[str], dialect: Dialect, width: int) -> tuple[list[str], str] | None:
    """A record that goes on over lines, which are taken from `ahead`; None where there is none of that width."""
    record, tries = line, 0
    for count, following in enumerate(ahead, 1):
        record += following
        if dialect.quote not in following:
            continue
        tries += 1
        if tries > _TRIES:
            return None
        text = record.rstrip("\r\n")
        cells, is_open = cells_of(text, dialect, width)
        if not is_open:
            if len(cells) != width and not is_sound(text, dialect):
                return None
            for _ in range(count):
                ahead.popleft()
            return cells, record[len(text) :]
    return None
