"""How the cells of a text file are written where that is not the usual way: other quotes, escapes, delimiters."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path
from threading import Event

import numpy as np

from tasks.layout import DELIMITERS, open_text

# What is looked at to tell a dialect; the detector's time grows with it.
SAMPLE_LINES, SAMPLE_CHARACTERS = 200, 1 << 15
# Quotes astray of one record of which each is taken for text in turn.
_GUESSES = 3
# A list of fewer cells may have its blanks by chance.
_ENOUGH_SPACES = 5
_COMMENT = "#"
# A stray quote is looked for in a line this long and no longer.
_PIECE = 1 << 20

_WIDE = ("utf-16", "utf-32")
_ANY = r",;\t|"
_START, _END = rf"(?:^|(?<=[{_ANY}]))", rf"(?=[{_ANY}]|\r?$)"
_SINGLE = re.compile(rf"{_START}'(?:[^'\r\n]|'(?![{_ANY}\r\n]))*'{_END}", re.MULTILINE)
_DOUBLE = re.compile(rf'{_START}"[^\r\n]*?"{_END}', re.MULTILINE)
# what is within a long word tells nothing of a dialect, and takes the detector the square of its length
_LONG_WORD = re.compile(rf"([^{_ANY}\"'\\\s]{{64}})[^{_ANY}\"'\\\s]+")
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
# which of the 256 bytes may stand before a cell or behind it
_EDGES = np.zeros(256, bool)
_EDGES[list(b",;\t|\r\n")] = True


@dataclass(frozen=True)
class Dialect:
    """How cells are told apart.

    escape: what makes a quote within quotes part of the text, besides a second one; spaces: blanks behind a delimiter
    are none of the text.
    """

    delimiter: str
    quote: str = '"'
    escape: str = ""
    spaces: bool = False

    @cached_property
    def quoted(self) -> tuple[re.Pattern[str], ...]:
        """A quoted cell as it should be; one not closed; one that ends at the first quote before a delimiter."""
        quote, end = re.escape(self.quote), rf"(?=[ ]*(?:{re.escape(self.delimiter)}|$))"
        inner = rf"[^{quote}\\]|\\.|{quote}{quote}" if self.escape == "\\" else rf"[^{quote}]|{quote}{quote}"
        return (
            re.compile(rf"{quote}((?:{inner})*){quote}{end}", re.DOTALL),
            re.compile(rf"{quote}(?:{inner})*\Z", re.DOTALL),
            re.compile(rf"{quote}(.*?){quote}{end}", re.DOTALL),
        )

    def text(self, cell: str) -> str:
        """What stands within quotes, as it was before it was put there."""
        cell = cell.replace(self.quote * 2, self.quote)
        return cell.replace(f'{self.escape}"', '"') if self.escape else cell


def odd_dialect(path: Path, encoding: str, has_astray: Callable[[], bool] | None = None) -> Dialect | None:
    """The dialect of a file that a reader of usual CSV would misread; None for all others.

    has_astray: gives what `has_quotes_astray` found, where that was asked before.
    """
    text = read_sample(path, encoding)
    single = len(_SINGLE.findall(text)) > max(1, len(_DOUBLE.findall(text)))
    blank = not any(mark in text for mark in DELIMITERS)
    spaced = any(_stands_before_spaces(mark, text) for mark in DELIMITERS)
    known = has_astray if has_astray and not encoding.startswith(_WIDE) else None
    astray = known() if known else any(True for _ in _lines_astray(path, encoding))
    if not (single or astray or '\\"' in text or _is_spaced_table(text) or spaced):
        return None
    delimiter, escape = _detected(text)
    if delimiter not in ((" ",) if blank else DELIMITERS) or (blank and not _is_spaced_table(text)):
        return None
    escape = '"' if single and '""' in text and '"' not in text.replace('""', "") else escape
    dialect = Dialect(delimiter, "'" if single else '"', escape, _stands_before_spaces(delimiter, text))
    if blank or dialect != Dialect(delimiter):
        return dialect
    return dialect if not all(is_usual(line, delimiter) for line in _lines_astray(path, encoding)) else None


def find_delimiter(text: str) -> str:
    """The delimiter of a table without known headers; a comma where there is none.

    A blank where there are blanks within cells too: nobody can tell then where a column ends. Comments tell nothing.
    """
    told = "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith(_COMMENT)) or text
    found, _ = _detected(told)
    header = told.partition("\n")[0]
    if found == " " and header.count(" ") > 1 and not any(mark in header for mark in DELIMITERS):
        return found
    return found if found in DELIMITERS else ","


def read_sample(path: Path, encoding: str) -> str:
    """The first lines of a file, whole ones where they are not endless."""
    with open_text(path, encoding) as file:
        text = file.read(SAMPLE_CHARACTERS).replace("\0", "")
    lines = text.splitlines(keepends=True)
    whole = lines[:-1] if len(text) == SAMPLE_CHARACTERS and len(lines) > 1 else lines
    return "".join(islice(whole, SAMPLE_LINES))


def _detected(text: str) -> tuple[str, str]:
    """Delimiter and escape by the regularity of the pattern (van den Burg et al., Data Min. Knowl. Disc. 2019)."""
    from clevercsv.detect import Detector  # a tenth of a second, for files that are odd

    found = Detector().detect(_LONG_WORD.sub(r"\1", text), delimiters=[*DELIMITERS, " "])
    return (found.delimiter or "", found.escapechar or "") if found else ("", "")


def _stands_before_spaces(delimiter: str, text: str) -> bool:
    """Whether a blank follows the delimiter before a quote, or always: 'name, phone, "company"'."""
    if delimiter == " ":
        return False
    mark = re.escape(delimiter)
    if re.search(rf'^[^"\r\n]*{mark} +"(?!")', text, re.MULTILINE):
        return True
    behind = re.findall(rf"{mark}([^\r\n])", text)
    return len(behind) > _ENOUGH_SPACES and set(behind) == {" "}


def _is_spaced_table(text: str) -> bool:
    """Whether all lines hold several cells between single blanks, most of them as many as the first."""
    widths = [len(line.split(" ")) for line in text.splitlines() if line.strip()]
    as_wide = Counter(widths)[widths[0]] if widths else 0
    return len(widths) > 1 and min(widths) > 1 and 2 * as_wide > len(widths)


def is_usual(line: str, delimiter: str) -> bool:
    """Whether a line is a whole record of usual CSV."""
    try:
        return bool(list(csv.reader([line], delimiter=delimiter, strict=True)))
    except csv.Error:
        return False


def _lines_astray(path: Path, encoding: str) -> Iterator[str]:
    """Lines with a quote behind which text goes on where its cell should have ended."""
    wide = encoding.startswith(_WIDE)
    for block in map(str.encode, _texts(path, encoding)) if wide else _octets(path):
        for line in _astray(block):
            yield line.decode("utf-8" if wide else encoding, "replace")


def has_quotes_astray(path: Path, stop: Event) -> bool:
    """Whether a quote may be astray, by the bytes alone: of the wide encodings that tells nothing."""
    return any(True for block in takewhile(lambda _: not stop.is_set(), _octets(path)) for _ in _astray(block))


def _astray(block: bytes) -> Iterator[bytes]:
    """The lines of a block in which a quote opens a cell, and the next one has text behind it."""
    octets = np.frombuffer(b"\n" + block + b"\n", np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    opens, goes_on = _EDGES[octets[quotes - 1]], ~_EDGES[octets[quotes + 1]] & (octets[quotes + 1] != _QUOTE)
    found = np.flatnonzero(opens[:-1] & goes_on[1:])
    if not len(found):
        return
    ends = np.flatnonzero((octets == _LINE_FEED) | (octets == _RETURN))
    lines = np.searchsorted(ends, quotes[found])
    one_line = lines == np.searchsorted(ends, quotes[found + 1])
    for line in np.unique(lines[one_line]).tolist():
        yield block[int(ends[line - 1]) : int(ends[line]) - 1]


def _octets(path: Path) -> Iterator[bytes]:
    """The bytes in pieces that end with a line, where lines end."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(_PIECE):
            cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1 or len(block)
            yield rest + block[:cut]
            rest = block[cut:]
    yield rest


def _texts(path: Path, encoding: str) -> Iterator[str]:
    """The text in pieces that end with a line, where lines end."""
    rest = ""
    with open_text(path, encoding) as file:
        while block := file.read(_PIECE):
            cut = max(block.rfind("\n"), block.rfind("\r")) + 1 or len(block)
            yield rest + block[:cut]
            rest = block[cut:]
    yield rest


def cells_of(text: str, dialect: Dialect, width: int) -> tuple[list[str], bool]:
    """The cells of a record, and whether a quote of it is still open.

    A quote that neither opens nor closes a cell is text; of the ways to read it the first that gives `width` cells
    counts. With an open quote the cells are those that it gives where it is text.
    """
    first, unsound, is_open = _split(text, dialect, frozenset())
    if len(first) == width and not is_open:
        return first, False
    for index in unsound[:_GUESSES]:
        cells, _, still = _split(text, dialect, frozenset((index,)))
        if len(cells) == width and not still:
            return cells, is_open
    return first, is_open


def is_sound(text: str, dialect: Dialect) -> bool:
    """Whether all quotes of a record stand where they should."""
    return not _split(text, dialect, frozenset())[1]


def _split(text: str, dialect: Dialect, literal: frozenset[int]) -> tuple[list[str], Sequence[int], bool]:
    """Cells; places of the cells whose quotes are not sound; whether one is open. `literal`: quotes that are text."""
    cells: list[str] = []
    unsound: list[int] = []
    is_open = False
    sound, unclosed, astray = dialect.quoted
    at, closes = 0, True
    while True:
        if dialect.spaces:
            at += len(text[at:]) - len(text[at:].lstrip(" "))
        found = None
        if text.startswith(dialect.quote, at) and at not in literal:
            found = sound.match(text, at)
            if not found:
                unsound.append(at)
                # what is not found behind one cell is not behind the next ones either
                found = astray.match(text, at) if closes else None
                closes = found is not None
                is_open = is_open or bool(unclosed.match(text, at))
        end = text.find(dialect.delimiter, found.end() if found else at)
        stop = len(text) if end < 0 else end
        cells.append(dialect.text(found[1]) if found else text[at:stop])
        if end < 0:
            return cells, unsound, is_open
        at = end + 1
