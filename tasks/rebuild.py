"""All leads held against state(), or brought to it: the same function as the live updates and the nightly flow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.schema import Config
from config.settings import Settings
from models.db import begin, take_turn
from tasks.clocks import reckoner_of
from tasks.orders import own_order
from tasks.points import reached
from tasks.rules.lifecycle.state import ALIVE, ENDED, KEPT, state
from tasks.state import Kept, differences, keep_current
from tasks.state_facts import load_facts
from tasks.state_past import AS_TOLD, facts_at

#: Leads of one piece.
AT_ONCE = 20_000
_IDS = text("SELECT id FROM lead WHERE id > :after AND status <> 'history' ORDER BY id LIMIT :rows")


@dataclass
class Checked:
    """How many leads were held against their facts, those that differ, and those that only wait for tonight."""

    leads: int = 0
    differ: list[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0


def check(engine: Engine, config: Config, settings: Settings, as_of: datetime, *, past: bool = False) -> Checked:
    """Hold every lead against state() at a moment (aware); changes nothing.

    past: hold what the log says that leads were then against what was known then.
    """
    found = Checked()
    arrival = own_order(as_of, settings.tz).arrival("state")
    rules = config.rules.at(arrival.local.date())
    config = config.model_copy(update={"rules": rules})
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, rules, config, arrival.zone)
        for ids in _pieces(conn):
            facts, told = facts_at(conn, ids, arrival, config) if past else load_facts(conn, ids)
            if told.empty:
                continue
            kept = told["status"].isin((*ALIVE, *ENDED)).to_numpy(dtype=bool)
            now = state(facts, rules, arrival.at.to_datetime64(), reckoner)
            other = differences(now, told, AS_TOLD if past else KEPT) & kept
            waits = np.zeros(len(told), dtype=bool)
            if not past:
                due = np.asarray(told["state_at"], dtype="datetime64[us]")
                waits = other & (due <= arrival.at.to_datetime64())
            found.leads += int(kept.sum())
            found.waiting += int(waits.sum())
            found.differ += _told(now[other & ~waits], told[other & ~waits], AS_TOLD if past else KEPT)
    return found


def rebuild(engine: Engine, config: Config, settings: Settings, as_of: datetime) -> Kept:
    """Bring every lead to what state() says at a moment (aware), in pieces; harmless when repeated."""
    arrival, kept = own_order(as_of, settings.tz).arrival("state"), Kept()
    after = 0
    while True:
        with begin(engine) as conn:
            take_turn(conn)
            ids = _next(conn, after)
            keep_current(conn, ids, arrival, config, kept)
            reached("rebuilt")
        if not ids:
            return kept
        after = ids[-1]


def _pieces(conn: Connection) -> Iterator[list[int]]:
    after = 0
    while ids := _next(conn, after):
        yield ids
        after = ids[-1]


def _next(conn: Connection, after: int) -> list[int]:
    return [int(one) for one in conn.execute(_IDS, {"after": after, "rows": AT_ONCE}).scalars()]


def _told(now: pd.DataFrame, stored: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Number, column, what is stored and what it should be, of each difference."""
    found = []
    for name in columns:
        other = differences(now, stored, (name,))
        both = zip(stored["number"][other], stored[name][other], now[name][other], strict=True)
        found += [{"number": number, "column": name, "stored": _plain(a), "state": _plain(b)} for number, a, b in both]
    return found


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
