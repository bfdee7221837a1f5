"""Words that the vocabulary does not know, as rows brought them, and the line that would teach it each one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from config.schema import Rules
from models.base import UtcDateTime
from tasks.layout import CELL_SEPARATOR
from tasks.tables import stored_mapping

_VOCABULARY = {
    "source": "V-SOURCE",
    "industry": "V-INDUSTRY",
    "region": "V-REGION",
    "urgency": "V-URGENCY",
    "size": "V-SIZE",
}
# rows that are looked at, the newest ones first
_MOST_ROWS, _MOST_CHARACTERS = 20_000, 60
_ROWS = """SELECT s.raw, s.sheet, b.layout, b.channel FROM submission s JOIN batch b ON b.id = s.batch_id
WHERE (s.issues = :rule OR s.issues LIKE :first OR s.issues LIKE :inner OR s.issues LIKE :last)
AND b.received_at >= :since ORDER BY s.id DESC LIMIT :most"""


@dataclass(frozen=True)
class Unknown:
    """A word that nobody knows: its field, how many rows bear it, from which channels, the YAML that adds it."""

    field: str
    word: str
    rows: int
    channels: tuple[str, ...]
    line: str


def unknown_words(conn: Connection, rules: Rules, since: datetime, most: int = 200) -> list[Unknown]:
    """The unknown words of sources, industries … since a moment, the most frequent first."""
    counted: Counter[tuple[str, str]] = Counter()
    channels: dict[tuple[str, str], set[str]] = {}
    for rule in rules.checklist:
        if rule.test != "unknown" or rule.field not in _VOCABULARY:
            continue
        asked = text(_ROWS).bindparams(bindparam("since", since, type_=UtcDateTime()))
        patterns = {"first": f"{rule.id}|%", "inner": f"%|{rule.id}|%", "last": f"%|{rule.id}"}
        for row in conn.execute(asked, {"rule": rule.id, "most": _MOST_ROWS, **patterns}):
            columns = stored_mapping(row.layout, row.sheet).get(rule.field, [])
            cells = row.raw.split(CELL_SEPARATOR)
            said = next((cells[index].strip() for index in columns if index < len(cells) and cells[index].strip()), "")
            if said:
                key = (rule.field, said[:_MOST_CHARACTERS])
                counted[key] += 1
                channels.setdefault(key, set()).add(row.channel)
    return [
        Unknown(field, word, rows, tuple(sorted(channels[field, word])), line_for(field, word))
        for (field, word), rows in counted.most_common(most)
    ]


def line_for(field: str, word: str) -> str:
    """The entry of a company's own vocabulary.yaml that adds a word; the meaning is to be filled in."""
    return f"- {{id: {_VOCABULARY[field]}, add: {{…: [{json.dumps(word, ensure_ascii=False)}]}}}}"
