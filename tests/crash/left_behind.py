"""Everything that runs leave behind, in a form that two homes can be compared by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from models import Base as Tables
from models.db import make_engine
from models.guards import SEQUENCES
from tests.crash.runs import Base

# The clock of the machine, and nothing else: when an event was written down, when a mail went out.
_CLOCK = {("lead_event", "recorded_at"), ("message", "sent_at")}
# A sequence of PostgreSQL never gives a number twice, so that workers need not wait for each other: what a killed
# transaction took is a gap. There an id counts by its place among those of its table, but for those people meet.
_BY_SEQUENCE = sorted(set(SEQUENCES) - {"batch", "message", "lead_event"} | {"clock", "clock_past"})
_REFERS_TO = {
    "submission_id": "submission", "same_as": "submission", "origin_id": "submission", "lead_id": "lead",
    "joined_into": "lead", "contact_id": "contact", "account_id": "account", "choice_id": "choice", "clock_id": "clock",
}  # fmt: skip
_ANSWERS = ("receipts", "mails", "done", "refused")

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class LeftBehind:
    """The rows of every table and the bytes of every file."""

    tables: dict[str, Rows]
    files: dict[str, bytes]

    @classmethod
    def of(cls, base: Base) -> LeftBehind:
        """What a home and its database hold now."""
        return cls(_tables(base), _files(base, "intake", "processing", *_ANSWERS))

    def must_equal(self, base: Base) -> None:
        """Hold a home to this, table by table and file by file."""
        found = LeftBehind.of(base)
        assert found.tables.keys() == self.tables.keys()
        for name, rows in self.tables.items():
            assert found.tables[name] == rows, name
        assert sorted(found.files) == sorted(self.files)
        assert [path for path, content in found.files.items() if content != self.files[path]] == []

    def must_hold_what_is_answered(self, base: Base) -> None:
        """Hold what stands in a home under its final name to this, however far a run came: nothing is half there."""
        answers = _files(base, *_ANSWERS)
        whole = {path: content for path, content in answers.items() if not Path(path).name.startswith(".")}
        assert [path for path, content in whole.items() if self.files.get(path) != content] == []


def _tables(base: Base) -> dict[str, Rows]:
    """Every table's rows, sorted, all columns but those that the clock of the machine fills."""
    engine = make_engine(base.url)
    with engine.connect() as conn:
        place = _places(conn) if engine.dialect.name == "postgresql" else {}
        found = {name: _rows(conn, name, place) for name in sorted(Tables.metadata.tables)}
    engine.dispose()
    return found


def _files(base: Base, *folders: str) -> dict[str, bytes]:
    """Every file of some folders by its path, hidden ones too."""
    return {
        str(path.relative_to(base.home)): path.read_bytes()
        for folder in folders
        for path in sorted((base.home / folder).rglob("*"))
        if path.is_file()
    }


def _places(conn: Connection) -> dict[str, dict[int, int]]:
    places = {}
    for name in _BY_SEQUENCE:
        ids = conn.execute(select(Tables.metadata.tables[name].c.id)).scalars()
        places[name] = {number: place for place, number in enumerate(sorted(ids), start=1)}
    return places


def _rows(conn: Connection, name: str, place: dict[str, dict[int, int]]) -> Rows:
    columns = [column for column in Tables.metadata.tables[name].columns if (name, column.name) not in _CLOCK]
    refers = [name if column.name == "id" else _REFERS_TO.get(column.name, "") for column in columns]
    return sorted(
        tuple(
            _value(column.name, value, place.get(table), place)
            for column, table, value in zip(columns, refers, row, strict=True)
        )
        for row in conn.execute(select(*columns))
    )


def _value(column: str, value: Any, own: dict[int, int] | None, place: dict[str, dict[int, int]]) -> str:
    if own and value is not None:
        value = own[value]
    if column == "facts" and place and value:
        value = re.sub(r"^into=(\d+)$", lambda found: f"into={place['lead'][int(found[1])]}", value)
    return repr(value)
