"""What a working day asks of each person: due, overdue, new, to verify, objections, support (H1-5.2-remind)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models.db import read_frame, stored_moment
from tasks.clocks import reckoner_of
from tasks.rules.due import Reckoner, moment_of

#: In the order in which people read them.
SECTIONS = ("overdue", "due", "new", "to_verify", "objections", "support")
COLUMNS = ("person", "section", "lead_id", "number", "grade", "company", "policy", "due_at")
_LEAD = "l.id AS lead_id, l.number, l.grade, a.name AS company"
_FROM = "JOIN lead l ON l.id = {key} AND l.closed_at IS NULL LEFT JOIN account a ON a.id = l.account_id"
_CLOCKS = f"""
SELECT coalesce(c.person, l.owner) AS person, {_LEAD}, c.policy, c.due_at FROM clock c {_FROM.format(key="c.lead_id")}
WHERE c.ended_at IS NULL AND c.due_at < :until AND coalesce(c.person, l.owner) IS NOT NULL
"""
_NEW = f"""
SELECT s.person, {_LEAD} FROM assignment s {_FROM.format(key="s.lead_id")}
WHERE s.until IS NULL AND s.since >= :since AND NOT EXISTS (SELECT 1 FROM follow_up f WHERE f.lead_id = l.id)
"""
_TO_VERIFY = f"""
SELECT l.owner AS person, {_LEAD} FROM lead l LEFT JOIN account a ON a.id = l.account_id
WHERE l.closed_at IS NULL AND l.owner IS NOT NULL AND l.verdict = 'to_verify' AND l.verified_at IS NULL
"""
_OBJECTIONS = f"""
SELECT l.owner AS person, {_LEAD} FROM objection o {_FROM.format(key="o.lead_id")}
WHERE l.owner IS NOT NULL AND NOT EXISTS
(SELECT 1 FROM follow_up f WHERE f.id = o.follow_up_id AND f.superseded_at IS NOT NULL) AND (o.planned_at IS NULL
OR EXISTS (SELECT 1 FROM follow_up f WHERE f.id = o.planned_in AND f.superseded_at IS NOT NULL))
"""
_SUPPORT = f"""
SELECT l.owner AS person, {_LEAD}, c.policy, c.due_at FROM clock c {_FROM.format(key="c.lead_id")}
WHERE c.ended_at IS NULL AND c.policy = :policy
"""


@dataclass(frozen=True)
class Day:
    """A day of everybody: rows (COLUMNS, times naive UTC), who works on it, and whether the company does."""

    on: date
    rows: pd.DataFrame
    here: tuple[str, ...]
    works: bool = True

    def of(self, person: str) -> pd.DataFrame:
        """What it asks of one person."""
        return self.rows.take(self._places.get(person, [])).reset_index(drop=True)

    @cached_property
    def _places(self) -> Mapping[Any, Any]:
        return self.rows.groupby("person").indices

    def counts(self, person: str) -> dict[str, int]:
        """How much of each section it asks of one person."""
        found = self.of(person)["section"].value_counts()
        return {section: int(found.get(section, 0)) for section in SECTIONS}


def day_of(conn: Connection, config: Config, as_of: datetime, zone: str, person: str | None = None) -> Day:
    """Read what the business day of a moment asks of everybody, or of one person; in a section a lead stands once, as
    first due."""
    rules = config.rules
    reckoner = reckoner_of(conn, rules, config, zone)
    now = np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "s")
    today = reckoner.local(np.array([now])).astype("datetime64[D]")[0]
    morning = reckoner.utc(np.array([today]).astype("datetime64[s]"))[0]
    until, since = morning + np.timedelta64(1, "D"), _last_morning(reckoner, today)
    clocks = _asked(conn, _CLOCKS, person, until=stored_moment(conn, moment_of(until)))
    clocks = clocks[~clocks["policy"].isin(_support_rules(config)).to_numpy(dtype=bool)].reset_index(drop=True)
    clocks["section"] = np.where(clocks["due_at"].to_numpy("datetime64[s]") < now, "overdue", "due")
    others = [
        _asked(conn, query, person, **values).assign(section=section)
        for section, query, values in (
            ("new", _NEW, {"since": stored_moment(conn, moment_of(since))}),
            ("to_verify", _TO_VERIFY, {}),
            ("objections", _OBJECTIONS, {}),
        )
    ]
    others.append(_support(conn, config, now, until, person))
    rows = pd.concat([part.reindex(columns=list(COLUMNS)) for part in (clocks, *others)], ignore_index=True)
    rows["due_at"] = rows["due_at"].astype("datetime64[us]")
    rows = rows.sort_values(["person", "due_at", "grade", "number"], na_position="last", kind="stable")
    rows = rows.drop_duplicates(["person", "section", "lead_id"]).reset_index(drop=True)
    on = today.astype(object)
    works = bool(reckoner.works_on(np.array([today]))[0])
    return Day(on, rows, tuple(_here(reckoner, config, morning)), works)


def here_on(conn: Connection, config: Config, on: date, zone: str) -> tuple[str, ...]:
    """Who works on a day, if only for a part of it."""
    reckoner = reckoner_of(conn, config.rules, config, zone)
    return tuple(_here(reckoner, config, reckoner.utc(np.array([on], "datetime64[D]").astype("datetime64[s]"))[0]))


def _support_rules(config: Config) -> list[str]:
    return [rule.id for rule in config.rules.watching("support")]


def _support(
    conn: Connection, config: Config, now: np.datetime64, until: np.datetime64, person: str | None
) -> pd.DataFrame:
    """Requests for support that wait: the technical department's to answer, their leads' owners' to know of."""
    parts = [read_frame(conn, _SUPPORT, policy=rule) for rule in _support_rules(config)]
    open_ = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["person", "due_at"])
    due = open_["due_at"].to_numpy("datetime64[s]")
    when = np.where(due < now, "overdue", np.where(due < until, "due", "support"))
    helpers = [one.id for one in config.roster.people if one.role == "tech" and one.active]
    theirs = [open_.assign(person=helper, section=when) for helper in helpers]
    known = open_[open_["person"].notna()].assign(section="support")
    found = pd.concat([known, *theirs], ignore_index=True)
    return found if person is None else found[(found["person"] == person).to_numpy(dtype=bool)]


def _asked(conn: Connection, query: str, person: str | None, **values: Any) -> pd.DataFrame:
    if person is None:
        return read_frame(conn, query, **values)
    return read_frame(conn, f"SELECT * FROM ({query}) AS asked WHERE person = :person", person=person, **values)


def _here(reckoner: Reckoner, config: Config, morning: np.datetime64) -> list[str]:
    """Who works on the day, if only for a part of it."""
    people = [person.id for person in config.roster.people if person.active]
    if not people:
        return []
    keys = reckoner.calendars.keys(pd.Series(people), np.full(len(people), "owner"))
    ends = np.full(len(people), morning + np.timedelta64(1, "D"))
    works = reckoner.used(np.full(len(people), morning), ends, keys, np.full(len(people), "", dtype=object)) > 0
    return [person for person, is_here in zip(people, works, strict=True) if is_here]


def _last_morning(reckoner: Reckoner, today: np.datetime64) -> np.datetime64:
    """The beginning of the company's working day before this one (UTC)."""
    days = today - np.arange(1, 32)
    worked = np.flatnonzero(reckoner.works_on(days))
    last = days[worked[0] if len(worked) else 0]
    found: np.datetime64 = reckoner.utc(np.array([last]).astype("datetime64[s]"))[0]
    return found
