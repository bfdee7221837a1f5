"""Pages of promises, read by their indexes: what runs, what is due next, what fired; cost follows the page.

Each list begins behind a place, so that a later page costs what the first one does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import ClockRule, Config
from models.db import read_frame, stored_moment
from tasks.clocks import CLOCK_COLUMNS, reckoner_of
from tasks.rules.ladder import coming
from tasks.rules.recipients import Ladderers

#: How far ahead steps are foreseen, and how far back fired ones are listed: what is further is no page of today.
AHEAD, BACK = timedelta(days=7), timedelta(days=31)
STATES = {
    "running": ("overdue", "in_time", "paused"),
    "next": (),
    "fired": ("fired", "open", "acknowledged", "skipped"),
}
# behind every due time: where clocks that stand still are listed
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_OF_LEAD = "l.number, l.owner, l.grade, l.status, a.name AS company, p.name AS contact"
_LEADS = """JOIN lead l ON l.id = c.lead_id LEFT JOIN account a ON a.id = l.account_id
LEFT JOIN contact p ON p.id = l.contact_id"""
_CLOCKS = f"""
SELECT {CLOCK_COLUMNS}, {_OF_LEAD} FROM ({{page}}) s JOIN clock c ON c.id = s.id {_LEADS} ORDER BY s.place_at, s.id
"""
_FIRED = f"""
SELECT e.id, e.step, e.kind, e.scheduled_at, e.at, e.state, e.recipient, e.instead_of, e.message_id,
e.used_minutes, e.acknowledged_at, e.acknowledged_by, c.policy, c.due_at, c.started_at, c.pauses, c.basis,
m.state AS mail, {_OF_LEAD} FROM ({{page}}) s JOIN escalation e ON e.id = s.id JOIN clock c ON c.id = e.clock_id
{_LEADS} LEFT JOIN message m ON m.id = e.message_id ORDER BY e.at DESC, e.id DESC
"""


@dataclass(frozen=True)
class Place:
    """Behind which row a page begins."""

    key: datetime
    id: int


@dataclass(frozen=True)
class Wanted:
    """What a page is to show; blank or nothing: all."""

    policies: tuple[str, ...] = ()
    people: tuple[str, ...] | None = None
    state: str = ""
    after: Place | None = None
    rows: int = 50


@dataclass(frozen=True)
class Listed:
    """One page: rows as stored, with number, owner, grade, status, company, contact; where the next page begins."""

    rows: pd.DataFrame
    after: Place | None


def running(conn: Connection, config: Config, wanted: Wanted, now: datetime) -> Listed:
    """Running clocks, the first due first; those that stand still come last."""
    policies = wanted.policies or tuple(rule.id for rule in config.rules.sla)
    parts = []
    if wanted.state != "paused" and not (wanted.after and wanted.after.key >= _LATEST):
        parts.append(_clocks(conn, "c.due_at", f"c.ended_at IS NULL AND {_DUE[wanted.state]}", policies, wanted, now))
    if wanted.state in ("", "paused") and not (parts and len(parts[0]) > wanted.rows):
        still = _clocks(conn, "c.id", "c.ended_at IS NULL AND c.due_at IS NULL", policies, wanted, now)
        parts.append(still)
    kept = [part for part in parts if len(part)]
    return _page(pd.concat(kept, ignore_index=True) if kept else parts[0], wanted, "due_at")


def due_next(conn: Connection, config: Config, wanted: Wanted, now: datetime, zone: str) -> Listed:
    """Clocks in the order in which the sweep looks at them, with what it then does.

    Adds: does (a kind of step, `resume`, or `breached` where nobody hears of it), does_step, does_at, heard (pairs of
    person and for whom he stands in).
    """
    policies = wanted.policies or tuple(rule.id for rule in config.rules.sla)
    found = _clocks(conn, "c.next_at", "c.next_at IS NOT NULL AND c.next_at <= :until", policies, wanted, now)
    page = _page(found, wanted, "next_at")
    if page.rows.empty:
        return page
    reckoner = reckoner_of(conn, config.rules, config, zone)
    rules = {rule.id: rule for rule in config.rules.sla}
    at = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "s")
    parts = []
    for policy, mine in page.rows.groupby("policy", sort=False):
        rule = rules[str(policy)]
        mine = mine.assign(pauses=mine["pauses"].fillna(""))
        mine["key"] = reckoner.calendars.keys(mine["person"].fillna(mine["owner"]), [rule.hours] * len(mine))
        does = coming(mine, rule, reckoner, at)
        parts.append(mine.assign(does=does.kind, does_step=does.step, does_at=does.at))
    rows = pd.concat(parts).sort_values(["next_at", "id"], ignore_index=True)
    ladderers = Ladderers(config.roster, now.astimezone(ZoneInfo(zone)).date())
    heard = [_heard(row, rules, ladderers) for row in rows.itertuples()]
    return Listed(rows.assign(heard=pd.Series(heard, index=rows.index, dtype="object")), page.after)


def _heard(row: Any, rules: Mapping[str, ClockRule], ladderers: Ladderers) -> list[tuple[str, str | None]]:
    if not row.does_step:
        return []
    owner = row.person if isinstance(row.person, str) else row.owner if isinstance(row.owner, str) else None
    found = ladderers.hearers(rules[row.policy].ladder[row.does_step - 1].to, owner)
    return [(one.person, one.instead_of) for one in found]


def fired(conn: Connection, wanted: Wanted, now: datetime) -> Listed:
    """Steps that fired or were skipped, the latest first, with what proves them."""
    where = f"e.at >= :since{_STEPS[wanted.state]}"
    if wanted.after:
        where += " AND e.at <= :key AND (e.at < :key OR e.id < :id)"
    where += f" AND e.recipient IN ({_names('person', wanted.people)})" if wanted.people is not None else ""
    # the walk goes by time, whatever the rule
    where += f" AND c.policy IN ({_names('policy', wanted.policies)})" if wanted.policies else ""
    join = " CROSS JOIN clock c" if wanted.policies else ""
    where += " AND c.id = e.clock_id" if wanted.policies else ""
    page = f"SELECT e.id, e.at FROM escalation e{join} WHERE {where} ORDER BY e.at DESC, e.id DESC LIMIT :rows"
    return _page(_read(conn, _FIRED.format(page=page), wanted, wanted.policies, now), wanted, "at")


_DUE = {"": "c.due_at IS NOT NULL", "overdue": "c.due_at <= :now", "in_time": "c.due_at > :now"}
_STEPS = {
    "": "",
    "fired": " AND e.state = 'fired'",
    "skipped": " AND e.state = 'skipped'",
    "open": " AND e.state = 'fired' AND e.acknowledged_at IS NULL",
    "acknowledged": " AND e.acknowledged_at IS NOT NULL",
}


def _clocks(
    conn: Connection, key: str, where: str, policies: tuple[str, ...], wanted: Wanted, now: datetime
) -> pd.DataFrame:
    """One row more than a page of clocks in the order of a column, behind a place: every part of the query takes the
    first ones by an index, so that neither the base nor what runs is read."""
    rules = _names("policy", policies)
    if wanted.after is not None and key != "c.id":
        where += f" AND {key} >= :key AND ({key} > :key OR c.id > :id)"
    elif wanted.after is not None and wanted.after.key >= _LATEST:
        where += " AND c.id > :id"
    by_time = key == "c.next_at"
    if wanted.people is not None:
        people = _names("person", wanted.people)
        # || keeps the rule's own index out: a person's leads are few
        sources = [f"lead l CROSS JOIN clock c WHERE c.lead_id = l.id AND l.owner IN ({people}) AND c.person IS NULL"
                   f" AND c.policy || '' IN ({rules})"]  # fmt: skip
        where_of = f" AND c.person IN ({people})"
    else:
        sources, where_of = [], ""
    if by_time:
        sources.append(f"clock c WHERE c.policy || '' IN ({rules}){where_of}")
    else:
        sources += [f"clock c WHERE c.policy = :policy{n}{where_of}" for n in range(len(policies))]
    parts = [f"SELECT * FROM (SELECT {key} AS place_at, c.id AS id FROM {source} AND {where} ORDER BY {key}, c.id"
             " LIMIT :rows) x" for source in sources]  # fmt: skip
    page = f"SELECT * FROM ({' UNION ALL '.join(parts)}) y ORDER BY 1, 2 LIMIT :rows"
    return _read(conn, _CLOCKS.format(page=page), wanted, policies, now)


def _names(name: str, values: tuple[str, ...] | None) -> str:
    return ", ".join(f":{name}{n}" for n in range(len(values or ()))) or "NULL"


def _read(conn: Connection, query: str, wanted: Wanted, policies: tuple[str, ...], now: datetime) -> pd.DataFrame:
    values: dict[str, Any] = {f"policy{n}": one for n, one in enumerate(policies)}
    values |= {f"person{n}": one for n, one in enumerate(wanted.people or ())}
    times = {"now": now, "until": now + AHEAD, "since": now - BACK}
    if wanted.after is not None:
        times["key"] = wanted.after.key
        values["id"] = wanted.after.id
    values |= {name: stored_moment(conn, at) for name, at in times.items()}
    said = {name: value for name, value in values.items() if re.search(rf":{name}\b", query)}
    return read_frame(conn, query, rows=wanted.rows + 1, **said)


def _page(found: pd.DataFrame, wanted: Wanted, column: str) -> Listed:
    """The rows of a page, and where the next one begins."""
    rows = found.head(wanted.rows).reset_index(drop=True)
    if len(found) <= wanted.rows:
        return Listed(rows, None)
    last = rows.iloc[-1]
    at = _LATEST if pd.isna(last[column]) else last[column].to_pydatetime().replace(tzinfo=UTC)
    return Listed(rows, Place(at, int(last["id"])))
