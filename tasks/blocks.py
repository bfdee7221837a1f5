"""The do-not-contact list: phones, e-mail addresses and companies, written as the cleaner writes them.

A lead of which a counted row bears one of them is invalid by S-BLOCKED, whenever and however often the row arrives.
Who is put on the list, or taken off it, has his open leads decided anew; those that somebody works on are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, text, update

from config.schema import Config, Rules
from models import Block
from models.db import begin, take_numbers, take_turn
from tasks.blocked import COLUMNS
from tasks.orders import Order
from tasks.rules.clean import clean
from tasks.settle import decide_again

_LEADS = """
SELECT DISTINCT l.id, l.number, l.touched_at FROM submission s
JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
JOIN lead l ON l.id = m.lead_id AND l.closed_at IS NULL WHERE {where}
"""
# a number stands for its extensions, too
_WHERE = dict.fromkeys(COLUMNS, "s.{column} = :key") | {"phone": "s.{column} = :key OR s.{column} LIKE :key || '-%'"}


class BlockError(Exception):
    """What was given cannot be put on the list or taken off it; the message says why."""


@dataclass(frozen=True)
class Blocked:
    """What is put on the list or taken off it: kind, and the value as the cleaner writes it."""

    kind: str
    key: str


@dataclass
class Effect:
    """What came of it: the entries, whether each is new, and the numbers of leads decided anew or left alone."""

    entries: list[Blocked]
    changed: list[Blocked] = field(default_factory=list)
    decided_again: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def entries_of(given: Sequence[tuple[str, str]], rules: Rules, at: datetime, zone: str) -> list[Blocked]:
    """Read what a person typed (kind, value) as the intake would; BlockError where nothing can be read."""
    found = []
    for kind, typed in given:
        row = clean(pd.DataFrame({kind: pd.Series([typed], dtype="str")}), rules, at, zone).iloc[0]
        keys = [str(row[column]) for column in COLUMNS[kind] if pd.notna(row[column])]
        if not keys:
            raise BlockError(f"{typed!r} cannot be read as {_AS[kind]}")
        found += [Blocked(kind, key) for key in keys]
    return list(dict.fromkeys(found))


_AS = {"phone": "a phone number", "email": "an e-mail address", "company": "a company's name"}


def block(engine: Engine, entries: Sequence[Blocked], config: Config, order: Order) -> Effect:
    """Put entries on the list and decide their open leads anew; harmless when repeated."""
    order.check()
    effect = Effect(list(entries))
    with begin(engine) as conn:
        take_turn(conn)
        effect.changed = [entry for entry in entries if _live(conn, entry) is None]
        for entry in effect.changed:
            number = take_numbers(conn, "block_id", 1)[0]
            values = {"kind": entry.kind, "key": entry.key, "reason": order.reason.strip(), "actor": order.actor}
            conn.execute(insert(Block).values(id=int(number), since=order.as_of, **values))
        _decide_again(conn, entries, config, order, effect)
    return effect


def unblock(engine: Engine, entries: Sequence[Blocked], config: Config, order: Order) -> Effect:
    """Take entries off the list and decide their open leads anew; BlockError for one that is not on it."""
    order.check()
    effect = Effect(list(entries))
    with begin(engine) as conn:
        take_turn(conn)
        for entry in entries:
            number = _live(conn, entry)
            if number is None:
                raise BlockError(f"{entry.kind} {entry.key} is not on the list; leads block --list shows it")
            ended = {"until": order.as_of, "ended_by": order.actor, "ended_why": order.reason.strip()}
            conn.execute(update(Block).where(Block.id == number).values(**ended))
            effect.changed.append(entry)
        _decide_again(conn, entries, config, order, effect)
    return effect


def listed(engine: Engine) -> list[dict[str, Any]]:
    """Everything on the list: kind, value, reason, by and since; the oldest entry first."""
    with engine.connect() as conn:
        rows = conn.execute(select(Block.__table__).where(Block.until.is_(None)).order_by(Block.id)).all()
    return [
        {"kind": row.kind, "value": row.key, "reason": row.reason, "by": row.actor, "since": row.since} for row in rows
    ]


def _live(conn: Connection, entry: Blocked) -> int | None:
    wanted = select(Block.id).where(Block.kind == entry.kind, Block.key == entry.key, Block.until.is_(None))
    return conn.execute(wanted).scalar_one_or_none()


def _decide_again(conn: Connection, entries: Sequence[Blocked], config: Config, order: Order, effect: Effect) -> None:
    found: dict[int, tuple[str, bool]] = {}
    for entry in entries:
        where = " OR ".join(_WHERE[entry.kind].format(column=column) for column in COLUMNS[entry.kind])
        for row in conn.execute(text(_LEADS.format(where=where)), {"key": entry.key}):
            found[row.id] = (row.number, row.touched_at is not None)
    effect.kept = sorted(number for number, touched in found.values() if touched)
    again = sorted(lead for lead, (_, touched) in found.items() if not touched)
    effect.decided_again = sorted(found[lead][0] for lead in again)
    decide_again(conn, order.arrival(), again, config)
