"""Writes a small .xlsb: no free program does, and what leadflow reads of one is to be seen with real bytes."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

Span = tuple[int, int, int, int]
Cell = str | float | int | None

ERRORS = {"#DIV/0!": 0x07, "#N/A": 0x2A, "#REF!": 0x17}
_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)


def write_xlsb(path: Path, sheets: dict[str, Sequence[Sequence[Cell]]], merged: Sequence[Span] = ()) -> Path:
    """Write sheets of text, numbers and errors («#N/A»); the spans (top, left, bottom, right) are of every sheet."""
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", _TYPES)
        book.writestr("_rels/.rels", _RELATIONS.format(_relation(1, "officeDocument", "xl/workbook.bin")))
        links = "".join(_relation(n, "worksheet", f"worksheets/sheet{n}.bin") for n, _ in enumerate(sheets, 1))
        book.writestr("xl/_rels/workbook.bin.rels", _RELATIONS.format(links))
        named = b"".join(
            _record(156, struct.pack("<II", 0, number) + _text(f"rId{number}") + _text(name))
            for number, name in enumerate(sheets, 1)
        )
        book.writestr("xl/workbook.bin", _record(131) + _record(143) + named + _record(144) + _record(132))
        for number, rows in enumerate(sheets.values(), 1):
            book.writestr(f"xl/worksheets/sheet{number}.bin", _sheet(rows, merged))
    return path


def _sheet(rows: Sequence[Sequence[Cell]], merged: Sequence[Span]) -> bytes:
    wide = max(map(len, rows))
    parts = [_record(129), _record(148, struct.pack("<4I", 0, len(rows) - 1, 0, wide - 1)), _record(145)]
    for number, row in enumerate(rows):
        parts.append(_record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0)))
        parts += [_cell(column, cell) for column, cell in enumerate(row) if cell is not None]
    parts.append(_record(146))
    spans = [_record(176, struct.pack("<4I", top, bottom, left, right)) for top, left, bottom, right in merged]
    if spans:
        parts += [_record(177, struct.pack("<I", len(spans))), *spans, _record(178)]
    return b"".join([*parts, _record(130)])


def _cell(column: int, cell: Cell) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(cell, str) and cell in ERRORS:
        return _record(3, place + bytes([ERRORS[cell]]))
    if isinstance(cell, str):
        return _record(6, place + _text(cell))
    return _record(5, place + struct.pack("<d", cell))


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, body: bytes = b"") -> bytes:
    name = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, left = bytearray(), len(body)
    while left >= 0x80:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return name + bytes([*size, left]) + body


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_MAIN}/{kind}" Target="{target}"/>'
