"""How a table is laid out: encoding, delimiter, header row, and which column is which field."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tasks.encoding import MAX_LINE, Encoding, possible_encodings
from tasks.headers import Headers, header_key, is_added, is_field, known_headers
from tasks.unreadable import UnreadableFile

if TYPE_CHECKING:
    from config.schema import Channel

DELIMITERS = (",", ";", "\t", "|")
#: Between the cells of a row as it is stored.
CELL_SEPARATOR = "\x1f"
# A title block above the header is a few lines; looking further costs time and finds data.
HEADER_WITHIN = 50
MAX_COLUMNS = 2_000
# The fields that alone make a list worth reading: a bare list of phones, say.
_ENOUGH_ALONE = ("phone", "email", "company")


@dataclass(frozen=True)
class Layout:
    """Where everything is in one text file or sheet; column indexes count from 0, lines from 1.

    A sheet has neither encoding nor delimiter: its cells are cells already.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    mapping: dict[str, tuple[int, ...]]
    unmapped: tuple[str, ...]
    newline: str
    notes: tuple[str, ...] = ()
    # field -> the columns of `mapping` that are its pieces, from small to large (first, last name)
    pieces: dict[str, tuple[int, ...]] = field(default_factory=dict)
    # field -> the unit that its header states
    units: dict[str, str] = field(default_factory=dict)
    # columns of the file that an earlier receipt added: taken out before all other indexes count
    added: tuple[int, ...] = ()
    nuls: bool = False
    # the sheet of a workbook; a text file has none
    sheet: str = ""
    # blank cells that most rows have behind the last header; a row with more has a delimiter too many
    spare: int = 0

    @property
    def is_receipt(self) -> bool:
        """Whether the file is a receipt that came back."""
        return bool(self.added)

    def to_json(self) -> str:
        """The layout as stored with its batch."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of(cls, stated: dict[str, Any]) -> Layout:
        """The layout that was stored."""
        # what was read before blank cells were counted stays as it was read
        stated = {"spare": MAX_COLUMNS} | stated
        for name in ("header", "unmapped", "notes", "added"):
            stated[name] = tuple(stated[name])
        for name in ("mapping", "pieces"):
            stated[name] = {key: tuple(value) for key, value in stated[name].items()}
        return cls(**stated)


def detect_layout(path: Path, channel: Channel, encodings: Sequence[Encoding] = (), max_line: int = MAX_LINE) -> Layout:
    """Find encoding (of those that are known to hold, if given), delimiter, header and mapping of a text file.

    Raises UnreadableFile.
    """
    headers = known_headers(channel.synonyms)
    found = [
        (hits, -rank, encoding, delimiter, line, tuple(cells))
        for rank, encoding in enumerate(encodings or possible_encodings(path, max_line))
        for hits, delimiter, line, cells in _header_votes(path, encoding, headers)
    ]
    if not found:
        raise UnreadableFile("no_header")
    _, _, encoding, delimiter, line, cells = max(found, key=lambda vote: vote[:2])
    if len(cells) > MAX_COLUMNS:
        raise UnreadableFile("too_wide")
    return replace(
        mapped_layout(cells, line, headers, delimiter),
        encoding=encoding.name,
        newline=_newline(path, encoding),
        nuls=bool(encoding.nuls),
        spare=usual_spare(_first_rows(path, encoding, delimiter, line), len(cells)),
        notes=(*_encoding_notes(encoding), *table_notes(line, cells)),
    )


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a file for csv: line ends untouched; what cannot be decoded was counted by the layout."""
    file = path.open(encoding=encoding, errors="replace", newline="")
    if encoding == "gb18030" and file.read(1) != "\ufeff":
        file.seek(0)
    return file


def usual_spare(rows: Iterable[Sequence[str]], width: int) -> int:
    """How many cells, all of them blank, most rows have behind the last header."""
    behind = [() if any(map(str.strip, cells[width:])) else cells[width:] for cells in rows if any(cells)]
    spare = Counter(map(len, filter(None, behind)))
    return spare.most_common(1)[0][0] if 2 * spare.total() > len(behind) else 0


def _first_rows(path: Path, encoding: Encoding, delimiter: str, header_line: int) -> Iterator[list[str]]:
    with open_text(path, encoding.name) as file:
        text = "".join(islice(file, header_line + HEADER_WITHIN)).replace("\0", "")
    return (cells for line, cells in text_records(text, delimiter) if line > header_line)


def _header_votes(path: Path, encoding: Encoding, headers: Headers) -> Iterator[tuple[int, str, int, list[str]]]:
    """For each delimiter the row of the first lines with the most known headers: hits, delimiter, line, cells."""
    with open_text(path, encoding.name) as file:
        text = "".join(islice(file, HEADER_WITHIN)).replace("\0", "")
    for delimiter in DELIMITERS:
        best: tuple[int, int, list[str]] | None = None
        for line, cells in text_records(text, delimiter):
            hits = header_hits(cells, headers)
            if hits and (best is None or hits > best[0]):
                best = hits, line, cells
        if best:
            yield best[0], delimiter, best[1], best[2]


def text_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a piece of text with the lines on which they start."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    while True:
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        yield line, cells
        line = reader.line_num + 1


def header_hits(cells: Sequence[str], headers: Headers) -> int:
    """How many different known headers a row holds; 0 when that is too few to be a header row."""
    meanings = {meaning for cell in cells[:MAX_COLUMNS] if (meaning := headers.meaning(cell))}
    fields = {meaning for meaning in meanings if is_field(meaning)}
    if len(meanings) >= 2 and fields:
        others = {header_key(cell) for cell in cells if headers.meaning(cell) == "other"}
        return len(fields) + len(others)
    return int(fields <= set(_ENOUGH_ALONE) and len(fields))


def mapped_layout(cells: Sequence[str], line: int, headers: Headers, delimiter: str = "") -> Layout:
    """The layout of a table by its header: which column is which field, what a receipt added, what is not used."""
    columns: dict[str, list[int]] = {}
    added = added_columns(cells)
    cells = tuple(cell for index, cell in enumerate(cells) if index not in added)
    for index, cell in enumerate(cells):
        meaning = headers.meaning(cell)
        if meaning is not None and is_field(meaning):
            columns.setdefault(meaning, []).append(index)
    mapping = {name: tuple(indexes) for name, indexes in columns.items() if "." not in name}
    pieces = _pieces(columns, headers)
    for name, indexes in pieces.items():
        mapping[name] = mapping.get(name, ()) + indexes
    used = {index for indexes in mapping.values() for index in indexes}
    return Layout(
        "",
        delimiter,
        cells,
        line,
        mapping,
        tuple(cell.strip() for index, cell in enumerate(cells) if index not in used and cell.strip()),
        "",
        pieces=pieces,
        units=_units([cells[index] for index in columns.get("budget", ())], headers),
        added=added,
    )


def added_columns(cells: Sequence[str]) -> tuple[int, ...]:
    """The columns of a header that an earlier receipt added."""
    return tuple(index for index, cell in enumerate(cells) if is_added(cell))


def _pieces(columns: dict[str, list[int]], headers: Headers) -> dict[str, tuple[int, ...]]:
    pieces: dict[str, tuple[int, ...]] = {}
    for name in headers.pieces:
        if name in columns:
            base = name.partition(".")[0]
            pieces[base] = pieces.get(base, ()) + tuple(columns[name][:1])
    return pieces


def _units(budgets: list[str], headers: Headers) -> dict[str, str]:
    unit = next(filter(None, map(headers.unit, budgets)), None)
    return {"budget": unit} if unit else {}


def _encoding_notes(encoding: Encoding) -> Iterator[str]:
    if encoding.bad:
        yield f"undecodable:{encoding.bad}"
    if encoding.nuls:
        yield f"nuls:{encoding.nuls}"


def table_notes(line: int, cells: Sequence[str]) -> Iterator[str]:
    """What is worth telling of a table: rows above its header, and that it is a receipt which came back."""
    if line > 1:
        yield f"title_lines:{line - 1}"
    if added_columns(cells):
        yield "receipt"


def _newline(path: Path, encoding: Encoding) -> str:
    with open_text(path, encoding.name) as file:
        for _ in islice(file, HEADER_WITHIN):
            pass
        seen = file.newlines
    ends = (seen,) if isinstance(seen, str) else seen or ()
    return next((end for end in ("\r\n", "\n", "\r") if end in ends), "\n")
