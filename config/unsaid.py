"""Rules that a company has changed while their sentence still says what was shipped."""

import re
from pathlib import Path
from typing import Any

from config.loader import SHIPPED
from config.overlay import Entry, read_entries
from config.schema import FAMILIES

#: Keys that a statement puts into words.
_PUT_INTO_WORDS = ("targets", "weekly", "when", "then", "value")


def unsaid(folder: Path | None) -> list[tuple[str, str]]:
    """Ids of a company's rules whose statement is the shipped one though what it says was changed, and what was.

    A statement that takes its figures from the value ({K-HOURS}) always says what holds; one of a list of words that
    names no figure stays true.
    """
    found: list[tuple[str, str]] = []
    if folder is None:
        return found
    for family in FAMILIES:
        own, shipped = (_entries(base / "rules" / f"{family}.yaml") for base in (folder, SHIPPED))
        before = {entry.id: entry.stated for entry in shipped}
        found += [
            (entry.id, key)
            for entry in own
            if entry.id in before and "statement" not in entry.stated
            for key in _PUT_INTO_WORDS
            if key in entry.stated and entry.stated[key] != before[entry.id].get(key)
            if key != "value" or _has_figures(before[entry.id])
        ]
    return found


def _entries(path: Path) -> list[Entry]:
    return read_entries(path) if path.is_file() else []


def _has_figures(stated: dict[str, Any]) -> bool:
    text = " ".join(map(str, (stated.get("statement") or {}).values()))
    return bool(re.search(r"\d", text)) and "{" not in text
