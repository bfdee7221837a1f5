"""How fast files are read: `python -m benchmarks.read [--rows N] [--sheet-rows N] [--repeat N]`.

A made lead file of N rows (a row in a thousand is ragged, as many are quoted over two lines) is read to frames
with encoding, layout, ragged rows and line numbers, and held to pyarrow's bare parse of the same rows; a workbook of
N rows by 20 columns likewise to calamine alone, the fastest reader of workbooks. Both limits are measured in the same
run, each the best of `--repeat` turns. Ends with one line of figures; exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.leads import HEADER, lead_tables, write_leads
from config.loader import load_channels
from tasks.source import find_tables, open_source, read_source

CSV_BAR, SHEET_BAR = 12.0, 1.5
_CHUNK = 30_000
_COLUMNS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bars are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.read", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leadflow-read-") as made:
        folder = Path(made)
        clean, damaged, book = folder / "clean.csv", folder / "damaged.csv", folder / "book.xlsx"
        write_leads(folder, asked.rows)[0].rename(clean)
        expected = _damage(clean, damaged)
        _save_book(book, asked.sheet_rows)
        ours = _best(asked.repeat, lambda: _check(_read(damaged, folder), asked.rows, expected))
        bare = _best(asked.repeat, lambda: _parse(clean))
        sheet = _best(asked.repeat, lambda: _check(_read(book, folder), asked.sheet_rows, 0))
        alone = _best(asked.repeat, lambda: _calamine(book))
    ratios = ours / bare, sheet / alone
    print(
        f"csv {asked.rows} rows {ours:.2f} s, pyarrow {bare:.2f} s, {ratios[0]:.1f}x (bar {CSV_BAR:.0f}x); "
        f"xlsx {asked.sheet_rows} rows {sheet:.2f} s, calamine {alone:.2f} s, {ratios[1]:.2f}x (bar {SHEET_BAR}x)"
    )
    return int(ratios[0] > CSV_BAR or ratios[1] > SHEET_BAR)


def _best(turns: int, work: Callable[[], object]) -> float:
    taken = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _read(path: Path, folder: Path) -> tuple[int, int]:
    """Read a file as the main job does; its rows, and how many of them are ragged."""
    source = open_source(path, folder / "made")
    tables = find_tables(source, load_channels()["default"])
    rows = ragged = 0
    for frame in read_source(source, tables, _CHUNK):
        rows, ragged = rows + len(frame), ragged + int(frame["ragged"].sum())
    return rows, ragged


def _check(found: tuple[int, int], rows: int, ragged: int) -> None:
    if found != (rows, ragged):
        raise SystemExit(f"read {found[0]} rows, {found[1]} ragged; expected {rows}, {ragged}")


def _parse(path: Path) -> pa.Table:
    texts = pacsv.ConvertOptions(column_types=dict.fromkeys(HEADER, pa.string()), strings_can_be_null=False)
    return pacsv.read_csv(path, convert_options=texts)


def _calamine(path: Path) -> int:
    return len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())


def _damage(clean: Path, damaged: Path) -> int:
    """Take the last cell off a row in a thousand and put a line break into as many; how many are ragged."""
    ragged = 0
    with clean.open(encoding="utf-8", newline="") as source, damaged.open("w", encoding="utf-8", newline="") as out:
        for number, line in enumerate(source):
            if number % 1000 == 1:
                line, ragged = line.rstrip("\n").rpartition(",")[0] + "\n", ragged + 1
            elif number % 1000 == 2 and '"' not in line:
                first, _, rest = line.partition(",")
                line = f'"{first}\nagain",{rest}'
            out.write(line)
    return ragged


def _save_book(path: Path, rows: int) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    more = [f"附加{number}" for number in range(_COLUMNS - len(HEADER))]
    sheet.write_row(0, 0, [*HEADER, *more])
    at = 0
    for table in lead_tables(0, rows):
        for cells in zip(*(column.to_pylist() for column in table.columns), strict=True):
            at += 1
            for column, cell in enumerate((*cells, *more)):
                sheet.write_string(at, column, cell)
    book.close()


if __name__ == "__main__":
    sys.exit(main())
