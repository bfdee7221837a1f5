"""Leave that people add beside roster.yaml: dated rows of the same table, laid over the roster of a moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.people import Leave as Away
from config.schema import Config
from models import Leave
from models.db import begin, insert_frame, read_frame, stored_moment, take_ids, take_turn
from tasks.orders import CodedError, Order


class LeaveError(CodedError):
    """A leave cannot be noted, or not be taken back."""


#: How many years before and after today a leave may lie.
MOST_YEARS = 5
_LIVE = """
SELECT id, code AS person, first_on, last_on, hours, deputy, origin, said_by, since FROM "leave"
WHERE since <= :at AND (until IS NULL OR until > :at) ORDER BY first_on, id
"""
_END = text('UPDATE "leave" SET until = :at WHERE id = :id')


def leaves(conn: Connection, at: datetime) -> pd.DataFrame:
    """Read the leave in force at a moment: id, person, first_on, last_on (days), hours, deputy, origin, said_by."""
    found = read_frame(conn, _LIVE, at=stored_moment(conn, at))
    days = {name: [_day(one) for one in found[name]] for name in ("first_on", "last_on")}
    return found.assign(**{name: pd.Series(said, dtype="object") for name, said in days.items()})


def staffed(conn: Connection, config: Config, at: datetime) -> Config:
    """Lay the leave that people added over the roster, as it stood at a moment."""
    found = leaves(conn, at)
    plain = found[found["origin"] == "added"].astype("object")
    rows = plain.where(plain.notna(), None)[["person", "first_on", "last_on", "hours", "deputy"]]
    added = [(who, _said(*said)) for who, *said in rows.itertuples(index=False, name=None)]
    return config.model_copy(update={"roster": config.roster.with_leave(added)}) if added else config


def add_leave(engine: Engine, config: Config, person: str, away: Away, order: Order, *, dry_run: bool = False) -> bool:
    """Note a person's leave; False where it is noted already. LeaveError where it cannot be."""
    _check(config, person, away, order.as_of.astimezone(ZoneInfo(order.zone)).date())
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        known = leaves(conn, order.as_of)
        hours = " ".join(away.hours)
        same = (known["person"] == person) & (known["first_on"] == away.start) & (known["last_on"] == away.end)
        if (same & (known["hours"].fillna("") == hours) & (known["deputy"].fillna("") == (away.deputy or ""))).any():
            return False
        row = {
            "id": take_ids(conn, "leave", 1), "code": person, "first_on": away.start.isoformat(),
            "last_on": away.end.isoformat(), "hours": hours or None, "deputy": away.deputy, "origin": "added",
            "said_by": order.actor, "since": pd.Timestamp(order.as_of.astimezone(UTC).replace(tzinfo=None)),
        }  # fmt: skip
        insert_frame(conn, Leave, pd.DataFrame(row).astype({"since": "datetime64[us]"}))
    return True


def end_leave(engine: Engine, number: int, order: Order, *, dry_run: bool = False) -> tuple[str, date, date]:
    """Take back a leave that somebody added: person, first and last day; LeaveError where there is none such."""
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        known = leaves(conn, order.as_of)
        mine = known[known["id"] == number]
        if mine.empty:
            raise LeaveError(
                "none", "there is no leave {number} in force; `leads leave list` shows them", number=number
            )
        found = mine.iloc[0]
        if found["origin"] != "added":
            raise LeaveError("shipped", "leave {number} stands in roster.yaml: change it there", number=number)
        at = max(order.as_of, found["since"].to_pydatetime().replace(tzinfo=UTC) + timedelta(microseconds=1))
        conn.execute(_END, {"at": stored_moment(conn, at), "id": number})
    return str(found["person"]), found["first_on"], found["last_on"]


def _check(config: Config, person: str, away: Away, today: date) -> None:
    known = {one.id for one in config.roster.people}
    if person not in known:
        raise LeaveError("nobody", "nobody of the id {person!r} is in the roster", person=person)
    if away.deputy is not None and (away.deputy not in known or away.deputy == person):
        raise LeaveError("deputy", "the deputy {deputy!r} is nobody else of the roster", deputy=away.deputy)
    if not today.year - MOST_YEARS <= away.start.year <= away.end.year <= today.year + MOST_YEARS:
        text = "leave lies within {years} years of today, not from {first} to {last}"
        raise LeaveError("years", text, years=MOST_YEARS, first=away.start, last=away.end)


def _said(first: date, last: date, hours: str | None, deputy: str | None) -> Away:
    # as it was checked when it was said
    return Away.model_construct(start=first, end=last, hours=tuple((hours or "").split()), deputy=deputy)


def _day(stored: object) -> date:
    return stored if isinstance(stored, date) else date.fromisoformat(str(stored)[:10])
