"""How damaged and odd files are read: `python -m benchmarks.nasty [--data FOLDER]`.

Inspects every file below FOLDER/nasty and FOLDER/crm_samples as `leads inspect --out` does, and holds the cells to the
clean version where there is one: clean/NAME beside csv/NAME, json/NAME.json beside csvs/NAME.csv, and NAME.csv beside
the same table in other formats. Lead exports are also read as `leads ingest --dry-run` does. Ends with one line of
figures; exit code 1 where a file is read differently or something breaks, 2 where there are no such files.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import REPOSITORY
from config.loader import load_config
from config.settings import Settings
from flows.inspecting import Asked, inspect
from flows.look import look
from flows.request import Request

_NO_FILES = {"clean", "json", "parameters"}
# the same table in other formats
_ALIKE = {".ssv", ".tsv", ".xls", ".xlsx", ".ods", ".xlsb"}
# rows that would be taken and rejected, of lead exports: who has no company, or neither phone nor e-mail, is rejected
_EXPECTED = {
    "hubspot_export.csv": (0, 3),
    "mautic_contacts_import.csv": (10, 0),
    "mautic_leads.csv": (50, 4),
    "salesforce_leads.csv": (2, 1),
    "zoho_crm_export.csv": (0, 3),
}


class Outcome(NamedTuple):
    """What came of a file: equal, read (nothing to compare with), refused, different or broken; and in words."""

    file: Path
    state: str
    said: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, compare, print, and say by the exit code whether all is right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nasty", description=__doc__)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    folder: Path = parser.parse_args(arguments).data
    files = [file for name in ("nasty", "crm_samples") for file in sorted((folder / name).rglob("*")) if _counts(file)]
    if not files:
        print(f"{folder} holds no nasty and no crm_samples; name another folder with --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="leadflow-nasty-") as made:
        settings = Settings(home=Path(made) / "home", lang="en", _env_file=None)
        outcomes = [_outcome(file, settings, Path(made)) for file in files]
    for outcome in outcomes:
        print(f"{outcome.file.relative_to(folder)!s:58} {outcome.state:9} {outcome.said}")
    states = Counter(outcome.state for outcome in outcomes)
    print(", ".join(f"{name} {states[name]}" for name in ("equal", "read", "refused", "different", "broken")))
    return 1 if states["different"] or states["broken"] else 0


def _counts(file: Path) -> bool:
    return file.is_file() and file.name != "README.md" and not _NO_FILES & set(file.parts)


def _outcome(file: Path, settings: Settings, folder: Path) -> Outcome:
    for old in folder.glob("out*.csv"):
        old.unlink()
    expected = _clean(file)
    try:
        told = inspect(settings, Asked(file, out=folder / "out.csv", show_progress=False)).data
    except Exception as error:  # that nothing breaks is what is measured
        return Outcome(file, "broken", f"{type(error).__name__}: {error}")
    if "refused" in told:
        return Outcome(file, "refused", told["why"])
    said = _said(told)
    if "crm_samples" in file.parts:
        return _taken(file, settings, said)
    if expected is None:
        return Outcome(file, "read", said)
    cells = _cells(folder / "out.csv")
    at = next((line for line, pair in enumerate(_pairs(cells, expected), 1) if pair[0] != pair[1]), None)
    return Outcome(file, "equal", said) if at is None else Outcome(file, "different", f"row {at} is not the same")


def _pairs(cells: list[list[str]], expected: list[list[str]]) -> Iterator[tuple[list[str] | None, list[str] | None]]:
    for at in range(max(len(cells), len(expected))):
        yield (cells[at] if at < len(cells) else None), (expected[at] if at < len(expected) else None)


def _clean(file: Path) -> list[list[str]] | None:
    """The table as it should be read, where somebody says so."""
    folder = file.parent
    if (folder.parent / "clean" / file.name).is_file():
        return _cells(folder.parent / "clean" / file.name)
    stated = folder.parent / "json" / f"{file.stem}.json"
    if stated.is_file():
        rows = json.loads(stated.read_text("utf-8"))
        return [list(rows[0]), *(_plain(row.values()) for row in rows)]
    same = file.with_suffix(".csv")
    if file.suffix in _ALIKE and same.is_file():
        return _cells(same)
    return None


def _cells(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [_plain(cells) for cells in csv.reader(text)]


def _plain(cells: Iterable[str]) -> list[str]:
    """Cells with one kind of line end: a copy of such a file may have lost the other."""
    return [cell.replace("\r\n", "\n") for cell in cells]


def _said(told: dict[str, object]) -> str:
    tables = told["tables"]
    assert isinstance(tables, list)
    parts = [
        f"{table['sheet'] or 'text'}: header on {table['header_row']}, {table['rows']} rows"
        + (f", {len(table['damaged'])} damaged" if table["damaged"] else "")
        for table in tables
    ]
    how = f"{told['encoding']} {told['delimiter']!r} " if told["kind"] == "text" else ""
    return how + "; ".join(parts)


def _taken(file: Path, settings: Settings, said: str) -> Outcome:
    seen = look(Request((file,), None, datetime.now(UTC), dry_run=True), settings, load_config()).files[0]
    counts = seen.counts.get("readable", 0), seen.counts.get("rejected", 0)
    expected = _EXPECTED.get(file.name)
    state = "read" if expected is None else "equal" if counts == expected else "different"
    return Outcome(file, state, f"{said}; {counts[0]} would be taken, {counts[1]} rejected")


if __name__ == "__main__":
    sys.exit(main())
