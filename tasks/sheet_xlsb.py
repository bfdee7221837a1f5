"""The error cells and merged cells of an .xlsb, found in its records (MS-XLSB 2.1.4)."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from posixpath import join, normpath
from xml.etree import ElementTree

from tasks.sheet_marks import ERROR_TEXT, UNKNOWN_ERROR, ErrorCell, Seen

_BOOK, _RELATIONS = "xl/workbook.bin", "xl/_rels/workbook.bin.rels"
_ROW, _ERROR, _FORMULA_ERROR, _SHEET, _MERGED = 0, 3, 11, 156, 176
_AFTER_CELL = 8  # a cell begins with its column and its style


def xlsb_cells(package: zipfile.ZipFile) -> dict[str, Seen]:
    """Spans and errors of an .xlsb by sheet; nothing for other kinds of workbook, or from where it is damaged on."""
    found: dict[str, Seen] = {}
    if _BOOK in package.namelist():
        with suppress(KeyError, ElementTree.ParseError, struct.error, IndexError, UnicodeDecodeError):
            for sheet, part in _parts(package):
                found[sheet] = Seen([], [])
                _look(package.read(part), found[sheet])
    return found


def _parts(package: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Sheets by name, and where they are in the package."""
    targets = {
        relation.get("Id"): relation.get("Target", "") for relation in ElementTree.fromstring(package.read(_RELATIONS))
    }
    named = []
    for kind, body in _records(package.read(_BOOK)):
        if kind == _SHEET:
            relation, end = _text(body, 8)
            named.append((_text(body, end)[0], normpath(join("xl", targets.get(relation, "")))))
    return named


def _text(body: memoryview, at: int) -> tuple[str, int]:
    """A text and where it ends."""
    (letters,) = struct.unpack_from("<I", body, at)
    end = at + 4 + 2 * letters
    return bytes(body[at + 4 : end]).decode("utf-16-le"), end


def _look(part: bytes, seen: Seen) -> None:
    """Note what a sheet's records say of errors and merged cells."""
    row = 0
    for kind, body in _records(part):
        if kind == _ROW:
            (row,) = struct.unpack_from("<I", body)
        elif kind in (_ERROR, _FORMULA_ERROR):
            (column,) = struct.unpack_from("<I", body)
            seen.errors.append(ErrorCell(row, column, ERROR_TEXT.get(body[_AFTER_CELL], UNKNOWN_ERROR)))
        elif kind == _MERGED:
            top, bottom, left, right = struct.unpack_from("<4I", body)
            seen.merged.append((top, left, bottom, right))


def _records(part: bytes) -> Iterator[tuple[int, memoryview]]:
    """The records of a part: each its kind (one or two bytes), its size (up to four, seven bits each), its body."""
    view, at, end = memoryview(part), 0, len(part)
    while at < end:
        kind, at = view[at], at + 1
        if kind & 0x80:
            kind, at = (kind & 0x7F) | (view[at] & 0x7F) << 7, at + 1
        size = shift = 0
        while True:
            byte, at = view[at], at + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, view[at : at + size]
        at += size
