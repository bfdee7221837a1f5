"""The error cells of an .xls, which its fast reader gives as blank."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import xlrd

from tasks.sheet_marks import ERROR_TEXT, UNKNOWN_ERROR, ErrorCell, Seen

# what an .xls begins with: an OLE2 container, or a bare BIFF stream
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")


def xls_cells(path: Path) -> dict[str, Seen]:
    """The errors of an .xls by sheet; nothing for other kinds of workbook, or where only the fast reader gets on."""
    with path.open("rb") as file:
        if not file.read(8).startswith((_OLE2, *_BARE)):
            return {}
    found: dict[str, Seen] = {}
    try:
        with (
            Path(os.devnull).open("w", encoding="utf-8") as unheard,
            xlrd.open_workbook(path, logfile=unheard, on_demand=True, ragged_rows=True) as book,
        ):
            for number, name in enumerate(book.sheet_names()):
                found[name] = Seen([], _errors(book.sheet_by_index(number)))
                book.unload_sheet(number)
    except MemoryError:
        raise
    except Exception:  # a damaged file fails anywhere in it; that it cannot be read at all is the fast reader's word
        return found
    return found


def _errors(sheet: xlrd.sheet.Sheet) -> list[ErrorCell]:
    cells = []
    for row in range(sheet.nrows):
        types = sheet.row_types(row)
        with suppress(ValueError):
            column = -1
            while True:
                column = types.index(xlrd.XL_CELL_ERROR, column + 1)
                cells.append(ErrorCell(row, column, ERROR_TEXT.get(sheet.cell_value(row, column), UNKNOWN_ERROR)))
    return cells
