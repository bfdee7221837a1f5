"""Cells that a spreadsheet would take for formulas: a ' before them in what we write, taken off when it comes back.

Guarding is one to one: what already begins with ' and a formula sign gets one more, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.layout import CELL_SEPARATOR

_SIGNS = r"'*[=+\-@\t\r]"
# Dashes and negative numbers are no formulas, and common.
_HARMLESS = r"[-+]{1,3}|-\d[\d.,]*%?"


def guarded_text(text: str) -> str:
    """One text with a ' before it where a spreadsheet would run it."""
    return "'" + text if re.match(_SIGNS, text) and not re.fullmatch(_HARMLESS, text) else text


def guarded(cells: list[list[str]]) -> list[list[str]]:
    """Records with a ' before each cell that a spreadsheet would run."""

    def guard(raw: pa.Array) -> pa.Array:
        marked = pc.replace_substring_regex(raw, rf"(^|\x1f)({_SIGNS})", r"\1'\2")
        for _ in range(2):  # a match takes the separator behind it along, so neighbours need a second turn
            marked = pc.replace_substring_regex(marked, rf"(^|\x1f)'({_HARMLESS})(\x1f|$)", r"\1\2\3")
        return marked

    return _changed(cells, rf"(^|\x1f){_SIGNS}", guard)


def unguarded(cells: list[list[str]]) -> list[list[str]]:
    """Records without the ' that guarded() put."""
    pattern = rf"(^|\x1f)'({_SIGNS})"
    return _changed(cells, pattern, lambda raw: pc.replace_substring_regex(raw, pattern, r"\1\2"))


def guarded_column(column: pa.Array) -> pa.Array:
    """A column of cells with a ' before each that a spreadsheet would run."""
    marked = pc.replace_substring_regex(column, rf"^({_SIGNS})", r"'\1")
    return pc.replace_substring_regex(marked, rf"^'({_HARMLESS})$", r"\1")


def unguarded_column(column: pa.Array) -> pa.Array:
    """A column of cells without the ' that guarded() put."""
    return pc.replace_substring_regex(column, rf"^'({_SIGNS})", r"\1")


def may_need_guard(lines: pa.Array, delimiter: str) -> np.ndarray:
    """Where a line of text may have a cell that begins like a formula, in quotes or not (bool)."""
    found = pc.match_substring_regex(lines, rf"""{_cell_start(delimiter)}{_line_signs(delimiter)}|"'*\t""")
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)


def guarded_line(line: str, delimiter: str) -> str:
    """A line that is no record of cells, such as a title, with a ' before each cell that a spreadsheet would run."""
    return re.sub(rf"({_cell_start(delimiter)})(?={_line_signs(delimiter)})", r"\1'", line)


def _cell_start(delimiter: str) -> str:
    return rf'(?:^|{re.escape(delimiter)})"?'


def _line_signs(delimiter: str) -> str:
    return r"'*[=+\-@]" if delimiter == "\t" else r"'*[=+\-@\t]"


def _changed(cells: list[list[str]], pattern: str, change: Callable[[pa.Array], pa.Array]) -> list[list[str]]:
    """Records with a change made over all cells of those where the pattern is found."""
    raw = pa.array(map(CELL_SEPARATOR.join, cells), pa.large_string())
    hits = pc.match_substring_regex(raw, pattern).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(hits)
    if not len(at):
        return cells
    changed = pc.split_pattern(change(raw.take(pa.array(at))), CELL_SEPARATOR).to_pylist()
    result = np.fromiter(cells, dtype=object, count=len(cells))
    result[at] = np.fromiter(changed, dtype=object, count=len(at))
    changed_cells: list[list[str]] = result.tolist()
    return changed_cells
