"""Error cells of a workbook (#N/A, #DIV/0!, …), which its fast reader gives as blank, found in its XML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from posixpath import join, normpath
from xml.etree import ElementTree

from tasks.sheet_marks import ErrorCell

_BLOCK = 4 << 20
# a cell is at most some 32,767 letters of text; an error cell is far shorter
_CELL = 1 << 12
_MARK = b't="e"'
_ERROR = re.compile(
    rb'<c\b(?=[^>]*\br="([A-Z]{1,3})(\d{1,7})")(?=[^>]*\bt="e")[^>]*>(?:(?!</c>).)*?<v>(#[^<]{1,20})</v>', re.S
)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def error_cells(book: zipfile.ZipFile) -> dict[str, list[ErrorCell]]:
    """The error cells of an .xlsx by sheet; nothing for other kinds of workbook."""
    found: dict[str, list[ErrorCell]] = {}
    with suppress(KeyError, ElementTree.ParseError):
        for sheet, part in _parts(book):
            if cells := list(_errors(book, part)):
                found[sheet] = cells
    return found


def _parts(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Sheets by name, and where they are in the package."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    }
    for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATED), "")
        yield sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _errors(book: zipfile.ZipFile, part: str) -> Iterator[ErrorCell]:
    with book.open(part) as file:
        rest = b""
        while block := file.read(_BLOCK):
            text = rest + block
            end = 0
            if _MARK in text:
                for match in _ERROR.finditer(text):
                    end = match.end()
                    yield ErrorCell(int(match[2]) - 1, _column(match[1]), match[3].decode())
            rest = text[max(end, len(text) - _CELL) :]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
