"""Clocks and fired steps as people and programs read them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from models.db import read_frame
from tasks.clocks import CLOCK_COLUMNS, reckoner_of
from tasks.rules.due import Reckoner

_SELECT = f"""
SELECT {CLOCK_COLUMNS}, l.number, l.owner, l.grade, l.status FROM clock c JOIN lead l ON l.id = c.lead_id
"""
_FIRED = """
SELECT e.id, e.clock_id, e.step, e.kind, e.scheduled_at, e.at, e.state, e.recipient, e.instead_of, e.message_id,
e.used_minutes, e.acknowledged_at, e.acknowledged_by, c.policy, c.due_at, c.started_at, c.pauses, l.number, l.owner,
m.state AS mail FROM escalation e JOIN clock c ON c.id = e.clock_id JOIN lead l ON l.id = c.lead_id
LEFT JOIN message m ON m.id = e.message_id
"""


@dataclass(frozen=True)
class Shown:
    """One clock; times aware."""

    number: str
    policy: str
    owner: str | None
    person: str | None
    grade: str | None
    started_at: datetime
    target: str
    due_at: datetime | None
    basis: str
    paused_at: datetime | None
    pauses: str
    used_minutes: int
    allowed_minutes: int | None
    step: int
    next_at: datetime | None
    breached_at: datetime | None
    ended_at: datetime | None
    ending: str | None
    over_minutes: int | None
    rules_version: str

    @property
    def state(self) -> str:
        """running, paused, breached, or how it ended."""
        if self.ending:
            return self.ending
        return "paused" if self.paused_at else "breached" if self.breached_at else "running"

    def as_dict(self) -> dict[str, Any]:
        """The clock for programs; times in ISO form."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        said = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}
        return said | {"state": self.state}


@dataclass(frozen=True)
class Fired:
    """One step of a ladder towards one person, with what proves it; times aware."""

    number: str
    policy: str
    step: int
    kind: str
    scheduled_at: datetime
    at: datetime
    state: str
    recipient: str
    instead_of: str | None
    message_id: int | None
    mail: str | None
    started_at: datetime
    due_at: datetime | None
    pauses: str
    used_minutes: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    def as_dict(self) -> dict[str, Any]:
        """The step for programs; times in ISO form."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}


def clocks_shown(
    engine: Engine, config: Config, settings: Settings, as_of: datetime, *, lead: str | None = None,
    person: str | None = None, policy: str | None = None, every: bool = False, limit: int = 1000,
) -> list[Shown]:  # fmt: skip
    """Clocks, the ones due first: of a lead all of them, else the running ones (or `every` one)."""
    asked = {"lead": lead, "person": person, "policy": policy}
    parts = {"lead": "l.number = :lead", "person": "l.owner = :person", "policy": "c.policy = :policy"}
    where = [parts[name] for name, value in asked.items() if value is not None]
    if lead is None and not every:
        where.append("c.ended_at IS NULL")
    query = f"{_SELECT}{' WHERE ' + ' AND '.join(where) if where else ''} ORDER BY c.due_at, c.id LIMIT :limit"
    values = {name: value for name, value in asked.items() if value is not None} | {"limit": limit}
    with engine.connect() as conn:
        found = read_frame(conn, query, **values)
        rules = config.rules.at(as_of.astimezone(settings.zone).date())
        reckoner = reckoner_of(conn, rules, config, settings.tz)
    if found.empty:
        return []
    hours: dict[str, str] = {rule.id: rule.hours for rule in rules.sla}
    return [_shown(row) for row in measured(found, hours, reckoner, as_of).to_dict("records")]


def fired_shown(
    engine: Engine, *, lead: str | None = None, person: str | None = None, since: datetime | None = None,
    limit: int = 1000,
) -> list[Fired]:  # fmt: skip
    """Steps that fired or were skipped, the latest first."""
    asked = {"lead": lead, "person": person, "since": since}
    parts = {"lead": "l.number = :lead", "person": "e.recipient = :person", "since": "e.at >= :since"}
    where = [parts[name] for name, value in asked.items() if value is not None]
    query = f"{_FIRED}{' WHERE ' + ' AND '.join(where) if where else ''} ORDER BY e.id DESC LIMIT :limit"
    values: dict[str, Any] = {name: value for name, value in asked.items() if value is not None} | {"limit": limit}
    if since is not None and engine.dialect.name == "sqlite":
        values["since"] = pd.Timestamp(since).tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%S")
    with engine.connect() as conn:
        found = read_frame(conn, query, **values)
    names = list(Fired.__dataclass_fields__)
    return [Fired(**{name: _plain(row[name]) for name in names}) for row in found.to_dict("records")]


def measured(clocks: pd.DataFrame, hours: dict[str, str], reckoner: Reckoner, as_of: datetime) -> pd.DataFrame:
    """Add the business minutes that are allowed, and that have been used until now, or until it stopped."""
    asked = clocks["policy"].map(hours).fillna("company").to_numpy(object)
    keys = reckoner.calendars.keys(clocks["person"].fillna(clocks["owner"]), asked)
    pauses, started = clocks["pauses"].fillna("").to_numpy(object), _times(clocks["started_at"])
    now = np.full(len(clocks), np.datetime64(pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None), "s"))
    until = _filled(_filled(_times(clocks["ended_at"]), _times(clocks["paused_at"])), now)
    used = reckoner.used(started, np.maximum(until, started), keys, pauses) // 60
    due = _times(clocks["due_at"])
    allowed = reckoner.used(started, np.where(np.isnat(due), started, np.maximum(due, started)), keys, pauses) // 60
    return clocks.assign(
        # a column without a value is no number yet
        used_minutes=pd.to_numeric(clocks["used_minutes"]).fillna(pd.Series(used, index=clocks.index)).astype("int64"),
        allowed_minutes=pd.Series(allowed, index=clocks.index).mask(np.isnat(due)).astype("Int64"),
    )


def _filled(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(one), other, one)


def _times(values: pd.Series) -> np.ndarray:
    return np.asarray(values, dtype="datetime64[s]")


def _shown(row: dict[Any, Any]) -> Shown:
    return Shown(**{name: _plain(row[name]) for name in Shown.__dataclass_fields__})


def _plain(value: Any) -> Any:
    """A cell as plain Python: nothing for null, aware times."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_localize("UTC").to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value
