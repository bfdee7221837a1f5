"""What the fast reader does not give of an .ods: merged cells and error cells, found in its XML."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree

from tasks.sheet_marks import ErrorCell, Seen

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_WORTH = re.compile(rb'number-(?:rows|columns)-spanned="(?!1")|value-type="error"')
_CONTENT = "content.xml"
_BLOCK = 4 << 20


def ods_cells(book: zipfile.ZipFile) -> dict[str, Seen]:
    """Spans and errors of an .ods by sheet; nothing where it has none, or for other kinds of workbook."""
    if _CONTENT not in book.namelist() or not _worth(book):
        return {}
    with book.open(_CONTENT) as file:
        found: dict[str, Seen] = {}
        for _, node in ElementTree.iterparse(file, ["end"]):
            if node.tag == f"{_TABLE}table":
                found[node.get(f"{_TABLE}name", "")] = _seen(node)
                node.clear()
        return found


def _worth(book: zipfile.ZipFile) -> bool:
    with book.open(_CONTENT) as file:
        rest = b""
        while block := file.read(_BLOCK):
            if _WORTH.search(rest + block):
                return True
            rest = block[-64:]
    return False


def _seen(table: ElementTree.Element) -> Seen:
    seen, at = Seen([], []), 0
    for row in table.iter(f"{_TABLE}table-row"):
        column = 0
        for cell in row:
            column += _mark(cell, at, column, seen)
        at += int(row.get(f"{_TABLE}number-rows-repeated", 1))
    return seen


def _mark(cell: ElementTree.Element, row: int, column: int, seen: Seen) -> int:
    """Note what a cell spans and whether it is an error; gives over how many columns it repeats itself."""
    down, right = (int(cell.get(f"{_TABLE}number-{name}-spanned", 1)) for name in ("rows", "columns"))
    repeated = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
    if down > 1 or right > 1:
        seen.merged.append((row, column, row + down - 1, column + right - 1))
    if cell.get(_ERROR) == "error":
        text = "".join(cell.itertext()).strip() or "#N/A"
        seen.errors.extend(ErrorCell(row, column + offset, text) for offset in range(min(repeated, 100)))
    return repeated
