"""Makes tables of text of a workbook, run as a process of its own that may use so much memory and time and no more.

A workbook of some kilobytes can ask its reader for all memory there is, or end the reader's process: what it ends is
this one. `python -m tasks.sheet_maker WORKBOOK FOLDER` writes one Arrow file a sheet, and `sheets.json`.
"""

from __future__ import annotations

import gc
import json
import mmap
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from tasks.encoding import is_markup
from tasks.layout import CELL_SEPARATOR, HEADER_WITHIN, MAX_COLUMNS
from tasks.sheet_cells import column_text
from tasks.sheet_errors import error_cells
from tasks.sheet_marks import ErrorCell, Seen, Span
from tasks.sheet_markup import MarkupSheet, markup_sheets
from tasks.sheet_ods import ods_cells
from tasks.sheet_xls import xls_cells
from tasks.sheet_xlsb import xlsb_cells
from tasks.sheets import INDEX

_BLOCK_ROWS = 5_000
# a sheet of this size that was pressed together more than this is made to exhaust its reader
_BOMB_BYTES, _BOMB_RATIO = 50 << 20, 150
_MOST_BYTES = 2 << 30
# a page is held as a whole
_MARKUP_BYTES = 200 << 20
# one of more tables is a page to look at
_MOST_TABLES = 200
_NOTHING = Seen([], [])
_ZIP, _OLE, _ENCRYPTED = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")


class Refused(Exception):  # noqa: N818 - it says what was done
    """A workbook that is not read; its text is a key of tasks.unreadable.REASONS."""


def make(path: Path, folder: Path) -> dict[str, Any]:
    """Write the sheets of a workbook into a folder and tell about them."""
    with path.open("rb") as file:
        if is_markup(file.read(200)):
            return {"sheets": _markup(path, folder)}
    _guard(path)
    with CalamineWorkbook.from_path(str(_named_as_it_is(path, folder))) as book, ThreadPoolExecutor(1) as beside:
        # the parser works without the interpreter's lock
        seen = beside.submit(_seen, path)
        sheets = [
            _sheet(
                book.get_sheet_by_name(meta.name), folder / f"{number}.arrow", seen.result().get(meta.name, _NOTHING)
            )
            | {"name": meta.name, "hidden": meta.visible != SheetVisibleEnum.Visible}
            for number, meta in enumerate(book.sheets_metadata)
            if meta.typ == SheetTypeEnum.WorkSheet
        ]
    return {"sheets": sheets}


def _named_as_it_is(path: Path, folder: Path) -> Path:
    """The workbook under the ending of what it really is, by which the parser goes: many systems write .xls for all."""
    ending = _ending(path)
    if path.suffix.lower() == ending:
        return path
    link = folder / f"book{ending}"
    link.symlink_to(path.absolute())
    return link


def _is_package(path: Path) -> bool:
    """Whether a file is a package of the newer formats; one of the old format may hold such a package (its theme)."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP and zipfile.is_zipfile(path)


def _ending(path: Path) -> str:
    if _is_package(path):
        with zipfile.ZipFile(path) as package:
            parts = set(package.namelist())
        return ".xlsb" if "xl/workbook.bin" in parts else ".ods" if "content.xml" in parts else ".xlsx"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
        # one with a password is packed into the container of the old format
        return ".xls" if octets[:4] == _OLE and octets.find(_ENCRYPTED) < 0 else ".xlsx"


def _markup(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Write the tables of a page or XML workbook."""
    if path.stat().st_size > _MARKUP_BYTES:
        raise Refused("too_large")
    sheets = markup_sheets(path)
    if not 0 < len(sheets) <= _MOST_TABLES:
        raise Refused("html")
    return [
        _sheet(sheet, folder / f"{number}.arrow", _NOTHING) | {"name": sheet.name, "hidden": False}
        for number, sheet in enumerate(sheets)
    ]


def _seen(path: Path) -> dict[str, Seen]:
    """What the parser does not give, by sheet."""
    if not _is_package(path):
        return xls_cells(path)
    with zipfile.ZipFile(path) as package:
        errors = {sheet: Seen([], cells) for sheet, cells in error_cells(package).items()}
        return ods_cells(package) | xlsb_cells(package) | errors


def _guard(path: Path) -> None:
    """Refuse a package that is far larger than it says, before any of it is read."""
    if not _is_package(path):
        return
    with zipfile.ZipFile(path) as package:
        parts = package.infolist()
    bomb = any(part.file_size > _BOMB_BYTES and part.file_size > _BOMB_RATIO * part.compress_size for part in parts)
    if bomb or sum(part.file_size for part in parts) > _MOST_BYTES:
        raise Refused("bomb")


def _sheet(sheet: CalamineSheet | MarkupSheet, target: Path, seen: Seen) -> dict[str, Any]:
    """Write one sheet, its rows from the first on, and tell its rows, columns in use and merged header cells."""
    wide = (sheet.end or (0, 0))[1] + 1
    merged = seen.merged + [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
    schema = pa.schema([(str(number), pa.large_string()) for number in range(min(wide, MAX_COLUMNS))])
    rows, used = 0, 0
    cells = _Cells(seen.errors, merged)
    with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, schema) as out:
        for block in _blocks(sheet):
            cells.mend(block, rows)
            columns = [column_text(column) for column in zip(*block, strict=True)]
            used = max(used, *(number for number, column in enumerate(columns, 1) if any(column)), 0)
            if used > MAX_COLUMNS:
                raise Refused("too_wide")
            arrays = list(map(_array, columns[:MAX_COLUMNS]))
            out.write_batch(pa.record_batch(arrays, schema=schema))
            rows += len(block)
    return {"file": target.name, "rows": rows, "columns": used, "merged": [m for m in merged if m[0] < HEADER_WITHIN]}


def _array(column: Sequence[str]) -> pa.Array:
    """A column's text; the separator of stored cells must not be in one."""
    array = pa.array(column, pa.large_string())
    text = array.buffers()[2]
    if text is not None and CELL_SEPARATOR.encode() in text.to_pybytes():
        return pa.array([cell.replace(CELL_SEPARATOR, " ") for cell in column], pa.large_string())
    return array


def _blocks(sheet: CalamineSheet | MarkupSheet) -> Iterator[list[list[Any]]]:
    """The rows of a sheet from its first row and column on, whether there is something in them or not."""
    if sheet.end is None:
        return
    rows: Iterator[list[Any]] = iter(sheet.to_python(skip_empty_area=False))
    while block := list(islice(rows, _BLOCK_ROWS)):
        yield block


class _Cells:
    """What a reader sees in a sheet and its fast parser does not give: errors, and values of cells merged downwards."""

    def __init__(self, errors: list[ErrorCell], merged: list[Span]) -> None:
        self.errors = errors
        self.down = sorted(span for span in merged if span[2] > span[0])
        self.open: dict[Span, Any] = {}

    def mend(self, block: list[list[Any]], first: int) -> None:
        """Put them into a block of rows that begins at row `first`; a row of nothing of its own stays blank."""
        end = first + len(block)
        for row, column, text in self.errors:
            if first <= row < end and column < len(block[row - first]):
                block[row - first][column] = text
        spans = [span for span in self.down if span[0] < end and span[2] >= first]
        own = {row for span in spans for row in range(max(span[0], first), min(span[2] + 1, end))}
        own = {row for row in own if any(cell != "" for cell in block[row - first])}
        for span in spans:
            top, left, bottom, _ = span
            if top >= first:
                self.open[span] = block[top - first][left] if left < len(block[top - first]) else ""
            for row in range(max(top + 1, first), min(bottom + 1, end)):
                if row in own:
                    block[row - first][left] = self.open[span]


def _limit(megabytes: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def main(workbook: str, folder: str, megabytes: str, seconds: str) -> None:
    """Make the tables, or tell why not."""
    gc.disable()  # millions of cells, and no cycle among them
    _limit(int(megabytes), int(seconds))
    try:
        told = make(Path(workbook), Path(folder))
    except PasswordError:
        told = {"refused": "password"}
    except Refused as why:
        told = {"refused": str(why)}
    except MemoryError:
        told = {"refused": "too_large"}
    except Exception as error:  # what it says of a damaged workbook is for its sender
        told = {"refused": "damaged", "detail": type(error).__name__}
    (Path(folder) / INDEX).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


class _WithoutFrames(MetaPathFinder):
    """pyarrow imports pandas at its first array, which takes as long as all else, and here nothing is a frame."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


if __name__ == "__main__":
    sys.meta_path.insert(0, _WithoutFrames())
    main(*sys.argv[1:])
