"""What leadflow sees in a file: its tables with their columns, every cell as it is read, and the damaged lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from tasks.dialect import find_delimiter, read_sample
from tasks.headers import known_headers
from tasks.layout import HEADER_WITHIN, Layout, usual_spare
from tasks.meanings import Column, columns
from tasks.outline import find_head, is_head_again
from tasks.records import Lines, Records, read_records
from tasks.source import Source, find_tables
from tasks.tables import Skipped, Tables, header_block
from tasks.unreadable import UnreadableFile

if TYPE_CHECKING:
    from config.schema import Channel

_ROWS = 5_000
# A file of more tables than this has a row that looks like its header.
_TABLES = 100
Write = Callable[[int, Sequence[str]], None]


class Damage(NamedTuple):
    """A record that is not as it should be; `problem`: short, long, quote or undecodable."""

    line: int
    problem: str


@dataclass
class Table:
    """One table: where its header stands, what its columns are, and what its records are like."""

    sheet: str
    header_row: int
    header: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    is_lead_list: bool = False
    rows: int = 0
    blank: int = 0
    damaged: list[Damage] = field(default_factory=list)


@dataclass
class Inspection:
    """The tables of a file, and its sheets that are passed over; notes: what its layout remarked."""

    tables: list[Table]
    skipped: tuple[Skipped, ...] = ()
    layout: Layout | None = None


class Record(NamedTuple):
    """A record of a table: its first line, its cells, and whether a quote of it is broken."""

    line: int
    cells: list[str]
    broken: bool


def inspect_source(source: Source, channel: Channel, write: Write, seen: Callable[[int], None]) -> Inspection:
    """Read a whole file and tell what it holds; raises UnreadableFile.

    `write` gets each row as (number of its table, cells), headers first; `seen` the rows so far.
    """
    lists = _lead_lists(source, channel)
    layouts = lists.layouts if lists else tuple(any_tables(source))
    if not layouts:
        raise UnreadableFile("empty", "、".join(sheet.name for sheet in source.sheets))
    skipped = lists.skipped if lists else _left_out(source, layouts)
    headers = known_headers(channel.synonyms)
    tables: list[Table] = []
    for layout in layouts:
        told = columns(layout, headers) if lists else ()
        first = Table(layout.sheet, layout.header_line, layout.header, told, is_lead_list=bool(lists))
        tables.append(first)
        write(len(tables), first.header)
        before = list(first.header)
        for record in records_of(source, layout):
            if not any(map(str.strip, record.cells)):
                tables[-1].blank += 1
                continue
            if tuple(record.cells) == tables[-1].header and lists:
                continue
            # a row that only comes again is a row
            may_begin = not lists and len(tables) < _TABLES and record.cells != before
            before = record.cells
            if may_begin and is_head_again(record.cells, tables[-1].header):
                tables.append(Table(layout.sheet, record.line, tuple(record.cells)))
                write(len(tables), record.cells)
                continue
            _count(tables[-1], record, layout.spare)
            write(len(tables), record.cells)
            seen(tables[-1].rows)
    return Inspection(tables, skipped, None if source.sheets else layouts[0])


def _count(table: Table, record: Record, spare: int) -> None:
    table.rows += 1
    width = len(table.header)
    problems = {
        "quote": record.broken,
        "short": len(record.cells) < width,
        "long": any(map(str.strip, record.cells[width:])) or len(record.cells) > width + spare,
        "undecodable": any("\ufffd" in cell for cell in record.cells),
    }
    table.damaged += (Damage(record.line, name) for name, found in problems.items() if found)


def _lead_lists(source: Source, channel: Channel) -> Tables | None:
    try:
        return find_tables(source, channel)
    except UnreadableFile as why:
        if why.code != "no_header":
            raise
        return None


def any_tables(source: Source) -> Iterator[Layout]:
    """A layout by the outline alone of each visible sheet, or of a text; raises UnreadableFile where nothing is."""
    if not source.sheets:
        yield _text_layout(source)
    for sheet in source.sheets:
        head = find_head(list(enumerate(sheet.head(HEADER_WITHIN), 1))) if sheet.columns and not sheet.hidden else None
        if head:
            last, texts = header_block(sheet, sheet.head(HEADER_WITHIN), head.first - 1)
            merged = last > head.last - 1
            header = tuple(map(" ".join, texts)) if merged else head.cells
            yield _layout("", "", header, last + 1 if merged else head.last, sheet.name)


def _text_layout(source: Source) -> Layout:
    encoding = source.encodings[0]
    sample = read_sample(source.path, encoding.name)
    known = source.dialect.delimiter.replace(" ", ",") if source.dialect else ""
    delimiter = known or find_delimiter(sample)
    if delimiter == " ":
        raise UnreadableFile("blanks")
    plain = replace(_layout(encoding.name, delimiter, (), 1), nuls=bool(encoding.nuls))
    some = islice(records_of(source, plain, titles=True), HEADER_WITHIN)
    first = [(record.line, record.cells) for record in some if any(map(str.strip, record.cells))]
    head = find_head(first)
    if head is None:
        raise UnreadableFile("empty")
    spare = usual_spare((cells for line, cells in first if line > head.last), len(head.cells))
    return replace(plain, header=head.cells, header_line=head.last, spare=spare)


def _layout(encoding: str, delimiter: str, header: tuple[str, ...], line: int, sheet: str = "") -> Layout:
    return Layout(encoding, delimiter, header, line, {}, (), "", sheet=sheet)


def _left_out(source: Source, layouts: Sequence[Layout]) -> tuple[Skipped, ...]:
    shown = {layout.sheet for layout in layouts}
    return tuple(
        Skipped(sheet.name, "hidden" if sheet.hidden else "empty") for sheet in source.sheets if sheet.name not in shown
    )


def records_of(source: Source, layout: Layout, titles: bool = False) -> Iterator[Record]:
    """The records below a header, or all from line 1."""
    if not layout.sheet:
        chunks = read_records(source.path, layout, _ROWS, titles)
        return chain.from_iterable(map(partial(_of_text, delimiter=layout.delimiter), chunks))
    blocks = source.sheet(layout.sheet).blocks(_ROWS, layout.header_line)
    rows = (list(cells) for block in blocks for cells in zip(*(one.to_pylist() for one in block.columns), strict=True))
    return (Record(line, cells, False) for line, cells in enumerate(rows, layout.header_line + 1))


def _of_text(chunk: Lines | Records, delimiter: str) -> Iterator[Record]:
    if isinstance(chunk, Lines):
        plain, quoted = chunk.cells_of(chunk.plain, delimiter), chunk.quoted
        return merge(_of_text(plain, delimiter), _of_text(quoted, delimiter))
    return map(Record, chunk.lines.tolist(), chunk.cells, chunk.broken.tolist())
